"""What the API takes and gives of deliveries and pauses; nothing is shown that is not named here."""

from typing import Any

from rest_framework import serializers

from publishing.models import Attempt, Delivery, Hold
from publishing.selectors import outcome_of


class ResolutionBody(serializers.Serializer[Any]):
    """A person's word on an unclear delivery."""

    live = serializers.BooleanField()
    remote_url = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class HoldBody(serializers.Serializer[Any]):
    """Why something is paused."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")


class AttemptOutput(serializers.Serializer[Any]):
    """One call, for the API's description."""

    intent_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_null=True)
    http_status = serializers.IntegerField(allow_null=True)


class DeliveryOutput(serializers.Serializer[Any]):
    """A delivery, for the API's description."""

    id = serializers.UUIDField()
    channel = serializers.UUIDField()
    state = serializers.CharField()
    held = serializers.BooleanField()
    reason = serializers.CharField()
    scheduled_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    remote_id = serializers.CharField()
    remote_url = serializers.CharField()
    revision = serializers.IntegerField()
    content_hash = serializers.CharField()
    occurrence = serializers.IntegerField()
    attempts = AttemptOutput(many=True)


class HoldOutput(serializers.Serializer[Any]):
    """A pause of everything, of a channel or of a campaign, for the API's description."""

    held = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField(allow_null=True)
    channel = serializers.UUIDField(allow_null=True)
    campaign = serializers.UUIDField(allow_null=True)
    waiting = serializers.IntegerField()
    late = serializers.IntegerField(help_text="How many of these would ask before going out, now.")


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as programs see it."""
    return {
        "id": str(delivery.pk),
        "channel": str(delivery.channel_id),
        "state": delivery.state,
        "held": delivery.is_held,
        "reason": delivery.reason,
        "scheduled_at": delivery.scheduled_at,
        "published_at": delivery.published_at,
        "remote_id": delivery.remote_id,
        "remote_url": delivery.remote_url,
        "revision": delivery.revision.number,
        "content_hash": delivery.content_hash,
        "occurrence": delivery.occurrence_no,
        "attempts": [_attempt_json(attempt, delivery) for attempt in delivery.attempts.all()],
    }


def hold_json(hold: Hold | None, waiting: int, late: int) -> dict[str, Any]:
    """Return the pause as programs see it."""
    return {
        "held": hold is not None,
        "reason": hold.text if hold else None,
        "since": hold.started_at if hold else None,
        "by": hold.started_by.user.name if hold and hold.started_by else None,
        "channel": hold.channel_id if hold else None,
        "campaign": hold.campaign_id if hold else None,
        "waiting": waiting,
        "late": late,
    }


def _attempt_json(attempt: Attempt, delivery: Delivery) -> dict[str, Any]:
    return {
        "intent_at": attempt.intent_at,
        "sent_at": attempt.sent_at,
        "outcome": outcome_of(attempt, delivery),
        "http_status": attempt.http_status,
    }
