"""What people post by hand and do not confirm: they are reminded, then their leads are told."""

from uuid import UUID

from django.db.models import F

from publishing import ledger
from publishing.models import Delivery
from publishing.services.following import note
from publishing.states import DeliveryState, Reason
from teams.actors import Actor
from teams.tenancy import workspace_scope


def remind_due() -> int:
    """Remind whoever posts by hand after half an hour, and tell the leads after two; return how many.

    Records: publishing.delivery.hand_reminded, then .hand_escalated, each once for each time it was to be posted.
    """
    return sum(_remind(workspace_id, ident) for workspace_id, ident in ledger.hand_waiting())


def _remind(workspace_id: UUID, delivery_id: UUID) -> int:
    with workspace_scope(workspace_id):
        row = Delivery.objects.filter(pk=delivery_id).first()
        if row is None:
            return 0
        rows = Delivery.objects.filter(
            pk=row.pk,
            state=DeliveryState.NEEDS_ATTENTION,
            reason=Reason.BY_HAND,
            reminders=row.reminders,
            run_at=row.run_at,
        )
        if row.reminders > 1 or not rows.update(reminders=F("reminders") + 1):
            return 0
        verb = "hand_escalated" if row.reminders else "hand_reminded"
        note(f"publishing.delivery.{verb}", row, by=Actor.system(workspace_id))
        return 1
