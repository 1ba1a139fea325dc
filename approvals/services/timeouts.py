"""Approvals left waiting past their limit by somebody who is not seen: his backup may decide on them."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from approvals.models import RequestStep
from approvals.permissions import DECIDE, SEE, eligible
from approvals.selectors import request_of, request_rows
from approvals.states import RequestState, StepState
from core.clock import now
from teams.models import TimeOut, Workspace
from teams.services.presence import end_time_out, hours_of, start_time_out
from teams.subjects import subjects
from teams.tenancy import workspace_scope

LENT = (DECIDE, SEE)
MOST = 200


def time_out_due() -> int:
    """Go through the workspaces in which something is overdue or timed out; return how much began or ended."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id FROM approvals_late_workspaces()")
        rows = cursor.fetchall()
    return sum(time_out_in(workspace_id=workspace_id) for (workspace_id,) in rows)


def time_out_in(*, workspace_id: UUID) -> int:
    """Start a time-out for each approver of an overdue step who was not seen, end those of which nothing waits.

    The authors' own backups gain nothing by it: nobody decides on what is his own, under cover neither.
    Records: teams.timeout.started, teams.timeout.ended.
    """
    with workspace_scope(workspace_id):
        count = sum(end_time_out(time_out=row) for row in _settled())
        if hours_of(Workspace.objects.get(pk=workspace_id)):
            count += sum(_start(step, now()) for step in _overdue())
        return count


def _overdue() -> list[RequestStep]:
    rows = RequestStep.objects.filter(state=StepState.OPEN, due_at__lte=now())
    rows = rows.filter(request__state=RequestState.OPEN)
    return list(rows.order_by("due_at", "pk")[:MOST])


def _start(step: RequestStep, at: datetime) -> int:
    request = request_rows().get(pk=step.request_id)
    shown = next((row for row in request.steps.all() if row.pk == step.pk), None)
    if shown is None or shown.due_at is None or shown.due_at > at:
        return 0
    waiting = eligible(request, shown)
    return sum(start_time_out(member=one, subject=request.ref, verbs=LENT) is not None for one in waiting)


def _settled() -> list[TimeOut]:
    """Return the time-outs of things of which no request is open any more."""
    found = []
    for row in TimeOut.objects.filter(ended_at=None).order_by("pk")[:MOST]:
        latest = request_of(row.ref) if row.subject_type in subjects else None
        if latest is None or not latest.is_open:
            found.append(row)
    return found
