"""What kinds of files there are, and how far they have come."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MediaKind(models.TextChoices):
    """What sort of file."""

    IMAGE = "image", _("picture")
    GIF = "gif", _("animation")
    VIDEO = "video", _("video")


class MediaStatus(models.TextChoices):
    """How far it has come."""

    PROCESSING = "processing", _("being prepared")
    READY = "ready", _("ready")
    FAILED = "failed", _("could not be used")
