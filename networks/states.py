"""Enumerations of channels."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChannelStatus(models.TextChoices):
    """Whether a channel can be used."""

    ACTIVE = "active", _("connected")
    NEEDS_LOGIN = "needs_login", _("needs a new log-in")
    SAMPLE = "sample", _("sample")
    DISCONNECTED = "disconnected", _("disconnected")


CONNECTED = (ChannelStatus.ACTIVE, ChannelStatus.NEEDS_LOGIN)
"""The channels that stand for a real account."""

PLANNABLE = (ChannelStatus.ACTIVE, ChannelStatus.NEEDS_LOGIN, ChannelStatus.SAMPLE)
"""The channels for which posts can be written."""


class Trouble(models.TextChoices):
    """What is wrong with a channel, or soon will be; the worst of it, if there are several."""

    NONE = "", _("well")
    LOGIN = "login", _("needs a new log-in")
    ENDED = "ended", _("log-in has ended")
    ENDING = "ending", _("log-in ends soon")
    QUOTA = "quota", _("quota nearly used up")
    FAILING = "failing", _("calls keep failing")


class GrantLevel(models.TextChoices):
    """What a grant on a restricted channel allows; each includes those before it."""

    SEE = "see", _("see its posts")
    WRITE = "write", _("write for it")
    PUBLISH = "publish", _("write and publish")
