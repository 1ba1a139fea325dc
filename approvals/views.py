"""Pages of approvals: the queue, the review of one request, and what can be done to it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals import review
from approvals.forms import DecisionForm
from approvals.models import Decision, Request
from approvals.permissions import DECIDE, SEE, WITHDRAW
from approvals.registry import Description, approvables
from approvals.selectors import (
    described,
    get_decision,
    get_request,
    sent_back,
    waiting_for,
    waiting_for_others,
)
from approvals.services.decisions import can_be_undone, decide, undo_decision
from approvals.services.requests import withdraw_request
from approvals.services.sightings import note_seen
from approvals.states import Verdict
from comments.selectors import threads_on
from core.clock import now
from core.errors import Ambiguous, Invalid, NotFound
from notifications.services.notices import mark_subject_read
from teams.gates import members
from teams.permissions import can, covered_actors
from teams.subjects import subjects

TABS = ("waiting", "others", "back")


@members(SEE, "GET")
def queue(request: HttpRequest) -> HttpResponse:
    """Show what waits for the reader, for others, and what came back."""
    actor, whose = request.actor, request.GET.get("whose", "all")
    tab = next((name for name in TABS if name == request.GET.get("tab")), "waiting")
    everything = waiting_for(actor)
    others, back = waiting_for_others(actor), sent_back(actor)
    mine = [row for row in everything if row.is_mine]
    context = {
        "tab": tab,
        "whose": whose,
        "rows": {"waiting": review.narrowed(everything, whose), "others": others, "back": back}[tab],
        "tabs": _tabs(request, tab, [len(everything), len(others), len(back)]),
        "choices": _whose_choices(request, whose, everything, len(mine)),
        "at": now(),
    }
    template = "approvals/request_queue.html"
    return render(request, f"{template}#queue-list" if request.htmx else template, context)


@members(SEE, "GET")
def request_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one request as its reviewer needs it."""
    found = get_request(request.actor, pk)
    if request.htmx and request.GET.get("part") == "steps":
        context = {"item": found, "steps": review.steps_of(found)}
        return render(request, "approvals/request_review.html#request-steps", context)
    return _review_page(request, found)


@members(DECIDE, "POST")
def decision(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a decision and go on to the next request that waits."""
    found = get_request(request.actor, pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        fields = {name: [str(text) for text in texts] for name, texts in form.errors.items()}
        raise Invalid(
            _("This decision was not complete. Nothing was decided; load the page again."), fields=fields
        )
    said = form.cleaned_data
    try:
        made = decide(
            request=found,
            verdict=said["verdict"],
            revision_id=said["revision"],
            note=said["note"],
            by=request.actor,
            for_=form.for_member,
            step_id=said["step"],
        )
    except (Invalid, Ambiguous) as error:
        return _review_page(request, found, error=error, said=said, status=422)
    _tell_decided(request, made)
    return redirect(_after(request, found, said["whose"] or "all"))


@members(DECIDE, "POST")
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take back one's own decision of a moment ago."""
    made = get_decision(request.actor, pk)
    undo_decision(decision=made, by=request.actor)
    messages.info(request, _("Undone. It waits for a decision again."))
    url = reverse("approvals:request", args=[request.workspace.slug, made.request_id])
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


@members(WITHDRAW, "POST")
def withdrawal(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a request back."""
    found = get_request(request.actor, pk)
    withdraw_request(request=found, by=request.actor)
    messages.info(request, _("Withdrawn. It is a draft again."))
    return redirect("approvals:request", request.workspace.slug, found.pk)


def _review_page(
    request: HttpRequest,
    found: Request,
    *,
    error: Any = None,
    said: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor, slug = request.actor, request.workspace.slug
    description = described(actor, [found]).get(found.pk)
    approvable, subject = approvables.find(found.subject_type), subjects.find(found.subject_type)
    if description is None or approvable is None or subject is None:
        raise NotFound(_("There is no such request."))
    whose = (said or request.GET).get("whose") or "all"
    seen = note_seen(request=found, by=actor)
    mark_subject_read(subject=found.ref, by=actor)
    choices = review.choices_of(actor, found)
    context = {
        "item": found,
        "description": description,
        "subject_url": subject.path(slug, found.subject_id),
        "preview": approvable.preview(request, found.ref, found.revision_id),
        "since": review.since_last_look(actor, found, seen),
        "threads": threads_on(actor, found.ref),
        "comment_ref": str(found.ref),
        "steps": review.steps_of(found),
        "decisions": review.decisions_of(found),
        "choices": choices,
        "refusal": None if choices else review.refusal_of(actor, found),
        "place": review.place_of(found, review.queue_of(actor, whose), whose),
        "may_withdraw": found.is_open and can(actor, WITHDRAW, found),
        "step": next((row for row in found.steps.all() if row.state == "open"), None),
        "error": error,
        "said": said or {},
        "nav_key": "approvals",
        "primary_taken": True,
    }
    return render(request, "approvals/request_review.html", context, status=status)


def _tell_decided(request: HttpRequest, made: Decision) -> None:
    found: Description | None = described(request.actor, [made.request]).get(made.request_id)
    words: dict[str, str] = {
        Verdict.APPROVE: _("Approved “%(title)s”"),
        Verdict.REQUEST_CHANGES: _("Sent back “%(title)s” for changes"),
        Verdict.REJECT: _("Rejected “%(title)s”"),
    }
    text = words[made.verdict] % {"title": found.title if found else ""}
    url = reverse("approvals:undo", args=[request.workspace.slug, made.pk])
    tags = f"undo:{url}" if can_be_undone(found, now()) else ""
    messages.success(request, text, extra_tags=tags)


def _after(request: HttpRequest, found: Request, whose: str) -> str:
    """Return where to go after a decision: the next that waits, else the queue."""
    slug = request.workspace.slug
    request.actor.cache.clear()
    rest = [row.request for row in review.queue_of(request.actor, whose) if row.request.pk != found.pk]
    query = "" if whose == "all" else f"?whose={whose}"
    if rest:
        return reverse("approvals:request", args=[slug, rest[0].pk]) + query
    return reverse("approvals:queue", args=[slug]) + query


def _tabs(request: HttpRequest, tab: str, counts: list[int]) -> list[dict[str, Any]]:
    url = reverse("approvals:queue", args=[request.workspace.slug])
    labels = (_("To decide"), _("Waiting for others"), _("Sent back to you"))
    return [
        {"label": label, "url": f"{url}?tab={key}", "current": key == tab, "count": count}
        for key, label, count in zip(TABS, labels, counts, strict=True)
    ]


def _whose_choices(request: HttpRequest, whose: str, rows: list[Any], mine: int) -> list[dict[str, Any]]:
    """Return the switch between mine and covered; empty while the reader covers nobody."""
    covers = [one.covered for one in covered_actors(request.actor) if one.covered]
    if not covers:
        return []
    url = reverse("approvals:queue", args=[request.workspace.slug])
    kinds = [("all", _("All"), len(rows)), ("mine", _("Mine"), mine)]
    for covered in covers:
        count = sum(any(one.on_behalf_of == covered.pk for one in row.standings) for row in rows)
        kinds.append((str(covered.pk), _("For %(name)s") % {"name": covered.user.get_short_name()}, count))
    return [
        {"label": label, "url": f"{url}?whose={key}", "current": key == whose, "count": count}
        for key, label, count in kinds
    ]
