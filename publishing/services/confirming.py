"""The answer to a call, written down by compare-and-set on the claim's token."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F

from calendar_app.models import Post
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
        write = _accept if outcome.kind == OutcomeKind.ACCEPTED else _write
        if outcome.retry_after_seconds is not None:
            _close(delivery, adapter, outcome)
        written = write(delivery, adapter, intent, outcome, sent_at=sent_at, latency_ms=latency_ms)
        if written is None:
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
        follow(written.post, written.latest_states)
    return written.state


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


@dataclass(frozen=True, slots=True)
class Written:
    """What an answer made of a delivery, with its post, locked; its siblings' states where they are known."""

    state: str
    post: Post
    latest_states: list[str] | None = None


def _accept(
    delivery: Delivery,
    adapter: Adapter,
    intent: Intent,
    outcome: Outcome,
    *,
    sent_at: datetime | None,
    latency_ms: int,
) -> Written | None:
    """Write an acceptance onto attempt and delivery; None where the delivery's token is gone."""
    found = statements.accept(
        delivery,
        intent.attempt_id,
        sent_at=sent_at,
        http_status=outcome.http_status,
        latency_ms=latency_ms,
        remote_id=outcome.remote_id[:255],
        remote_url=outcome.remote_url[:2000],
    )
    if found is None:
        return None
    post = Post(pk=delivery.post_id, workspace_id=delivery.workspace_id, state=found.post_state)
    return Written(str(DeliveryState.PUBLISHED), post, found.latest_states)


def _write(
    delivery: Delivery,
    adapter: Adapter,
    intent: Intent,
    outcome: Outcome,
    *,
    sent_at: datetime | None,
    latency_ms: int,
) -> Written | None:
    """Write any other answer onto attempt and delivery; None where the delivery's token is gone."""
    post = lock_post(delivery.post_id)
    _fill_in(intent, outcome, sent_at, latency_ms)
    values = _values(delivery, adapter, outcome) | _prepared_again(outcome)
    rows = Delivery.objects.filter(
        pk=delivery.pk, lease_token=delivery.lease_token, state=DeliveryState.SENDING
    )
    return Written(str(values["state"]), post) if rows.update(**values) else None


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


def _close(delivery: Delivery, adapter: Adapter, outcome: Outcome) -> None:
    """Let the whole channel wait as long as its network asked, and not only the delivery that was told so."""
    wait = float(min(MOST_WAIT, max(0, outcome.retry_after_seconds or 0)))
    if wait:
        pace = adapter.pace
        ahead = pace.every_seconds * (pace.burst - 1) if pace else 0.0
        statements.close_channel(delivery.channel_id, wait + ahead)


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
    is_low = outcome.quota is not None and outcome.quota.is_low
    is_fresh = channel.last_success_at is not None and now() - channel.last_success_at < HEALTH_EVERY
    if outcome.kind == OutcomeKind.ACCEPTED and is_fresh and not (channel.last_error or is_low):
        return
    note_outcome(channel=channel, outcome=outcome, by=by)
