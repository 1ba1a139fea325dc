"""Questions about people and workspaces."""

from uuid import UUID

from django.db.models import QuerySet

from core.errors import NotFound
from teams.actors import Actor
from teams.models import Absence, Backup, Invitation, Membership, Role, Team, Workspace
from teams.permissions import require, visible
from teams.states import MemberStatus, WorkspaceStatus
from teams.tenancy import memberships_of


def membership_by_slug(user_id: UUID | str, slug: str) -> Membership | None:
    """Return the user's active membership in the workspace, with user, role and workspace, in one query.

    Runs before a workspace is in scope: the database shows a person's own memberships by `app.user`. The caller
    enters the workspace right after.
    """
    with memberships_of(user_id, hold=True):
        rows = Membership.objects.filter(
            user_id=user_id,
            workspace__slug=slug,
            workspace__status=WorkspaceStatus.ACTIVE,
            status=MemberStatus.ACTIVE,
        )
        return rows.select_related("user", "role", "workspace").first()


def workspaces_of(user_id: UUID) -> list[Workspace]:
    """Return the workspaces that a user belongs to, by name."""
    with memberships_of(user_id):
        rows = Membership.objects.filter(
            user_id=user_id, status=MemberStatus.ACTIVE, workspace__status=WorkspaceStatus.ACTIVE
        )
        return [row.workspace for row in rows.select_related("workspace").order_by("workspace__name", "pk")]


def members(by: Actor) -> QuerySet[Membership]:
    """Return the active members, by name."""
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "role")
    return visible(by, "teams.member.see", rows).order_by("user__name", "pk")


def get_member(by: Actor, pk: UUID, verb: str = "teams.member.see") -> Membership:
    """Return a member for a purpose. Raises: NotFound, NotAllowed."""
    found = Membership.objects.select_related("user", "role").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such member.")
    require(by, verb, found)
    return found


def roles() -> QuerySet[Role]:
    """Return the roles of the workspace."""
    return Role.objects.order_by("-is_builtin", "name", "pk")


def teams(by: Actor) -> QuerySet[Team]:
    """Return the teams with their members."""
    rows = Team.objects.prefetch_related("members__user")
    return visible(by, "teams.member.see", rows).order_by("name", "pk")


def open_invitations(by: Actor) -> QuerySet[Invitation]:
    """Return the invitations nobody has taken up yet."""
    rows = Invitation.objects.filter(accepted_at=None, revoked_at=None).select_related(
        "role", "invited_by__user"
    )
    return visible(by, "teams.member.invite", rows).order_by("-created_at", "pk")


def backups_of(member: Membership) -> QuerySet[Backup]:
    """Return a member's standing backups in order."""
    return Backup.objects.filter(member=member).select_related("backup__user").order_by("position", "pk")


def absences(by: Actor) -> QuerySet[Absence]:
    """Return the absences of the workspace, latest first."""
    rows = Absence.objects.select_related("member__user", "recorded_by__user")
    return visible(by, "teams.member.see", rows).order_by("-starts_at", "pk")
