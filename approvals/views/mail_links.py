"""Deciding from the mail: the link, the page that shows the post, and the one tap that decides."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from approvals import review
from approvals.forms import MailDecisionForm
from approvals.mail_links import Opened, opened
from approvals.registry import approvables
from approvals.selectors import described
from approvals.services.decisions import decide
from approvals.services.sightings import note_seen
from approvals.unseen import shown_of
from core.errors import CollabError, NotFound
from notifications.services.notices import mark_subject_read
from teams.gates import by_link

KEPT = "approvals_mail_link"
PAGE = "approvals/mail_decision.html"


@by_link("GET")
def mail_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address, so that it stays in no history, log or referrer. Changes nothing else."""
    request.session[KEPT] = token
    response = _private(redirect("approvals:mail_decision", request.workspace.slug))
    response["Referrer-Policy"] = "no-referrer"
    return response


@by_link("GET", "POST")
def mail_decision(request: HttpRequest) -> HttpResponse:
    """Show what the opened link asks, and decide on it by a tap; the form says by which link."""
    form = MailDecisionForm(request.POST or None)
    token = request.POST.get("token") or request.session.get(KEPT, "")
    try:
        found = opened(token)
    except NotFound as error:
        return _private(render(request, PAGE, {"gone": error.message}, status=404))
    user = found.by.member.user if found.by.member else None
    language = user.language if user else translation.get_language()
    zone = (user.timezone if user else "") or request.workspace.timezone
    with translation.override(language), timezone.override(zone):
        if request.method == "POST" and form.is_valid():
            return _private(_decide(request, found, token, form))
        return _private(_page(request, found, token))


def _decide(request: HttpRequest, found: Opened, token: str, form: MailDecisionForm) -> HttpResponse:
    said = form.cleaned_data
    if found.why:
        return _page(request, found, token, status=409)
    try:
        made = decide(
            request=found.request,
            verdict=said["verdict"],
            revision_id=found.request.revision_id,
            note=said["note"],
            by=found.by,
            for_=found.for_id,
            step_id=found.step_id,
        )
    except CollabError as error:
        return _page(request, found, token, error=error, said=said, status=error.status)
    note_seen(request=found.request, by=found.by)
    mark_subject_read(subject=found.request.ref, by=found.by)
    return _page(request, found, token, made=made)


def _page(request: HttpRequest, found: Opened, token: str, *, status: int = 200, **more: Any) -> HttpResponse:
    """Render the page as the person of the link sees the post, without the shell of somebody who is logged in."""
    item = found.request
    description = described(found.by, [item]).get(item.pk)
    approvable = approvables.find(item.subject_type)
    if description is None or approvable is None:
        gone = _("This link is no longer valid. Log in to see what waits for you.")
        return render(request, PAGE, {"gone": gone}, status=404)
    request.actor = found.by
    preview = approvable.preview(request, item.ref, item.revision_id)
    request.actor = None
    context = {
        "item": item,
        "description": description,
        "preview": preview,
        "since": shown_of(found.by, [item])[item.pk].since,
        "steps": review.steps_of(item),
        "token": token,
        "why": found.why,
        "who": found.by.member.user.name if found.by.member else "",
        "for_name": review.name_of(found.for_id) if found.for_id != found.by.member_id else "",
        **more,
    }
    return render(request, PAGE, context, status=status)


def _private(response: HttpResponse) -> HttpResponse:
    """Keep a page out of caches and indexes; its form must name its origin, so its own referrers stay."""
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
