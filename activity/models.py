"""The record in three tables: entries, their outbox, their seal."""

from django.db import models

from activity.states import OutboxState
from core.clock import now
from teams.states import ActorKind
from teams.tenancy import WorkspaceOwned


class Entry(WorkspaceOwned):
    """One fact: who did what to which subject, for whom, when. Append-only by grant and trigger."""

    at = models.DateTimeField(default=now)
    verb = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    on_behalf_of = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "subject_type", "subject_id", "-id"], name="activity_entry_subject"
            ),
            models.Index(fields=["workspace", "member_id", "-id"], name="activity_entry_member"),
            models.Index(fields=["workspace", "-id"], name="activity_entry_newest"),
        ]


class Delivery(WorkspaceOwned):
    """The outbox: one entry still to be told, or told, to one subscriber."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="deliveries")
    subscriber = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=OutboxState, default=OutboxState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=now)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "entry", "subscriber"], name="activity_delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(state="pending"), name="activity_delivery_due"
            )
        ]


class Seal(WorkspaceOwned):
    """A link of the workspace's chain: the keyed hash of the link before and of one entry."""

    position = models.PositiveBigIntegerField()
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="seal")
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "position"], name="activity_seal_position")
        ]
