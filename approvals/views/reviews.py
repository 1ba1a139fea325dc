"""Pages of approvals: the review of one request, and what can be done to it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals import review
from approvals.certificates import certificate
from approvals.forms import AmendmentForm, DecisionForm
from approvals.models import Decision, Request
from approvals.overrides import override_of
from approvals.permissions import DECIDE, OVERRIDE, SEE, WITHDRAW
from approvals.queues import TABS, Asked, asked_in, queue_ids
from approvals.registry import Description, approvables
from approvals.reviewed import parts_for
from approvals.selectors import (
    amendments_of,
    described,
    get_decision,
    get_request,
)
from approvals.services.amendments import amend
from approvals.services.decisions import can_be_undone, decide, undo_decision
from approvals.services.requests import withdraw_request
from approvals.services.sightings import note_seen
from approvals.states import AmendmentKind, Verdict
from comments.selectors import threads_shown
from core.clock import now
from core.errors import Ambiguous, Invalid, NotFound
from notifications.services.notices import mark_subject_read
from teams.gates import members
from teams.permissions import can
from teams.subjects import subjects


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
    return redirect(_after(request, found))


@members(SEE, "GET")
def certificate_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the certificate of what was approved, to be read, printed and compared."""
    found = certificate(request.actor, pk)
    address = request.build_absolute_uri(request.path)
    return render(request, "approvals/request_certificate.html", {"paper": found, "address": address})


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


@members(SEE, "POST")
def amendments(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change the running review: one more reviewer, another one, handed on, a step passed over."""
    found, form = get_request(request.actor, pk), AmendmentForm(request.POST)
    form.is_valid()
    said = {**form.cleaned_data, "member": request.POST.get("member", "")}
    try:
        if "member" in form.errors:
            raise Invalid(form.errors["member"][0])
        made = amend(request=found, reason=said.get("reason", ""), by=request.actor, **form.change)
    except Invalid as error:
        return _review_page(request, found, amending={"error": error, "said": said}, status=422)
    words: dict[str, str] = {
        AmendmentKind.ADD: _("%(name)s is asked too."),
        AmendmentKind.REASSIGN: _("%(name)s is asked now."),
        AmendmentKind.DELEGATE: _("Handed on to %(name)s."),
        AmendmentKind.SKIP: _("The step is passed over."),
    }
    messages.success(request, words[made.kind] % {"name": made.newcomer.user.name if made.newcomer else ""})
    return redirect("approvals:request", request.workspace.slug, found.pk)


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
    amending: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor, slug = request.actor, request.workspace.slug
    description = described(actor, [found]).get(found.pk)
    approvable, subject = approvables.find(found.subject_type), subjects.find(found.subject_type)
    if description is None or approvable is None or subject is None:
        raise NotFound(_("There is no such request."))
    asked = _asked(request)
    seen = note_seen(request=found, by=actor)
    mark_subject_read(subject=found.ref, by=actor)
    choices = review.choices_of(actor, found)
    context = {
        "item": found,
        "description": description,
        "subject_url": subject.path(slug, found.subject_id),
        "is_late": found.is_open and bool(description.goes_out_at and description.goes_out_at <= now()),
        "preview": approvable.preview(request, found.ref, found.revision_id),
        "since": review.since_last_look(actor, found, seen),
        "parts": parts_for(actor, found),
        "amended": review.amended_of(actor, found),
        "changing": review.changing_of(actor, found),
        "edit_url": approvable.edit_path(slug, found.subject_id) if approvable.edit_path else "",
        **threads_shown(actor, found.ref, found.revision_id),
        "steps": review.steps_of(found),
        "decisions": review.decisions_of(found),
        "choices": choices,
        "refusal": None if choices else review.refusal_of(actor, found),
        "place": review.place_of(found, queue_ids(actor, asked), asked.query),
        "may_withdraw": found.is_open and can(actor, WITHDRAW, found),
        "override": override_of(found),
        "may_override": found.is_open and can(actor, OVERRIDE, found),
        "step": next((row for row in found.steps.all() if row.state == "open"), None),
        "error": error,
        "said": said or {},
        "amending": review.amending_of(actor, found, amending),
        "amendments": amendments_of(found),
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


def _after(request: HttpRequest, found: Request) -> str:
    """Return where to go after a decision: the next that waits, else the queue."""
    slug, asked = request.workspace.slug, _asked(request)
    request.actor.cache.clear()
    rest = [ident for ident in queue_ids(request.actor, asked) if ident != found.pk]
    if rest:
        return reverse("approvals:request", args=[slug, rest[0]]) + asked.query
    return reverse("approvals:queue", args=[slug]) + asked.query


def _asked(request: HttpRequest) -> Asked:
    """Return which part of what waits the reader goes through."""
    return replace(asked_in(request.GET), tab=TABS[0])
