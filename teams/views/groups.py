"""Teams and roles: groups of members, and what a role may do."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import Invalid
from teams import selectors
from teams.edges import tell_form
from teams.forms import RoleForm, TeamForm
from teams.gates import members
from teams.limit_forms import LimitForm
from teams.limit_words import in_words
from teams.limits import Limit, get_limit, limits_of
from teams.models import Role
from teams.overview import network_choices
from teams.permissions import can, verbs, verbs_of
from teams.rights import compared, rights_of, rights_of_member
from teams.services.groups import change_team, create_team, delete_team
from teams.services.previews import may_look_as
from teams.services.roles import (
    add_limit,
    change_limit,
    change_role,
    create_role,
    delete_role,
    remove_limit,
)

MOST_COLUMNS = 100


@members("teams.member.see", "GET")
def teams(request: HttpRequest) -> HttpResponse:
    """List the teams with their members."""
    actor = request.actor
    context = {"teams": selectors.teams(actor), "may_edit": can(actor, "teams.team.edit"), "tab": "teams"}
    return render(request, "teams/teams.html", context)


@members("teams.team.edit", "GET", "POST")
def new_team(request: HttpRequest) -> HttpResponse:
    """Make a team."""
    form = TeamForm(request.POST or None, members=selectors.members(request.actor))
    if request.method == "POST" and form.is_valid():
        try:
            created = create_team(by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Made the team %(name)s.") % {"name": created.name})
            return redirect("teams:teams", request.workspace.slug)
    context = {"form": form, "tab": "teams"}
    return render(request, "teams/team.html", context, status=422 if form.errors else 200)


@members("teams.team.edit", "GET", "POST")
def team(request: HttpRequest, team: UUID) -> HttpResponse:
    """Rename a team or set who is in it."""
    found = selectors.get_team(request.actor, team)
    start = {"name": found.name, "members": [member.pk for member in found.members.all()]}
    form = TeamForm(request.POST or None, members=selectors.members(request.actor), initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            change_team(team=found, by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved the team %(name)s.") % {"name": found.name})
            return redirect("teams:teams", request.workspace.slug)
    context = {"form": form, "team": found, "tab": "teams"}
    return render(request, "teams/team.html", context, status=422 if form.errors else 200)


@members("teams.team.edit", "POST")
def team_deletion(request: HttpRequest, team: UUID) -> HttpResponse:
    """Delete a team."""
    found = selectors.get_team(request.actor, team)
    delete_team(team=found, by=request.actor)
    messages.success(request, _("Deleted the team %(name)s.") % {"name": found.name})
    return redirect("teams:teams", request.workspace.slug)


@members("teams.member.see", "GET")
def roles(request: HttpRequest) -> HttpResponse:
    """Show each role and what it may do, narrowed by words of a right."""
    found = list(selectors.roles()[:MOST_COLUMNS])
    held = {role.pk: verbs_of(role) for role in found}
    search = request.GET.get("q", "")[:80].strip()
    table = [
        {"verb": verb, "held": [verb.name in held[role.pk] for role in found]}
        for verb in sorted(verbs.values(), key=lambda verb: verb.name)
        if search.casefold() in f"{verb.name} {verb.label}".casefold()
    ]
    may_edit = can(request.actor, "teams.role.edit")
    context = {
        "roles": found,
        "table": table,
        "may_edit": may_edit,
        "looks": [role for role in found if may_look_as(request.actor, role)],
        "search": search,
        "tab": "roles",
    }
    return render(request, "teams/roles.html", context)


@members("teams.member.see", "GET")
def role_comparison(request: HttpRequest) -> HttpResponse:
    """Hold two roles side by side (R7.10): where they differ, then what both give."""
    found = {str(role.pk): role for role in selectors.roles()}
    first, second = [found.get(request.GET.get(name, "")) for name in ("first", "second")]
    if first is None and second is None and len(found) > 1:
        first, second = list(found.values())[:2]
    context = {
        "roles": list(found.values()),
        "first": first,
        "second": second,
        "rows": compared(first, second) if first and second else [],
        "may_edit": can(request.actor, "teams.role.edit"),
        "tab": "roles",
    }
    return render(request, "teams/role_comparison.html", context)


@members("teams.role.edit", "GET", "POST")
def new_role(request: HttpRequest) -> HttpResponse:
    """Make a role of the workspace's own."""
    form = RoleForm(request.POST or None, held=request.actor.verbs, initial=_copied(request))
    if request.method == "POST" and form.is_valid():
        try:
            created = create_role(by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Made the role %(name)s.") % {"name": created.name})
            return redirect("teams:roles", request.workspace.slug)
    context = {"form": form, "tab": "roles"}
    return render(request, "teams/role.html", context, status=422 if form.errors else 200)


def _copied(request: HttpRequest) -> dict[str, object]:
    """Return the rights to start from: those of the role named by `from`."""
    wanted = request.GET.get("from", "")
    source = next((role for role in selectors.roles() if str(role.pk) == wanted), None)
    return {"rights": sorted(verbs_of(source))} if source else {}


@members("teams.role.edit", "GET", "POST")
def role(request: HttpRequest, role: UUID) -> HttpResponse:
    """Change a role of the workspace's own."""
    found = selectors.get_role(role)
    start = {"name": found.name, "rights": found.verbs}
    form = RoleForm(request.POST or None, held=request.actor.verbs, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            change_role(role=found, by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Saved the role %(name)s.") % {"name": found.name})
            return redirect("teams:roles", request.workspace.slug)
    context = {"form": form, "role": found, "limits": _limits(found), "tab": "roles"}
    return render(request, "teams/role.html", context, status=422 if form.errors else 200)


def _limits(found: Role) -> list[dict[str, Any]]:
    """Return a role's limits in words, with the rights that each limits."""
    return [
        {
            "id": limit.id,
            "words": in_words(limit),
            "rights": [str(verbs.get(name).label) for name in sorted(limit.verbs) if name in verbs],
        }
        for limit in limits_of(found)
    ]


@members("teams.role.edit", "GET", "POST")
def new_role_limit(request: HttpRequest, role: UUID) -> HttpResponse:
    """Limit some rights of a role to networks, teams, states or hours (R7.10)."""
    found = selectors.get_role(role)
    form = _limit_form(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            add_limit(role=found, limit=form.limit, by=request.actor)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Limited the role %(name)s.") % {"name": found.name})
            return redirect("teams:role", request.workspace.slug, found.pk)
    context = {"form": form, "role": found, "tab": "roles"}
    return render(request, "teams/role_limit.html", context, status=422 if form.errors else 200)


@members("teams.role.edit", "GET", "POST")
def role_limit(request: HttpRequest, role: UUID, limit: str) -> HttpResponse:
    """Change a limit of a role: its rights, networks, teams, states and hours (R7.10)."""
    found = selectors.get_role(role)
    stands = get_limit(found, limit)
    form = _limit_form(request, found, stands)
    if request.method == "POST" and form.is_valid():
        try:
            change_limit(role=found, limit_id=limit, limit=form.limit, by=request.actor)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Changed a limit of the role %(name)s.") % {"name": found.name})
            return redirect("teams:role", request.workspace.slug, found.pk)
    context = {"form": form, "role": found, "stands": stands, "tab": "roles"}
    return render(request, "teams/role_limit.html", context, status=422 if form.errors else 200)


def _limit_form(request: HttpRequest, found: Role, stands: Limit | None = None) -> LimitForm:
    """Return the form of a limit; the teams of one that stands are offered even where there are very many."""
    teams = list(selectors.teams(request.actor)[:MOST_COLUMNS])
    further = stands.teams - {team.pk for team in teams} if stands else frozenset()
    if further:
        teams += selectors.teams(request.actor).filter(pk__in=further)
    networks = network_choices(request.actor)
    return LimitForm(request.POST or None, role=found, networks=networks, teams=teams, stands=stands)


@members("teams.role.edit", "POST")
def role_limit_removal(request: HttpRequest, role: UUID, limit: str) -> HttpResponse:
    """Take a limit away from a role."""
    found = selectors.get_role(role)
    remove_limit(role=found, limit_id=limit, by=request.actor)
    messages.success(request, _("Removed a limit of the role %(name)s.") % {"name": found.name})
    return redirect("teams:role", request.workspace.slug, found.pk)


@members("teams.role.edit", "POST")
def role_deletion(request: HttpRequest, role: UUID) -> HttpResponse:
    """Delete a role that nobody holds."""
    found = selectors.get_role(role)
    delete_role(role=found, by=request.actor)
    messages.success(request, _("Deleted the role %(name)s.") % {"name": found.name})
    return redirect("teams:roles", request.workspace.slug)


@members("teams.workspace.see", "GET")
def rights(request: HttpRequest) -> HttpResponse:
    """Explain each of my rights and where it comes from (R7.10)."""
    search = request.GET.get("q", "")[:80].strip()
    context = {"rights": rights_of(request.actor, search=search), "search": search, "tab": "rights"}
    return render(request, "teams/rights.html", context)


@members("teams.right.explain", "GET")
def member_rights(request: HttpRequest, member: UUID) -> HttpResponse:
    """Explain each right of a member: where it comes from, what is missing and whom to ask (R7.10)."""
    found = selectors.get_member(request.actor, member)
    search = request.GET.get("q", "")[:80].strip()
    context = {
        "person": found,
        "rights": rights_of_member(found, search=search),
        "search": search,
        "tab": "members",
    }
    return render(request, "teams/rights.html", context)
