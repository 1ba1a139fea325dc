"""Deliveries, the attempts at them, the pauses that hold them, and the processes that carry them."""

from django.db import models
from django.db.models import Q

from approvals.models import Clearance
from calendar_app.models import Campaign, Post, Revision
from core.clock import now
from core.ids import uuid7
from networks.models import Channel
from publishing.states import UNDER_WAY, AttemptOutcome, DeliveryState, HeldFor, Reason
from teams.models import Membership
from teams.states import ActorKind
from teams.tenancy import WorkspaceOwned


class Delivery(WorkspaceOwned):
    """One revision to one channel at one time; `occurrence_no` counts deliberate repetitions, each live at most once.

    Each change of state rewrites every index, so there are no more of them than questions are asked by.
    Triggers compare workspace, subject, revision and hash with the clearance on insert, whenever they change and
    on the way to `sending`, where they also refuse what is early or paused.
    Units: `run_at` is when the scan may claim it next, by the database's clock; `settle_until` when the network may
    be asked about a lost answer; `reminders` how often people were asked again to post by hand; `call_no` counts all
    calls, `attempt_no` those that the network did not turn away.
    """

    workspace = models.ForeignKey(
        "teams.Workspace", on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+", db_index=False)
    clearance = models.ForeignKey(Clearance, on_delete=models.PROTECT, related_name="+", db_index=False)
    content_hash = models.CharField(max_length=64)
    occurrence_no = models.PositiveSmallIntegerField(default=1)

    scheduled_at = models.DateTimeField()
    wall_time = models.CharField(max_length=32, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    fold = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()

    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.SCHEDULED)
    held_for = models.CharField(max_length=8, choices=HeldFor, default=HeldFor.NOTHING, blank=True)
    reason = models.CharField(max_length=24, default=Reason.NONE, blank=True)
    reason_text = models.CharField(max_length=300, blank=True)
    run_at = models.DateTimeField()
    prepare_at = models.DateTimeField(null=True)
    call_no = models.PositiveIntegerField(default=0)
    attempt_no = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)

    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)

    idem_key = models.CharField(max_length=64)
    remote_key = models.CharField(max_length=255, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    first_intent_at = models.DateTimeField(null=True)
    prepared = models.JSONField(null=True)
    settle_until = models.DateTimeField(null=True)
    settle_token = models.UUIDField(null=True)
    not_found_count = models.PositiveSmallIntegerField(default=0)

    remote_id = models.CharField(max_length=255, blank=True)
    remote_url = models.CharField(max_length=2000, blank=True)
    published_at = models.DateTimeField(null=True)

    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    planned_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    on_behalf_of = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "post", "channel", "occurrence_no"],
                name="publishing_delivery_occurrence",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["claimed", "prepared", "sending"])
                | Q(lease_until__isnull=False, lease_token__isnull=False),
                name="publishing_delivery_leased",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "unknown"]) | Q(settle_until__isnull=False),
                name="publishing_delivery_settles",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="publishing_delivery_published_when",
            ),
            models.CheckConstraint(
                condition=Q(held_for="") | Q(state="scheduled"), name="publishing_delivery_held_is_scheduled"
            ),
        ]
        indexes = [
            models.Index(
                fields=["run_at"],
                include=["workspace", "channel"],
                condition=Q(state="scheduled", held_for=""),
                name="publishing_delivery_due",
            ),
            models.Index(
                fields=["workspace", "channel", "run_at"],
                condition=Q(state="scheduled", held_for=""),
                name="publishing_delivery_due_of",
            ),
            models.Index(
                fields=["prepare_at"],
                condition=Q(state="scheduled", held_for="", prepare_at__isnull=False),
                name="publishing_delivery_preparing",
            ),
            models.Index(
                fields=["lease_until"],
                include=["workspace"],
                condition=Q(state__in=["claimed", "prepared", "sending"]),
                name="publishing_delivery_leases",
            ),
            models.Index(
                fields=["settle_until"], condition=Q(state="unknown"), name="publishing_delivery_unsettled"
            ),
            models.Index(
                fields=["expires_at"], condition=Q(state="scheduled"), name="publishing_delivery_expiring"
            ),
            models.Index(
                fields=["channel"], condition=Q(state="scheduled"), name="publishing_delivery_channel"
            ),
            models.Index(
                fields=["workspace", "state", "-scheduled_at"],
                condition=Q(state__in=["needs_attention", "rejected", "failed", "expired"]),
                name="publishing_delivery_troubled",
            ),
            models.Index(
                fields=["run_at"],
                condition=Q(state="needs_attention", reason="by_hand"),
                name="publishing_delivery_by_hand",
            ),
            models.Index(
                fields=["workspace", "-scheduled_at"],
                condition=Q(reason__in=["restored", "outage", "absent", "found_live"]),
                name="publishing_delivery_reviewed",
            ),
        ]

    @property
    def is_held(self) -> bool:
        """Tell whether it waits for people, whatever its time."""
        return self.held_for != HeldFor.NOTHING

    @property
    def is_under_way(self) -> bool:
        """Tell whether a worker has it, or its outcome is still open."""
        return self.state in UNDER_WAY


