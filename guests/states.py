"""What a link opens, what is noted of it, and why it opens nothing any more."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a link shows: posts, or check-ins."""

    ASKED = "asked", _("what workflows ask of this person")
    POSTS = "posts", _("these posts")
    VIEW = "view", _("a filtered view")
    MEETINGS = "meetings", _("the check-ins that this person attends")


class Happening(models.TextChoices):
    """What is noted of a link."""

    MADE = "made", _("made")
    MAILED = "mailed", _("mailed")
    OPENED = "opened", _("opened")
    SEEN = "seen", _("looked at")
    APPROVED = "approve", _("approved")
    CHANGES = "request_changes", _("asked for changes")
    UNDONE = "undone", _("took the decision back on")
    COMMENTED = "commented", _("commented on")
    WRONG_PIN = "wrong_pin", _("wrong PIN")
    SHUT = "shut", _("shut after too many wrong PINs")
    RENEWED = "renewed", _("asked for a new mail")
    REVOKED = "revoked", _("taken back")


class Ending(models.TextChoices):
    """Why a link, or the mail that brought it, opens nothing."""

    REVOKED = "revoked", _("It was taken back.")
    OVER = "over", _("Its time is over.")
    USED = "used", _("It works once, and was opened already.")
    SHUT = "shut", _("It is shut after too many wrong PINs.")
