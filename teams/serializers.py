"""What the API takes and gives for people and workspaces; every field is named, nothing is dumped whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers

from teams.coverage import Coverage, Gap
from teams.holdings import Holding
from teams.limit_serializers import LimitBody, limit
from teams.limits import limits_of
from teams.models import Absence, AbsenceFeed, Backup, DutyKind, Invitation, Membership, Role, Team, Workspace
from teams.overview import Overview
from teams.permissions import verbs_of
from teams.proposals import Proposal
from teams.rights import Right
from teams.scopes import ScopeChoice
from teams.states import AbsenceKind
from teams.workload import Load


class NewInvitation(serializers.Serializer):
    """An address and a role, by id or built-in key."""

    email = serializers.EmailField(max_length=254)
    role = serializers.CharField(max_length=64)


class MemberChange(serializers.Serializer):
    """Another role; job title, hours a week, languages."""

    role = serializers.CharField(max_length=64, required=False)
    job_title = serializers.CharField(max_length=120, required=False, allow_blank=True)
    capacity_hours = serializers.IntegerField(min_value=0, max_value=80, required=False)
    languages = serializers.ListField(
        child=serializers.CharField(max_length=8), max_length=20, required=False
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=40, required=False
    )


class RoleBody(serializers.Serializer):
    """A role of the workspace's own making."""

    name = serializers.CharField(max_length=80)
    rights = serializers.ListField(child=serializers.CharField(max_length=80), max_length=400)
    limits = LimitBody(many=True, required=False)


class TeamBody(serializers.Serializer):
    """A team's name and members."""

    name = serializers.CharField(max_length=80)
    members = serializers.ListField(
        child=serializers.UUIDField(), max_length=500, required=False, default=list
    )


class BackupScope(serializers.Serializer):
    """The one thing that a list of backups is for: a duty (`teams.duty`) or a channel (`networks.channel`)."""

    type = serializers.CharField(max_length=64)
    id = serializers.UUIDField()


class BackupsBody(serializers.Serializer):
    """Whose standing backups, in order."""

    member = serializers.UUIDField(required=False)
    backups = serializers.ListField(child=serializers.UUIDField(), max_length=5)
    scope = BackupScope(required=False, allow_null=True)


class DutyScopeBody(serializers.Serializer):
    """A network by its kind, or a channel or campaign by its id."""

    type = serializers.CharField(max_length=64)
    key = serializers.CharField(max_length=64)


class DutyBody(serializers.Serializer):
    """A duty: kind by starter key or id, scopes (none: the whole workspace), owner, backups, effort, place."""

    kind = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    scopes = serializers.ListField(child=DutyScopeBody(), max_length=50, required=False)
    owner = serializers.UUIDField(required=False, allow_null=True)
    backups = serializers.ListField(child=serializers.UUIDField(), max_length=5, required=False)
    effort_minutes = serializers.IntegerField(min_value=0, max_value=10_080, required=False)
    position = serializers.IntegerField(min_value=1, max_value=1000, required=False)


class DutyKindBody(serializers.Serializer):
    """A kind of work of the workspace's own."""

    name = serializers.CharField(max_length=80)


class ModeratorBody(serializers.Serializer):
    """Who looks over what goes out."""

    member = serializers.UUIDField()


class HeirsBody(serializers.Serializer):
    """Who takes over each line that a leaver holds, by the line's key; null where it may lapse."""

    heirs = serializers.DictField(child=serializers.UUIDField(allow_null=True), required=False, default=dict)


class SecurityBody(serializers.Serializer):
    """What the workspace asks of everybody who logs in."""

    second_step = serializers.BooleanField()


class NewAbsence(serializers.Serializer):
    """Who is away, why, from when to when; without an end until somebody says."""

    member = serializers.UUIDField(required=False)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=AbsenceKind.choices, default=AbsenceKind.LEAVE)
    zone = serializers.CharField(max_length=64, required=False)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class AbsenceChange(serializers.Serializer):
    """An earlier end (now), or other times, kind and note."""

    ended = serializers.BooleanField(required=False)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=AbsenceKind.choices, required=False)
    zone = serializers.CharField(max_length=64, required=False)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class NewFeed(serializers.Serializer):
    """The address of a calendar, for oneself or, with `everybody`, for all whom its events name."""

    url = serializers.CharField(max_length=2000)
    everybody = serializers.BooleanField(default=False)
    words = serializers.CharField(max_length=200, required=False, allow_blank=True)


