"""Files over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from files import selectors, serializers
from files.answers import MediaOutput
from files.services.media import describe_media, upload_media
from teams.rest import endpoint, listing, read


@endpoint(
    {"GET": "files.media.see", "POST": "files.media.upload"},
    body=serializers.Upload,
    answers=MediaOutput,
    lists="pages",
)
def media(request: Request) -> Response:
    """The files of the workspace; POST a multipart `file` with `alt`."""
    actor = request._request.actor
    if request.method == "GET":
        rows = selectors.media_visible_to(actor)
        return listing(request, rows, serializers.media, by=["-created_at", "-id"])
    body = read(serializers.Upload, request)
    made = upload_media(file=body["file"], name=body["file"].name, alt=body["alt"], by=actor)
    return Response(serializers.media(made), status=201)


@endpoint(
    {"GET": "files.media.see", "PATCH": "files.media.edit"}, body=serializers.Description, answers=MediaOutput
)
def one_media(request: Request, media: UUID) -> Response:
    """One file; PATCH describes it."""
    actor = request._request.actor
    if request.method == "PATCH":
        found = selectors.get_media(actor, media, "files.media.edit")
        describe_media(media=found, alt=read(serializers.Description, request)["alt"], by=actor)
    else:
        found = selectors.get_media(actor, media)
    return Response(serializers.media(found))
