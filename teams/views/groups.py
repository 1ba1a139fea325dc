"""Teams and roles: groups of members, and what a role may do."""

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
from teams.permissions import can, verbs, verbs_of
from teams.services.groups import change_team, create_team, delete_team
from teams.services.roles import change_role, create_role, delete_role


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
    """Show each role and what it may do."""
    found = list(selectors.roles())
    held = {role.pk: verbs_of(role) for role in found}
    table = [
        {"verb": verb, "held": [verb.name in held[role.pk] for role in found]}
        for verb in sorted(verbs.values(), key=lambda verb: verb.name)
    ]
    may_edit = can(request.actor, "teams.role.edit")
    context = {"roles": found, "table": table, "may_edit": may_edit, "tab": "roles"}
    return render(request, "teams/roles.html", context)


@members("teams.role.edit", "GET", "POST")
def new_role(request: HttpRequest) -> HttpResponse:
    """Make a role of the workspace's own."""
    form = RoleForm(request.POST or None, held=request.actor.verbs)
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
    context = {"form": form, "role": found, "tab": "roles"}
    return render(request, "teams/role.html", context, status=422 if form.errors else 200)


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
    context = {"rights": selectors.rights_of(request.actor), "tab": "rights"}
    return render(request, "teams/rights.html", context)
