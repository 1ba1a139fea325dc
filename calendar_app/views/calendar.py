"""The month, the day, and moving things on them."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from calendar_app import selectors
from calendar_app.calendar import campaigns_between
from calendar_app.filters import filter_of, menus
from calendar_app.forms import MoveForm, NoteForm
from calendar_app.models import Note
from calendar_app.month import day_rows, first_of, month_of, step
from calendar_app.permissions import CREATE, EDIT, EDIT_NOTE, SEE, hidden_channel_ids
from calendar_app.selectors import get_owned, get_post, held_among, kinds_of
from calendar_app.services.days import remove_note, write_note
from calendar_app.services.planning import move_post, undo_move, undo_reference
from calendar_app.states import PostState
from calendar_app.times import Moment, moment_at
from core.clock import now
from core.paging import keyset
from teams.gates import members
from teams.permissions import can

DAY_SIZE = 100


@members(SEE, "GET")
def month(request: HttpRequest) -> HttpResponse:
    """Show six weeks; on the phone a week strip and its agenda."""
    zone = request.workspace.timezone
    today = now().astimezone(ZoneInfo(zone)).date()
    picked = _day(request.GET.get("day"))
    first = first_of(request.GET.get("month", ""), picked or today)
    wanted = filter_of(request)
    shown = picked or (today if today.replace(day=1) == first else first)
    found = month_of(request.actor, first, zone, wanted, today=today, agenda=shown)
    context = {
        "month": found,
        "today": today,
        "shown": shown,
        "agenda": [cell for cell in found.week_of(shown).cells if cell.day >= shown],
        "week": found.week_of(shown),
        "around": _around(request, first, today),
        "menus": menus(request),
        "views": views_of(request, "month", shown),
        "is_narrow": wanted.is_narrow,
        "nav_key": "calendar",
        "legend": [state for state in PostState.values if state not in ("cancelled", "archived")],
        "back": _here(request),
        "can_plan": can(request.actor, EDIT),
        "can_write": can(request.actor, CREATE),
    }
    part = "#month-grid" if request.htmx and request.GET.get("part") == "grid" else ""
    return render(request, f"calendar_app/calendar_month.html{part}", context)


@members(SEE, "GET")
def day(request: HttpRequest, on: str) -> HttpResponse:
    """Show everything on one day."""
    picked = _day(on)
    if picked is None:
        return redirect("calendar_app:calendar", request.workspace.slug)
    rows = day_rows(request.actor, picked, request.workspace.timezone, filter_of(request))
    page = keyset(rows, by=["scheduled_at", "id"], cursor=request.GET.get("after"), size=DAY_SIZE)
    idents = [post.pk for post in page.rows]
    kinds = kinds_of(idents, hidden_channel_ids(request.actor))
    held = held_among(request.actor, idents)
    context = {
        "day": picked,
        "rows": [
            {"post": post, "networks": kinds.get(post.pk, []), "held": post.pk in held} for post in page.rows
        ],
        "next": page.next,
        "notes": selectors.notes().filter(on_date=picked),
        "key_dates": selectors.key_dates().filter(on_date=picked),
        "campaigns": campaigns_between(picked, picked),
        "note_form": NoteForm(),
        "before": picked - timedelta(days=1),
        "after": picked + timedelta(days=1),
        "views": views_of(request, "day", picked),
        "menus": menus(request),
        "nav_key": "calendar",
        "can_note": can(request.actor, EDIT_NOTE),
        "can_plan": can(request.actor, EDIT),
        "can_write": can(request.actor, CREATE),
    }
    return render(request, "calendar_app/calendar_day.html", context)


@members(EDIT, "POST")
def move(request: HttpRequest) -> HttpResponse:
    """Move a post to another day, keeping its wall time unless another is given; can be undone for ten seconds."""
    form = MoveForm(request.POST)
    back = _back(request)
    if not form.is_valid():
        messages.error(request, _("Nothing was moved: choose a post and a day."))
        return _after_move(request, back)
    post = get_post(request.actor, form.cleaned_data["post"])
    came_from = post.scheduled_at
    moment = _target(post, form.cleaned_data, request.workspace.timezone)
    move_post(post=post, scheduled_at=moment.instant, by=request.actor)
    reference = undo_reference(post=post, came_from=came_from, by=request.actor)
    undo = reverse("calendar_app:undo_move", args=[request.workspace.slug, reference])
    messages.success(request, _moved_words(moment), extra_tags=f"undo:{undo}")
    return _after_move(request, back)


@members(EDIT, "POST")
def undo(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a move back."""
    post = undo_move(reference=reference, by=request.actor)
    messages.success(request, _("Moved back."))
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("calendar_app:post", request.workspace.slug, post.pk)


