"""The library over REST; the files themselves are at `media/`."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from approvals.selectors import get_workflow
from files.selectors import get_media
from library import serializers
from library.models import Asset
from library.permissions import EDIT, SEE, SUBMIT
from library.selectors import get_asset, standing_of, versions_of
from library.services.assets import describe_asset, replace_file, submit_asset, withdraw_asset
from teams.rest import endpoint, if_match, listing, read


@endpoint(
    {"GET": SEE, "PATCH": EDIT},
    body=serializers.DescriptionBody,
    answers=serializers.AssetOutput,
    if_match=True,
)
def asset(request: Request, media: UUID) -> Response:
    """Where the approval of a picture or video stands; PATCH with If-Match describes it, which is a new version."""
    actor = request._request.actor
    if request.method == "GET":
        return _one(get_asset(actor, media))
    number = if_match(request)
    found = get_media(actor, media)
    alt = read(serializers.DescriptionBody, request)["alt"]
    return _one(describe_asset(media=found, alt=alt, expected_number=number, by=actor))


@endpoint({"GET": SEE}, answers=serializers.VersionOutput, lists="pages")
def asset_versions(request: Request, media: UUID) -> Response:
    """The versions, latest first."""
    found = get_asset(request._request.actor, media)
    return listing(request, versions_of(found), serializers.version_json, by=["-number", "-id"])


@endpoint({"POST": EDIT}, body=serializers.FileBody, answers=serializers.AssetOutput)
def asset_file(request: Request, media: UUID) -> Response:
    """Send a multipart `file` that takes the place of the one that stands once it is prepared."""
    actor = request._request.actor
    found = get_media(actor, media)
    sent = read(serializers.FileBody, request)["file"]
    return _one(replace_file(media=found, file=sent, name=sent.name, by=actor), status=201)


@endpoint(
    {"POST": SUBMIT, "DELETE": SUBMIT}, body=serializers.SubmissionBody, answers=serializers.AssetOutput
)
def asset_submission(request: Request, media: UUID) -> Response:
    """POST submits the version that stands for approval; DELETE takes it back."""
    actor = request._request.actor
    if request.method == "DELETE":
        withdraw_asset(asset=get_asset(actor, media), by=actor)
        return Response(status=204)
    found = get_media(actor, media)
    body = read(serializers.SubmissionBody, request)
    workflow = get_workflow(actor, body["workflow"]) if body["workflow"] else None
    return _one(submit_asset(media=found, workflow=workflow, note=body["note"], by=actor), status=201)


def _one(found: Asset, *, status: int = 200) -> Response:
    body = serializers.asset_json(found, standing_of(found))
    return Response(body, status=status, headers={"ETag": f'"{found.version}"'})
