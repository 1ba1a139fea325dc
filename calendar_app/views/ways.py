"""Ways from one view of the calendar to the next, keeping the filters."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from calendar_app.month import step
from calendar_app.permissions import SAVE_VIEW, SHARE_VIEW
from calendar_app.saved import address_of, choices_of_views, filters_in, query_of
from calendar_app.times import FIRST_DAY, LAST_DAY, day_of
from core.together import Rows
from teams.permissions import can

PLACES = ("month", "day", "part", "after")
"""What of an address says where one looks, and not at what."""


def filters_of(request: HttpRequest, **more: str) -> str:
    """Return the address's filters as a query, or nothing."""
    query = request.GET.copy()
    for gone in PLACES:
        query.pop(gone, None)
    query.update(more)
    return f"?{query.urlencode()}" if query else ""


def here(request: HttpRequest) -> str:
    """Return the address of the page around a fragment."""
    query = request.GET.copy()
    query.pop("part", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def around_month(request: HttpRequest, first: date, today: date) -> dict[str, str]:
    """Return the addresses of the month before, the next, and today's, with their names."""
    found = {}
    for name, target in (("before", step(first, -1)), ("after", step(first, 1)), ("today", None)):
        more = {"month": f"{target:%Y-%m}"} if target is not None else {}
        found[name] = filters_of(request, **more) or "?"
        found[f"{name}_name"] = date_format(target or today, "F")
    return found


def around_days(request: HttpRequest, route: str, shown: date, today: date, *, days: int) -> dict[str, str]:
    """Return the addresses some days before and after, and today's; none beyond the days that can be asked for."""
    targets = {"today": today}
    for name, away in (("before", -days), ("after", days)):
        target = shown + timedelta(days=away)
        if FIRST_DAY <= target <= LAST_DAY:
            targets[name] = target
    found = {}
    for name, target in targets.items():
        address = reverse(f"calendar_app:{route}", args=[request.workspace.slug, target.isoformat()])  # type: ignore[attr-defined]  # set by the middleware
        found[name] = address + filters_of(request)
        found[f"{name}_name"] = date_format(target, "l j F")
    return found


def views_of(request: HttpRequest, current: str, shown: date) -> list[dict[str, Any]]:
    """Return the ways to look at the calendar, keeping the filters."""
    places: Mapping[str, tuple[str, str, list[str]]] = {
        "year": (_("Year"), "year", [shown.isoformat()]),
        "quarter": (_("Quarter"), "quarter", [shown.isoformat()]),
        "month": (_("Month"), "calendar", []),
        "week": (_("Week"), "week", [shown.isoformat()]),
        "day": (_("Day"), "day", [shown.isoformat()]),
        "board": (_("Board"), "board", []),
        "list": (_("List"), "posts", []),
    }
    slug = request.workspace.slug  # type: ignore[attr-defined]  # as above
    return [
        {
            "label": label,
            "url": reverse(f"calendar_app:{route}", args=[slug, *args]) + filters_of(request),
            "current": current == name,
        }
        for name, (label, route, args) in places.items()
    ]


def back_to(request: HttpRequest) -> str:
    """Return where a form says it came from, if that is here, else the calendar."""
    asked = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}):
        return asked
    return reverse("calendar_app:calendar", args=[request.workspace.slug])  # type: ignore[attr-defined]  # as above


def saved_choices(request: HttpRequest) -> dict[str, Any]:
    """Return the question behind the menu of saved views, as a part of one statement."""
    return {"views": choices_of_views(request.actor)}  # type: ignore[attr-defined]  # as above


def begun_with(request: HttpRequest, asked: Mapping[str, Rows], today: date) -> str:
    """Return where the calendar begins for who asks, or nothing where that is the whole month."""
    row = next((row for row in asked["views"] if row["is_default"]), None)
    return _address(request, row, today) if row else ""


def view_menu(request: HttpRequest, asked: Mapping[str, Rows], page: str, shown: date) -> dict[str, Any]:
    """Return the saved views to choose from, which one is looked at, and whether it was changed since."""
    rows = asked["views"]
    filters = filters_in(request.GET)
    current = next((row for row in rows if row["id"] == request.GET.get("view")), None)
    own = str(request.actor.member_id)  # type: ignore[attr-defined]  # as above
    return {
        "rows": [
            {
                **row,
                "url": _address(request, row, shown),
                "current": row is current,
                "own": row["owner_id"] == own,
            }
            for row in rows
        ],
        "current": current,
        "is_changed": current is not None and (current["filters"], current["page"]) != (filters, page),
        "is_narrow": bool(filters),
        "page": page,
        "query": query_of(filters),
        "can_keep": can(request.actor, SAVE_VIEW),  # type: ignore[attr-defined]  # as above
        "can_share": can(request.actor, SHARE_VIEW),  # type: ignore[attr-defined]  # as above
    }


def _address(request: HttpRequest, row: Mapping[str, Any], shown: date) -> str:
    slug = request.workspace.slug  # type: ignore[attr-defined]  # as above
    return address_of(slug, row["id"], row["page"], row["filters"], shown.isoformat())


def day_or_none(text: str | None) -> date | None:
    """Read a day of an address; none where it makes no sense."""
    try:
        return day_of(text or "")
    except ValueError:
        return None