@members(EDIT_NOTE, "POST")
def notes(request: HttpRequest, on: str) -> HttpResponse:
    """Write a note on a day."""
    form, picked = NoteForm(request.POST), _day(on)
    if form.is_valid() and picked is not None:
        write_note(
            workspace=request.workspace, on_date=picked, text=form.cleaned_data["text"], by=request.actor
        )
        messages.success(request, _("Note written."))
    else:
        messages.error(request, _("The note was not written: give 1 to 300 characters."))
    return redirect("calendar_app:day", request.workspace.slug, on)


@members(EDIT_NOTE, "POST")
def note_removal(request: HttpRequest, note: Any) -> HttpResponse:
    """Take a note off its day."""
    found: Note = get_owned(Note, note)
    on = found.on_date.isoformat()
    remove_note(note=found, by=request.actor)
    messages.success(request, _("Note removed."))
    return redirect("calendar_app:day", request.workspace.slug, on)


def _target(post: Any, chosen: dict[str, Any], zone: str) -> Moment:
    local = post.scheduled_at.astimezone(ZoneInfo(zone)) if post.scheduled_at else None
    at = chosen.get("time") or (local.time() if local else datetime.strptime("09:00", "%H:%M").time())  # noqa: DTZ007  # a wall time has no zone yet
    return moment_at(datetime.combine(chosen["date"], at), zone)


def _moved_words(moment: Moment) -> str:
    local = moment.instant.astimezone(ZoneInfo(moment.zone))
    words = {"day": date_format(local, "D j M"), "time": f"{local:%H:%M}"}
    if moment.is_shifted:
        text = _("Moved to %(day)s, %(time)s: the clock skips the hour asked for.")
        return text % words
    return _("Moved to %(day)s, %(time)s.") % words


def _after_move(request: HttpRequest, back: str) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": back})
    return redirect(back)


def _here(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("part", None)
    return f"{request.path}?{query.urlencode()}"


def _back(request: HttpRequest) -> str:
    asked = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}):
        return asked
    return reverse("calendar_app:calendar", args=[request.workspace.slug])


def _around(request: HttpRequest, first: date, today: date) -> dict[str, str]:
    found = {}
    for name, target in (("before", step(first, -1)), ("after", step(first, 1)), ("today", None)):
        query = request.GET.copy()
        for gone in ("month", "day", "part"):
            query.pop(gone, None)
        if target is not None:
            query["month"] = f"{target:%Y-%m}"
        found[name] = f"?{query.urlencode()}"
        found[f"{name}_name"] = date_format(target or today, "F")
    return found


def views_of(request: HttpRequest, current: str, shown: date) -> list[dict[str, Any]]:
    """Return the ways to look at the calendar, keeping the filters."""
    slug = request.workspace.slug
    query = request.GET.copy()
    for gone in ("month", "day", "part", "after"):
        query.pop(gone, None)
    tail = f"?{query.urlencode()}" if query else ""
    return [
        {
            "label": _("Month"),
            "url": reverse("calendar_app:calendar", args=[slug]) + tail,
            "current": current == "month",
        },
        {
            "label": _("Day"),
            "url": reverse("calendar_app:day", args=[slug, shown.isoformat()]) + tail,
            "current": current == "day",
        },
        {
            "label": _("List"),
            "url": reverse("calendar_app:posts", args=[slug]) + tail,
            "current": current == "list",
        },
    ]


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
