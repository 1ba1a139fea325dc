"""States of an outbox row."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxState(models.TextChoices):
    """Where the telling of one entry to one subscriber stands."""

    PENDING = "pending", _("pending")
    DONE = "done", _("done")
    DEAD = "dead", _("given up")
