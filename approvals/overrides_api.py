"""The emergency path, for programs."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response

from approvals.models import Override
from approvals.overrides import get_override, overrides
from approvals.permissions import OVERRIDE, REVIEW_OVERRIDE, SEE_OVERRIDES
from approvals.selectors import described, get_request
from approvals.services.overrides import override_request, review_override
from approvals.states import OverrideVerdict
from core.refs import Ref
from teams.openapi import shape
from teams.rest import endpoint, listing, read

SHOW = OpenApiParameter(
    "show", str, enum=("all", "open"), description="Without, all; `open` wait for a lead."
)


class OverrideWrite(serializers.Serializer[Any]):
    """Why a review is gone past, and which revision was looked at."""

    revision = serializers.UUIDField()
    reason = serializers.CharField(max_length=2000)


class OverrideReviewWrite(serializers.Serializer[Any]):
    """What a lead says of it afterwards."""

    verdict = serializers.ChoiceField(OverrideVerdict.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


OverrideOutput = shape(
    "OverrideOutput",
    id=serializers.UUIDField(),
    request=serializers.UUIDField(),
    subject=serializers.DictField(),
    title=serializers.CharField(allow_blank=True, help_text="Empty where you may not see it."),
    reason=serializers.CharField(),
    member=serializers.UUIDField(),
    at=serializers.DateTimeField(),
    verdict=serializers.CharField(allow_blank=True),
    note=serializers.CharField(allow_blank=True),
    reviewed_by=serializers.UUIDField(allow_null=True),
    reviewed_at=serializers.DateTimeField(allow_null=True),
    **{"for": serializers.UUIDField(allow_null=True)},
)


@endpoint({"POST": OVERRIDE}, body=OverrideWrite, answers=OverrideOutput)
def request_override(request: ApiRequest, pk: UUID) -> Response:
    """Go past the steps of a review that still wait, in an emergency."""
    actor = request._request.actor
    found = get_request(actor, pk, OVERRIDE)
    said = read(OverrideWrite, request)
    made = override_request(request=found, revision_id=said["revision"], reason=said["reason"], by=actor)
    return Response(_one(actor, made), status=201)


@endpoint({"GET": SEE_OVERRIDES}, answers=OverrideOutput, lists="pages", query=(SHOW,))
def override_cases(request: ApiRequest) -> Response:
    """Report every case, latest first."""
    actor = request._request.actor
    rows = overrides(actor)
    is_open = request.query_params.get("show") == "open"
    answer = listing(request, rows.filter(reviewed_at=None) if is_open else rows, lambda row: row, by=["-pk"])
    found: list[Override] = answer.data["results"]
    words = described(actor, [row.request for row in found])
    answer.data["results"] = [
        override_json(row, words[row.request_id].title if row.request_id in words else "") for row in found
    ]
    return answer


@endpoint({"POST": REVIEW_OVERRIDE}, body=OverrideReviewWrite, answers=OverrideOutput, created=False)
def override_review(request: ApiRequest, pk: UUID) -> Response:
    """Say whether it was right to go past a review; once, and by nobody whose doing or work it was."""
    actor = request._request.actor
    found = get_override(actor, pk)
    said = read(OverrideReviewWrite, request)
    made = review_override(override=found, verdict=said["verdict"], note=said["note"], by=actor)
    return Response(_one(actor, made))


def override_json(row: Override, title: str) -> dict[str, Any]:
    """Return a case as the API gives it."""
    about = Ref(row.request.subject_type, row.request.subject_id)
    return {
        "id": str(row.pk),
        "request": str(row.request_id),
        "subject": {"type": about.type, "id": str(about.id)},
        "title": title,
        "reason": row.reason,
        "member": str(row.member_id),
        "for": str(row.on_behalf_of_id) if row.on_behalf_of_id else None,
        "at": row.at,
        "verdict": row.verdict,
        "note": row.review_note,
        "reviewed_by": str(row.reviewed_by_id) if row.reviewed_by_id else None,
        "reviewed_at": row.reviewed_at,
    }


def _one(actor: Any, row: Override) -> dict[str, Any]:
    words = described(actor, [row.request]).get(row.request_id)
    return override_json(row, words.title if words else "")
