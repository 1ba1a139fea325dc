"""Working hours of the workspace and of teams."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import Invalid
from teams import selectors
from teams.edges import tell_form
from teams.gates import members
from teams.hours_forms import HoursForm, start_of_form
from teams.models import Team
from teams.permissions import can
from teams.services.hours import drop_hours, set_hours
from teams.working_time import weeks

CONFIGURE, EDIT_TEAM = "teams.workspace.configure", "teams.team.edit"


@members(CONFIGURE, "GET", "POST")
def working_hours(request: HttpRequest) -> HttpResponse:
    """Say when the workspace works, or count around the clock again."""
    return _page(request, None)


@members(EDIT_TEAM, "GET", "POST")
def team_hours(request: HttpRequest, team: UUID) -> HttpResponse:
    """Say when one team works, or take the workspace's hours again."""
    return _page(request, selectors.get_team(request.actor, team))


def _page(request: HttpRequest, team: Team | None) -> HttpResponse:
    row = selectors.hours_of_team(team)
    form = HoursForm(request.POST or None, initial=start_of_form(row, request.workspace.timezone))
    if request.method == "POST" and request.POST.get("action") == "drop":
        drop_hours(team=team, by=request.actor)
        messages.success(request, _("Saved."))
        return _back(request, team)
    if request.method == "POST" and form.is_valid() and _save(request, team, form):
        messages.success(request, _("Saved. What opens from now on is counted by it."))
        return _back(request, team)
    context: dict[str, Any] = {
        "form": form,
        "row": row,
        "team": team,
        "teams": _teams(request) if team is None else [],
        "tab": "teams" if team else "hours",
        "nav_key": "settings",
    }
    return render(request, "teams/hours.html", context, status=422 if form.errors else 200)


def _teams(request: HttpRequest) -> list[tuple[Team, bool]]:
    if not can(request.actor, EDIT_TEAM):
        return []
    known = weeks()
    return [(one, one.pk in known) for one in selectors.teams(request.actor)]


def _save(request: HttpRequest, team: Team | None, form: HoursForm) -> bool:
    said = {name: form.cleaned_data[name] for name in ("zone", "country", "days_off")}
    try:
        set_hours(team=team, days=form.days, by=request.actor, **said)
    except Invalid as error:
        tell_form(form, error)
        return False
    return True


def _back(request: HttpRequest, team: Team | None) -> HttpResponse:
    if team is None:
        return redirect("teams:hours", request.workspace.slug)
    return redirect("teams:team_hours", request.workspace.slug, team.pk)
