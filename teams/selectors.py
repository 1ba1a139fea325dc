"""Questions about people and workspaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from teams.actors import Actor
from teams.cover import cover_of
from teams.models import Absence, AccessKey, Backup, Invitation, Membership, Role, Team, User, Workspace
from teams.permissions import can, covered_actors, require, verbs, verbs_of, visible
from teams.states import KeyKind, MemberStatus, WorkspaceStatus
from teams.tenancy import BIND, memberships_of


def membership_by_slug(user_id: UUID | str, slug: str) -> Membership | None:
    """Return the user's active membership in the workspace, with user, role and workspace, in one round trip.

    Runs before a workspace is in scope: the database shows a person's own memberships by `app.user`, which is
    bound in the same message. Within a transaction the caller enters the workspace right after.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"{BIND}; {_own_membership_sql()}",
            ["", str(user_id), user_id, slug, WorkspaceStatus.ACTIVE, MemberStatus.ACTIVE],
        )
        row = cursor.fetchone()
    return _own_membership(row) if row else None


_OWN = (Membership, User, Role, Workspace)


@cache
def _own_membership_sql() -> str:
    """Return the one statement that every request begins with, written once: compiling it anew cost a millisecond."""
    columns = ", ".join(
        f'"{model._meta.db_table}"."{field.column}"'
        for model in _OWN
        for field in model._meta.concrete_fields
    )
    return (
        f"SELECT {columns} FROM teams_membership JOIN teams_user ON teams_user.id = teams_membership.user_id"  # noqa: S608  # names of columns only
        " JOIN teams_role ON teams_role.id = teams_membership.role_id"
        " JOIN teams_workspace ON teams_workspace.id = teams_membership.workspace_id"
        " WHERE teams_membership.user_id = %s AND teams_workspace.slug = %s"
        " AND teams_workspace.status = %s AND teams_membership.status = %s"
    )


def _own_membership(row: tuple[Any, ...]) -> Membership:
    parts: list[Any] = []
    taken = 0
    for model in _OWN:
        fields = model._meta.concrete_fields
        values = [
            field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
            for field, value in zip(fields, row[taken : taken + len(fields)], strict=True)
        ]
        taken += len(fields)
        parts.append(model.from_db("default", [field.attname for field in fields], values))
    member: Membership = parts[0]
    member.user, member.role, member.workspace = parts[1:]
    return member


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
        raise NotFound(_("There is no such member."))
    require(by, verb, found)
    return found


def get_role(pk: UUID) -> Role:
    """Return a role of the workspace. Raises: NotFound."""
    found = Role.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such role."))
    return found


def role_named(text: str) -> Role:
    """Return a role by its key or id. Raises: NotFound."""
    found = Role.objects.filter(key=text).first()
    try:
        return found or get_role(UUID(text))
    except ValueError:
        raise NotFound(_("There is no such role.")) from None


def members_by_id(wanted: Sequence[UUID]) -> list[Membership]:
    """Return members in the order in which they are named. Raises: NotFound for one that is not there."""
    rows = Membership.objects.select_related("user", "role").in_bulk(wanted)
    if missing := [ident for ident in wanted if ident not in rows]:
        raise NotFound(_("There is no member %(id)s.") % {"id": missing[0]})
    return [rows[ident] for ident in wanted]


def opened_invitation_key(ident: str) -> AccessKey | None:
    """Return the invitation's key that a browser opened before, by id; whether it still holds is not asked."""
    rows = AccessKey.objects.select_related("workspace").filter(kind=KeyKind.INVITATION)
    return rows.filter(pk=UUID(ident), workspace__status=WorkspaceStatus.ACTIVE).first()


def has_account(email: str) -> bool:
    """Tell whether an address has an account."""
    return User.objects.filter(email__iexact=email).exists()


def get_team(by: Actor, pk: UUID) -> Team:
    """Return a team. Raises: NotFound."""
    found = teams(by).filter(pk=pk).select_related("group").first()
    if found is None:
        raise NotFound(_("There is no such team."))
    return found


def get_invitation(by: Actor, pk: UUID) -> Invitation:
    """Return an invitation, open or closed, where the actor may invite. Raises: NotFound."""
    rows = Invitation.objects.select_related("role", "invited_by__user")
    found = visible(by, "teams.member.invite", rows).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such invitation."))
    return found


def get_absence(by: Actor, pk: UUID) -> Absence:
    """Return an absence. Raises: NotFound."""
    found = absences(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such absence."))
    return found


def get_token(by: Actor, pk: UUID) -> AccessKey:
    """Return an API token of the workspace that the actor may take back. Raises: NotFound."""
    rows = AccessKey.objects.filter(workspace_id=by.workspace_id, kind=KeyKind.API_TOKEN)
    if not can(by, "teams.member.end"):
        rows = rows.filter(subject_id=by.member_id) if by.member_id else rows.none()
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such token."))
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


@dataclass(frozen=True, slots=True)
class Away:
    """A member who is away now: since when, until when, and who acts in the meantime."""

    absence: Absence
    cover: Membership | None


def away_now(by: Actor, now: datetime) -> list[Away]:
    """Return who is away at this instant, and who covers whom."""
    rows = absences(by).filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    return [Away(row, cover_of(row.member, now)) for row in rows[:200]]


@dataclass(frozen=True, slots=True)
class Right:
    """A right as its bearer has it: the verb, its name, and where it comes from (empty: not held)."""

    verb: str
    label: str
    role: str
    covers: tuple[str, ...]
    limited: bool


def rights_of(by: Actor) -> list[Right]:
    """Return each right of the installation and where the actor has it from: the role, or whom he covers now.

    `limited` tells that an API token carries less than its owner's role.
    """
    own = verbs_of(by.member.role) if by.member else frozenset()
    role = str(by.member.role) if by.member else ""
    covered = covered_actors(by)
    found = []
    for verb in sorted(verbs.values(), key=lambda verb: verb.name):
        names = [cover.covered.user.name for cover in covered if cover.covered and verb.name in cover.verbs]
        held = verb.name in by.verbs
        limited = verb.name in own and not held
        found.append(Right(verb.name, str(verb.label), role if held else "", tuple(names), limited))
    return found


def backups(by: Actor) -> QuerySet[Backup]:
    """Return all standing backups."""
    rows = Backup.objects.select_related("member__user", "backup__user")
    return visible(by, "teams.member.see", rows).order_by("member_id", "position", "pk")


def get_backup(by: Actor, pk: UUID) -> Backup:
    """Return one standing backup. Raises: NotFound."""
    found = backups(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such backup."))
    return found


def backups_of(member: Membership) -> QuerySet[Backup]:
    """Return a member's standing backups in order."""
    return Backup.objects.filter(member=member).select_related("backup__user").order_by("position", "pk")


def absences(by: Actor) -> QuerySet[Absence]:
    """Return the absences of the workspace, latest first."""
    rows = Absence.objects.select_related("member__user", "recorded_by__user")
    return visible(by, "teams.member.see", rows).order_by("-starts_at", "pk")
