"""Absences: who is away, and who then acts."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid
from core.paging import keyset
from teams import selectors
from teams.cover import cover_of
from teams.forms import AbsenceForm, midnight
from teams.gates import members
from teams.models import Membership
from teams.permissions import can
from teams.services.absences import end_absence, record_absence
from teams.states import AbsenceKind


@members("teams.member.see", "GET")
def absences(request: HttpRequest) -> HttpResponse:
    """Show who is away and who acts for them, what is to come, and the form."""
    return _page(request, _form(request))


def _page(request: HttpRequest, form: AbsenceForm) -> HttpResponse:
    actor, instant = request.actor, now()
    away = selectors.away_now(actor, instant)
    rows = selectors.absences(actor)
    past = keyset(
        rows.filter(ends_at__lte=instant), by=["-starts_at", "-pk"], cursor=request.GET.get("after"), size=25
    )
    context = {
        "away": away,
        "coming": rows.filter(starts_at__gt=instant).order_by("starts_at", "pk")[:100],
        "past": past,
        "form": form,
        "me_away": any(row.absence.member_id == actor.member_id for row in away),
        "may_record_others": can(actor, "teams.absence.record_others"),
        "nav_key": "team",
        "tab": "absences",
    }
    return render(request, "teams/absences.html", context, status=422 if form.errors else 200)


@members("teams.absence.record", "POST")
def new_absence(request: HttpRequest) -> HttpResponse:
    """Record an absence."""
    form = _form(request)
    if form.is_valid():
        facts = form.cleaned_data
        try:
            absence = record_absence(
                member=facts["member"],
                kind=AbsenceKind(facts["kind"]),
                starts_at=form.starts_at,
                ends_at=form.ends_at,
                by=request.actor,
            )
        except Invalid as error:
            form.add_error("last_day", error.message)
        else:
            _tell_cover(request, absence.member)
            return redirect("teams:absences", request.workspace.slug)
    return _page(request, form)


@members("teams.absence.record", "POST")
def sick_today(request: HttpRequest) -> HttpResponse:
    """Record in one tap that I am sick until midnight of the workspace's zone."""
    member = selectors.get_member(request.actor, request.actor.member_id)
    tonight = midnight(timezone.localdate() + timedelta(days=1))
    record_absence(member=member, kind=AbsenceKind.SICK, starts_at=now(), ends_at=tonight, by=request.actor)
    _tell_cover(request, member)
    return redirect("teams:absences", request.workspace.slug)


@members("teams.absence.record", "POST")
def absence_end(request: HttpRequest, absence: UUID) -> HttpResponse:
    """End an absence now, or drop one that has not begun."""
    found = selectors.get_absence(request.actor, absence)
    end_absence(absence=found, by=request.actor)
    messages.success(
        request, _("%(name)s is back; everything went back at once.") % {"name": found.member.user.name}
    )
    return redirect("teams:absences", request.workspace.slug)


def _form(request: HttpRequest) -> AbsenceForm:
    actor = request.actor
    people = selectors.members(actor)
    if not can(actor, "teams.absence.record_others"):
        people = people.filter(pk=actor.member_id)
    start = {"member": actor.member_id, "first_day": timezone.localdate()}
    return AbsenceForm(request.POST if request.method == "POST" else None, members=people, initial=start)


def _tell_cover(request: HttpRequest, member: Membership) -> None:
    cover = cover_of(member, now())
    if cover is not None:
        facts = {"cover": cover.user.name, "name": member.user.name}
        messages.success(request, _("Recorded. %(cover)s now acts for %(name)s.") % facts)
    else:
        messages.success(request, _("Recorded."))
