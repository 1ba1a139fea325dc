"""The answer to a call, written down by compare-and-set on the claim's token."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F

from core.clock import now
from networks.models import Channel
from networks.protocol import Adapter, Outcome, OutcomeKind
from networks.services.channels import mark_needs_login, note_outcome
from publishing import statements
from publishing.models import Delivery
from publishing.services import leases
from publishing.services.following import follow, lock_post, note
from publishing.services.intents import Intent
from publishing.states import AttemptOutcome, DeliveryState, HeldFor, Reason
from publishing.timing import back_off, clock
from teams.actors import Actor
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

HEALTH_EVERY = timedelta(minutes=1)
MOST_WAIT = 24 * 3600


def confirm(
    *,
    delivery: Delivery,
    adapter: Adapter,
    intent: Intent,
    outcome: Outcome,
    sent_at: datetime | None,
    latency_ms: int,
) -> str:
    """Write down what a call came to; return the delivery's state, '' where the token no longer stands.

    Whatever is not definitive is `unknown`. An acceptance also counts after the lease was over, since it is the
    network's own word.
    Records: publishing.delivery.published, .rejected, .postponed, .held or .unknown.
    """
    by = Actor.system(delivery.workspace_id)
    with workspace_scope(delivery.workspace_id):
        post = lock_post(delivery.post_id)
        state = _write(delivery, adapter, intent, outcome, sent_at=sent_at, latency_ms=latency_ms)
        if not state:
            log.warning("answer_came_late", delivery=str(delivery.pk), outcome=outcome.kind)
            return ""
        note(
            f"publishing.delivery.{_word(outcome)}",
            delivery,
            by=by,
            attempt=str(intent.attempt_id),
            revision=str(delivery.revision_id),
        )
        _keep_health(delivery.channel, outcome, by)
        follow(post)
    return state


def give_back(*, delivery: Delivery, outcome: Outcome, is_ahead: bool) -> None:
    """Follow a preparation that did not succeed: nothing can be live, so it is tried again, held or given up.

    Records: publishing.delivery.rejected or .held.
    """
    by = Actor.system(delivery.workspace_id)
    with workspace_scope(delivery.workspace_id):
        post = lock_post(delivery.post_id)
        values = _values_before_intent(delivery, outcome, is_ahead) | _prepared_again(outcome)
        if not leases.standing(delivery).update(**values):
            return
        _keep_health(delivery.channel, outcome, by)
        if outcome.kind in (OutcomeKind.REJECTED, OutcomeKind.NEEDS_LOGIN):
            note(f"publishing.delivery.{_word(outcome)}", delivery, by=by)
        follow(post)


def hold_channel(channel: Channel, *, reason: str, by: Actor) -> None:
    """Hold back what waits for a channel that no longer lets us in, until somebody logs in again."""
    mark_needs_login(channel=channel, reason=reason, by=by)
    rows = Delivery.objects.filter(channel_id=channel.pk, state=DeliveryState.SCHEDULED)
    rows.update(held_for=HeldFor.LOGIN, reason=Reason.NEEDS_LOGIN)


def _write(
    delivery: Delivery,
    adapter: Adapter,
    intent: Intent,
    outcome: Outcome,
    *,
    sent_at: datetime | None,
    latency_ms: int,
) -> str:
    """Write the answer onto attempt and delivery; return the delivery's state, '' where its token is gone."""
    if outcome.kind == OutcomeKind.ACCEPTED:
        accepted = statements.accept(
            delivery,
            intent.attempt_id,
            sent_at=sent_at,
            http_status=outcome.http_status,
            latency_ms=latency_ms,
            remote_id=outcome.remote_id[:255],
            remote_url=outcome.remote_url[:2000],
        )
        return str(DeliveryState.PUBLISHED) if accepted else ""
    _fill_in(intent, outcome, sent_at, latency_ms)
    values = _values(delivery, adapter, outcome) | _prepared_again(outcome)
    rows = Delivery.objects.filter(
        pk=delivery.pk, lease_token=delivery.lease_token, state=DeliveryState.SENDING
    )
    return str(values["state"]) if rows.update(**values) else ""


