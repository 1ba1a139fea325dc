"""Comments on anything, in threads."""

from django.db import models
from django.db.models import Q

from core.clock import now
from core.refs import Ref
from teams.models import Guest, Membership
from teams.states import ActorKind
from teams.tenancy import WorkspaceOwned


class Comment(WorkspaceOwned):
    """What somebody said about a subject, at most one level below the comment that opened the thread.

    A `suggestion` is other words for those that the comment is anchored to; `accepted_number` is the revision that
    taking it over has cut.
    """

    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    revision_id = models.UUIDField(null=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replies")
    body = models.TextField()
    anchor = models.JSONField(null=True)
    suggestion = models.TextField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    accepted_number = models.PositiveIntegerField(null=True)
    is_internal = models.BooleanField(default=False)
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    guest = models.ForeignKey(Guest, null=True, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    edited_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "subject_type", "subject_id", "id"], name="comments_comment_on")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | Q(resolved_at=None, anchor=None), name="comments_comment_reply"
            ),
            models.CheckConstraint(
                condition=Q(suggestion=None, accepted_at=None)
                | Q(suggestion__isnull=False, anchor__isnull=False),
                name="comments_comment_suggestion",
            ),
        ]

    @property
    def ref(self) -> Ref:
        """Return what the comment is about."""
        return Ref(self.subject_type, self.subject_id)

    @property
    def author_name(self) -> str:
        """Return the name of who wrote it."""
        person = self.member or self.guest
        return str(person) if person else ""


class Attachment(WorkspaceOwned):
    """A picture or video that goes with a comment; who may read the comment may have it, and nobody else."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="attachments")
    media = models.ForeignKey("files.Media", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "media"], name="comments_attachment_once"),
        ]


class Mention(WorkspaceOwned):
    """A member named in a comment."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "comment", "member"], name="comments_mention_once")
        ]
