"""Questions about people and workspaces."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from core.clock import now
from core.errors import NotFound
from core.refs import Ref
from teams.actors import Actor
from teams.cover import away_until, covers_now
from teams.models import (
    Absence,
    AbsenceFeed,
    AccessKey,
    Backup,
    Invitation,
    Membership,
    Role,
    StaffSession,
    Team,
    User,
    WorkingHours,
    Workspace,
)
from teams.permissions import can, require, visible
from teams.proofs import SECOND_STEPS
from teams.rows import member_columns, member_of
from teams.states import KeyKind, MemberStatus, WorkspaceStatus
from teams.tenancy import memberships_of

MOST_WORKSPACES = 500


def membership_by_slug(user_id: UUID | str, slug: str) -> Membership | None:
    """Return the user's active membership in the workspace, with user, role and workspace, in one round trip.

    Runs before a workspace is in scope, and one message does it all: bind the person, by whom the database shows
    his own memberships; bind the workspace where he is a member, nothing where he is none; let the person go; read
    the membership, as the workspace's policy shows it. So a transaction is left bound to that workspace, or to none.
    An id that is none is nobody's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_enter_sql("teams_enter"), [str(user_id), slug, now()])
        row = cursor.fetchone()
    return None if row is None else _entering(row)


def membership_by_session(session_key: str, slug: str) -> tuple[str | None, Membership | None]:
    """Return a session's text and, as `membership_by_slug` does, the membership of whom the devices' list names.

    One round trip for what every page asks first. The caller holds the person against the session's signed text.
    """
    with connection.cursor() as cursor:
        cursor.execute(_enter_sql("teams_arrive", "session_data, "), [session_key, slug, now()])
        row = cursor.fetchone()
    if row is None:
        return None, None
    return row[0], None if row[1] is None else _entering(row[1:])


def _entering(row: Sequence[Any]) -> Membership:
    member, rest = member_of(row)
    member.has_second_step, member.is_wanted = rest
    return member


@cache
def _enter_sql(function: str, more: str = "") -> str:
    """Return the call that every request begins with; its plans are the server's, kept with the connection."""
    columns = member_columns(
        member="(found.member)", person="(found.person)", role="(found.role)", workspace="(found.workspace)"
    )
    return f"SELECT {more}{columns}, has_second_step, is_wanted FROM {function}(%s, %s, %s) found"  # noqa: S608  # no values


def workspaces_of(user_id: UUID) -> list[Workspace]:
    """Return the workspaces that a user belongs to, by name."""
    with memberships_of(user_id):
        return [row.workspace for row in own_workspaces(user_id).select_related("workspace")]


def own_workspaces(user_id: UUID, *, only: UUID | None = None) -> QuerySet[Membership]:
    """Return a user's memberships in all workspaces, or in one, by name.

    Rows come only inside `memberships_of` the user.
    """
    with scopes_disabled():
        rows = Membership.objects.filter(
            user_id=user_id, status=MemberStatus.ACTIVE, workspace__status=WorkspaceStatus.ACTIVE
        )
    if only is not None:
        rows = rows.filter(workspace_id=only)
    return rows.order_by("workspace__name", "pk")[:MOST_WORKSPACES]


def members(by: Actor) -> QuerySet[Membership]:
    """Return the active members, by name."""
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "role")
    return visible(by, "teams.member.see", rows).order_by("user__name", "pk")


def member_names(ids: Collection[UUID]) -> QuerySet[Membership, tuple[UUID, str]]:
    """Return ids and names of members of the workspace in scope, of former ones too."""
    return Membership.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "user__name")


def visits(by: Actor) -> QuerySet[StaffSession]:
    """Return the visits of operators, latest first, where the actor decides how people log in."""
    rows = StaffSession.objects.select_related("member__user")
    return visible(by, "teams.workspace.secure", rows).order_by("-started_at", "pk")


