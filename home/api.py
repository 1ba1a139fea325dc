"""My work, for programs."""

from zoneinfo import ZoneInfo

from rest_framework.request import Request
from rest_framework.response import Response

from core.clock import now
from home.answers import WorkOutput
from home.permissions import SEE
from home.selectors import group_of, work_of
from teams.rest import endpoint
from teams.work import WorkItem


@endpoint({"GET": SEE}, answers=WorkOutput, lists="whole")
def work(request: Request) -> Response:
    """List what waits for the member, his own and by cover."""
    at, zone = now(), ZoneInfo(request._request.workspace.timezone)
    items = work_of(request._request.actor)
    results = [{**_item(item, request), "group": group_of(item, at, zone)} for item in items]
    return Response({"results": results, "next": None})


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
