"""The record over REST."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from activity import selectors
from activity.answers import EntryOutput
from activity.models import Entry
from core.errors import Invalid
from core.paging import keyset
from teams.rest import endpoint, page_size, respond

OF = (
    OpenApiParameter("subject", str, description="What it was done to: type and id."),
    OpenApiParameter("verb", str),
    OpenApiParameter("member", {"type": "string", "format": "uuid"}),
)


@endpoint({"GET": "activity.entry.see"}, answers=EntryOutput, lists="pages", query=OF)
def entries(request: Request) -> Response:
    """What was done by whom, newest first. Query: `subject`, `verb`, `member`, `cursor`, `limit`."""
    asked = request.query_params
    rows = selectors.entries(
        request._request.actor,
        subject=asked.get("subject", "")[:120],
        verb=asked.get("verb", "")[:80],
        member=_member(asked.get("member", "")),
    )
    page = keyset(rows, by=["-id"], cursor=asked.get("cursor"), size=page_size(request))
    names = selectors.names_of(page.rows)
    return respond(request, [_entry(row, names) for row in page.rows], page.next)


def _entry(row: Entry, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "at": row.at.isoformat().replace("+00:00", "Z"),
        "verb": row.verb,
        "by": {
            "kind": row.actor_kind,
            "member": str(row.member_id) if row.member_id else None,
            "name": selectors.who_did(row, names),
        },
        "for": _for(row, names),
        "subject": {"type": row.subject_type, "id": str(row.subject_id)},
        "facts": row.facts,
    }


def _for(row: Entry, names: dict[UUID, str]) -> dict[str, str] | None:
    if row.on_behalf_of is None:
        return None
    return {"id": str(row.on_behalf_of), "name": names.get(row.on_behalf_of, "")}


def _member(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(_("A member is named by id."), fields={"member": [_("Give an id.")]}) from None
