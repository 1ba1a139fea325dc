"""Memberships: joined by invitation, changed in role, ended; never deleted."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from core.record import record
from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor
from teams.models import AccessKey, Membership, Role, TeamMember, User, Workspace
from teams.permissions import names_holding, require, verbs, verbs_of
from teams.states import MemberStatus, RoleKey

leavers: Registry[Callable[[Membership], object]] = Registry("teams.services.members.leavers")
"""Upper apps add `(member) -> None` here to end what a leaver held, in the same transaction."""


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


def end_membership(*, member: Membership, by: Actor) -> Membership:
    """End a membership: access, tokens, grants and backups end in this transaction; what they did stays.

    Raises: NotAllowed; WrongState for the last owner. Records: teams.member.ended.
    """
    require(by, "teams.member.end", member)
    require_right_over_role(by, member.role)
    if member.role.key == RoleKey.OWNER:
        _keep_one_owner(member)
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
    record("teams.member.ended", by=by, subject=Ref("teams.membership", member.pk))
    return member


def require_right_over_role(by: Actor, role: Role) -> None:
    """Pass where the actor may give, take or end this role: nobody hands out more than they hold.

    Raises: NotAllowed for the owner's role without the right to make owners, and for a role of the workspace's own
    making with rights that the actor has not.
    """
    if by.is_system:
        return
    if role.key == RoleKey.OWNER:
        require(by, "teams.role.assign_owner")
    beyond = sorted(verbs_of(role) - by.verbs) if not role.is_builtin else []
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
    return member


def _keep_one_owner(member: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(
        role__key=RoleKey.OWNER, status=MemberStatus.ACTIVE
    )
    if not [owner for owner in owners if owner.pk != member.pk]:
        raise WrongState(_("A workspace keeps at least one owner. Make somebody else an owner first."))
