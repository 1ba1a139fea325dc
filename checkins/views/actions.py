"""Action items: added in a meeting, reported on there or from My work, handed on."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from checkins.attending import attending
from checkins.forms import ActionForm, OwnerForm, ReportForm
from checkins.permissions import HOLD, REPORT, SEE
from checkins.selectors.actions import abouts, get_action, reports_of, subject_at
from checkins.selectors.meetings import get_meeting
from checkins.services.actions import add_action, hand_action, remove_action, report_action
from checkins.views.meetings import meeting_page, people_choices
from core.errors import CollabError, Invalid, WrongState
from notifications.services.notices import mark_subject_read
from teams.edges import tell_form
from teams.gates import members
from teams.permissions import can
from teams.selectors import members as members_of


@members(HOLD, "POST")
def new_action(request: HttpRequest, meeting: UUID) -> HttpResponse:
    """Write down who does what by when."""
    found = get_meeting(request.actor, meeting, HOLD)
    form = ActionForm(request.POST, people=people_choices(found))
    if form.is_valid():
        try:
            _add(request, found, form.cleaned_data)
        except (Invalid, WrongState) as error:
            tell_form(form, error if isinstance(error, Invalid) else Invalid(error.message))
        else:
            return redirect("checkins:meeting", request.workspace.slug, meeting)
    return meeting_page(request, found, form=form, status=422)


@members(SEE, "GET")
def action(request: HttpRequest, action: UUID) -> HttpResponse:
    """Show an action with what was reported of it, and the form that reports."""
    found = get_action(request.actor, action)
    mark_subject_read(subject=found.ref, by=request.actor)
    return _action_page(request, found, ReportForm.of(found))


@members(REPORT, "POST")
def report(request: HttpRequest, action: UUID) -> HttpResponse:
    """Report on an action, and go on where it was reported from: the meeting (`meeting`) or the action itself."""
    found = get_action(request.actor, action, REPORT)
    form = ReportForm.of(found, request.POST)
    inside = request.POST.get("meeting", "")
    if form.is_valid():
        said = form.cleaned_data
        try:
            report_action(
                action=found,
                verdict=said["verdict"],
                reason=said["reason"],
                due_on=said["due_on"],
                by=request.actor,
            )
        except (Invalid, WrongState) as error:
            tell_form(form, error if isinstance(error, Invalid) else Invalid(error.message))
        else:
            if inside == "":
                messages.success(request, _("Reported."))
                return redirect("checkins:action", request.workspace.slug, action)
            return redirect("checkins:meeting", request.workspace.slug, _uuid(inside))
    return _action_page(request, found, form, status=422)


@members(REPORT, "POST")
def owner(request: HttpRequest, action: UUID) -> HttpResponse:
    """Give an action to somebody else."""
    found = get_action(request.actor, action, REPORT)
    form = OwnerForm(request.POST, members=members_of(request.actor))
    if form.is_valid():
        handed = hand_action(action=found, owner=form.cleaned_data["owner"], by=request.actor)
        messages.success(request, _("Handed on to %(name)s.") % {"name": handed.who})
        if get_or_none(request, action) is None:
            return redirect("checkins:series", request.workspace.slug, found.series_id)
        return redirect("checkins:action", request.workspace.slug, action)
    return _action_page(request, found, ReportForm.of(found), owner_form=form, status=422)


@members(HOLD, "POST")
def removal(request: HttpRequest, action: UUID) -> HttpResponse:
    """Take an action out of the meeting that writes it."""
    found = get_action(request.actor, action)
    remove_action(action=found, by=request.actor)
    return redirect("checkins:meeting", request.workspace.slug, found.meeting_id)


def get_or_none(request: HttpRequest, action: UUID) -> Any:
    """Return the action where the reader still sees it."""
    try:
        return get_action(request.actor, action)
    except CollabError:
        return None


def _add(request: HttpRequest, found: Any, said: dict[str, Any]) -> None:
    subject = None
    if said["about"]:
        subject = subject_at(request.actor, said["about"], request.workspace.slug)
        if subject is None:
            message = _("This is no page of a post, campaign or duty that you can see.")
            raise Invalid(message, fields={"about": [message]})
    people = attending(found.series)
    chosen = next(one for one in (*people.members, *people.guests) if str(one.pk) == said["owner"])
    add_action(
        meeting=found,
        text=said["text"],
        owner=chosen,
        due_on=said["due_on"],
        subject=subject,
        by=request.actor,
    )


def _action_page(
    request: HttpRequest,
    found: Any,
    form: ReportForm,
    *,
    owner_form: OwnerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may = can(request.actor, REPORT, found)
    context = {
        "action": found,
        "form": form,
        "owner_form": owner_form or OwnerForm(members=members_of(request.actor)),
        "reports": reports_of(request.actor, found),
        "about": abouts(request.actor, [found], request.workspace.slug).get(found.pk),
        "may_report": may,
        "nav_key": "checkins",
        "primary_taken": True,
    }
    return render(request, "checkins/action_page.html", context, status=status)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(_("Load the page again.")) from None
