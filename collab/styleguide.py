"""`/styleguide/`: every part of the interface in every state, on one page that can be looked at and tested."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from core.errors import NotAllowed
from core.templatetags.ui import ALIASES, NETWORKS, POST_STATES
from teams.gates import public

ZONE = "Asia/Kuala_Lumpur"
WHEN = datetime(2026, 3, 19, 13, 15, tzinfo=UTC)
SECTIONS = (
    "basics", "states", "people", "forms", "feedback", "floating", "lists", "calendar", "writing", "review", "ledger",
    "surveys", "screens",
)  # fmt: skip
NAV = (
    ("work", _("My work"), "checkbox", 9), ("calendar", _("Calendar"), "calendar", 0),
    ("posts", _("Posts"), "article", 0), ("approvals", _("Approvals"), "eye-check", 4),
    ("checkins", _("Check-ins"), "message-2", 0), ("team", _("Team"), "users", 0),
    ("library", _("Library"), "photo", 0), ("guides", _("Guides"), "book", 0),
    ("settings", _("Settings"), "settings", 0),
)  # fmt: skip


class SampleForm(forms.Form):
    """One field of each kind, some of them filled in wrongly."""

    title = forms.CharField(help_text="Only your team sees it.")
    link = forms.URLField(assume_scheme="https")
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    zone = forms.ChoiceField(choices=[("kl", "Kuala Lumpur"), ("utc", "UTC")])
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    rule = forms.ChoiceField(
        choices=[("any", "Any of them"), ("all", "All of them")], widget=forms.RadioSelect
    )
    networks = forms.MultipleChoiceField(
        choices=[("bluesky", "Bluesky"), ("mastodon", "Mastodon")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    tell = forms.BooleanField(label="Tell Ben by mail", help_text="At most once an hour.", required=False)
    picture = forms.FileField(required=False)


def sample_form() -> SampleForm:
    """Return the form as it comes back with two mistakes."""
    filled = {"title": "Sahur pukul lima", "link": "not a link", "zone": "kl", "rule": "any", "tell": "on"}
    form = SampleForm({**filled, "networks": ["bluesky"]})
    form.add_error(None, "Two things are missing. Nothing was saved yet, and nothing you typed is lost.")
    return form


def sample_shell(request: HttpRequest) -> dict[str, Any]:
    """Return a shell as a covered team lead sees it while posts are paused."""
    here = request.path
    workspace = {"name": "Acme Kopi", "slug": "acme", "timezone": ZONE}
    return {
        "workspace": workspace,
        "workspaces": [workspace, {"name": "Other Brand", "slug": "other"}],
        "nav": [
            {"key": key, "label": label, "icon": icon, "url": f"{here}#{key}", "count": count}
            for key, label, icon, count in NAV
        ],
        "covering": [{"name": "Ana", "until": "Fri 27"}],
        "hold": {
            "by": "Cleo", "reason": "Old price in two Ramadan posts.", "since": WHEN, "waiting": 14,
            "waiting_url": here, "resume_url": here, "can_resume": True,
        },
        "unread": 3,
        "user": {"name": "Cleo", "email": "cleo@acme.test", "timezone": "Europe/Berlin"},
        "theme": request.GET.get("theme") or request.COOKIES.get("theme", "system"),
        "density": request.GET.get("density") or request.COOKIES.get("density", ""),
        "urls": dict.fromkeys(("search", "new_post", "notices", "profile", "sessions", "sign_out"), here),
    }  # fmt: skip


@public("GET")
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the style guide to developers, in the demo, and to staff."""
    staff = getattr(getattr(request, "user", None), "is_staff", False)
    if not (settings.DEBUG or getattr(settings, "DEMO", False) or staff):
        raise Http404
    refusal = NotAllowed(
        _("You may not approve posts on Instagram."), verb="approvals.request.decide",
        missing=_("Approve posts"), ask=("Cleo", "Ana"),
    )  # fmt: skip
    context = {
        "shell": sample_shell(request),
        "nav_key": "work",
        "sections": [f"styleguide/{name}.html" for name in SECTIONS],
        "states": POST_STATES,
        "other_states": tuple(ALIASES),
        "networks": tuple(NETWORKS),
        "form": sample_form(),
        "refusal": refusal,
        "when": WHEN,
        "menu_items": [
            {"label": _("Edit"), "icon": "pencil", "url": "#"},
            {"label": _("Move…"), "icon": "calendar-time", "dialog": "sample-dialog"},
            {"rule": True},
            {"label": _("Publish now"), "icon": "send", "disabled_why": _("Not approved yet")},
            {"label": _("Archive"), "icon": "archive", "tone": "red", "post": request.path},
        ],
        "tabs": [
            {"label": _("Sent"), "url": "#", "current": True, "count": 3},
            {"label": _("Text"), "url": "#", "count": None},
            {"label": _("Comments"), "url": "#", "count": 6},
        ],
        "channels": [
            {"value": "instagram", "label": "Instagram", "chosen": True},
            {"value": "bluesky", "label": "Bluesky", "chosen": False},
        ],
        "people": ["Ana", "Ben", "Cleo", "Dev", "Farah", "Jun"],
    }
    return render(request, "styleguide/index.html", context)