class Attempt(WorkspaceOwned):
    """One outbound call that could have a visible effect: the intent, written before, and the outcome, once.

    Append-only: no deletion, and a trigger lets the outcome be filled in one time and nothing else change.
    Units: `latency_ms` from the first byte to the answer.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    lease_token = models.UUIDField()
    intent_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64)
    worker = models.CharField(max_length=120)
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    on_behalf_of = models.UUIDField(null=True)

    outcome = models.CharField(max_length=16, choices=AttemptOutcome, blank=True)
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    remote_id = models.CharField(max_length=255, blank=True)
    reason_text = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "delivery", "number"], name="publishing_attempt_number"
            ),
            models.UniqueConstraint(fields=["workspace", "lease_token"], name="publishing_attempt_token"),
        ]


class Hold(WorkspaceOwned):
    """A pause, from somebody's word to somebody's word: of everything outgoing, of one channel, or of one campaign.

    Any number may stand at once; a delivery goes out when none covers it.
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    text = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=now)
    started_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    on_behalf_of = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    ended_actor_kind = models.CharField(max_length=12, choices=ActorKind, blank=True)
    ended_actor_id = models.UUIDField(null=True)
    ended_on_behalf_of = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel", "campaign"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="publishing_hold_one_open",
            ),
            models.CheckConstraint(
                condition=Q(channel=None) | Q(campaign=None), name="publishing_hold_of_one_thing"
            ),
        ]

    @property
    def is_of_everything(self) -> bool:
        """Tell whether it pauses the whole workspace."""
        return self.channel_id is None and self.campaign_id is None


class Heartbeat(models.Model):
    """A sign of life of a worker or dispatcher; global, since processes serve every workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16)
    process = models.CharField(max_length=160, unique=True)
    started_at = models.DateTimeField()
    at = models.DateTimeField()
    scanned_at = models.DateTimeField(null=True)
    slots = models.PositiveSmallIntegerField(default=1, db_default=1)
    """How many calls a worker can make at once."""

    class Meta:
        indexes = [models.Index(fields=["kind", "-at"], name="publishing_heartbeat_kind")]


class Tally(models.Model):
    """How often something happened since the first day, for /metrics; global, like the sweeps that count it."""

    name = models.CharField(primary_key=True, max_length=32)
    n = models.BigIntegerField(default=0)


class Pace(models.Model):
    """When a channel may be called again: its token bucket as one instant; global, since all scans spend from it.

    Every claim moves the instant by the network's pace, a 429 moves it to where the network said. The channel is
    open while the instant is less than a burst ahead.
    """

    channel_id = models.UUIDField(primary_key=True)
    free_at = models.DateTimeField()
