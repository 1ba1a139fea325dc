"""Check-ins as guests see them: agenda, own update, own actions, minutes; and nothing else."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from checkins.forms import ReportForm, UpdateForm
from checkins.minutes import minutes_of
from checkins.permissions import REPORT
from checkins.screens import agenda_of
from checkins.selectors.actions import get_action
from checkins.selectors.meetings import get_meeting, own_place
from checkins.services.actions import report_action
from checkins.services.updates import write_update
from core.clock import now
from core.errors import Invalid, NotFound, WrongState
from guests.gates import Visit, inside
from guests.meetings import closed, coming, own_actions, own_actions_in
from teams.edges import tell_form

MOST = 20


@inside("GET", "POST")
def meeting(request: HttpRequest, visit: Visit, meeting: UUID) -> HttpResponseBase:
    """Show a meeting with the guest's own update and actions, or its minutes; POST shares the update."""
    found = get_meeting(request.actor, meeting)
    if found.is_closed:
        return render(request, "guests/minutes.html", {"link": visit.link, **minutes_of(found)})
    form = None
    if found.takes_words:
        place = own_place(request.actor, found, now=now())
        form = UpdateForm.of(place, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                write_update(
                    update=place,
                    wins=said["wins"],
                    help_wanted=said["help"],
                    goals=said["goals"],
                    by=request.actor,
                )
            except (Invalid, WrongState) as error:
                tell_form(form, error if isinstance(error, Invalid) else Invalid(error.message))
            else:
                messages.success(request, _("Shared with everybody who attends."))
                return redirect("guests:meeting", visit.link.pk, meeting)
    return _meeting_page(request, visit, found, form)


@inside("POST")
def report(request: HttpRequest, visit: Visit, action: UUID) -> HttpResponseBase:
    """Report on one of the guest's own actions."""
    found = get_action(request.actor, action)
    if found.guest_id != request.actor.id:
        raise NotFound(_("There is no such action."))
    found = get_action(request.actor, action, REPORT)
    form = ReportForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Nothing was reported."))
    said = form.cleaned_data
    report_action(
        action=found, verdict=said["verdict"], reason=said["reason"], due_on=said["due_on"], by=request.actor
    )
    messages.success(request, _("Reported."))
    return redirect("guests:front", visit.link.pk)


def meetings_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show what the guest's check-ins ask of him, and their minutes."""
    context = {
        "link": visit.link,
        "coming": coming(request.actor, now()),
        "actions": own_actions(request.actor),
        "past": closed(request.actor)[:MOST],
    }
    return render(request, "guests/meetings.html", context)


def _meeting_page(request: HttpRequest, visit: Visit, found: Any, form: UpdateForm | None) -> HttpResponse:
    context = {
        "link": visit.link,
        "meeting": found,
        "series": found.series,
        "agenda": agenda_of(found),
        "form": form,
        "actions": own_actions_in(request.actor, found),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "guests/meeting.html", context, status=status)
