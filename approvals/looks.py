"""What a reviewer has seen and ticked off: nobody else's business, so it is in no record."""

from django.db import models
from django.db.models import Q

from core.clock import now
from teams.models import Guest, Membership
from teams.tenancy import WorkspaceOwned


class LastSeen(WorkspaceOwned):
    """Which revision of a subject a member looked at last, so that the next look shows what changed."""

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    revision_id = models.UUIDField()
    revision_number = models.PositiveIntegerField()
    before_id = models.UUIDField(null=True)
    before_number = models.PositiveIntegerField(null=True)
    before_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "member", "subject_type", "subject_id"], name="approvals_lastseen_once"
            )
        ]


class Reviewed(WorkspaceOwned):
    """A part of a subject that a reviewer ticked off; it holds for as long as the part's hash is the same."""

    member = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    part = models.CharField(max_length=64)
    part_hash = models.CharField(max_length=64)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "subject_type", "subject_id", "part", "member", "guest"],
                nulls_distinct=False,
                name="approvals_reviewed_once",
            ),
            models.CheckConstraint(
                condition=Q(member__isnull=False, guest=None) | Q(member=None, guest__isnull=False),
                name="approvals_reviewed_by_one",
            ),
        ]
