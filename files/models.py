"""Media: the pictures and videos of a workspace."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import now
from files.states import MediaKind, MediaStatus
from files.unsafe import REASONS
from teams.tenancy import WorkspaceOwned


class Media(WorkspaceOwned):
    """One picture, animation or video; `digest` is that of the stored file, which was encoded anew.

    An attachment belongs to what somebody said; it is in no list of media and in no post.
    """

    kind = models.CharField(max_length=8, choices=MediaKind, default=MediaKind.IMAGE)
    status = models.CharField(max_length=12, choices=MediaStatus, default=MediaStatus.PROCESSING)
    failure = models.CharField(max_length=300, blank=True)
    original_name = models.CharField(max_length=200)
    mime = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveBigIntegerField(null=True)
    alt = models.CharField(_("description"), max_length=1500, blank=True)
    storage_key = models.CharField(max_length=64, blank=True)
    thumb_320_key = models.CharField(max_length=64, blank=True)
    thumb_1280_key = models.CharField(max_length=64, blank=True)
    poster_key = models.CharField(max_length=64, blank=True)
    incoming_key = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_by = models.ForeignKey("teams.Membership", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    archived_at = models.DateTimeField(null=True)
    is_attachment = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="files_media_newest"),
            models.Index(
                fields=["created_at"], condition=models.Q(status="processing"), name="files_media_processing"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="ready") | ~models.Q(digest=""),
                name="files_media_ready_has_digest",
            )
        ]

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_ready(self) -> bool:
        """Tell whether it can be shown and sent."""
        return self.status == MediaStatus.READY

    @property
    def is_moving(self) -> bool:
        """Tell whether it is a video."""
        return self.kind == MediaKind.VIDEO

    @property
    def why(self) -> str:
        """Return, for people, why it cannot be used."""
        return (
            str(REASONS.get(self.failure, _("It could not be prepared. Upload it again.")))
            if self.failure
            else ""
        )
