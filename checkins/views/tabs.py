"""What the pages of check-ins share."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from checkins.permissions import EDIT
from teams.permissions import can

VIEWS = (("all", _("Coming up")), ("minutes", _("Minutes")))


def head(request: HttpRequest, current: str) -> dict[str, Any]:
    """Return what stands around each list."""
    choices = [
        {
            "label": label,
            "url": reverse(f"checkins:{name}", args=[request.workspace.slug]),
            "current": name == current,
        }
        for name, label in VIEWS
    ]
    return {
        "choices": choices,
        "may_edit": can(request.actor, EDIT),
        "nav_key": "checkins",
        "primary_taken": True,
    }


def seconds_left(meeting: Any, at: datetime) -> int:
    """Return how many seconds of a meeting are left; less than nothing once it is over."""
    return int(meeting.left(at).total_seconds())
