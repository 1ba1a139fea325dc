"""My work, for programs."""

from zoneinfo import ZoneInfo

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from core.clock import now
from home.answers import WorkOutput
from home.permissions import SEE
from home.selectors import ALL, group_of, work_of
from teams.rest import endpoint, page_size, respond
from teams.work import WorkItem

WHOSE = OpenApiParameter(
    "whose", str, description="`all` (the default), `mine`, `covered`, or the id of a covered member."
)


@endpoint({"GET": SEE}, answers=WorkOutput, lists="pages", query=(WHOSE,))
def work(request: Request) -> Response:
    """List what waits for the member, his own and by cover; `whose` is all, mine, covered, or a covered member."""
    at, zone = now(), ZoneInfo(request._request.workspace.timezone)
    query = request.query_params
    found = work_of(
        request._request.actor,
        at,
        zone,
        whose=query.get("whose", ALL),
        cursor=query.get("cursor"),
        size=page_size(request),
    )
    results = [{**_item(item, request), "group": group_of(item, at, zone)} for item in found.items]
    return respond(request, results, found.next)


def _item(item: WorkItem, request: Request) -> dict[str, object]:
    return {
        "kind": item.kind,
        "title": item.title,
        "why": item.why,
        "url": request.build_absolute_uri(item.url),
        "due_at": item.due_at,
        "since": item.since,
        "for": item.for_name or None,
        "subject": {"type": item.ref.type, "id": str(item.ref.id)} if item.ref else None,
    }
