"""The states of a delivery, the one table of its transitions, and what an attempt can end in."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Transition


class DeliveryState(models.TextChoices):
    """Where one delivery stands."""

    SCHEDULED = "scheduled", _("scheduled")
    CLAIMED = "claimed", _("claimed")
    PREPARED = "prepared", _("prepared")
    SENDING = "sending", _("sending")
    UNKNOWN = "unknown", _("outcome unknown")
    NEEDS_ATTENTION = "needs_attention", _("needs attention")
    PUBLISHED = "published", _("published")
    REJECTED = "rejected", _("rejected")
    FAILED = "failed", _("failed")
    EXPIRED = "expired", _("expired")
    CANCELLED = "cancelled", _("cancelled")


class HeldFor(models.TextChoices):
    """Why a scheduled delivery waits beyond its time."""

    NOTHING = "", _("not held")
    PAUSE = "pause", _("everything outgoing is paused")
    LOGIN = "login", _("the channel must be connected again")


class AttemptOutcome(models.TextChoices):
    """What is known of one outbound call; empty until its answer is written down."""

    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")
    RATE_LIMITED = "rate_limited", _("told to wait")
    NOT_SENT = "not_sent", _("not sent")
    NEEDS_LOGIN = "needs_login", _("log-in refused")
    UNKNOWN = "unknown", _("unknown")


class Reason(models.TextChoices):
    """Why a delivery stands where it stands, where the state alone does not say."""

    NONE = "", ""
    LATE = "late", _("It was due long ago, so nobody sent it without asking.")
    NO_ANSWER = "no_answer", _("The network did not answer, or answered something that proves nothing.")
    WORKER_LOST = "worker_lost", _("The call was interrupted, so nobody knows whether it got through.")
    NOT_FOUND = "not_found", _("The network says that it is not there.")
    CANNOT_ASK = "cannot_ask", _("This network cannot be asked whether the post is there.")
    UNDECIDED = "undecided", _("The network could not say in time whether the post is there.")
    REFUSED = "refused", _("The network refused it.")
    RATE_LIMITED = "rate_limited", _("The network asked us to wait.")
    NOT_SENT = "not_sent", _("The network could not be reached; nothing was sent.")
    NEEDS_LOGIN = "needs_login", _("The network no longer accepts our log-in.")
    CHANNEL_GONE = "channel_gone", _("The channel is no longer connected.")
    CHANNEL_SAMPLE = "channel_sample", _("This is a sample channel; nothing is sent to it.")
    NOT_APPROVED = "not_approved", _("What was approved no longer stands.")
    POST_GONE = "post_gone", _("The post was archived or taken off the schedule.")
    OVERDUE = "overdue", _("It could not be sent within its time.")
    CONFIRMED_LIVE = "confirmed_live", _("Somebody looked: it is live.")
    CONFIRMED_NOT_LIVE = "confirmed_not_live", _("Somebody looked: it is not live.")
    RESTORED = "restored", _("A backup was put back; it may have been sent since the backup was made.")
    OUTAGE = "outage", _("It fell due while Collab could not work.")
    ABSENT = (
        "absent",
        _("It fell due while Collab could not work, and the network says that it is not there."),
    )
    FOUND_LIVE = "found_live", _("After an interruption the network was asked: it is live.")
    BY_HAND = "by_hand", _("Somebody posts it by hand and says where it is live.")
    WITHDRAWN = "withdrawn", _("The post was taken off the schedule.")


IN_REVIEW = frozenset({Reason.RESTORED, Reason.OUTAGE})
"""Why a delivery of which only the network can know is asked about, and never sent again without a person's word."""
REVIEWED = frozenset({*IN_REVIEW, Reason.ABSENT, Reason.FOUND_LIVE})
FINAL = frozenset(
    {
        DeliveryState.PUBLISHED,
        DeliveryState.REJECTED,
        DeliveryState.FAILED,
        DeliveryState.EXPIRED,
        DeliveryState.CANCELLED,
    }
)
UNDER_WAY = frozenset(
    {DeliveryState.CLAIMED, DeliveryState.PREPARED, DeliveryState.SENDING, DeliveryState.UNKNOWN}
)
BEFORE_INTENT = frozenset({DeliveryState.SCHEDULED, DeliveryState.CLAIMED, DeliveryState.PREPARED})
AWAITING_ANSWER = frozenset({DeliveryState.SENDING, DeliveryState.UNKNOWN})
WITHOUT_EFFECT = frozenset(
    {
        AttemptOutcome.REJECTED,
        AttemptOutcome.RATE_LIMITED,
        AttemptOutcome.NOT_SENT,
        AttemptOutcome.NEEDS_LOGIN,
    }
)

DELIVERY = (
    # before the intent: nothing can be live
    Transition("scheduled", "claim", "claimed"),
    Transition("scheduled", "move", "scheduled"),
    Transition("scheduled", "cancel", "cancelled"),
    Transition("scheduled", "expire", "expired"),
    Transition("scheduled", "doubt", "unknown"),
    Transition("claimed", "release", "scheduled"),
    Transition("claimed", "move", "scheduled"),
    Transition("claimed", "prepare", "prepared"),
    Transition("claimed", "intend", "sending"),
    Transition("claimed", "reject", "rejected"),
    Transition("claimed", "cancel", "cancelled"),
    Transition("claimed", "expire", "expired"),
    Transition("claimed", "ask", "needs_attention"),
    Transition("claimed", "doubt", "unknown"),
    Transition("prepared", "release", "scheduled"),
    Transition("prepared", "move", "scheduled"),
    Transition("prepared", "intend", "sending"),
    Transition("prepared", "reject", "rejected"),
    Transition("prepared", "cancel", "cancelled"),
    Transition("prepared", "expire", "expired"),
    Transition("prepared", "ask", "needs_attention"),
    Transition("prepared", "doubt", "unknown"),
    # after the intent: only an answer, or the network, decides
    Transition("sending", "accept", "published"),
    Transition("sending", "reject", "rejected"),
    Transition("sending", "postpone", "scheduled"),
    Transition("sending", "lose", "unknown"),
    Transition("unknown", "accept", "published"),
    Transition("unknown", "find", "published"),
    Transition("unknown", "rearm", "scheduled"),
    Transition("unknown", "ask", "needs_attention"),
    # what people decide
    Transition("needs_attention", "confirm_live", "published"),
    Transition("needs_attention", "confirm_not_live", "failed"),
    Transition("needs_attention", "rearm", "scheduled"),
    Transition("rejected", "rearm", "scheduled"),
    Transition("failed", "rearm", "scheduled"),
    Transition("expired", "rearm", "scheduled"),
    Transition("cancelled", "rearm", "scheduled"),
)


def states_with(verb: str) -> tuple[str, ...]:
    """Return the states from which the table knows the verb."""
    return tuple(step.from_ for step in DELIVERY if step.verb == verb)
