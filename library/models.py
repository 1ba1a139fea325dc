"""Assets: pictures and videos that are judged by themselves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from approvals.pieces import Piece, PieceRevision
from files.models import Media

ASSET = "library.asset"


class Asset(Piece):
    """A picture or video of the library; it has the id of the file that it began with.

    `coming` is a file that was sent to take the place of the one that stands, while it is being prepared.
    """

    origin = models.OneToOneField(Media, on_delete=models.PROTECT, related_name="asset")
    coming = models.ForeignKey(Media, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=models.F("origin")), name="library_asset_id")
        ]
        indexes = [
            models.Index(
                fields=["coming"], condition=models.Q(coming__isnull=False), name="library_asset_coming"
            )
        ]

    def __str__(self) -> str:
        return self.origin.original_name


class AssetRevision(PieceRevision):
    """Which file an asset was at one moment, and how it was described for who cannot see it."""

    JUDGED = ("digest", "alt")

    piece = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="revisions")
    media = models.ForeignKey(Media, on_delete=models.PROTECT, related_name="+")
    alt = models.CharField(_("description"), max_length=1500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "piece", "number"], name="library_assetrevision_number"
            )
        ]

    @property
    def digest(self) -> str:
        """Return the digest of the stored file: other bytes are another content."""
        return self.media.digest
