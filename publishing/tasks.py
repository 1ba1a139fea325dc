"""Jobs of publishing. A message names claims; where one no longer stands, nothing is done for it."""

from uuid import UUID

from core.jobs import task
from publishing import ledger
from publishing.services import delivering, heartbeats, settling
from publishing.services.lanes import DELIVER, PREPARE, SETTLE


@task(DELIVER, own_scope=True)
def deliver(workspace_id: UUID, claims: str) -> None:
    """Carry out claims on due deliveries."""
    heartbeats.note_taken()
    delivering.deliver_bundle(ledger.from_message(workspace_id, claims))


@task(PREPARE, own_scope=True)
def prepare(workspace_id: UUID, claims: str) -> None:
    """Carry media over ahead of time; a delivery that has come due meanwhile is sent."""
    delivering.deliver_bundle(ledger.from_message(workspace_id, claims))


@task(SETTLE, own_scope=True)
def settle(workspace_id: UUID, claims: str) -> None:
    """Ask the network about unknown outcomes."""
    heartbeats.note_taken()
    for claim in ledger.from_message(workspace_id, claims):
        settling.settle_unknown(workspace_id=workspace_id, delivery_id=claim.delivery_id, token=claim.token)
