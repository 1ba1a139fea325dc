"""Members: who belongs to the workspace, in which role, and how they come and go."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid
from core.paging import keyset
from teams import selectors
from teams.choosing import SHOWN, matching, written
from teams.cover import cover_of
from teams.duty_forms import MemberProfileForm
from teams.edges import tell_form
from teams.forms import BackupsForm, InviteForm, RoleChoiceForm
from teams.gates import members as members_only
from teams.models import Membership
from teams.overview import network_choices
from teams.permissions import can, require
from teams.proposals import language_names, languages_of
from teams.services.backups import set_backups
from teams.services.invitations import invite_member, revoke_invitation
from teams.services.keys import tokens_of
from teams.services.members import assign_role

PAGE_SIZE = 50


@members_only("teams.member.see", "GET")
def members(request: HttpRequest) -> HttpResponse:
    """List the members, who is away, and the invitations that are open."""
    return _members_page(request, InviteForm(roles=selectors.roles()))


def _members_page(request: HttpRequest, form: InviteForm) -> HttpResponse:
    actor, words = request.actor, request.GET.get("q", "")[:120].strip()
    rows = matching(selectors.members(actor), words) if words else selectors.members(actor)
    page = keyset(rows, by=["user__name", "pk"], cursor=request.GET.get("after"), size=PAGE_SIZE)
    context = {
        "members": page.rows,
        "next": page.next,
        "words": words,
        "has_search": bool(words or page.next or request.GET.get("after")),
        "away": {row.absence.member_id: row for row in selectors.away_now(actor, now())},
        "invitations": selectors.open_invitations(actor),
        "form": form,
        "may_invite": can(actor, "teams.member.invite"),
        "tab": "members",
    }
    return render(request, "teams/members.html", context, status=422 if form.errors else 200)


@members_only("teams.member.see", "GET")
def member_choices(request: HttpRequest) -> HttpResponse:
    """Answer the box for a name with who fits; a few, the first by name."""
    rows = matching(selectors.members(request.actor), request.GET.get("q", "")[:120])
    found = list(rows[: SHOWN + 1])
    people = [{"member": member, "written": written(member)} for member in found[:SHOWN]]
    return render(request, "teams/member_choices.html", {"people": people, "more": len(found) > SHOWN})


@members_only("teams.member.invite", "POST")
def invitations(request: HttpRequest) -> HttpResponse:
    """Invite an address."""
    form = InviteForm(request.POST, roles=selectors.roles())
    if form.is_valid():
        try:
            invited = invite_member(by=request.actor, **form.cleaned_data)
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("Invited %(email)s.") % {"email": invited.email})
            return redirect("teams:members", request.workspace.slug)
    return _members_page(request, form)


@members_only("teams.member.invite", "POST")
def invitation_revocation(request: HttpRequest, invitation: UUID) -> HttpResponse:
    """Take an invitation back."""
    found = selectors.get_invitation(request.actor, invitation)
    revoke_invitation(invitation=found, by=request.actor)
    messages.success(request, _("Took back the invitation of %(email)s.") % {"email": found.email})
    return redirect("teams:members", request.workspace.slug)


@members_only("teams.member.see", "GET")
def member(request: HttpRequest, member: UUID) -> HttpResponse:
    """Show one member: role, teams, backups, tokens."""
    found = selectors.get_member(request.actor, member)
    return _member_page(request, found, _backups_form(request, found))


def _member_page(request: HttpRequest, found: Membership, backups_form: BackupsForm) -> HttpResponse:
    actor = request.actor
    may_end = can(actor, "teams.member.end", found) and found.is_active
    context = {
        "member": found,
        "cover": cover_of(found, now()),
        "teams": found.teams.order_by("name"),
        "role_form": RoleChoiceForm(roles=selectors.roles(), initial={"role": found.role_id}),
        "profile_form": MemberProfileForm(
            initial={
                "job_title": found.job_title,
                "capacity_hours": found.capacity_hours,
                "languages": found.languages,
                "networks": found.networks,
            },
            networks=network_choices(actor),
        ),
        "languages": language_names(languages_of(found)),
        "backups_form": backups_form,
        "backups": selectors.backups_of(found),
        "covers_for": found.backup_for.filter(scope_id=None)
        .select_related("member__user")
        .order_by("position", "pk"),
        "tokens": tokens_of(found) if may_end or found.pk == actor.member_id else [],
        "may_explain": can(actor, "teams.right.explain", found),
        "may_assign": can(actor, "teams.role.assign", found) and found.is_active,
        "may_back": found.is_active
        and (found.pk == actor.member_id or can(actor, "teams.backup.edit", found)),
        "may_end": may_end,
        "tab": "members",
    }
    return render(request, "teams/member.html", context, status=422 if backups_form.errors else 200)


@members_only("teams.role.assign", "POST")
def member_role(request: HttpRequest, member: UUID) -> HttpResponse:
    """Give a member another role."""
    found = selectors.get_member(request.actor, member)
    form = RoleChoiceForm(request.POST, roles=selectors.roles())
    if not form.is_valid():
        raise Invalid(_("Choose a role of this workspace. Nothing was changed."))
    assign_role(member=found, role=form.cleaned_data["role"], by=request.actor)
    messages.success(request, _("%(name)s is now %(role)s.") % {"name": found.user.name, "role": found.role})
    return redirect("teams:member", request.workspace.slug, found.pk)


@members_only("teams.member.see", "POST")
def member_backups(request: HttpRequest, member: UUID) -> HttpResponse:
    """Set a member's standing backups."""
    found = selectors.get_member(request.actor, member)
    if found.pk != request.actor.member_id:
        require(request.actor, "teams.backup.edit", found)
    form = _backups_form(request, found)
    if form.is_valid():
        try:
            set_backups(member=found, backups=form.backups, by=request.actor)
        except Invalid as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved the backups of %(name)s.") % {"name": found.user.name})
            return redirect("teams:member", request.workspace.slug, found.pk)
    return _member_page(request, found, form)


def _backups_form(request: HttpRequest, found: Membership) -> BackupsForm:
    others = selectors.members(request.actor).exclude(pk=found.pk)
    rows = selectors.backups_of(found)
    start = {f"backup_{row.position}": row.backup_id for row in rows}
    return BackupsForm(request.POST if request.method == "POST" else None, members=others, initial=start)
