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


class MailRules(WorkspaceOwned):
    """What a member wants mailed: which kinds not, collected for how long, and when not at all."""

    member = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="mail_rules")
    muted = models.JSONField(default=list)
    collect_minutes = models.PositiveSmallIntegerField(default=1)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="notifications_mailrules_quiet",
            )
        ]


class NoticeMail(WorkspaceOwned):
    """The mail of a notice: still to be sent, sent, given up, or not needed any more.

    Those that are collected go out together with all others of the same member that wait; `claimed_at` is when it was
    first taken up.
    """

    notice = models.OneToOneField(Notice, on_delete=models.CASCADE, related_name="mail")
    state = models.CharField(max_length=8, choices=MailState, default=MailState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=now)
    lease_token = models.UUIDField(null=True)
    is_collected = models.BooleanField(default=False)
    claimed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state="pending"),
                name="notifications_mail_due",
            )
        ]
