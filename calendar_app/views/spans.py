"""The quarter and the year as a timeline of campaigns, and the board of posts by state."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from calendar_app.board import board_of
from calendar_app.filters import choices_of, filter_of, menus
from calendar_app.grid import furniture
from calendar_app.permissions import CREATE, SEE
from calendar_app.states import ViewPage
from calendar_app.timeline import quarter_parts, timeline_of, year_parts
from calendar_app.times import FIRST_DAY, LAST_DAY
from calendar_app.views.ways import day_or_none, filters_of, saved_choices, view_menu, views_of
from core.clock import now
from core.together import ask
from teams.gates import members
from teams.permissions import can

Spans = Callable[[date], Sequence[tuple[date, date]]]


@members(SEE, "GET")
def quarter(request: HttpRequest, on: str) -> HttpResponse:
    """Show the campaigns of a quarter over its weeks."""
    return _timeline(request, on, ViewPage.QUARTER, quarter_parts)


@members(SEE, "GET")
def year(request: HttpRequest, on: str) -> HttpResponse:
    """Show the campaigns of a year over its months."""
    return _timeline(request, on, ViewPage.YEAR, year_parts)


@members(SEE, "GET")
def board(request: HttpRequest) -> HttpResponse:
    """Show posts in a column for each state of work."""
    today = _today(request)
    wanted = filter_of(request)
    asked = ask({**choices_of(request), **saved_choices(request)}).rows
    context = {
        "columns": board_of(request.actor, wanted),
        "menus": menus(request, asked),
        "views": views_of(request, ViewPage.BOARD, today),
        "saved": view_menu(request, asked, ViewPage.BOARD, today),
        "filters": filters_of(request),
        "nav_key": "calendar",
        "can_write": can(request.actor, CREATE),
    }
    part = "#board" if request.htmx and request.GET.get("part") == "grid" else ""
    return render(request, f"calendar_app/calendar_board.html{part}", context)


def _timeline(request: HttpRequest, on: str, page: str, parts: Spans) -> HttpResponse:
    picked = day_or_none(on)
    if picked is None or not FIRST_DAY + timedelta(days=800) < picked < LAST_DAY - timedelta(days=800):
        return redirect("calendar_app:calendar", request.workspace.slug)
    today, zone = _today(request), request.workspace.timezone
    spans = parts(picked)
    first, last = spans[0][0], spans[-1][1]
    asked = ask({**furniture(first, last), **choices_of(request), **saved_choices(request)}).rows
    context = {
        "timeline": timeline_of(request.actor, spans, zone, filter_of(request), today=today, furnished=asked),
        "title": _title(picked, page),
        "page": page,
        "around": _around(request, page, spans, picked, today),
        "menus": menus(request, asked),
        "views": views_of(request, page, picked),
        "saved": view_menu(request, asked, page, picked),
        "filters": filters_of(request),
        "nav_key": "calendar",
    }
    return render(request, "calendar_app/calendar_timeline.html", context)


def _title(picked: date, page: str) -> str:
    if page == ViewPage.YEAR:
        return str(picked.year)
    return _("Quarter %(n)d, %(year)d") % {"n": (picked.month - 1) // 3 + 1, "year": picked.year}


def _around(
    request: HttpRequest, page: str, spans: Sequence[tuple[date, date]], picked: date, today: date
) -> dict[str, Any]:
    """Return the addresses of the span before, the next, and today's, with their names."""
    middle = spans[len(spans) // 2][0]
    away = timedelta(days=365 if page == ViewPage.YEAR else 91)
    found: dict[str, Any] = {}
    for name, day in (("before", middle - away), ("after", middle + away), ("today", today)):
        address = reverse(f"calendar_app:{page}", args=[request.workspace.slug, day.isoformat()])  # type: ignore[attr-defined]  # set by the middleware
        found[name] = address + filters_of(request)
        found[f"{name}_name"] = _title(day, page)
    found["span"] = f"{date_format(spans[0][0], 'j M')} – {date_format(spans[-1][1], 'j M Y')}"
    return found


def _today(request: HttpRequest) -> date:
    return now().astimezone(ZoneInfo(request.workspace.timezone)).date()  # type: ignore[attr-defined]  # as above
