"""The month, and moving things and writing notes on days."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from calendar_app.filters import choices_of, filter_of, menus
from calendar_app.forms import MoveForm, NoteForm
from calendar_app.grid import furniture
from calendar_app.models import Note
from calendar_app.month import days_of, first_of, month_of
from calendar_app.permissions import CREATE, EDIT, EDIT_NOTE, SEE
from calendar_app.selectors import get_owned, get_post
from calendar_app.services.days import remove_note, write_note
from calendar_app.services.moves import move_post
from calendar_app.services.undoing import undo_move, undo_reference
from calendar_app.states import PostState
from calendar_app.times import Moment, pass_at
from calendar_app.views.ways import (
    around_month,
    back_to,
    begun_with,
    day_or_none,
    here,
    saved_choices,
    view_menu,
    views_of,
)
from core.clock import now
from core.together import ask
from teams.gates import members
from teams.permissions import can


@members(SEE, "GET")
def month(request: HttpRequest) -> HttpResponse:
    """Show six weeks; on the phone a week strip and its agenda."""
    zone = request.workspace.timezone
    today = now().astimezone(ZoneInfo(zone)).date()
    picked = day_or_none(request.GET.get("day"))
    first = first_of(request.GET.get("month", ""), picked or today)
    wanted = filter_of(request)
    shown = picked or (today if today.replace(day=1) == first else first)
    asked = ask({**furniture(*days_of(first)), **choices_of(request), **saved_choices(request)}).rows
    if not request.GET and (begun := begun_with(request, asked, today)):
        return redirect(begun)
    found = month_of(request.actor, first, zone, wanted, today=today, furnished=asked, agenda=shown)
    context = {
        "month": found,
        "today": today,
        "shown": shown,
        "agenda": [cell for cell in found.week_of(shown).cells if cell.day >= shown],
        "week": found.week_of(shown),
        "around": around_month(request, first, today),
        "menus": menus(request, asked),
        "saved": view_menu(request, asked, "month", shown),
        "views": views_of(request, "month", shown),
        "is_narrow": wanted.is_narrow,
        "nav_key": "calendar",
        "legend": [state for state in PostState.values if state not in ("cancelled", "archived")],
        "back": here(request),
        "can_plan": can(request.actor, EDIT),
        "can_write": can(request.actor, CREATE),
    }
    part = "#month-grid" if request.htmx and request.GET.get("part") == "grid" else ""
    return render(request, f"calendar_app/calendar_month.html{part}", context)


@members(EDIT, "POST")
def move(request: HttpRequest) -> HttpResponse:
    """Move a post to another day, keeping its wall time unless another is given; can be undone for ten seconds."""
    form = MoveForm(request.POST)
    back = back_to(request)
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
    form, picked = NoteForm(request.POST), day_or_none(on)
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
    return pass_at(datetime.combine(chosen["date"], at), zone, chosen.get("fold") or 0)


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
