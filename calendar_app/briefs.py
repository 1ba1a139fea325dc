"""The brief of a campaign: what it is for and what is wanted, approved before posts are written."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from approvals.pieces import Piece, PieceRevision

BRIEF = "calendar_app.brief"


class Brief(Piece):
    """The brief of one campaign; it has the campaign's id, so that one address names both."""

    campaign = models.OneToOneField("calendar_app.Campaign", on_delete=models.CASCADE, related_name="brief")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=F("campaign")), name="calendar_app_brief_id")]

    def __str__(self) -> str:
        return self.campaign.name


class BriefRevision(PieceRevision):
    """What a brief said at one moment."""

    JUDGED = ("text",)

    piece = models.ForeignKey(Brief, on_delete=models.CASCADE, related_name="revisions")
    text = models.TextField(_("brief"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "piece", "number"], name="calendar_app_briefrevision_number"
            )
        ]
