"""Memberships: joined by invitation, changed in role, ended; never deleted."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from core.record import record
from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor
from teams.holdings import hand_over
from teams.models import (
    WORKING_LANGUAGES,
    AccessKey,
    Backup,
    Membership,
    Role,
    TeamMember,
    User,
    Workspace,
)
from teams.permissions import in_own_right, names_holding, require, unlimited_verbs, verbs, verbs_of
from teams.states import MemberStatus, RoleKey

MOST_HOURS = 80
PROFILE = ["job_title", "capacity_hours", "languages", "networks"]
_KIND = re.compile("[a-z0-9_-]{1,32}")
leavers: Registry[Callable[[Membership], object]] = Registry("teams.services.members.leavers")
"""Upper apps add `(member) -> None` here to end what a leaver held, in the same transaction."""
joiners: Registry[Callable[[Membership], object]] = Registry("teams.services.members.joiners")
"""What somebody's joining brings along is added here, as `(member) -> None`, in the same transaction."""


def add_member(*, workspace: Workspace, user: User, role: Role, by: Actor, job_title: str = "") -> Membership:
    """Make a user a member, or an ended membership active again. Records: teams.member.joined."""
    if not by.is_system:
        require(by, "teams.member.invite")
        require_right_over_role(by, role)
    return _join(workspace=workspace, user=user, role=role, by=by, job_title=job_title)


def assign_role(*, member: Membership, role: Role, by: Actor) -> Membership:
    """Give a member another role; rights change with the next request.

    Raises: NotAllowed; WrongState for the last owner. Records: teams.member.role_assigned.
    """
    require(by, "teams.role.assign", member)
    require_right_over_role(by, role)
    require_right_over_role(by, member.role)
    if member.role.key == RoleKey.OWNER and role.key != RoleKey.OWNER:
        _keep_one_owner(member)
    came_from = member.role
    member.role = role
    member.save(update_fields=["role"])
    subject = Ref("teams.membership", member.pk)
    record("teams.member.role_assigned", by=by, subject=subject, before=str(came_from.pk), after=str(role.pk))
    return member


def end_membership(
    *, member: Membership, heirs: Mapping[str, Membership | None] | None = None, by: Actor
) -> Membership:
    """End a membership: access, tokens, grants and backups end in this transaction; what they did stays.

    What the member holds (`teams.holdings`) goes to whom `heirs` names for each line, in the same transaction.
    Raises: NotAllowed; WrongState for the last owner; StillHeld with the lines for which nobody was named.
    Records: teams.member.ended.
    """
    require(by, "teams.member.end", member)
    require_right_over_role(by, member.role)
    if member.role.key == RoleKey.OWNER:
        _keep_one_owner(member)
    handed = hand_over(member, heirs or {}, by)
    Backup.objects.filter(member=member).delete()
    Backup.objects.filter(backup=member).delete()
    member.status = MemberStatus.ENDED
    member.ended_at = now()
    member.save(update_fields=["status", "ended_at"])
    AccessKey.objects.filter(
        workspace_id=member.workspace_id,
        subject_type="teams.membership",
        subject_id=member.pk,
        revoked_at=None,
    ).update(revoked_at=now())
    for team in member.teams.select_related("group"):
        member.user.groups.remove(team.group)
    TeamMember.objects.filter(member=member).delete()
    for leave in leavers.values():
        leave(member)
    record("teams.member.ended", by=by, subject=Ref("teams.membership", member.pk), handed_over=handed)
    return member


def change_profile(*, member: Membership, by: Actor, **changes: Any) -> Membership:
    """Change how a member is known here: job_title, capacity_hours, languages, networks; own, or by who sets backups.

    Raises: NotAllowed; Invalid. Records: teams.member.profile_changed.
    """
    if by.member_id != member.pk:
        by = in_own_right(by, "teams.backup.edit", member)
    fields: dict[str, list[str]] = {}
    if not 0 <= changes.get("capacity_hours", 0) <= MOST_HOURS:
        fields["capacity_hours"] = [_("A week has up to %(count)s hours of work.") % {"count": MOST_HOURS}]
    if not set(changes.get("languages", ())) <= set(dict(WORKING_LANGUAGES)):
        fields["languages"] = [_("Choose languages of the list.")]
    if not all(_KIND.fullmatch(kind) for kind in changes.get("networks", ())):
        fields["networks"] = [_("Choose networks of this workspace.")]
    if len(changes.get("job_title", "").strip()) > 120:
        fields["job_title"] = [_("Give a name of at most 120 characters.")]
    if fields:
        raise Invalid(_("The profile was not saved."), fields=fields)
    for name in PROFILE:
        if name in changes:
            setattr(member, name, changes[name].strip() if name == "job_title" else changes[name])
    member.save(update_fields=PROFILE)
    subject = Ref("teams.membership", member.pk)
    record("teams.member.profile_changed", by=by, subject=subject, fields=sorted(changes))
    return member


def require_right_over_role(by: Actor, role: Role) -> None:
    """Pass where the actor may give, take or end this role: nobody hands out more than they hold.

    Raises: NotAllowed for the owner's role without the right to make owners, and for a role with rights that the actor
    has not. Among the built-in roles the right to assign is enough: whoever has it there holds what the others hold.
    """
    if by.is_system:
        return
    if role.key == RoleKey.OWNER:
        require(by, "teams.role.assign_owner")
    own = by.member is not None and by.member.role_id == role.pk
    limited = frozenset() if own else by.verbs - unlimited_verbs(by)
    are_builtin = role.is_builtin and by.member is not None and by.member.role.is_builtin
    beyond = sorted(verbs_of(role) & limited if are_builtin else verbs_of(role) - (by.verbs - limited))
    if beyond:
        message = _("The role “%(role)s” holds rights that you have not.") % {"role": role}
        missing = str(verbs.get(beyond[0]).label)
        ask = names_holding("teams.role.assign_owner")
        raise NotAllowed(message, verb="teams.role.assign", missing=missing, ask=ask)


def _join(*, workspace: Workspace, user: User, role: Role, by: Actor, job_title: str) -> Membership:
    member = Membership.objects.filter(user=user).first()
    if member is not None and member.is_active:
        message = _("%(name)s is a member already.") % {"name": user.name}
        raise Invalid(message, fields={"email": [message]})
    if member is None:
        member = Membership(workspace=workspace, user=user)
    member.role, member.status, member.ended_at = role, MemberStatus.ACTIVE, None
    member.joined_at, member.job_title = now(), job_title
    member.save()
    record("teams.member.joined", by=by, subject=Ref("teams.membership", member.pk), role=str(role.pk))
    for join in joiners.values():
        join(member)
    return member


def _keep_one_owner(member: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(
        role__key=RoleKey.OWNER, status=MemberStatus.ACTIVE
    )
    if not [owner for owner in owners if owner.pk != member.pk]:
        raise WrongState(_("A workspace keeps at least one owner. Make somebody else an owner first."))
