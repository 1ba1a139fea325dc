"""Ways in: invitations, bearer secrets, and the answers kept for repeated API requests."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Lower

from core.clock import now
from core.ids import uuid7
from teams.models.people import Membership, Role, Workspace
from teams.states import KeyKind
from teams.tenancy import WorkspaceOwned


class Invitation(WorkspaceOwned):
    """An address asked to join with a role."""

    email = models.EmailField()
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    invited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    next_mail_at = models.DateTimeField(null=True, default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="teams_invitation_open",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_mail_at"],
                condition=models.Q(next_mail_at__isnull=False),
                name="teams_invitation_mail_due",
            )
        ]

    @property
    def is_open(self) -> bool:
        """Tell whether it was neither accepted nor taken back."""
        return self.accepted_at is None and self.revoked_at is None


class AccessKey(models.Model):
    """A bearer secret of any kind, known only by its hash.

    Global, since the secret is what names the workspace; looked up by hash alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)
    kind = models.CharField(max_length=16, choices=KeyKind)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    purpose = models.CharField(max_length=120, blank=True)
    scopes = models.JSONField(default=list)
    created_by_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    is_single_use = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["workspace", "kind", "subject_id"], name="teams_accesskey_subject")]

    def is_usable(self, at: datetime) -> bool:
        """Tell whether the key opens anything at this instant."""
        used_up = self.is_single_use and self.last_used_at is not None
        return self.revoked_at is None and not used_up and (self.expires_at is None or at < self.expires_at)


class IdempotencyRecord(WorkspaceOwned):
    """The answer given to an API request with an Idempotency-Key, kept for 24 hours."""

    actor_id = models.UUIDField()
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "actor_id", "key"], name="teams_idempotency_key")
        ]
