"""What a query string asks for."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from rest_framework.request import Request

from calendar_app.selectors import PostFilter
from calendar_app.states import PostState
from calendar_app.times import day_of
from core.errors import Invalid

WORDS_MAX = 200


def post_filter(request: Request) -> PostFilter:
    """Read from, to, state, channel, campaign, author, label (each may be repeated) and q.

    A day as `to` is included. Raises: Invalid.
    """
    query = request.query_params
    states = tuple(query.getlist("state"))
    if any(state not in PostState.values for state in states):
        raise _wrong("state", _("There is no such state."))
    zone = ZoneInfo(request._request.workspace.timezone)
    return PostFilter(
        states=states,
        channels=_ids(request, "channel"),
        campaigns=_ids(request, "campaign"),
        authors=_ids(request, "author"),
        labels=_ids(request, "label"),
        words=query.get("q", "").strip()[:WORDS_MAX],
        since=_moment(query.get("from"), "from", zone),
        until=_moment(query.get("to"), "to", zone),
    )


def day_range(request: Request, most_days: int) -> tuple[date, date]:
    """Read the required days `from` and `to`, both included. Raises: Invalid."""
    days = []
    for name in ("from", "to"):
        moment = request.query_params.get(name, "")
        try:
            days.append(day_of(moment[:10]))
        except ValueError:
            raise _wrong(name, _("Give a day as in 2026-03-19.")) from None
    first, last = days
    if not 0 <= (last - first).days <= most_days:
        raise _wrong("to", _("The last day is 0 to %(most)d days after the first.") % {"most": most_days})
    return first, last


def _ids(request: Request, name: str) -> tuple[UUID, ...]:
    try:
        return tuple(UUID(value) for value in request.query_params.getlist(name))
    except ValueError:
        raise _wrong(name, _("This is not an id.")) from None


def _moment(text: str | None, name: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        if len(text) == 10:
            day = day_of(text) + timedelta(days=int(name == "to"))
            return datetime.combine(day, time(), zone).astimezone(UTC)
        found = datetime.fromisoformat(text.replace(" ", "+"))
        day_of(found.date().isoformat())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _wrong(name, _("Give an instant with its offset, or a day."))
    return found


def _wrong(name: str, message: str) -> Invalid:
    return Invalid(message, fields={name: [message]})
