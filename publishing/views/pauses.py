"""The pause switch: of everything, of one channel, of one campaign."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from calendar_app.selectors import campaigns
from core.together import Rows
from networks.models import Channel
from networks.selectors import channels_visible_to, told_apart
from publishing.forms import HoldForm
from publishing.models import Hold
from publishing.permissions import END_HOLD, SEE_HOLD, START_HOLD
from publishing.selectors import (
    get_hold,
    held_deliveries,
    hold_of,
    interrupted,
    paused_channel_ids,
    standing_hold,
    standing_holds,
    too_late,
)
from publishing.services.holds import end_hold, late_seconds, start_hold
from teams.gates import members
from teams.permissions import can

SHOWN_HELD = 100
MOST_CHOICES = 200


@members(SEE_HOLD, "GET", "POST")
def pause(request: HttpRequest) -> HttpResponse:
    """Show what a pause does, which ones stand and what waits; start one."""
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        hold = start_hold(
            workspace=request.workspace,
            text=form.cleaned_data["reason"],
            by=request.actor,
            **form.chosen(),
        )
        return redirect(_url_of(hold, request.workspace.slug))
    status = 422 if form.errors else 200
    return render(request, "publishing/hold_page.html", _pause_page(request, form), status=status)


@members(SEE_HOLD, "GET")
def hold(request: HttpRequest, hold: UUID) -> HttpResponse:
    """Show one pause of a channel or campaign, and what it holds."""
    found = get_hold(request.actor, hold)
    context = {"hold": found, "title": name_of(found), **_waiting(request, found), "nav_key": "pause"}
    return render(request, "publishing/hold_detail.html", context)


@members(END_HOLD, "POST")
def resumption(request: HttpRequest, hold: UUID | None = None) -> HttpResponse:
    """Let go on what a pause holds; without naming one, what the pause of everything holds."""
    found = get_hold(request.actor, hold) if hold else standing_hold()
    if found is not None:
        asking = too_late(held_deliveries(request.actor, found), request.workspace).count()
        end_hold(
            workspace=request.workspace, by=request.actor, channel=found.channel, campaign=found.campaign
        )
        text = _("%(name)s goes out again.") % {"name": name_of(found)} if hold else _("Posts go out again.")
        messages.success(request, text)
        if asking:
            messages.warning(request, _("What is too late by now asks first: see Not published."))
    return redirect("publishing:pause", request.workspace.slug)


def hold_banner(request: HttpRequest, rows: Rows) -> dict[str, Any] | None:
    """Return what the banner above every page says, None while posts go out."""
    if not rows:
        return None
    slug, (hold,) = request.workspace.slug, rows
    return {
        "by": hold["name"] or _("Collab"),
        "since": datetime.fromisoformat(hold["started_at"]),
        "reason": hold["text"],
        "waiting": hold["waiting"],
        "waiting_url": reverse("publishing:pause", args=[slug]),
        "resume_url": reverse("publishing:resumption", args=[slug]),
        "can_resume": can(request.actor, END_HOLD),
    }


def channel_panel(request: HttpRequest, channel: Channel) -> SafeString:
    """Return the section of the channel's page that says whether it is paused, or offers to pause it."""
    found = hold_of(channel=channel)
    can_start = channel.is_plannable and not channel.is_sample and can(request.actor, START_HOLD)
    if found is None and not can_start:
        return mark_safe("")
    slug = request.workspace.slug
    context = {
        "hold": found,
        "channel": channel,
        "waiting": held_deliveries(request.actor, found).count() if found else 0,
        "can_resume": can(request.actor, END_HOLD),
        "pause_url": f"{reverse('publishing:pause', args=[slug])}?what=channel:{channel.pk}",
        "workspace": request.workspace,
        "csrf_token": get_token(request),
    }
    return mark_safe(render_to_string("publishing/channel_pause.html", context))  # noqa: S308  # a template


def paused_channels(request: HttpRequest) -> set[UUID]:
    """Return the channels that have a pause of their own, for the list of channels."""
    return paused_channel_ids(request.actor)


def name_of(hold: Hold) -> str:
    """Return what a pause pauses, as people call it."""
    return str(hold.channel or hold.campaign or _("Everything outgoing"))


def _form(request: HttpRequest) -> HoldForm:
    channels = list(channels_visible_to(request.actor).exclude(status="sample")[:MOST_CHOICES])
    chosen = {"what": request.GET.get("what", "")}
    running = list(campaigns()[:MOST_CHOICES])
    return HoldForm(channels, told_apart(channels), running, request.POST or None, initial=chosen)


def _pause_page(request: HttpRequest, form: HoldForm) -> dict[str, Any]:
    whole = standing_hold()
    holds = [each for each in standing_holds(request.actor)[:MOST_CHOICES] if not each.is_of_everything]
    return {
        "form": form,
        "hold": whole,
        "holds": [{"hold": each, "name": name_of(each)} for each in holds],
        **(_waiting(request, None) if whole else {}),
        "interrupted": interrupted(request.actor).exists(),
        "can_start": can(request.actor, START_HOLD),
        "nav_key": "pause",
        "primary_taken": True,
    }


def _waiting(request: HttpRequest, hold: Hold | None) -> dict[str, Any]:
    """Return what waits, first due first, with what of it would ask before it goes out."""
    held = held_deliveries(request.actor, hold)
    late = set(too_late(held, request.workspace).values_list("pk", flat=True)[:SHOWN_HELD])
    return {
        "rows": [{"delivery": row, "is_late": row.pk in late} for row in held[:SHOWN_HELD]],
        "more": max(0, held.count() - SHOWN_HELD),
        "late": len(late),
        "late_minutes": round(late_seconds(request.workspace) / 60),
        "can_resume": can(request.actor, END_HOLD),
    }


def _url_of(hold: Hold, slug: str) -> str:
    if hold.is_of_everything:
        return reverse("publishing:pause", args=[slug])
    return reverse("publishing:hold", args=[slug, hold.pk])
