"""Jobs of the record."""

from uuid import UUID

from activity.services import outbox
from core.jobs import task


@task(outbox.TASK, own_scope=True)
def deliver(workspace_id: UUID, delivery_id: str) -> bool:
    """Tell one entry to one subscriber."""
    return outbox.deliver(workspace_id=workspace_id, delivery_id=delivery_id)
