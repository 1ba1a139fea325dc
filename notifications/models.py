"""Notices and their mails."""

from django.db import models

from activity.models import Entry
from core.clock import now
from core.refs import Ref
from notifications.states import MailState
from teams.models import Membership
from teams.tenancy import WorkspaceOwned


class Notice(WorkspaceOwned):
    """One person told of one recorded fact; `for_member` where it came by cover."""

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    type = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    for_member = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="+")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "member", "type", "entry"], name="notifications_notice_once"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "member", "-id"], name="notifications_notice_newest"),
            models.Index(
                fields=["workspace", "member"],
                condition=models.Q(read_at=None),
                name="notifications_notice_unread",
            ),
        ]

    @property
    def ref(self) -> Ref:
        """Return what the notice is about."""
        return Ref(self.subject_type, self.subject_id)


class NoticeMail(WorkspaceOwned):
    """The mail of a notice: still to be sent, sent, or given up."""

    notice = models.OneToOneField(Notice, on_delete=models.CASCADE, related_name="mail")
    state = models.CharField(max_length=8, choices=MailState, default=MailState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=now)
    lease_token = models.UUIDField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state="pending"),
                name="notifications_mail_due",
            )
        ]
