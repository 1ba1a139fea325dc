"""Deliveries as the calendar plans them: written, moved and withdrawn in the calendar's own transactions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from approvals.models import Clearance
from calendar_app.models import Post, Revision, RevisionVariant
from calendar_app.times import moment_of
from core.errors import WrongState
from core.ids import secret_token, uuid7
from publishing import ledger, statements
from publishing.covering import held_for, paused_channels
from publishing.models import Attempt, Delivery
from publishing.services.following import note
from publishing.states import (
    AWAITING_ANSWER,
    BEFORE_INTENT,
    WITHOUT_EFFECT,
    DeliveryState,
    HeldFor,
    Reason,
    states_with,
)
from publishing.timing import GRACE, PREPARE_AHEAD
from teams.actors import Actor

REARMABLE = frozenset(states_with("rearm")) - {DeliveryState.UNKNOWN, DeliveryState.NEEDS_ATTENTION}
_NOTHING_YET: dict[str, Any] = {
    "state": DeliveryState.SCHEDULED,
    "reason": Reason.NONE,
    "reason_text": "",
    "failures": 0,
    "attempt_no": 0,
    "lease_until": None,
    "lease_token": None,
    "settle_until": None,
    "settle_token": None,
    "first_intent_at": None,
    "not_found_count": 0,
    "reminders": 0,
    "prepared": None,
}


class PublishingDispatcher:
    """Fills `calendar_app.ports.dispatcher`. The caller holds the post's lock."""

    def planned(self, post: Post, revision: Revision, clearance: Any, by: Actor) -> None:
        """Write one delivery for each channel of a cleared revision.

        What was cancelled or turned away is re-armed while no call can have had an effect, else it happens once
        more as a new occurrence. What is live, or may be, is left alone.
        Records: publishing.delivery.planned for each.
        """
        ledger.take_pause_lock(post.workspace_id, shared=True)
        paused = paused_channels(post.pk)
        latest = {row.channel_id: row for row in latest_of(post.pk)}
        tried = _with_possible_effect([row.pk for row in latest.values()])
        variants = list(RevisionVariant.objects.filter(revision=revision).order_by("position", "pk"))
        for variant in variants:
            held = held_for(variant.channel_id, paused)
            plan = _plan_of(post, revision, clearance, variant, by) | {"held_for": held}
            row = _place(latest.get(variant.channel_id), plan, tried)
            if row is not None:
                note("publishing.delivery.planned", row, by=by, revision=str(revision.pk))
        kept = {variant.channel_id for variant in variants}
        gone = [row for row in latest.values() if row.channel_id not in kept and row.state in BEFORE_INTENT]
        _cancel(gone, Reason.WITHDRAWN, by)

    def moved(self, post: Post, by: Actor) -> None:
        """Give the deliveries the post's new time; what was claimed for the old one goes back.

        Raises: WrongState when one is being sent. Records: publishing.delivery.moved for each.
        """
        rows = _movable(post)
        own_time = dict(
            RevisionVariant.objects.filter(revision_id__in={row.revision_id for row in rows})
            .exclude(scheduled_at=None)
            .values_list("channel_id", "scheduled_at")
        )
        for row in rows:
            times = _times(post, own_time.get(row.channel_id), has_media=bool(row.prepare_at or row.prepared))
            values = times | {"state": DeliveryState.SCHEDULED, "lease_until": None, "lease_token": None}
            Delivery.objects.filter(pk=row.pk).update(**values, prepared=None, reason=Reason.NONE, failures=0)
            note("publishing.delivery.moved", row, by=by)

    def withdrawn(self, post: Post, reason: str, by: Actor) -> None:
        """Cancel what was not sent yet. Raises: WrongState when one is being sent.

        Records: publishing.delivery.cancelled for each.
        """
        _cancel(_movable(post), Reason.WITHDRAWN, by, why=reason)


def latest_of(post_id: UUID) -> list[Delivery]:
    """Return the latest occurrence of each channel of a post, locked until the commit."""
    rows = Delivery.objects.filter(post_id=post_id).order_by("channel_id", "-occurrence_no")
    idents = list(rows.distinct("channel_id").values_list("pk", flat=True))
    locked = Delivery.objects.filter(pk__in=idents).select_for_update(of=("self",), no_key=True)
    return list(locked.order_by("channel_id", "pk"))


