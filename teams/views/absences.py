"""Absences: who is away, and who then acts."""

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid
from core.paging import keyset
from teams import selectors
from teams.choosing import member_written
from teams.cover import absent_ids, cover_of
from teams.forms import AbsenceForm, days_of, start_of
from teams.gates import members
from teams.models import Membership
from teams.permissions import can
from teams.plan import DAYS, plan_of
from teams.services.absences import change_absence, end_absence, record_absence, zone_of
from teams.states import AbsenceKind

MOST_PEOPLE = 12
"""How many are offered by a button each; where there are more, one names them in a box."""


@members("teams.member.see", "GET")
def absences(request: HttpRequest) -> HttpResponse:
    """Show who is away and who acts for them, what is to come, and the form."""
    return _page(request, _form(request))


@members("teams.member.see", "GET")
def plan(request: HttpRequest) -> HttpResponse:
    """Show four weeks: who is away, who then acts, and the days on which somebody or something has nobody."""
    zone = request.workspace.timezone
    today = now().astimezone(ZoneInfo(zone)).date()
    first = _day(request.GET.get("from", "")) or today - timedelta(days=today.weekday())
    weeks = [("earlier", first - timedelta(days=DAYS)), ("later", first + timedelta(days=DAYS))]
    context = {
        "plan": plan_of(request.actor, first, zone),
        "today": today,
        "weeks": dict(weeks),
        "nav_key": "team",
        "tab": "absences",
    }
    return render(request, "teams/absence_plan.html", context)


def _day(text: str) -> date | None:
    """Read a day of the address; None for what is none, or lies beyond what calendars know."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _page(request: HttpRequest, form: AbsenceForm) -> HttpResponse:
    actor, instant = request.actor, now()
    away = selectors.away_now(actor, instant)
    rows = selectors.absences(actor)
    past = keyset(
        rows.filter(ends_at__lte=instant), by=["-starts_at", "-pk"], cursor=request.GET.get("after"), size=25
    )
    may_record_others = can(actor, "teams.absence.record_others")
    gone = {row.absence.member_id for row in away}
    others = selectors.members(actor).exclude(pk__in=gone | {actor.member_id})
    here = list(others[: MOST_PEOPLE + 1]) if may_record_others else []
    context = {
        "away": away,
        "coming": rows.filter(starts_at__gt=instant).order_by("starts_at", "pk")[:100],
        "past": past,
        "form": form,
        "me_away": actor.member_id in gone,
        "here": here if len(here) <= MOST_PEOPLE else [],
        "are_many": len(here) > MOST_PEOPLE,
        "may_record_others": may_record_others,
        "nav_key": "team",
        "tab": "absences",
    }
    return render(request, "teams/absences.html", context, status=422 if form.errors else 200)


@members("teams.absence.record", "POST")
def new_absence(request: HttpRequest) -> HttpResponse:
    """Record an absence."""
    form = _form(request)
    if form.is_valid():
        try:
            absence = record_absence(
                member=form.cleaned_data["member"],
                kind=AbsenceKind(form.cleaned_data["kind"]),
                starts_at=form.starts_at,
                ends_at=form.ends_at,
                note=form.cleaned_data["note"],
                zone=form.zone,
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
    """Record in one tap that I am, or somebody of mine is, sick until midnight of the sick person's clock."""
    chosen = request.POST.get("member", "")
    try:
        member = _sick(request, chosen)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("teams:absences", request.workspace.slug)
    zone = zone_of(member)
    tonight = start_of(now().astimezone(ZoneInfo(zone)).date() + timedelta(days=1), zone)
    record_absence(member=member, kind=AbsenceKind.SICK, starts_at=now(), ends_at=tonight, by=request.actor)
    _tell_cover(request, member)
    return redirect("teams:absences", request.workspace.slug)


@members("teams.absence.record", "GET", "POST")
def absence(request: HttpRequest, absence: UUID) -> HttpResponse:
    """Change an absence: its days, kind and note."""
    found = selectors.get_absence_to_change(request.actor, absence)
    form = AbsenceForm(
        request.POST if request.method == "POST" else None,
        members=selectors.members(request.actor),
        absence=found,
        initial=days_of(found),
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_absence(
                absence=found,
                kind=AbsenceKind(form.cleaned_data["kind"]),
                starts_at=form.starts_at,
                ends_at=form.ends_at,
                note=form.cleaned_data["note"],
                by=request.actor,
            )
        except Invalid as error:
            form.add_error("last_day", error.message)
        else:
            _tell_cover(request, found.member)
            return redirect("teams:absences", request.workspace.slug)
    context = {"absence": found, "form": form, "nav_key": "team", "tab": "absences"}
    return render(request, "teams/absence.html", context, status=422 if form.errors else 200)


@members("teams.absence.record", "POST")
def absence_end(request: HttpRequest, absence: UUID) -> HttpResponse:
    """End an absence now, or drop one that has not begun."""
    found = selectors.get_absence(request.actor, absence)
    is_ahead = found.starts_at > now()
    end_absence(absence=found, by=request.actor)
    words = _("Dropped the absence of %(name)s.") if is_ahead else _back()
    messages.success(request, words % {"name": found.member.user.name})
    return redirect("teams:absences", request.workspace.slug)


def _back() -> str:
    return _("%(name)s is back; everything went back at once.")


def _sick(request: HttpRequest, named: str) -> Membership:
    if not named:
        return selectors.get_member(request.actor, request.actor.member_id)
    return member_written(selectors.members(request.actor), named)


def _form(request: HttpRequest) -> AbsenceForm:
    actor = request.actor
    people = selectors.members(actor).select_related("workspace")
    if not can(actor, "teams.absence.record_others"):
        people = people.filter(pk=actor.member_id)
    start = {"member": actor.member_id, "first_day": _today(actor.member)}
    return AbsenceForm(request.POST if request.method == "POST" else None, members=people, initial=start)


def _today(member: Membership) -> object:
    return now().astimezone(ZoneInfo(zone_of(member))).date()


def _tell_cover(request: HttpRequest, member: Membership) -> None:
    cover = cover_of(member, now())
    if cover is not None:
        facts = {"cover": cover.user.name, "name": member.user.name}
        messages.success(request, _("Recorded. %(cover)s now acts for %(name)s.") % facts)
    elif absent_ids(now(), {member.pk}):
        messages.warning(
            request, _("Recorded. Nobody acts for %(name)s: no backup is here.") % {"name": member.user.name}
        )
    else:
        messages.success(request, _("Recorded."))
