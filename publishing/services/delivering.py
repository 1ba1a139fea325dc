"""One delivery from claim to answer: prepare, intent, call, confirm; see docs/delivery-guarantees.md.

1. Take up: read all that is needed, in one short transaction, while the claim's token stands.
2. Prepare: whatever can be done before the visible call. Nothing is locked; it may be repeated.
3. Intent: a committed row says that the call is about to be made. From here on the outcome may be unknown.
4. Call: once, under a total deadline, outside any transaction.
5. Confirm: by compare-and-set on the token, with the record of it in the same transaction.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection

from calendar_app.rendering import hash_entries
from core import live
from core.http import NotSent
from networks.adapters import adapter_of, adapters
from networks.protocol import Adapter, Call, Outcome, OutcomeKind, PrepareFailed
from networks.services.calls import call_for
from publishing import statements
from publishing.ledger import Claim
from publishing.models import Delivery
from publishing.services import confirming, intents, leases
from publishing.states import DeliveryState, Reason
from publishing.timing import BUNDLE_SECONDS, CALL_MARGIN, UPLOAD_LEASE
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

CONFIRM_TRIES = 4


@dataclass(frozen=True)
class Work:
    """All that one delivery needs, read while its claim stood."""

    delivery: Delivery
    adapter: Adapter
    call: Call | None
    payload: Mapping[str, Any]
    is_intact: bool
    is_ahead: bool

    @property
    def has_media(self) -> bool:
        """Tell whether preparing may have to carry files."""
        return bool(self.payload.get("media"))


def deliver_bundle(claims: Sequence[Claim]) -> None:
    """Carry out the claims of a message, of one workspace: read together, carried out one after the other.

    Where a network is slow or sends one away, the rest goes back to the schedule instead of following it.
    """
    until = time.monotonic() + BUNDLE_SECONDS
    with live.gathered():
        for work in take_up(claims):
            if time.monotonic() > until:
                leases.give_up(work.delivery)
            elif carry_out(work) == DeliveryState.SCHEDULED and not work.is_ahead:
                until = 0.0


def deliver(*, workspace_id: UUID, delivery_id: UUID | str, token: UUID | str) -> str:
    """Carry out a claim; return the state in which it leaves the delivery, '' where the claim no longer stands."""
    works = take_up([Claim(workspace_id, UUID(str(delivery_id)), UUID(str(token)))])
    return carry_out(works[0]) if works else ""


def carry_out(work: Work) -> str:
    """Prepare, announce, call and confirm; return the state in which that leaves the delivery."""
    prepared = _prepare(work)
    if prepared is None or work.is_ahead:
        return leases.state_of(work.delivery)
    started = time.monotonic()
    intent = intents.write_intent(
        delivery=work.delivery,
        adapter=work.adapter,
        payload=work.payload,
        prepared=prepared,
        is_intact=work.is_intact,
    )
    if intent is None:
        return leases.state_of(work.delivery)
    outcome, seconds = _call(work, prepared, intent, started)
    return _confirm(work, intent, outcome, seconds)


def take_up(claims: Sequence[Claim]) -> list[Work]:
    """Read what claims of one workspace need, in their order; those whose token or lease no longer stands not.

    What is read here is asked again before each call, under lock: `intents.write_intent`.
    """
    if not claims:
        return []
    with workspace_scope(claims[0].workspace_id):
        found = statements.read_claims([(claim.delivery_id, claim.token) for claim in claims])
        calls: dict[UUID, Call | None] = {}
        works = []
        for claim in claims:
            read = found.pop(claim.delivery_id, None)
            if read is not None:
                works.append(_work(read, calls))
    return works


def _work(read: statements.Read, calls: dict[UUID, Call | None]) -> Work:
    """Return a claim's work; deliveries of one channel share the means to speak for it."""
    delivery, channel = read.delivery, read.delivery.channel
    if channel.pk not in calls:
        calls[channel.pk] = call_for(channel) if channel.can_publish and channel.kind in adapters else None
    payload, is_intact = _read_payload(read)
    return Work(
        delivery=delivery,
        adapter=adapter_of(channel),
        call=calls[channel.pk],
        payload=payload,
        is_intact=is_intact,
        is_ahead=read.wait_seconds > CALL_MARGIN,
    )