def rearm(row: Delivery, *, by: Actor, run_now: bool = False) -> Delivery:
    """Put a delivery back on the schedule: the same row while no call can have had an effect, else a new one.

    The caller has made sure that nothing of it is live. Raises: WrongState.
    """
    is_question = row.state == DeliveryState.NEEDS_ATTENTION and row.reason in (Reason.LATE, Reason.ABSENT)
    if row.state not in REARMABLE and not is_question:
        raise WrongState(_("This cannot be sent again as it stands now."))
    held = held_for(row.channel_id, paused_channels(row.post_id))
    plan = {name: getattr(row, name) for name in _PLAN_FIELDS} | _by(by) | {"held_for": held}
    if run_now:
        at = statements.read_clock()
        plan |= {"run_at": at, "expires_at": at + GRACE, "reason": Reason.NONE}
    if row.reason == Reason.ABSENT:
        Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.FAILED)
        return _next_occurrence(row, plan)
    if row.pk in _with_possible_effect([row.pk]):
        return _next_occurrence(row, plan)
    return _set(row, plan)


_PLAN_FIELDS = (
    "workspace_id",
    "post_id",
    "channel_id",
    "revision_id",
    "clearance_id",
    "content_hash",
    "scheduled_at",
    "wall_time",
    "zone",
    "fold",
    "run_at",
    "prepare_at",
    "expires_at",
)


def _place(row: Delivery | None, plan: dict[str, Any], tried: set[UUID]) -> Delivery | None:
    """Write the plan where it belongs: a new row, the same row, a new occurrence, or nowhere."""
    if row is None:
        return _new(plan, occurrence_no=1)
    if row.state in BEFORE_INTENT:
        return _set(row, plan)
    if row.state not in REARMABLE:
        return None
    return _next_occurrence(row, plan) if row.pk in tried else _set(row, plan)


def _new(plan: dict[str, Any], *, occurrence_no: int) -> Delivery:
    row = Delivery(pk=uuid7(), **plan, occurrence_no=occurrence_no, idem_key=secret_token())
    row.save(force_insert=True)
    return row


def _next_occurrence(row: Delivery, plan: dict[str, Any]) -> Delivery:
    return _new(plan, occurrence_no=row.occurrence_no + 1)


def _set(row: Delivery, plan: dict[str, Any]) -> Delivery:
    values = _NOTHING_YET | plan | {"idem_key": secret_token(), "remote_key": ""}
    Delivery.objects.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _plan_of(
    post: Post, revision: Revision, clearance: Clearance, variant: RevisionVariant, by: Actor
) -> dict[str, Any]:
    return {
        "workspace_id": post.workspace_id,
        "post_id": post.pk,
        "channel_id": variant.channel_id,
        "revision_id": revision.pk,
        "clearance_id": clearance.pk,
        "content_hash": revision.content_hash,
        **_times(post, variant.scheduled_at, has_media=bool(variant.payload.get("media"))),
        **_by(by),
    }


def _times(post: Post, own: datetime | None, *, has_media: bool) -> dict[str, Any]:
    """Return instant, wall time and bounds; media are carried over from a quarter of an hour before."""
    planned_at = own or post.scheduled_at
    if planned_at is None or not post.zone:
        raise WrongState(_("A post without a time cannot be planned."))
    moment = moment_of(planned_at, post.zone)
    instant = moment.instant
    return {
        "scheduled_at": instant,
        "wall_time": moment.wall,
        "zone": moment.zone,
        "fold": moment.fold,
        "run_at": instant,
        "prepare_at": instant - PREPARE_AHEAD if has_media else None,
        "expires_at": instant + GRACE,
    }


def _by(by: Actor) -> dict[str, Any]:
    return {
        "actor_kind": by.kind,
        "actor_id": by.id,
        "planned_by_id": by.member_id,
        "on_behalf_of": by.on_behalf_of,
    }


def _with_possible_effect(idents: Sequence[UUID]) -> set[UUID]:
    """Return which deliveries had a call that was accepted, is unknown, or whose answer was never written."""
    rows = Attempt.objects.filter(delivery_id__in=idents).exclude(
        outcome__in=[str(o) for o in WITHOUT_EFFECT]
    )
    return set(rows.values_list("delivery_id", flat=True))


def _movable(post: Post) -> list[Delivery]:
    """Return the deliveries that may still be changed. Raises: WrongState when one is being sent."""
    rows = latest_of(post.pk)
    if any(row.state in AWAITING_ANSWER for row in rows):
        raise WrongState(_("This post is being sent right now; wait for the outcome."))
    return [row for row in rows if row.state in BEFORE_INTENT]


def _cancel(rows: Sequence[Delivery], reason: Reason, by: Actor, **facts: Any) -> None:
    for row in rows:
        Delivery.objects.filter(pk=row.pk).update(
            state=DeliveryState.CANCELLED,
            reason=reason,
            held_for=HeldFor.NOTHING,
            lease_until=None,
            lease_token=None,
        )
        note("publishing.delivery.cancelled", row, by=by, **facts)
