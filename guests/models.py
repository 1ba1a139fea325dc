"""Links of guests, and what happened to each."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from core.clock import now
from core.refs import Ref
from guests.states import Ending, Happening, Scope
from teams.models import Guest, Membership
from teams.tenancy import WorkspaceOwned

MOST_WRONG_PINS = 5


class GuestLink(WorkspaceOwned):
    """Leave for a named person to see some posts, and perhaps to comment and decide, until an instant.

    `wanted` holds the ids of posts, or the filter of a view. The secrets that open it are access keys, a new one in
    each mail. `is_news` says that the mail that is due tells of answers and changes only, and only where the guest
    wants such mails. `wrong_pins` counts since the last right one, `asks` the page views from `asks_since` on.
    """

    guest = models.ForeignKey(Guest, on_delete=models.PROTECT, related_name="links")
    purpose = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=1000, blank=True)
    scope = models.CharField(max_length=8, choices=Scope)
    wanted = models.JSONField(default=dict)
    may_comment = models.BooleanField(default=True)
    may_decide = models.BooleanField(default=True)
    is_single_use = models.BooleanField(default=False)
    is_renewable = models.BooleanField(default=True)
    wants_news = models.BooleanField(default=True, db_default=True)
    is_news = models.BooleanField(default=False, db_default=False)
    pin_hash = models.CharField(max_length=128, blank=True)
    wrong_pins = models.PositiveSmallIntegerField(default=0)
    asks = models.PositiveIntegerField(default=0)
    asks_since = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    next_mail_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "guest", "-id"], name="guests_guestlink_of"),
            models.Index(
                fields=["next_mail_at"], condition=Q(next_mail_at__isnull=False), name="guests_guestlink_due"
            ),
        ]

    def __str__(self) -> str:
        return self.purpose or self.get_scope_display()

    @property
    def ref(self) -> Ref:
        """Return the link as others name it."""
        return Ref("guests.guestlink", self.pk)

    @property
    def has_pin(self) -> bool:
        """Tell whether a PIN is asked for."""
        return bool(self.pin_hash)

    def ending(self, at: datetime) -> Ending | None:
        """Return why the link opens nothing at this instant, None while it does."""
        if self.revoked_at is not None:
            return Ending.REVOKED
        if at >= self.ends_at:
            return Ending.OVER
        return Ending.SHUT if self.wrong_pins >= MOST_WRONG_PINS else None


class LinkEvent(WorkspaceOwned):
    """One line of a link's log; never changes."""

    link = models.ForeignKey(GuestLink, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16, choices=Happening)
    post_id = models.UUIDField(null=True)
    revision_id = models.UUIDField(null=True)
    revision_number = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["workspace", "link", "-at", "-id"], name="guests_linkevent_of")]
