"""Visits of operators: the only way in for somebody who is no member, and one on which nothing can be changed."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, NotAllowed, NotFound, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Membership, Role, StaffSession, User, Workspace
from teams.permissions import require, seeing_verbs
from teams.states import ActorKind, MemberStatus, RoleKey, WorkspaceStatus
from teams.tenancy import entered, workspace_scope

MINUTES = (15, 30, 60)
SHORTEST_REASON, LONGEST_REASON = 10, 300
UNTIL = "staff_until"
"""The workspace's own note of when the present visit ends, so that every page can say it without asking."""


def staff_actor(member: Membership) -> Actor:
    """Return an operator on a visit: sees what members see, and changes nothing."""
    return Actor(ActorKind.STAFF, member.workspace_id, member.pk, member, seeing_verbs())


def open_staff_session(*, user: User, slug: str, reason: str, minutes: int) -> StaffSession:
    """Begin a visit. Everybody in the workspace is shown that it goes on and until when.

    Raises: NotAllowed for who is no operator; NotFound; Invalid; WrongState for a member, who needs none.
    Records: teams.staff.entered.
    """
    if not (user.is_staff and user.is_active):
        raise NotAllowed(_("Only operators of this installation visit workspaces."))
    _check(reason, minutes)
    workspace = Workspace.objects.filter(slug=slug, status=WorkspaceStatus.ACTIVE).first()
    if workspace is None:
        message = _("There is no such workspace.")
        raise Invalid(message, fields={"workspace": [message]})
    at = now()
    with workspace_scope(workspace.pk):
        member = _past_member(workspace, user, at)
        for other in StaffSession.objects.filter(member=member, ended_at=None, ends_at__gt=at):
            _end(other, staff_actor(member))
        visit = StaffSession(
            workspace=workspace,
            member=member,
            reason=reason.strip(),
            started_at=at,
            ends_at=at + timedelta(minutes=minutes),
        )
        visit.save()
        _note(workspace)
        subject = Ref("teams.staffsession", visit.pk)
        record("teams.staff.entered", by=staff_actor(member), subject=subject, minutes=minutes)
    return visit


def end_staff_session(*, visit: StaffSession, by: Actor) -> StaffSession:
    """End a visit before its time: the operator his own, or who decides how people log in.

    Raises: NotAllowed; NotFound. Records: teams.staff.left.
    """
    if visit.workspace_id != by.workspace_id:
        raise NotFound(_("There is no such visit."))
    if not (by.kind == ActorKind.STAFF and by.member_id == visit.member_id):
        require(by, "teams.workspace.secure")
    return _end(visit, by)


def visitor_of(user: User, slug: str) -> tuple[Membership, Actor] | None:
    """Return an operator's standing in a workspace that he visits now; leaves the workspace entered on success."""
    workspace = Workspace.objects.filter(slug=slug, status=WorkspaceStatus.ACTIVE).first()
    if workspace is None or not user.is_staff:
        return None
    at = now()
    with entered(workspace.pk):
        open_now = StaffSession.objects.filter(member__user=user, ended_at=None, ends_at__gt=at)
        visit = open_now.select_related("member__role").first()
    if visit is None:
        return None
    member: Membership = visit.member
    member.user, member.workspace = user, workspace
    member.has_second_step = True  # nobody begins a visit without one
    return member, staff_actor(member)


def visit_until(workspace: Workspace, at: datetime) -> datetime | None:
    """Return until when an operator looks at the workspace; None where none does."""
    text = workspace.settings.get(UNTIL)
    until = datetime.fromisoformat(text) if text else None
    return until if until is not None and at < until else None


def _check(reason: str, minutes: int) -> None:
    fields: dict[str, list[str]] = {}
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        fields["reason"] = [_("Say in 10 to 300 characters why; the workspace reads it.")]
    if minutes not in MINUTES:
        fields["minutes"] = [_("Choose one of the list.")]
    if fields:
        raise Invalid(_("The visit was not begun."), fields=fields)


def _past_member(workspace: Workspace, user: User, at: datetime) -> Membership:
    """Return the ended membership in which the operator's name stands; it gives no access."""
    found = Membership.objects.filter(user=user).select_related("user", "role").first()
    if found is not None and found.is_active:
        raise WrongState(_("You are a member of this workspace and need no visit."))
    if found is None:
        role = Role.objects.get(key=RoleKey.VIEWER, is_builtin=True)
        found = Membership(workspace=workspace, user=user, role=role, status=MemberStatus.ENDED, ended_at=at)
        found.save()
    return found


def _end(visit: StaffSession, by: Actor) -> StaffSession:
    at = now()
    if visit.is_open(at):
        visit.ended_at = at
        visit.save(update_fields=["ended_at"])
        _note(visit.workspace)
        record("teams.staff.left", by=by, subject=Ref("teams.staffsession", visit.pk))
    return visit


def _note(workspace: Workspace) -> None:
    """Write into the workspace until when somebody looks at it. Locks: the workspace's row."""
    row = Workspace.objects.select_for_update().get(pk=workspace.pk)
    visits = StaffSession.objects.filter(ended_at=None, ends_at__gt=now()).order_by("-ends_at", "pk")
    latest = visits.first()
    kept = {name: value for name, value in row.settings.items() if name != UNTIL}
    row.settings = {**kept, UNTIL: latest.ends_at.isoformat()} if latest else kept
    row.save(update_fields=["settings"])
    workspace.settings = row.settings
