"""Unknown outcomes: the network is asked, and the rules of publishing.settlement say what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db.models import F
from django.db.models.functions import Greatest

from calendar_app.models import RevisionVariant
from core.ids import secret_token
from networks.adapters import adapter_of
from networks.protocol import Adapter, Call, Finding, Reconciled
from networks.services.calls import call_for
from publishing import ledger, statements
from publishing.covering import held_for, paused_channels
from publishing.models import Delivery
from publishing.services.following import follow, lock_post, note
from publishing.settlement import UNASKABLE, Facts, Step, Verdict, settle
from publishing.states import IN_REVIEW, DeliveryState, Reason
from publishing.timing import clock
from teams.actors import Actor
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Question:
    """An unknown outcome with all that is needed to ask the network about it."""

    delivery: Delivery
    adapter: Adapter
    call: Call | None
    payload: Mapping[str, Any]


def settle_unknown(*, workspace_id: UUID, delivery_id: UUID | str, token: UUID | str) -> str:
    """Ask the network about one unknown outcome and follow its word; return the state, '' where another was faster.

    The answer counts only while the token of this very question stands: an old answer never moves a newer call.
    Records: publishing.delivery.published, .rearmed or .needs_attention.
    """
    question = _read(workspace_id, delivery_id, token)
    if question is None:
        return ""
    found = _ask(question)
    with workspace_scope(workspace_id):
        post = lock_post(question.delivery.post_id)
        at = statements.read_clock()
        rows = Delivery.objects.select_for_update(of=("self",), no_key=True)
        fresh = rows.filter(pk=delivery_id, state=DeliveryState.UNKNOWN, settle_token=token).first()
        if fresh is None:
            return ""
        verdict = settle(_facts(fresh, at, question, found))
        values = _values(fresh, verdict, found)
        Delivery.objects.filter(pk=fresh.pk).update(**values)
        if verdict.step != Step.WAIT:
            by = Actor.system(workspace_id)
            note(f"publishing.delivery.{_WORDS[verdict.step]}", fresh, by=by, reason=str(verdict.reason))
            follow(post)
    return str(values.get("state", DeliveryState.UNKNOWN))


def expire_due() -> int:
    """Give up what could not be sent within its time; return how many.

    Nothing of these can be live: what may be is unknown or needs attention, and stays so.
    Records: publishing.delivery.expired.
    """
    return sum(_expire(workspace_id, ident) for workspace_id, ident in ledger.due_to_expire())


_WORDS = {Step.FOUND: "published", Step.SEND_AGAIN: "rearmed", Step.ASK_PEOPLE: "needs_attention"}


def _read(workspace_id: UUID, delivery_id: UUID | str, token: UUID | str) -> Question | None:
    with workspace_scope(workspace_id):
        rows = Delivery.objects.select_related("channel").filter(
            state=DeliveryState.UNKNOWN, settle_token=token
        )
        delivery = rows.filter(pk=delivery_id).first()
        if delivery is None:
            return None
        variants = RevisionVariant.objects.filter(
            revision_id=delivery.revision_id, channel_id=delivery.channel_id
        )
        payload = variants.values_list("payload", flat=True).get()
        adapter = adapter_of(delivery.channel)
        return Question(delivery, adapter, _call(delivery), payload)


def _call(delivery: Delivery) -> Call | None:
    """Return the means to ask, or None where the channel cannot be asked at all or not now."""
    if delivery.channel.capability in UNASKABLE or not delivery.channel.can_publish:
        return None
    return call_for(delivery.channel)


def _ask(question: Question) -> Reconciled:
    delivery = question.delivery
    if question.call is None:
        return Reconciled(Finding.UNDECIDED)
    try:
        return question.adapter.reconcile(
            question.call,
            question.payload,
            delivery.prepared or {},
            remote_key=delivery.remote_key,
            idem_key=delivery.idem_key,
        )
    except Exception as error:  # not being able to ask is an answer too: it is asked again later
        log.warning("reconcile_failed", delivery=str(delivery.pk), error=type(error).__name__)
        return Reconciled(Finding.UNDECIDED)


def _facts(delivery: Delivery, at: datetime, question: Question, found: Reconciled) -> Facts:
    began = delivery.first_intent_at or at
    return Facts(
        capability=question.delivery.channel.capability,
        finding=found.finding,
        not_found_count=delivery.not_found_count,
        attempt_no=delivery.attempt_no,
        undecided_count=delivery.failures,
        since_first_intent=at - began,
        key_kept=timedelta(seconds=question.adapter.resend_seconds),
        is_past_bound=at >= delivery.expires_at,
        review=Reason(delivery.reason) if delivery.reason in IN_REVIEW else Reason.NONE,
        is_ahead=at < delivery.scheduled_at,
    )


def _values(delivery: Delivery, verdict: Verdict, found: Reconciled) -> dict[str, Any]:
    if verdict.step == Step.FOUND:
        return {
            "state": DeliveryState.PUBLISHED,
            "published_at": clock(),
            "remote_id": found.remote_id[:255],
            "remote_url": found.remote_url[:2000],
            "reason": verdict.reason,
            "reason_text": "",
            "settle_token": None,
            "lease_until": None,
        }
    if verdict.step == Step.ASK_PEOPLE:
        return {
            "state": DeliveryState.NEEDS_ATTENTION,
            "reason": verdict.reason,
            "settle_token": None,
            "lease_token": None,
        }
    if verdict.step == Step.WAIT:
        counter = "not_found_count" if verdict.reason == Reason.NOT_FOUND else "failures"
        return {counter: F(counter) + 1, "settle_until": clock(verdict.wait_seconds), "settle_token": None}
    values: dict[str, Any] = {
        "state": DeliveryState.SCHEDULED,
        "reason": Reason.NONE,
        "reason_text": "",
        "run_at": Greatest(clock(), F("scheduled_at")),
        "held_for": held_for(delivery.channel_id, paused_channels(delivery.post_id)),
        "lease_token": None,
        "lease_until": None,
        "settle_token": None,
        "not_found_count": 0,
        "failures": 0,
    }
    if verdict.new_key:
        values |= {"idem_key": secret_token(), "first_intent_at": None}
    return values


def _expire(workspace_id: UUID, delivery_id: UUID) -> int:
    with workspace_scope(workspace_id):
        row = Delivery.objects.filter(pk=delivery_id).first()
        if row is None:
            return 0
        post = lock_post(row.post_id)
        rows = Delivery.objects.filter(pk=delivery_id, state=DeliveryState.SCHEDULED, expires_at__lte=clock())
        if not rows.update(state=DeliveryState.EXPIRED, held_for="", reason=Reason.OVERDUE):
            return 0
        note("publishing.delivery.expired", row, by=Actor.system(workspace_id))
        follow(post)
        return 1
