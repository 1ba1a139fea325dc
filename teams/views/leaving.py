"""A member's profile, who could stand in, and how somebody leaves without leaving anything behind."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import Invalid
from teams import selectors
from teams.duty_forms import HeirsForm, MemberProfileForm
from teams.gates import members, members_by
from teams.holdings import StillHeld, holdings_of
from teams.models import Membership
from teams.overview import network_choices
from teams.permissions import can
from teams.proposals import proposals_for
from teams.services.backups import add_backup
from teams.services.members import change_profile, end_membership
from teams.views.team import loads_of, look


@members("teams.member.see", "GET", "POST")
def backup_proposals(request: HttpRequest, member: UUID) -> HttpResponse:
    """Propose who could stand in for a member, with reasons; POST takes one of them over."""
    found = selectors.get_member(request.actor, member)
    if request.method == "POST":
        backup = _chosen(request)
        add_backup(member=found, backup=backup, by=request.actor)
        facts = {"backup": backup.user.name, "name": found.user.name}
        messages.success(request, _("%(backup)s now stands in for %(name)s.") % facts)
        return redirect("teams:coverage", request.workspace.slug)
    view = look(request)
    loads = loads_of(request, view)
    context = {
        "member": found,
        "backups": view.backups_for(found.pk),
        "proposals": proposals_for(view, found, loads) if found.pk in loads else [],
        "may_back": found.is_active
        and (found.pk == request.actor.member_id or can(request.actor, "teams.backup.edit", found)),
        "nav_key": "team",
    }
    return render(request, "teams/backup_proposals.html", context)


@members("teams.member.see", "POST")
def member_profile(request: HttpRequest, member: UUID) -> HttpResponse:
    """Change a member's job title, hours and languages."""
    found = selectors.get_member(request.actor, member)
    form = MemberProfileForm(request.POST, networks=network_choices(request.actor))
    if not form.is_valid():
        raise Invalid(_("The profile was not saved."), fields={k: list(v) for k, v in form.errors.items()})
    change_profile(member=found, by=request.actor, **form.cleaned_data)
    messages.success(request, _("Saved the profile of %(name)s.") % {"name": found.user.name})
    return redirect("teams:member", request.workspace.slug, found.pk)


@members_by({"GET": "teams.member.end", "POST": "teams.member.end"})
def member_ending(request: HttpRequest, member: UUID) -> HttpResponse:
    """List what a member holds and hand each line over; then the membership ends, all in one step."""
    found = selectors.get_member(request.actor, member, "teams.member.end")
    form = _heirs_form(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            end_membership(member=found, heirs=form.heirs, by=request.actor)
        except StillHeld as error:
            form = _heirs_form(request, found)
            form.is_valid()
            form.add_error(None, error.message)
        else:
            messages.success(request, _("%(name)s has no access any more.") % {"name": found.user.name})
            return redirect("teams:members", request.workspace.slug)
    context: dict[str, Any] = {"member": found, "form": form, "nav_key": "team", "tab": "members"}
    return render(request, "teams/member_ending.html", context, status=422 if form.errors else 200)


def _heirs_form(request: HttpRequest, found: Membership) -> HeirsForm:
    lines = [line for _name, line in holdings_of(request.actor, found)]
    others = selectors.members(request.actor).exclude(pk=found.pk)
    return HeirsForm(request.POST if request.method == "POST" else None, lines=lines, members=others)


def _chosen(request: HttpRequest) -> Membership:
    try:
        return selectors.members_by_id([UUID(request.POST.get("backup", ""))])[0]
    except ValueError:
        raise Invalid(_("Choose somebody of this workspace.")) from None
