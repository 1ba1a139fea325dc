"""What the API takes and gives for people and workspaces; every field is named, nothing is dumped whole."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from teams.models import Absence, Backup, Invitation, Membership, Role, Team, Workspace
from teams.permissions import verbs_of
from teams.selectors import Right
from teams.states import AbsenceKind


class NewInvitation(serializers.Serializer):
    """An address and a role, by id or built-in key."""

    email = serializers.EmailField(max_length=254)
    role = serializers.CharField(max_length=64)


class MemberChange(serializers.Serializer):
    """Another role."""

    role = serializers.CharField(max_length=64)


class RoleBody(serializers.Serializer):
    """A role of the workspace's own making."""

    name = serializers.CharField(max_length=80)
    rights = serializers.ListField(child=serializers.CharField(max_length=80), max_length=400)


class TeamBody(serializers.Serializer):
    """A team's name and members."""

    name = serializers.CharField(max_length=80)
    members = serializers.ListField(
        child=serializers.UUIDField(), max_length=500, required=False, default=list
    )


class BackupsBody(serializers.Serializer):
    """Whose standing backups, in order."""

    member = serializers.UUIDField(required=False)
    backups = serializers.ListField(child=serializers.UUIDField(), max_length=5)


class NewAbsence(serializers.Serializer):
    """Who is away, why, from when to when; without an end until somebody says."""

    member = serializers.UUIDField(required=False)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=AbsenceKind.choices, default=AbsenceKind.LEAVE)


class AbsenceChange(serializers.Serializer):
    """An earlier end: now."""

    ended = serializers.BooleanField()


def instant(value: datetime | None) -> str | None:
    """Return RFC 3339 in UTC."""
    return value.isoformat().replace("+00:00", "Z") if value else None


def person(member: Membership | None) -> dict[str, str] | None:
    """Return how a member is pointed at in answers."""
    return {"id": str(member.pk), "name": member.user.name} if member else None


def workspace(row: Workspace) -> dict[str, Any]:
    """Return a workspace."""
    return {
        "id": str(row.pk),
        "slug": row.slug,
        "name": row.name,
        "timezone": row.timezone,
        "language": row.language,
    }


def member(row: Membership) -> dict[str, Any]:
    """Return a member."""
    return {
        "id": str(row.pk),
        "name": row.user.name,
        "email": row.user.email,
        "role": {"id": str(row.role_id), "key": row.role.key, "name": str(row.role)},
        "job_title": row.job_title,
        "status": row.status,
        "joined_at": instant(row.joined_at),
    }


def role(row: Role) -> dict[str, Any]:
    """Return a role and its rights."""
    return {
        "id": str(row.pk),
        "key": row.key,
        "name": str(row),
        "is_builtin": row.is_builtin,
        "rights": sorted(verbs_of(row)),
    }


def team(row: Team) -> dict[str, Any]:
    """Return a team."""
    return {"id": str(row.pk), "name": row.name, "members": [person(one) for one in row.members.all()]}


def invitation(row: Invitation) -> dict[str, Any]:
    """Return an invitation; its secret went by mail only."""
    return {
        "id": str(row.pk),
        "email": row.email,
        "role": {"id": str(row.role_id), "key": row.role.key, "name": str(row.role)},
        "invited_by": person(row.invited_by),
        "created_at": instant(row.created_at),
        "mailed_at": instant(row.mailed_at),
    }


def backup(row: Backup) -> dict[str, Any]:
    """Return one standing backup."""
    return {
        "id": str(row.pk),
        "member": person(row.member),
        "backup": person(row.backup),
        "position": row.position,
    }


def absence(row: Absence, cover: Membership | None) -> dict[str, Any]:
    """Return an absence and who now acts for the member."""
    return {
        "id": str(row.pk),
        "member": person(row.member),
        "kind": row.kind,
        "starts_at": instant(row.starts_at),
        "ends_at": instant(row.ends_at),
        "recorded_by": person(row.recorded_by),
        "covered_by": person(cover),
    }


def right(row: Right) -> dict[str, Any]:
    """Return a right and where it comes from."""
    sources: list[dict[str, str]] = [{"role": row.role}] if row.role else []
    sources += [{"cover": name} for name in row.covers]
    return {
        "verb": row.verb,
        "label": row.label,
        "held": bool(sources),
        "from": sources,
        "limited_by_token": row.limited,
    }
