"""Backups and absences: who takes over for whom."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from core.clock import now
from core.refs import Ref
from teams import answers, selectors, serializers
from teams.actors import Actor
from teams.api.people import members_by_id
from teams.cover import cover_of
from teams.models import Absence, Membership
from teams.rest import endpoint, listing, read
from teams.services.absences import change_absence, end_absence, record_absence
from teams.services.backups import set_backups
from teams.states import AbsenceKind


@endpoint(
    {"GET": "teams.member.see", "POST": "teams.member.see"},
    body=serializers.BackupsBody,
    answers={"GET": answers.BackupOutput, "POST": answers.BackupList},
    lists="pages",
)
def backups(request: Request) -> Response:
    """All standing backups; POST sets one member's list, in order."""
    actor = request._request.actor
    if request.method == "POST":
        facts = read(serializers.BackupsBody, request)
        member = _member(actor, facts.get("member"))
        people = members_by_id(facts["backups"], "backups")
        scope = Ref(facts["scope"]["type"], facts["scope"]["id"]) if facts.get("scope") else None
        rows = set_backups(member=member, backups=people, scope=scope, by=actor)
        return Response({"results": [serializers.backup(row) for row in rows], "next": None}, status=201)
    return listing(request, selectors.backups(actor), serializers.backup, by=["member_id", "position", "pk"])


@endpoint({"GET": "teams.member.see", "DELETE": "teams.member.see"}, answers=answers.BackupOutput)
def backup(request: Request, backup: UUID) -> Response:
    """One standing backup; DELETE takes it out of the member's list."""
    actor = request._request.actor
    found = selectors.get_backup(actor, backup)
    if request.method == "DELETE":
        rows = selectors.backups_of(found.member, found.scope).select_related("backup__user", "backup__role")
        people = [row.backup for row in rows if row.pk != found.pk and row.backup.is_active]
        set_backups(member=found.member, backups=people, scope=found.scope, by=actor)
        return Response(status=204)
    return Response(serializers.backup(found))


@endpoint(
    {"GET": "teams.member.see", "POST": "teams.absence.record"},
    body=serializers.NewAbsence,
    answers=answers.AbsenceOutput,
    lists="pages",
)
def absences(request: Request) -> Response:
    """The absences, latest first; POST records one and answers who now covers."""
    actor = request._request.actor
    if request.method == "POST":
        facts = read(serializers.NewAbsence, request)
        made = record_absence(
            member=_member(actor, facts.get("member")),
            kind=AbsenceKind(facts["kind"]),
            starts_at=facts.get("starts_at") or now(),
            ends_at=facts.get("ends_at"),
            zone=facts.get("zone", ""),
            note=facts.get("note", ""),
            by=actor,
        )
        return Response(_absence(actor, made), status=201)
    covers = {row.absence.member_id: row.cover for row in selectors.away_now(actor, now())}
    return listing(
        request,
        selectors.absences(actor),
        lambda row: _shown(actor, row, covers.get(row.member_id)),
        by=["-starts_at", "-pk"],
    )


@endpoint(
    {"GET": "teams.member.see", "PATCH": "teams.absence.record", "DELETE": "teams.absence.record"},
    body=serializers.AbsenceChange,
    answers=answers.AbsenceOutput,
    may_vanish=True,
)
def absence(request: Request, absence: UUID) -> Response:
    """One absence; PATCH changes it, `{"ended": true}` or DELETE ends it now, or drops it before its start."""
    actor = request._request.actor
    found = selectors.get_absence(actor, absence)
    if request.method == "PATCH":
        facts = read(serializers.AbsenceChange, request)
        if facts.get("ended"):
            end_absence(absence=found, by=actor)
        elif facts:
            _change(actor, found, facts)
    if request.method == "DELETE":
        end_absence(absence=found, by=actor)
    if request.method == "DELETE" or found.pk is None:
        return Response(status=204)
    return Response(_absence(actor, found))


def _change(actor: Actor, found: Absence, facts: dict[str, Any]) -> None:
    facts.pop("ended", None)
    standing = {name: getattr(found, name) for name in ("kind", "starts_at", "ends_at", "zone")}
    told = {**standing, **facts}
    change_absence(absence=found, by=actor, **{**told, "kind": AbsenceKind(told["kind"])})


def _absence(actor: Actor, row: Absence) -> dict[str, object]:
    return _shown(actor, row, cover_of(row.member, now()))


def _shown(actor: Actor, row: Absence, cover: Membership | None) -> dict[str, object]:
    return serializers.absence(row, cover, with_note=selectors.may_read_note(actor, row))


def _member(actor: Actor, pk: UUID | None) -> Membership:
    if pk is None and actor.member is not None:
        return actor.member
    return members_by_id([pk] if pk else [], "member")[0]
