"""What the pages of surveys share: the views between which the reader chooses."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from surveys.permissions import EDIT, SEE_TRAITS
from teams.permissions import can

VIEWS = (
    ("surveys", _("Asked"), None),
    ("written", _("Written"), EDIT),
    ("me", _("About me"), SEE_TRAITS),
    ("grid", _("Team"), SEE_TRAITS),
    ("motivation", _("Motivation"), SEE_TRAITS),
    ("fit", _("Who fits what"), SEE_TRAITS),
)


def head(request: HttpRequest, current: str, *, primary: bool = False) -> dict[str, Any]:
    """Return what stands around each view; `primary` tells that the view has a first action of its own."""
    choices = [
        {
            "label": label,
            "url": reverse(f"surveys:{name}", args=[request.workspace.slug]),
            "current": name == current,
        }
        for name, label, verb in VIEWS
        if verb is None or can(request.actor, verb)
    ]
    return {
        "choices": choices,
        "may_edit": can(request.actor, EDIT),
        "nav_key": "surveys",
        "primary_taken": primary,
    }
