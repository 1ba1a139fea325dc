"""Jobs of publishing. A message names a claim; where the claim no longer stands, it does nothing."""

from uuid import UUID

from core.jobs import task
from publishing.services import delivering, heartbeats, settling
from publishing.services.lanes import DELIVER, PREPARE, SETTLE


@task(DELIVER, own_scope=True)
def deliver(workspace_id: UUID, delivery_id: str, token: str) -> str:
    """Carry out a claim on a due delivery."""
    heartbeats.note_taken()
    return delivering.deliver(workspace_id=workspace_id, delivery_id=delivery_id, token=token)


@task(PREPARE, own_scope=True)
def prepare(workspace_id: UUID, delivery_id: str, token: str) -> str:
    """Carry media over ahead of time; a delivery that has come due meanwhile is sent."""
    return delivering.deliver(workspace_id=workspace_id, delivery_id=delivery_id, token=token)


@task(SETTLE, own_scope=True)
def settle(workspace_id: UUID, delivery_id: str, token: str) -> str:
    """Ask the network about an unknown outcome."""
    heartbeats.note_taken()
    return settling.settle_unknown(workspace_id=workspace_id, delivery_id=delivery_id, token=token)
