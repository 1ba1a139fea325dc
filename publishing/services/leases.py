"""Small compare-and-set steps of a claim's holder, each a transaction of its own."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F, QuerySet

from publishing.models import Delivery
from publishing.states import DeliveryState, HeldFor
from publishing.timing import CLAIM_LEASE, clock
from teams.tenancy import workspace_scope


def standing(delivery: Delivery) -> QuerySet[Delivery]:
    """Return the row as long as the claim with which it was read stands."""
    return Delivery.objects.filter(
        pk=delivery.pk,
        lease_token=delivery.lease_token,
        state__in=(DeliveryState.CLAIMED, DeliveryState.PREPARED),
    )


def extend(delivery: Delivery, seconds: float) -> bool:
    """Keep the claim for as long as carrying files may take."""
    with workspace_scope(delivery.workspace_id):
        return bool(standing(delivery).update(lease_until=clock(seconds)))


def keep_prepared(delivery: Delivery, prepared: Mapping[str, Any], *, state: str) -> bool:
    """Keep what preparing brought, so that no later claim does it again; tell whether the claim stood.

    Ahead of its time the delivery goes back to `scheduled`, else it waits as `prepared` for its intent.
    """
    values: dict[str, Any] = {"prepared": dict(prepared), "prepare_at": None, "state": state}
    if state == DeliveryState.SCHEDULED:
        values |= {"lease_token": None, "lease_until": None}
    else:
        values |= {"lease_until": clock(CLAIM_LEASE)}
    with workspace_scope(delivery.workspace_id):
        return bool(standing(delivery).update(**values))


def release(rows: QuerySet[Delivery], *, after_seconds: float = 0, held_for: str = HeldFor.NOTHING) -> bool:
    """Give a claim back to the schedule; nothing was sent for it. The caller's transaction."""
    values: dict[str, Any] = {"held_for": held_for, "lease_token": None, "lease_until": None}
    values["run_at"] = clock(after_seconds) if after_seconds else F("run_at")
    return bool(rows.update(state=DeliveryState.SCHEDULED, **values))


def give_up(delivery: Delivery) -> bool:
    """Give back a claim that was not begun; tell whether it still stood."""
    with workspace_scope(delivery.workspace_id):
        return release(standing(delivery))


def state_of(delivery: Delivery) -> str:
    """Return the state in which the row stands now."""
    with workspace_scope(delivery.workspace_id):
        return str(Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk))
