"""Series: what comes up, planned, changed, ended; and minutes searched."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from checkins.attending import attending, attending_all
from checkins.forms import SeriesForm, agenda_text, initial_of, point_title
from checkins.permissions import EDIT, SEE
from checkins.recurrence import in_words
from checkins.selectors.meetings import (
    coming_meetings,
    get_series,
    meetings_of,
    minutes_with,
    planned_of,
    resting_series,
    seats_of,
)
from checkins.services import series as services
from checkins.services.series import STANDARD
from checkins.views.tabs import head
from core.clock import now
from core.errors import Invalid, Stale, WrongState
from core.paging import keyset
from teams.edges import tell_form
from teams.gates import members
from teams.permissions import can
from teams.selectors import members as members_of
from teams.selectors import teams as teams_of

PAGE = 30
SHOWN = 6


@members(SEE, "GET")
def front(request: HttpRequest) -> HttpResponse:
    """List the next meeting of each series, soonest first, and series that have none to come."""
    page = keyset(
        coming_meetings(request.actor, now=now()),
        by=["starts_at", "pk"],
        cursor=request.GET.get("after"),
        size=PAGE,
    )
    people = attending_all([meeting.series for meeting in page.rows])
    resting = resting_series(request.actor)[:PAGE]
    rows = [(meeting, people[meeting.series_id]) for meeting in page.rows]
    context = {"rows": rows, "next": page.next, "resting": resting, **head(request, "all")}
    return render(request, "checkins/meeting_list.html", context)


@members(SEE, "GET")
def minutes(request: HttpRequest) -> HttpResponse:
    """List the minutes of all check-ins, latest first, or those in which some words stand."""
    words = request.GET.get("q", "").replace("\0", "")[:200]
    page = keyset(
        minutes_with(request.actor, words),
        by=["-starts_at", "-pk"],
        cursor=request.GET.get("after"),
        size=PAGE,
    )
    context = {"meetings": page.rows, "next": page.next, "words": words, **head(request, "minutes")}
    return render(request, "checkins/minutes_list.html", context)


@members(SEE, "GET")
def series(request: HttpRequest, series: UUID) -> HttpResponse:
    """Show a series: how it meets, who attends, what is planned and what was."""
    found = get_series(request.actor, series)
    past = keyset(
        meetings_of(request.actor, found),
        by=["-starts_at", "-pk"],
        cursor=request.GET.get("after"),
        size=PAGE,
    )
    context = {
        "series": found,
        "rhythm": in_words(found.rule),
        "agenda": [(point_title(row), row["minutes"]) for row in found.agenda],
        "people": attending(found),
        "planned": planned_of(request.actor, found)[:SHOWN],
        "past": past.rows,
        "next": past.next,
        "may_change": can(request.actor, EDIT, found) and found.ended_at is None,
        **head(request, "all"),
    }
    return render(request, "checkins/series_page.html", context)


@members(EDIT, "GET", "POST")
def new_series(request: HttpRequest) -> HttpResponse:
    """Plan a check-in."""
    form = _form(request, None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_series(plan=form.plan, seats=form.seats, by=request.actor)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("%(title)s is planned.") % {"title": made.title})
            return redirect("checkins:series", request.workspace.slug, made.pk)
    return _editor(request, form, None)


@members(EDIT, "GET", "POST")
def edit(request: HttpRequest, series: UUID) -> HttpResponse:
    """Change a check-in."""
    found = get_series(request.actor, series, EDIT)
    form = _form(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_series(
                series=found,
                plan=form.plan,
                seats=form.seats,
                version=form.cleaned_data["version"],
                by=request.actor,
            )
        except (Invalid, Stale, WrongState) as error:
            tell_form(form, error if isinstance(error, Invalid) else Invalid(error.message))
        else:
            messages.success(request, _("Saved %(title)s.") % {"title": form.plan.title})
            return redirect("checkins:series", request.workspace.slug, found.pk)
    return _editor(request, form, found)


@members(EDIT, "POST")
def end(request: HttpRequest, series: UUID) -> HttpResponse:
    """End a check-in; what was said and promised stays."""
    found = services.end_series(series=get_series(request.actor, series, EDIT), by=request.actor)
    messages.success(request, _("%(title)s has ended; its minutes stay.") % {"title": found.title})
    return redirect("checkins:series", request.workspace.slug, found.pk)


def _form(request: HttpRequest, found: Any) -> SeriesForm:
    today = now().astimezone(ZoneInfo(request.workspace.timezone)).date()
    if found is not None:
        start = initial_of(found, seats_of(found))
    else:
        agenda = agenda_text([point.row for point in STANDARD])
        start = {"starts_on": today, "wall_time": "09:00", "agenda": agenda}
        start["members"] = [request.actor.member_id]
    return SeriesForm(
        request.POST if request.method == "POST" else None,
        initial=start,
        members=members_of(request.actor),
        teams=teams_of(request.actor),
    )


def _editor(request: HttpRequest, form: SeriesForm, found: Any) -> HttpResponse:
    context = {"form": form, "series": found, **head(request, "all")}
    return render(request, "checkins/series_editor.html", context, status=422 if form.errors else 200)
