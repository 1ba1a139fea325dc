"""The ladder of a step: written when it opens, moved with its slot; and the stand-ins whom it brings."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from approvals.ladders import down_to_slot, due_of, up_to_limit, week_of_step
from approvals.models import Request, RequestApprover, RequestStep, Rung
from approvals.registry import approvables
from approvals.states import SLOT_RUNGS, RequestState, RungKind, StepState
from core.clock import now
from core.refs import Ref
from teams.models import Membership
from teams.states import MemberStatus, RoleKey

STAND_INS = (RoleKey.LEAD, RoleKey.ADMIN, RoleKey.OWNER)
Newcomers = dict[str, list[str]]


def set_up(request: Request, step: RequestStep, at: datetime) -> datetime | None:
    """Write the ladder of a step that opens at an instant; return when it is due. Part of the opening service."""
    week = week_of_step(step)
    due = due_of(step, week, at)
    rungs = up_to_limit(week, at, due) if due else {}
    slot = slot_of(request.ref)
    if slot is not None:
        rungs |= down_to_slot(week, at, slot)
    Rung.objects.filter(request_step=step).delete()
    _write(step, rungs)
    return due


def retime(*, subject: Ref) -> None:
    """Move what happens before the slot along with a subject that goes out at another time; part of moving it.

    What has happened for the old time happens again for the new one.
    """
    rows = RequestStep.objects.filter(
        state=StepState.OPEN,
        request__state=RequestState.OPEN,
        request__subject_type=subject.type,
        request__subject_id=subject.id,
    )
    for step in rows.select_related("request").prefetch_related("approvers").order_by("pk"):
        slot = slot_of(subject)
        Rung.objects.filter(request_step=step, kind__in=SLOT_RUNGS).delete()
        if slot is not None:
            _write(step, down_to_slot(week_of_step(step), now(), slot))


def slot_of(subject: Ref) -> datetime | None:
    """Return when a subject goes out, None where nobody knows."""
    approvable = approvables.find(subject.type)
    return approvable.goes_out_at(subject) if approvable and approvable.goes_out_at else None


def ask_named(request: Request, step: RequestStep) -> Newcomers:
    """Ask besides whom a step names for the case that it is late; return who is new."""
    return seat_stand_ins(
        request,
        step,
        members=[step.escalate_to_id] if step.escalate_to_id else [],
        roles=[step.escalate_role_id] if step.escalate_role_id else [],
    )


def seat_stand_ins(
    request: Request, step: RequestStep, *, members: Iterable[UUID] = (), roles: Iterable[UUID] = ()
) -> Newcomers:
    """Give stand-ins a seat in a step where they have none; return who is new."""
    seats = list(step.approvers.all())
    authors = {UUID(ident) for ident in request.author_ids}
    has_member, has_role = {row.member_id for row in seats}, {row.role_id for row in seats}
    new_members = [one for one in dict.fromkeys(members) if one not in has_member | authors]
    new_members = list(
        Membership.objects.filter(pk__in=new_members, status=MemberStatus.ACTIVE)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    new_roles = [one for one in dict.fromkeys(roles) if one not in has_role]
    fields = [{"member_id": one} for one in new_members] + [{"role_id": one} for one in new_roles]
    for seat in fields:
        row = RequestApprover(
            workspace_id=request.workspace_id, request_step_id=step.pk, is_stand_in=True, **seat
        )
        row.save(force_insert=True)
    return {"newcomers": [str(one) for one in new_members], "roles": [str(one) for one in new_roles]}


def _write(step: RequestStep, rungs: dict[RungKind, datetime]) -> None:
    for kind, due_at in rungs.items():
        row = Rung(workspace_id=step.workspace_id, request_step_id=step.pk, kind=kind, due_at=due_at)
        row.save(force_insert=True)
