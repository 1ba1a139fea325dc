"""The outbox: due rows are found by the dispatcher and told by a worker, each at least once."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction

from activity.models import Delivery
from activity.states import OutboxState
from activity.subscriptions import subscriptions
from core import jobs
from core.clock import now
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 12
BATCH = 100
TASK = "activity.deliver"


def dispatch_due() -> int:
    """Claim due outbox rows of all workspaces for 30 s and hand them to the workers; return how many.

    With the broker down the rows are told here.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM activity_claim_due(%s)", [BATCH])
        rows = cursor.fetchall()
    for delivery_id, workspace_id in rows:
        ids = {"workspace_id": str(workspace_id), "delivery_id": str(delivery_id)}
        if not jobs.send(TASK, kwargs=ids, queue="default"):
            deliver(workspace_id=workspace_id, delivery_id=delivery_id)
    return len(rows)


def deliver(*, workspace_id: UUID, delivery_id: UUID | str) -> bool:
    """Tell one entry to one subscriber; tell whether it was done now.

    A failing handler is tried again with growing pauses (10 s doubled each time, at most an hour), twelve times.
    """
    try:
        with workspace_scope(workspace_id):
            rows = Delivery.objects.select_for_update(of=("self",), skip_locked=True).select_related("entry")
            row = rows.filter(pk=delivery_id, state=OutboxState.PENDING).first()
            subscription = subscriptions.find(row.subscriber) if row else None
            if row is None or subscription is None:
                return False
            subscription.handler(row.entry)
            Delivery.objects.filter(pk=row.pk).update(state=OutboxState.DONE, last_error="")
            return True
    except Exception as error:  # the failure of one subscriber must not stop the others; it is recorded
        log.exception("subscriber_failed", delivery=str(delivery_id))
        _postpone(workspace_id, delivery_id, error)
        return False


def _postpone(workspace_id: UUID, delivery_id: UUID | str, error: Exception) -> None:
    with workspace_scope(workspace_id):
        row = Delivery.objects.select_for_update().filter(pk=delivery_id, state=OutboxState.PENDING).first()
        if row is None:
            return
        row.attempts += 1
        row.next_attempt_at = now() + timedelta(seconds=min(3600, 10 * 2**row.attempts))
        row.last_error = type(error).__name__
        if row.attempts >= MOST_ATTEMPTS:
            row.state = OutboxState.DEAD
        row.save()
