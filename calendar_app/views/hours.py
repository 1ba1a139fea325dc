"""The week and the day by their hours."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from calendar_app.calendar import campaigns_between
from calendar_app.chips import channels_of
from calendar_app.filters import choices_of, filter_of, menus
from calendar_app.forms import NoteForm
from calendar_app.grid import furniture
from calendar_app.hours import day_hours, day_rows, week_grid
from calendar_app.permissions import CREATE, EDIT, EDIT_NOTE, SEE
from calendar_app.selectors import notes
from calendar_app.states import MOVABLE
from calendar_app.views.ways import around_days, day_or_none, here, saved_choices, view_menu, views_of
from core.clock import now
from core.paging import keyset
from core.together import ask
from teams.gates import members
from teams.permissions import can

DAY_SIZE = 100


@members(SEE, "GET")
def week(request: HttpRequest, on: str) -> HttpResponse:
    """Show the seven days around a day by their hours; on the phone a week strip and its agenda."""
    picked = day_or_none(on)
    if picked is None:
        return redirect("calendar_app:calendar", request.workspace.slug)
    zone, at = request.workspace.timezone, now()
    today = at.astimezone(ZoneInfo(zone)).date()
    monday = picked - timedelta(days=picked.weekday())
    asked = ask(
        {**furniture(monday, monday + timedelta(days=6)), **choices_of(request), **saved_choices(request)}
    ).rows
    grid = week_grid(request.actor, monday, zone, filter_of(request), now=at, furnished=asked)
    context = {
        **_common(request, "week", picked, today),
        "grid": grid,
        "last": monday + timedelta(days=6),
        "agenda": [cell for cell in grid.days.cells if cell.day >= picked],
        "around": around_days(request, "week", picked, today, days=7),
        "menus": menus(request, asked),
        "saved": view_menu(request, asked, "week", picked),
        "back": here(request),
    }
    part = "#week-grid" if request.htmx and request.GET.get("part") == "grid" else ""
    return render(request, f"calendar_app/calendar_week.html{part}", context)


@members(SEE, "GET")
def day(request: HttpRequest, on: str) -> HttpResponse:
    """Show one day by its hours, with what stands on it besides posts."""
    picked = day_or_none(on)
    if picked is None:
        return redirect("calendar_app:calendar", request.workspace.slug)
    zone, at = request.workspace.timezone, now()
    today = at.astimezone(ZoneInfo(zone)).date()
    cursor = request.GET.get("after")
    rows = day_rows(request.actor, picked, zone, filter_of(request))
    page = keyset(rows, by=["scheduled_at", "id"], cursor=cursor, size=DAY_SIZE)
    asked = ask({**_day_furniture(picked), **choices_of(request), **saved_choices(request)}).rows
    places, held = channels_of(request.actor, [post.pk for post in page.rows])
    posts = [
        {
            "post": post,
            "networks": [kind for _channel, kind in places.get(post.pk, ())],
            "held": post.pk in held,
            "fixed": post.state not in MOVABLE,
        }
        for post in page.rows
    ]
    context = {
        **_common(request, "day", picked, today),
        "rows": day_hours(picked, zone, posts, now=at, before=bool(cursor), after=page.next is not None),
        "is_empty": not posts,
        "next": page.next,
        "notes": asked["day_notes"],
        "key_dates": [row["name"] for row in asked["key_dates"]],
        "campaigns": [_with_days(row) for row in asked["day_campaigns"]],
        "note_form": NoteForm(),
        "around": around_days(request, "day", picked, today, days=1),
        "menus": menus(request, asked),
        "saved": view_menu(request, asked, "day", picked),
        "can_note": can(request.actor, EDIT_NOTE),
    }
    return render(request, "calendar_app/calendar_day.html", context)


def _day_furniture(picked: date) -> dict[str, Any]:
    campaigns = campaigns_between(picked, picked).values("id", "name", "colour", "starts_on", "ends_on")
    return {
        "key_dates": furniture(picked, picked)["key_dates"],
        "day_campaigns": campaigns[:200],
        "day_notes": notes().filter(on_date=picked).values("id", "text", "created_by__user__name")[:500],
    }


def _with_days(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: date.fromisoformat(row[name]) for name in ("starts_on", "ends_on")}}


def _common(request: HttpRequest, current: str, shown: date, today: date) -> dict[str, Any]:
    return {
        "today": today,
        "shown": shown,
        "zone": request.workspace.timezone,
        "views": views_of(request, current, shown),
        "nav_key": "calendar",
        "can_plan": can(request.actor, EDIT),
        "can_write": can(request.actor, CREATE),
    }
