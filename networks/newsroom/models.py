"""What stands on a workspace's public page."""

from django.db import models

from core.clock import now
from teams.tenancy import WorkspaceOwned


class NewsroomItem(WorkspaceOwned):
    """One published item, kept exactly as it was sent; taken down it keeps its key, so that nothing revives it."""

    channel = models.ForeignKey("networks.Channel", on_delete=models.PROTECT, related_name="newsroom_items")
    key = models.CharField(max_length=64)
    payload = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=now)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "networks"
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="networks_newsroomitem_key")]
        indexes = [
            models.Index(
                fields=["workspace", "-published_at", "-id"],
                condition=models.Q(removed_at=None),
                name="networks_newsroomitem_latest",
            )
        ]