def _read_payload(found: statements.Read) -> tuple[Mapping[str, Any], bool]:
    """Return what is to be sent, and whether all that was approved still has the approved hash."""
    channel = str(found.delivery.channel_id)
    variants = sorted(found.variants, key=lambda variant: str(variant["channel"]))
    entries = [{name: each[name] for name in ("channel", "kind", "payload")} for each in variants]
    own = next((each["payload"] for each in entries if each["channel"] == channel), None)
    return own or {}, own is not None and hash_entries(entries) == found.delivery.content_hash


def _prepare(work: Work) -> Mapping[str, Any] | None:
    """Do what can be done before the visible call; None where that ended this claim."""
    delivery = work.delivery
    if delivery.prepared:
        return dict(delivery.prepared)
    if work.has_media:
        leases.extend(delivery, UPLOAD_LEASE)
    if work.call is None or not work.is_intact:
        if work.is_ahead:
            leases.keep_prepared(delivery, {}, state=DeliveryState.SCHEDULED)
        return {}
    try:
        prepared = work.adapter.prepare(work.call, work.payload)
    except PrepareFailed as failure:
        confirming.give_back(delivery=delivery, outcome=failure.outcome, is_ahead=work.is_ahead)
        return None
    except Exception as error:  # an adapter's own fault: nothing was sent, so it is tried again later
        log.exception("prepare_failed", delivery=str(delivery.pk), network=delivery.channel.kind)
        reason = (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
        outcome = Outcome(OutcomeKind.NOT_SENT, reason=reason)
        confirming.give_back(delivery=delivery, outcome=outcome, is_ahead=work.is_ahead)
        return None
    if work.is_ahead:
        leases.keep_prepared(delivery, prepared, state=DeliveryState.SCHEDULED)
    elif prepared and not leases.keep_prepared(delivery, prepared, state=DeliveryState.PREPARED):
        return None
    return prepared


def _call(
    work: Work, prepared: Mapping[str, Any], intent: intents.Intent, started: float
) -> tuple[Outcome, tuple[datetime | None, int]]:
    """Make the one visible call; refuse to begin it where the lease could end before its deadline."""
    if time.monotonic() - started > CALL_MARGIN or work.call is None:
        return Outcome(OutcomeKind.NOT_SENT, reason=str(Reason.OVERDUE)), (None, 0)
    began = time.monotonic()
    try:
        outcome = work.adapter.publish(
            work.call, work.payload, prepared, remote_key=intent.remote_key, idem_key=intent.idem_key
        )
    except NotSent as error:
        outcome = Outcome(OutcomeKind.NOT_SENT, reason=error.message)
    except Exception as error:  # whatever an adapter trips over after the first byte proves nothing
        log.exception("publish_failed", delivery=str(work.delivery.pk), network=work.delivery.channel.kind)
        outcome = Outcome(OutcomeKind.UNKNOWN, reason=type(error).__name__)
    return outcome, (intent.at, round((time.monotonic() - began) * 1000))


def _confirm(
    work: Work, intent: intents.Intent, outcome: Outcome, timing: tuple[datetime | None, int]
) -> str:
    """Write down the answer; a database that is away for a moment is asked again.

    Where it stays away, the lease runs out and the network is asked.
    """
    for tries_left in range(CONFIRM_TRIES - 1, -1, -1):
        try:
            return confirming.confirm(
                delivery=work.delivery,
                adapter=work.adapter,
                intent=intent,
                outcome=outcome,
                sent_at=timing[0],
                latency_ms=timing[1],
            )
        except DatabaseError:
            log.exception("confirm_failed", delivery=str(work.delivery.pk), tries_left=tries_left)
            connection.close()
            time.sleep(0.2 * (CONFIRM_TRIES - tries_left))
    return ""
