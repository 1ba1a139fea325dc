"""A meeting, live for all: opened, its clock, what is decided and noted, closed."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from checkins.attending import attending
from checkins.forms import ActionForm, PointForm, TimeForm
from checkins.permissions import EDIT, HOLD, SEE
from checkins.screens import meeting_screen
from checkins.selectors.meetings import get_meeting
from checkins.services import meetings as services
from checkins.services.planning import move_meeting, restore_meeting, skip_meeting
from core.clock import now
from core.errors import Invalid, WrongState
from notifications.services.notices import mark_subject_read
from teams.edges import tell_form
from teams.gates import members


@members(SEE, "GET")
def meeting(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Show a meeting: first what was promised last time, then updates, decisions, the action plan."""
    found = get_meeting(request.actor, meeting)
    mark_subject_read(subject=found.ref, by=request.actor)
    return meeting_page(request, found)


@members(HOLD, "POST")
def opening(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Begin a meeting."""
    services.open_meeting(meeting=get_meeting(request.actor, meeting, HOLD), by=request.actor)
    return redirect("checkins:meeting", request.workspace.slug, meeting)


@members(HOLD, "POST")
def closing(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Close a meeting and send its minutes."""
    found = get_meeting(request.actor, meeting, HOLD)
    try:
        services.close_meeting(meeting=found, by=request.actor)
    except WrongState as error:
        return meeting_page(request, found, error=error.message, status=409)
    messages.success(request, _("Closed. The minutes go out."))
    return redirect("checkins:meeting", request.workspace.slug, meeting)


@members(HOLD, "POST")
def clock(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Stop or start the clock, or go to a point of the agenda."""
    found = get_meeting(request.actor, meeting, HOLD)
    item = request.POST.get("item", "")
    runs = {"yes": True, "no": False}.get(request.POST.get("runs", ""))
    services.set_clock(
        meeting=found,
        runs=runs,
        item=int(item) if item.isdecimal() and len(item) < 4 else None,
        by=request.actor,
    )
    return redirect("checkins:meeting", request.workspace.slug, meeting)


@members(EDIT, "GET", "POST")
def new_time(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Move one meeting by hand."""
    found = get_meeting(request.actor, meeting)
    local = found.starts_at.astimezone(ZoneInfo(found.zone))
    start = {"on": local.date(), "at": local.time()}
    form = TimeForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            move_meeting(meeting=found, starts_at=form.instant(found.zone), by=request.actor)
        except (Invalid, WrongState) as error:
            tell_form(form, Invalid(error.message))
        else:
            messages.success(request, _("Moved. Everybody who attends is told."))
            return redirect("checkins:meeting", request.workspace.slug, meeting)
    context = {"form": form, "meeting": found, "series": found.series, "nav_key": "checkins"}
    return render(request, "checkins/meeting_time.html", context, status=422 if form.errors else 200)


@members(EDIT, "POST")
def skipping(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Leave a meeting out, or let it take place after all."""
    found = get_meeting(request.actor, meeting)
    if request.POST.get("back") == "yes":
        restore_meeting(meeting=found, by=request.actor)
        messages.success(request, _("It takes place after all. Everybody who attends is told."))
    else:
        skip_meeting(meeting=found, by=request.actor)
        messages.success(request, _("Left out. Everybody who attends is told."))
    return redirect("checkins:meeting", request.workspace.slug, meeting)


@members(HOLD, "POST")
def points(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Write a decision or a note into a meeting."""
    found = get_meeting(request.actor, meeting, HOLD)
    form = PointForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(_("Write 1 to 1,000 characters."))
        services.add_point(meeting=found, by=request.actor, **form.cleaned_data)
    except (Invalid, WrongState) as error:
        return meeting_page(request, found, error=error.message, status=error.status, point=request.POST)
    return redirect("checkins:meeting", request.workspace.slug, meeting)


@members(HOLD, "POST")
def point_removal(request: HttpRequest, meeting: UUID, point: UUID) -> HttpResponse:
    """Take a decision or note out."""
    found = get_meeting(request.actor, meeting, HOLD)
    services.remove_point(meeting=found, point_id=point, by=request.actor)
    return redirect("checkins:meeting", request.workspace.slug, meeting)


def people_choices(meeting: Any) -> list[tuple[str, str]]:
    """Return who can own an action of a meeting."""
    people = attending(meeting.series)
    return [(str(one.pk), str(one)) for one in (*people.members, *people.guests)]


def meeting_page(
    request: HttpRequest,
    found: Any,
    *,
    error: str = "",
    status: int = 200,
    form: ActionForm | None = None,
    point: Any = None,
) -> HttpResponse:
    """Show a meeting, with what stood in the way of the last change; nothing that was typed is lost."""
    screen = meeting_screen(request.actor, found, request.workspace.slug, now())
    context = {
        **screen,
        "error": error,
        "form": form or ActionForm(people=people_choices(found)),
        "point": point or {},
        "nav_key": "checkins",
        "primary_taken": True,
    }
    return render(request, "checkins/meeting_page.html", context, status=status)