def _fill_in(intent: Intent, outcome: Outcome, sent_at: datetime | None, latency_ms: int) -> None:
    statements.fill_in(
        intent.attempt_id,
        outcome=str(AttemptOutcome(str(outcome.kind))),
        sent_at=sent_at if outcome.kind != OutcomeKind.NOT_SENT else None,
        http_status=outcome.http_status,
        latency_ms=latency_ms,
        remote_id=outcome.remote_id[:255],
        reason=outcome.reason[:300],
    )


def _values(delivery: Delivery, adapter: Adapter, outcome: Outcome) -> dict[str, Any]:
    """Return what an answer other than acceptance changes on the delivery."""
    if outcome.kind == OutcomeKind.REJECTED:
        return _turned_away(Reason.REFUSED, outcome) | {"state": DeliveryState.REJECTED}
    if outcome.kind == OutcomeKind.UNKNOWN:
        return {
            "state": DeliveryState.UNKNOWN,
            "reason": Reason.NO_ANSWER,
            "reason_text": outcome.reason[:300],
            "failures": 0,
            "not_found_count": 0,
            "settle_until": clock(adapter.settle_seconds),
            "settle_token": None,
        }
    return _postponed(delivery, outcome) | {"attempt_no": F("attempt_no") - 1}


def _values_before_intent(delivery: Delivery, outcome: Outcome, is_ahead: bool) -> dict[str, Any]:
    """Return what a failed preparation changes; whatever is neither refusal nor log-in is tried again."""
    if outcome.kind == OutcomeKind.REJECTED:
        return _turned_away(Reason.REFUSED, outcome) | {"state": DeliveryState.REJECTED}
    values = _postponed(delivery, outcome)
    if is_ahead:
        values["prepare_at"] = values.pop("run_at")
    return values


def _prepared_again(outcome: Outcome) -> dict[str, Any]:
    """Return what forgets the preparation, where the network said that it no longer holds."""
    return {"prepared": None} if outcome.prepare_again else {}


def _turned_away(reason: Reason, outcome: Outcome) -> dict[str, Any]:
    return {
        "reason": reason,
        "reason_text": outcome.reason[:300],
        "lease_token": None,
        "lease_until": None,
        "settle_token": None,
    }


def _postponed(delivery: Delivery, outcome: Outcome) -> dict[str, Any]:
    """Return what sends a delivery back to the schedule: told to wait, not sent, or shut out."""
    if outcome.kind == OutcomeKind.NEEDS_LOGIN:
        return _turned_away(Reason.NEEDS_LOGIN, outcome) | {
            "state": DeliveryState.SCHEDULED,
            "held_for": HeldFor.LOGIN,
            "run_at": F("run_at"),
        }
    reason = Reason.RATE_LIMITED if outcome.kind == OutcomeKind.RATE_LIMITED else Reason.NOT_SENT
    wait: float = back_off(delivery.failures, first=2, most=300)
    if outcome.retry_after_seconds is not None:
        wait = min(MOST_WAIT, max(0, outcome.retry_after_seconds))
    return _turned_away(reason, outcome) | {
        "state": DeliveryState.SCHEDULED,
        "run_at": clock(wait),
        "failures": F("failures") + 1,
    }


def _word(outcome: Outcome) -> str:
    words = {
        OutcomeKind.ACCEPTED: "published",
        OutcomeKind.REJECTED: "rejected",
        OutcomeKind.UNKNOWN: "unknown",
        OutcomeKind.NEEDS_LOGIN: "held",
    }
    return words.get(outcome.kind, "postponed")


def _keep_health(channel: Channel, outcome: Outcome, by: Actor) -> None:
    """Note the channel's health; a run of good answers writes once a minute, not once each."""
    if outcome.kind == OutcomeKind.NEEDS_LOGIN:
        hold_channel(channel, reason=outcome.reason, by=by)
        return
    is_fresh = channel.last_success_at is not None and now() - channel.last_success_at < HEALTH_EVERY
    if outcome.kind == OutcomeKind.ACCEPTED and is_fresh and not channel.last_error:
        return
    note_outcome(channel=channel, outcome=outcome, by=by)