def absence_feed(row: AbsenceFeed) -> dict[str, Any]:
    """Return a calendar of absences; its address is a secret and stays where it is."""
    return {
        "id": str(row.pk),
        "host": row.hint,
        "owner": person(row.owner),
        "member": person(row.member),
        "words": row.words,
        "fetched_at": instant(row.fetched_at),
        "problem": row.last_error or None,
        "unknown": row.unknown_count,
    }


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
        "capacity_hours": row.capacity_hours,
        "languages": list(row.languages),
        "networks": list(row.networks),
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
        "limits": [limit(one) for one in limits_of(row)],
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
        "scope": {"type": row.scope_type, "id": str(row.scope_id)} if row.scope_id else None,
    }


def absence(row: Absence, cover: Membership | None, *, with_note: bool) -> dict[str, Any]:
    """Return an absence and who now acts for the member; the note only for whom it is meant."""
    return {
        "id": str(row.pk),
        "member": person(row.member),
        "kind": row.kind,
        "starts_at": instant(row.starts_at),
        "ends_at": instant(row.ends_at),
        "zone": row.zone,
        "starts_wall": row.starts_wall,
        "ends_wall": row.ends_wall or None,
        "cause": row.cause,
        "note": row.note if with_note else None,
        "recorded_by": person(row.recorded_by),
        "covered_by": person(cover),
    }


def right(row: Right) -> dict[str, Any]:
    """Return a right and where it comes from."""
    sources: list[dict[str, str]] = [{"role": row.role}] if row.role else []
    sources += [{"cover": name} for name in row.covers]
    sources += [{"grant": name} for name in row.grants]
    return {
        "verb": row.verb,
        "label": row.label,
        "held": row.is_held,
        "from": sources,
        "not_for": list(row.limits),
        "within": list(row.within),
        "ask": list(row.ask),
        "limited_by_token": row.limited,
    }


def duty_kind(row: DutyKind) -> dict[str, Any]:
    """Return a kind of work."""
    return {"id": str(row.pk), "key": row.key, "name": str(row)}


def duty(row: Any, owner: Membership | None, backups: Sequence[Membership]) -> dict[str, Any]:
    """Return a duty with who answers for it and its own list of backups."""
    return {
        "id": str(row.pk),
        "name": row.name,
        "kind": duty_kind(row.kind),
        "scopes": [{"type": scope["type"], "key": scope["key"]} for scope in row.reach or ()],
        "owner": person(owner),
        "backups": [person(one) for one in backups],
        "effort_minutes": row.effort_minutes,
        "position": row.position,
    }


def moderator(choice: ScopeChoice, member: Membership | None) -> dict[str, Any]:
    """Return a channel and its moderator."""
    return {
        "channel": {"id": choice.key, "name": choice.label, "network": choice.network},
        "member": person(member),
    }


def workload(member: Membership, weeks: Sequence[Load]) -> dict[str, Any]:
    """Return a member's weeks, in minutes."""
    return {
        "member": person(member),
        "weeks": [
            {
                "capacity_minutes": load.capacity,
                "work_minutes": load.total,
                "free_minutes": load.free,
                "over_minutes": load.over,
                "work": [
                    {"kind": kind, "minutes": minutes, "count": load.counts.get(kind, 0)}
                    for kind, minutes in sorted(load.work.items())
                ],
            }
            for load in weeks
        ],
    }


def coverage(table: Coverage, gaps: Sequence[Gap], view: Overview) -> dict[str, Any]:
    """Return people × networks, who is left and who moderates, and every gap."""
    return {
        "networks": [
            {
                "network": column.network.key,
                "name": column.network.label,
                "here": [person(member) for member in column.here],
                "moderators": [
                    {**moderator(one.channel, one.member), "acting": person(one.acting)}
                    for one in column.moderations
                ],
            }
            for column in table.columns
        ],
        "members": [
            {
                "member": person(row.member),
                "is_away": row.member.pk in view.away,
                "cells": [
                    {
                        "network": column.network.key,
                        "can": cell.can,
                        "does": cell.does,
                        "covers": cell.covers,
                        "is_free": cell.is_free,
                    }
                    for column, cell in zip(table.columns, row.cells, strict=True)
                ],
            }
            for row in table.rows
        ],
        "gaps": [gap(one) for one in gaps],
    }


def gap(row: Gap) -> dict[str, Any]:
    """Return a gap."""
    ref = {"type": row.ref.type, "id": str(row.ref.id)} if row.ref else None
    text = " ".join(part for part in (row.subject, row.words, ", ".join(row.names)) if part)
    return {"kind": str(row.kind), "subject": ref, "is_warning": row.is_warning, "text": text}


def proposal(row: Proposal) -> dict[str, Any]:
    """Return who could stand in, how well, and why."""
    return {"member": person(row.member), "points": row.points, "reasons": list(row.reasons)}


def holding(row: Holding) -> dict[str, Any]:
    """Return one line of what a member holds."""
    return {
        "key": row.key,
        "group": row.group,
        "title": row.title,
        "heir": str(row.heir_id) if row.heir_id else None,
        "may_lapse": row.may_lapse,
    }
