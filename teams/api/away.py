"""Backups and absences: who takes over for whom."""

from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from core.clock import now
from core.errors import Invalid
from teams import answers, selectors, serializers
from teams.actors import Actor
from teams.api.people import members_by_id
from teams.cover import cover_of
from teams.models import Absence, Membership
from teams.rest import endpoint, listing, read
from teams.services.absences import end_absence, record_absence, set_backups
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
        rows = set_backups(member=member, backups=members_by_id(facts["backups"], "backups"), by=actor)
        return Response({"results": [serializers.backup(row) for row in rows], "next": None}, status=201)
    return listing(request, selectors.backups(actor), serializers.backup, by=["member_id", "position", "pk"])


@endpoint({"GET": "teams.member.see", "DELETE": "teams.member.see"}, answers=answers.BackupOutput)
def backup(request: Request, backup: UUID) -> Response:
    """One standing backup; DELETE takes it out of the member's list."""
    actor = request._request.actor
    found = selectors.get_backup(actor, backup)
    if request.method == "DELETE":
        rows = selectors.backups_of(found.member).select_related("backup__user", "backup__role")
        people = [row.backup for row in rows if row.pk != found.pk]
        set_backups(member=found.member, backups=people, by=actor)
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
            by=actor,
        )
        return Response(_absence(made), status=201)
    return listing(request, selectors.absences(actor), _absence, by=["-starts_at", "-pk"])


@endpoint(
    {"GET": "teams.member.see", "PATCH": "teams.absence.record", "DELETE": "teams.absence.record"},
    body=serializers.AbsenceChange,
    answers=answers.AbsenceOutput,
)
def absence(request: Request, absence: UUID) -> Response:
    """One absence; PATCH `{"ended": true}` or DELETE ends it now."""
    actor = request._request.actor
    found = selectors.get_absence(actor, absence)
    if request.method == "PATCH" and not read(serializers.AbsenceChange, request)["ended"]:
        raise Invalid(_("An absence can only be ended."), fields={"ended": [_("Send true.")]})
    if request.method != "GET":
        end_absence(absence=found, by=actor)
    if request.method == "DELETE":
        return Response(status=204)
    return Response(_absence(found))


def _absence(row: Absence) -> dict[str, object]:
    return serializers.absence(row, cover_of(row.member, now()))


def _member(actor: Actor, pk: UUID | None) -> Membership:
    if pk is None and actor.member is not None:
        return actor.member
    return members_by_id([pk] if pk else [], "member")[0]
