"""The intent: the committed row that stands before each visible call, and all that is asked once more before it."""

import hashlib
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, OperationalError

from calendar_app.models import Post
from calendar_app.services.planning import follow_deliveries
from calendar_app.states import PostState
from core.ids import uuid7
from networks.protocol import Adapter, Capability
from networks.states import ChannelStatus
from publishing import statements
from publishing.models import Delivery
from publishing.services import leases
from publishing.services.following import follow, lock_post, note
from publishing.statements import Look
from publishing.states import DELIVERY, DeliveryState, HeldFor, Reason
from publishing.timing import CALL_MARGIN
from teams.actors import Actor
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)

GUARDS = {
    "publishing_delivery_not_paused": ("release", Reason.NONE, HeldFor.PAUSE),
    "publishing_delivery_not_by_machine": ("ask", Reason.BY_HAND, HeldFor.NOTHING),
    "publishing_delivery_not_early": ("release", Reason.NONE, HeldFor.NOTHING),
    "publishing_delivery_not_revoked": ("cancel", Reason.NOT_APPROVED, HeldFor.NOTHING),
    "publishing_delivery_cleared": ("cancel", Reason.NOT_APPROVED, HeldFor.NOTHING),
}
"""What follows when the database itself refuses the step to `sending`, by the name of its constraint."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A call that was announced: its attempt, its keys, its instant by the database's clock."""

    attempt_id: UUID
    remote_key: str
    idem_key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a delivery may not be sent now: the step to take instead, the reason, and what holds it."""

    verb: str
    reason: Reason = Reason.NONE
    held_for: HeldFor = HeldFor.NOTHING


def write_intent(
    *,
    delivery: Delivery,
    adapter: Adapter,
    payload: Mapping[str, Any],
    prepared: Mapping[str, Any],
    is_intact: bool,
) -> Intent | None:
    """Announce the call in one committed transaction, or take the step that stands against it and return None.

    Locks: a pause waits for it, and the post, clearance and delivery are locked in this order, so that an edit, a
    withdrawal, a revocation and a pause each happen wholly before or wholly after it.
    Raises: nothing for what the database refuses; DatabaseError when it is away.
    """
    try:
        with workspace_scope(delivery.workspace_id):
            seen = statements.look(delivery)
            if seen is None:
                return None
            delivery.state = seen.state
            obstacle = _obstacle(delivery, seen, is_intact) or _by_hand(delivery)
            if obstacle is not None:
                _give_way(delivery, lock_post(delivery.post_id), obstacle)
                return None
            return _announce(delivery, seen, adapter, payload, prepared)
    except IntegrityError as error:
        obstacle = _refused(error)
        if obstacle is None:
            raise
        give_way(delivery, obstacle)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") not in ("55P03", "40P01"):
            raise
        with workspace_scope(delivery.workspace_id):
            leases.release(leases.standing(delivery), after_seconds=1)
    return None


def give_way(delivery: Delivery, obstacle: Obstacle) -> None:
    """Take the step that an obstacle calls for, where the claim still stands."""
    with workspace_scope(delivery.workspace_id):
        post = lock_post(delivery.post_id)
        fresh = leases.standing(delivery).select_for_update(of=("self",), no_key=True).first()
        if fresh is not None:
            _give_way(fresh, post, obstacle)


def fingerprint_of(payload: Mapping[str, Any], remote_key: str, idem_key: str) -> str:
    """Return the hash by which an attempt says what was sent under which keys."""
    canonical = json.dumps([payload, remote_key, idem_key], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@lru_cache(maxsize=4)
def worker_name(pid: int) -> str:
    """Return host and process, as attempts and heartbeats name them."""
    return f"{socket.gethostname()[:80]}:{pid}"


def _obstacle(delivery: Delivery, seen: Look, is_intact: bool) -> Obstacle | None:
    """Return what stands against sending, most binding first."""
    if seen.is_archived:
        return Obstacle("cancel", Reason.POST_GONE)
    if not is_intact or seen.is_revoked:
        return Obstacle("cancel", Reason.NOT_APPROVED)
    if seen.at < delivery.scheduled_at:
        return Obstacle("release")
    if seen.at >= delivery.expires_at:
        return Obstacle("expire", Reason.OVERDUE)
    if seen.is_paused:
        return Obstacle("release", held_for=HeldFor.PAUSE)
    return _channel_obstacle(seen.channel_status) or _lateness(delivery, seen)


def _channel_obstacle(status: str) -> Obstacle | None:
    if status == ChannelStatus.NEEDS_LOGIN:
        return Obstacle("release", Reason.NEEDS_LOGIN, HeldFor.LOGIN)
    if status == ChannelStatus.SAMPLE:
        return Obstacle("reject", Reason.CHANNEL_SAMPLE)
    if status != ChannelStatus.ACTIVE:
        return Obstacle("reject", Reason.CHANNEL_GONE)
    return None


def _by_hand(delivery: Delivery) -> Obstacle | None:
    """Hand over to people what no machine can post."""
    return Obstacle("ask", Reason.BY_HAND) if delivery.channel.capability == Capability.HAND else None


def _lateness(delivery: Delivery, seen: Look) -> Obstacle | None:
    """Ask people before sending what is later than the workspace wants it sent unasked, unless it was tried in time.

    What a pause kept back for too long was marked as late when the pause ended.
    """
    if delivery.reason == Reason.LATE:
        return Obstacle("ask", Reason.LATE)
    if delivery.call_no or not seen.late_minutes:
        return None
    late = (seen.at - delivery.run_at).total_seconds()
    return Obstacle("ask", Reason.LATE) if late > seen.late_minutes * 60 else None


def _give_way(delivery: Delivery, post: Post, obstacle: Obstacle) -> None:
    if obstacle.verb == "release":
        delivery.reason = obstacle.reason
        leases.standing(delivery).update(reason=obstacle.reason)
        leases.release(leases.standing(delivery), held_for=obstacle.held_for)
        return
    goes_to = next(
        step.to for step in DELIVERY if step.from_ == delivery.state and step.verb == obstacle.verb
    )
    leases.standing(delivery).update(
        state=goes_to, reason=obstacle.reason, lease_token=None, lease_until=None
    )
    note(
        f"publishing.delivery.{goes_to}",
        delivery,
        by=Actor.system(delivery.workspace_id),
        reason=obstacle.reason,
    )
    follow(post)


def _announce(
    delivery: Delivery, seen: Look, adapter: Adapter, payload: Mapping[str, Any], prepared: Mapping[str, Any]
) -> Intent | None:
    """Write attempt and state; the database's triggers look at clearance, time and pause once more."""
    remote_key = delivery.remote_key or adapter.mint_key(delivery.pk)
    attempt_id = uuid7()
    stood = statements.announce(
        delivery,
        attempt_id=attempt_id,
        at=seen.at,
        prepared=dict(prepared),
        remote_key=remote_key,
        fingerprint=fingerprint_of(payload, remote_key, delivery.idem_key),
        worker=worker_name(os.getpid()),
        lease_seconds=adapter.call_seconds + CALL_MARGIN,
        settle_seconds=adapter.settle_seconds,
    )
    if not stood:
        return None
    if seen.post_state != PostState.PUBLISHING:
        post = Post(pk=delivery.post_id, workspace_id=delivery.workspace_id, state=seen.post_state)
        follow_deliveries(post=post, states=[DeliveryState.SENDING])
    return Intent(attempt_id, remote_key, delivery.idem_key, seen.at)


def _refused(error: IntegrityError) -> Obstacle | None:
    diagnosis = getattr(error.__cause__, "diag", None)
    found = GUARDS.get(getattr(diagnosis, "constraint_name", None) or "")
    return Obstacle(*found) if found else None
