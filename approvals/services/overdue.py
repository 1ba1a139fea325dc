"""Steps that wait longer than they should: asked of one more person, once."""

from uuid import UUID

from django.db import connection, transaction

from approvals.models import RequestStep
from approvals.permissions import can_pass_over
from approvals.services.amendments import pass_over
from approvals.services.ladders import ask_named
from approvals.services.requests import lock_request
from approvals.states import AmendmentKind, StepState
from core.clock import now
from core.record import record
from teams.actors import Actor
from teams.tenancy import workspace_scope

BATCH = 100


def escalate_due() -> int:
    """Escalate every step whose time is over, in all workspaces; return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM approvals_overdue_steps(%s)", [BATCH])
        rows = cursor.fetchall()
    return sum(escalate_step(step_id=step_id, workspace_id=workspace_id) for step_id, workspace_id in rows)


def escalate_step(*, step_id: UUID, workspace_id: UUID) -> bool:
    """Ask the step's further person or role too, where it names one, and say once that it is overdue.

    The review goes on without an optional step, where another approval was given or is still to come.

    Records: approvals.request.step_overdue or .step_skipped. Locks: the subject and the request.
    """
    with workspace_scope(workspace_id):
        step = RequestStep.objects.select_related("request").get(pk=step_id)
        request = lock_request(step.request)
        rows = RequestStep.objects.filter(pk=step_id, state=StepState.OPEN, escalated_at=None)
        if not request.is_open or not rows.filter(due_at__lte=now()).update(escalated_at=now()):
            return False
        live = next(row for row in request.steps.all() if row.pk == step_id)
        if step.is_optional and can_pass_over(request, step):
            pass_over(request, live, AmendmentKind.LAPSE, "", Actor.system(workspace_id))
            return True
        ask_named(request, live)
        record(
            "approvals.request.step_overdue",
            by=Actor.system(workspace_id),
            subject=request.ref,
            request=str(request.pk),
            step=step.position,
        )
        return True
