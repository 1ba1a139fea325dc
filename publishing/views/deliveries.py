"""The ledger on the post page, what went wrong, and what people say of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from calendar_app.models import Post
from core.errors import Invalid
from core.paging import keyset
from publishing.forms import ConfirmationForm, ResolutionForm
from publishing.models import Attempt, Delivery
from publishing.permissions import REPEAT, RESOLVE, SEE
from publishing.selectors import (
    get_delivery,
    hand_work,
    interrupted,
    ledger_rows,
    outcome_of,
    troubled,
)
from publishing.services.resolving import resolve_delivery, send_again
from publishing.states import AttemptOutcome, DeliveryState, Reason
from teams.edges import tell_form
from teams.gates import members
from teams.permissions import can

LIST_SIZE = 50


def ledger_panel(request: HttpRequest, post: Post) -> SafeString:
    """Return the section of the post page that says what was sent where; empty before anything was planned."""
    rows = ledger_rows(request.actor, post)
    if not rows:
        return mark_safe("")
    shown = [
        {
            "row": row,
            "delivery": row.delivery,
            "attempts": [_attempt(each, row.delivery) for each in row.attempts],
            "reason": row.why,
        }
        for row in rows
    ]
    sent = sum(row.delivery.state == "published" for row in rows)
    context = {"rows": shown, "sent": sent, "total": len(rows), "post": post, "workspace": request.workspace}
    context["csrf_token"] = get_token(
        request
    )  # not the request itself, with which the shell would be asked again
    return mark_safe(render_to_string("publishing/ledger_panel.html", context))  # noqa: S308  # a template


@members(SEE, "GET")
def troubles(request: HttpRequest) -> HttpResponse:
    """List what went wrong or needs a word."""
    page = keyset(
        troubled(request.actor), by=["-scheduled_at", "-id"], cursor=request.GET.get("after"), size=LIST_SIZE
    )
    rows = [{"delivery": row, "reason": _reason(row)} for row in page.rows]
    return render(
        request,
        "publishing/delivery_troubles.html",
        {
            "rows": rows,
            "next": page.next,
            "interrupted": interrupted(request.actor).count(),
            "nav_key": "deliveries",
        },
    )


@members(SEE, "GET")
def interrupted_deliveries(request: HttpRequest) -> HttpResponse:
    """List what an outage or a restore interrupted, by what is known of it."""
    page = keyset(
        interrupted(request.actor),
        by=["-scheduled_at", "-id"],
        cursor=request.GET.get("after"),
        size=LIST_SIZE,
    )
    context = {
        "groups": _groups(page.rows),
        "next": page.next,
        "shown": len(page.rows),
        "nav_key": "deliveries",
    }
    return render(request, "publishing/delivery_interrupted.html", context)


@members(SEE, "GET", "POST")
def by_hand(request: HttpRequest, delivery: UUID) -> HttpResponse:
    """Give a person what is to be posted by hand, and take the link of what is live."""
    found = get_delivery(request.actor, delivery)
    form = ConfirmationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = get_delivery(request.actor, delivery, RESOLVE)
        try:
            resolve_delivery(
                delivery=found, live=True, remote_url=form.cleaned_data["remote_url"], by=request.actor
            )
        except Invalid as refusal:
            request.must_roll_back = True
            tell_form(form, refusal)
        else:
            messages.success(request, _("Noted: it is live."))
            return _back_to(found, request)
    is_open = found.state == DeliveryState.NEEDS_ATTENTION and found.reason == Reason.BY_HAND
    context = {
        "delivery": found,
        "work": hand_work(found),
        "form": form,
        "is_open": is_open,
        "can_confirm": is_open and can(request.actor, RESOLVE, found),
        "nav_key": "posts",
        "primary_taken": True,
    }
    status = 422 if form.errors else 200
    return render(request, "publishing/delivery_by_hand.html", context, status=status)


@members(RESOLVE, "POST")
def resolution(request: HttpRequest, delivery: UUID) -> HttpResponse:
    """Take a person's word on whether a delivery is live."""
    found = get_delivery(request.actor, delivery, RESOLVE)
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say whether it is live. Nothing was changed."))
        return _back_to(found, request)
    live = form.cleaned_data["live"] == "yes"
    try:
        resolve_delivery(
            delivery=found, live=live, remote_url=form.cleaned_data["remote_url"], by=request.actor
        )
    except Invalid as refusal:
        request.must_roll_back = True
        messages.error(request, refusal.message)
        return _back_to(found, request)
    words = _("Noted: it is live.") if live else _("Noted: it is not live. You can send it again.")
    messages.success(request, words)
    return _back_to(found, request)


@members(REPEAT, "POST")
def repetition(request: HttpRequest, delivery: UUID) -> HttpResponse:
    """Send a delivery again."""
    found = get_delivery(request.actor, delivery, REPEAT)
    placed = send_again(delivery=found, by=request.actor)
    words = _("It waits until posts go out again.") if placed.is_held else _("It goes out now.")
    messages.success(request, words)
    return _back_to(found, request)


def _groups(rows: Sequence[Delivery]) -> list[dict[str, Any]]:
    """Return the interrupted deliveries by what the network, or a person, has said of them."""
    words = {
        "unclear": (
            _("Nobody can tell"),
            _("The network cannot be asked. Look there, then say whether it is live."),
        ),
        "absent": (_("Not live"), _("Send it now if it still fits, or leave it.")),
        "asking": (_("Being asked"), _("The network has not answered yet. Nothing is sent meanwhile.")),
        "live": (_("Live"), _("It had gone out already; it is not sent again.")),
    }
    found: dict[str, list[Delivery]] = {key: [] for key in words}
    for row in rows:
        found[_standing(row)].append(row)
    return [
        {"key": key, "title": title, "text": text, "rows": found[key]}
        for key, (title, text) in words.items()
        if found[key]
    ]


def _standing(row: Delivery) -> str:
    if row.state == DeliveryState.PUBLISHED:
        return "live"
    if row.state == DeliveryState.UNKNOWN:
        return "asking"
    return "absent" if row.reason == Reason.ABSENT else "unclear"


def _attempt(attempt: Attempt, delivery: Delivery) -> dict[str, Any]:
    outcome = outcome_of(attempt, delivery)
    return {
        "attempt": attempt,
        "outcome": str(AttemptOutcome(outcome).label) if outcome else _("under way"),
        "seconds": None if attempt.latency_ms is None else attempt.latency_ms / 1000,
    }


def _reason(delivery: Delivery) -> str:
    return str(Reason(delivery.reason).label) if delivery.reason else ""


def _back_to(delivery: Delivery, request: HttpRequest) -> HttpResponse:
    return redirect("calendar_app:post", request.workspace.slug, delivery.post_id)