def get_visit(by: Actor, pk: UUID) -> StaffSession:
    """Return a visit of an operator. Raises: NotFound."""
    found = visits(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such visit."))
    return found


def own_visit(user: User, workspace: Workspace) -> StaffSession | None:
    """Return the visit on which an operator is now; the workspace is in scope."""
    rows = StaffSession.objects.select_related("member__user", "workspace")
    return rows.filter(member__user=user, workspace=workspace, ended_at=None, ends_at__gt=now()).first()


def active_member(user: User, workspace: Workspace) -> Membership | None:
    """Return a user's active membership in the workspace in scope."""
    rows = Membership.objects.filter(user=user, status=MemberStatus.ACTIVE)
    return rows.select_related("user", "role", "workspace").filter(workspace=workspace).first()


def without_second_step(by: Actor) -> QuerySet[Membership]:
    """Return the active members whose account has no second step, by name."""
    steps = Authenticator.objects.filter(user_id=OuterRef("user_id"), type__in=SECOND_STEPS)
    return members(by).filter(~Exists(steps))


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


def members_by_pk(wanted: Collection[UUID]) -> dict[UUID, Membership]:
    """Return those of these members who belong to the workspace still, by id."""
    rows = Membership.objects.filter(pk__in=wanted, status=MemberStatus.ACTIVE)
    return {row.pk: row for row in rows.select_related("user", "role")}


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


def absence_feeds(by: Actor) -> QuerySet[AbsenceFeed]:
    """Return the calendars of absences that the actor follows; all of them for whoever records for others."""
    rows = AbsenceFeed.objects.select_related("owner__user", "member__user").order_by("created_at", "pk")
    if can(by, "teams.absence.record_others"):
        return rows
    return rows.filter(Q(owner=by.member_id) | Q(member=by.member_id))


def get_absence_feed(by: Actor, pk: UUID) -> AbsenceFeed:
    """Return a calendar of absences. Raises: NotFound."""
    found = absence_feeds(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such calendar."))
    return found


def get_absence_to_change(by: Actor, pk: UUID) -> Absence:
    """Return an absence that the actor may change: his own, or anybody's where he records for others.

    Raises: NotFound, NotAllowed.
    """
    found = get_absence(by, pk)
    own = found.member_id == by.member_id
    require(by, "teams.absence.record" if own else "teams.absence.record_others", found.member)
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


def hours_of_team(team: Team | None) -> WorkingHours | None:
    """Return the working hours of a team, or without one of the workspace; None where nothing is set."""
    return WorkingHours.objects.filter(team=team).first()


def open_invitations(by: Actor) -> QuerySet[Invitation]:
    """Return the invitations nobody has taken up yet."""
    rows = Invitation.objects.filter(accepted_at=None, revoked_at=None).select_related(
        "role", "invited_by__user"
    )
    return visible(by, "teams.member.invite", rows).order_by("-created_at", "pk")


@dataclass(frozen=True, slots=True)
class Away:
    """A member who is away now: until when, all absences that overlap taken as one, and who acts meanwhile."""

    absence: Absence
    until: datetime | None
    cover: Membership | None


def away_now(by: Actor, now: datetime) -> list[Away]:
    """Return who is away at this instant, each once, and who covers whom."""
    rows = absences(by).filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    first: dict[UUID, Absence] = {}
    for row in reversed(rows[:200]):
        first.setdefault(row.member_id, row)
    until = away_until(set(first), now)
    covers = covers_now([row.member for row in first.values()], now)
    return [Away(row, until.get(ident), covers.get(ident)) for ident, row in first.items()]


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


def backups_of(member: Membership, scope: Ref | None = None) -> QuerySet[Backup]:
    """Return a member's standing backups in order: for everything, or for one scope."""
    rows = Backup.objects.filter(member=member, scope_id=scope.id if scope else None)
    return rows.select_related("backup__user").order_by("position", "pk")


def may_read_note(by: Actor, absence: Absence) -> bool:
    """Tell whether the actor reads the note of an absence: the member himself, and who records for others."""
    return absence.member_id == by.member_id or can(by, "teams.absence.record_others", absence.member)


def absences(by: Actor) -> QuerySet[Absence]:
    """Return the absences of the workspace, latest first."""
    people = ("member__user", "member__workspace", "recorded_by__user")
    rows = Absence.objects.select_related(*people)
    return visible(by, "teams.member.see", rows).order_by("-starts_at", "pk")
