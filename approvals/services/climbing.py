"""Rungs of ladders whose time has come: reminding, asking others, warning. Each once, however often it is looked."""

from collections.abc import Callable
from uuid import UUID

from django.db import connection, transaction

from approvals.models import Request, RequestStep, Rung
from approvals.permissions import DECIDE, eligible, open_step, same_people
from approvals.services.ladders import STAND_INS, Newcomers, ask_named, seat_stand_ins
from approvals.services.requests import lock_request
from approvals.states import RungKind
from core.clock import now
from core.record import record
from teams.actors import Actor
from teams.cover import first_available
from teams.models import Role
from teams.permissions import verbs_of
from teams.tenancy import workspace_scope

BATCH = 100
REMINDERS = (RungKind.HALFWAY, RungKind.NEAR, RungKind.AGAIN)


def climb_due() -> int:
    """Climb every rung whose time has come, in all workspaces; return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM approvals_due_rungs(%s)", [BATCH])
        rows = cursor.fetchall()
    return sum(climb(rung_id=rung_id, workspace_id=workspace_id) for rung_id, workspace_id in rows)


def climb(*, rung_id: UUID, workspace_id: UUID) -> bool:
    """Do what a rung says, once, while its step still waits; tell whether anything was to be done.

    Of several reminders that are due, after a standstill, the last one only is given.
    Records: approvals.request.reminded, .backup_asked, .escalated or .slot_at_risk. Locks: subject and request.
    """
    with workspace_scope(workspace_id):
        rung = Rung.objects.select_related("request_step__request").filter(pk=rung_id).first()
        if rung is None:
            return False
        request = lock_request(rung.request_step.request)
        if not Rung.objects.filter(pk=rung_id, done_at=None, due_at__lte=now()).update(done_at=now()):
            return False
        step = open_step(request)
        if step is None or step.pk != rung.request_step_id or _is_overtaken(rung):
            return False
        verb, facts = _ACTIONS[RungKind(rung.kind)](request, step)
        record(
            f"approvals.request.{verb}",
            by=Actor.system(workspace_id),
            subject=request.ref,
            request=str(request.pk),
            step=step.position,
            rung=rung.kind,
            **facts,
        )
        return True


def _remind(_request: Request, _step: RequestStep) -> tuple[str, Newcomers]:
    return "reminded", {}


def _ask_backups(request: Request, step: RequestStep) -> tuple[str, Newcomers]:
    """Ask, besides those for whom the step waits, the backups that they have and who are here."""
    waited_for = eligible(request, step)
    barred = {member.pk for member in waited_for}
    barred |= same_people(UUID(ident) for ident in request.author_ids)
    at = now()
    found = [first_available(member, at) for member in waited_for]
    backups = [one for one in found if one and one.pk not in barred and DECIDE in verbs_of(one.role)]
    return "backup_asked", seat_stand_ins(request, step, members=[one.pk for one in backups])


def _escalate(request: Request, step: RequestStep) -> tuple[str, Newcomers]:
    """Ask whom the step names for this, else the leads."""
    if step.escalate_to_id or step.escalate_role_id:
        return "escalated", ask_named(request, step)
    leads = Role.objects.filter(key__in=STAND_INS).order_by("pk").values_list("pk", flat=True)
    return "escalated", seat_stand_ins(request, step, roles=list(leads))


def _warn(_request: Request, _step: RequestStep) -> tuple[str, Newcomers]:
    return "slot_at_risk", {}


_ACTIONS: dict[RungKind, Callable[[Request, RequestStep], tuple[str, Newcomers]]] = {
    **dict.fromkeys(REMINDERS, _remind),
    RungKind.BACKUP: _ask_backups,
    RungKind.ESCALATE: _escalate,
    RungKind.WARN: _warn,
}


def _is_overtaken(rung: Rung) -> bool:
    if rung.kind not in REMINDERS:
        return False
    later = Rung.objects.filter(request_step=rung.request_step_id, kind__in=REMINDERS, done_at=None)
    return later.filter(due_at__lte=now(), due_at__gte=rung.due_at).exists()
