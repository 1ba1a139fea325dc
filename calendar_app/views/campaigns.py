"""Campaigns for people: the list, and each with its brief and where that stands."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from approvals.pieces import PieceState
from approvals.review import decisions_of, steps_of, who_decided
from approvals.selectors import request_of
from approvals.wording import changes_between
from calendar_app.brief_reviews import get_brief, preview_brief, revisions_of_brief, text_of
from calendar_app.briefs import Brief
from calendar_app.forms import OwnerForm
from calendar_app.models import Campaign
from calendar_app.permissions import EDIT_BRIEF, EDIT_CAMPAIGN, SEE_BRIEF, SUBMIT_BRIEF
from calendar_app.selectors import campaigns_with_briefs, get_campaign, posts_visible_to
from calendar_app.services.briefs import BRIEFS, save_brief, submit_brief, withdraw_brief
from calendar_app.services.campaigns import edit_campaign
from comments.selectors import threads_shown
from core.errors import CollabError, Invalid, NotAllowed, NotFound
from core.paging import keyset
from teams.gates import members, members_by
from teams.permissions import can

EDITOR = "calendar_app/brief_edit.html"


@members(SEE_BRIEF, "GET")
def campaign_list(request: HttpRequest) -> HttpResponse:
    """List the campaigns, latest first, with where their briefs stand."""
    rows = campaigns_with_briefs()
    page = keyset(rows, by=["-starts_on", "-id"], cursor=request.GET.get("after"), size=50)
    context = {"rows": page.rows, "next": page.next, "nav_key": "calendar"}
    return render(request, "calendar_app/campaign_list.html", context)


@members(SEE_BRIEF, "GET")
def campaign(request: HttpRequest, campaign: UUID) -> HttpResponse:
    """Show a campaign: its days, its goal, its brief and where the review of that stands."""
    found = get_campaign(campaign)
    return render(request, "calendar_app/campaign_page.html", _page(request, found))


@members_by({"GET": EDIT_BRIEF, "POST": EDIT_BRIEF})
def brief(request: HttpRequest, campaign: UUID) -> HttpResponse:
    """Write the brief; what was typed is never lost."""
    found = get_campaign(campaign)
    written = _brief(request, found)
    text, base = text_of(written), written.version if written else 0
    if request.method == "GET":
        return _editor(request, found, written, text, base)
    text, said = request.POST.get("text", ""), request.POST.get("base", "")
    try:
        save_brief(
            campaign=found, text=text, expected_number=int(said) if said.isdigit() else 0, by=request.actor
        )
    except (NotAllowed, NotFound):
        raise
    except CollabError as error:
        return _editor(request, found, written, text, base, error=error)
    messages.success(request, _("Saved."))
    return redirect("calendar_app:campaign", request.workspace.slug, found.pk)


@members(SUBMIT_BRIEF, "POST")
def brief_submission(request: HttpRequest, campaign: UUID) -> HttpResponse:
    """Submit the brief that stands."""
    found = get_brief(request.actor, campaign, SUBMIT_BRIEF)
    try:
        submit_brief(brief=found, note=request.POST.get("note", "")[:4000], by=request.actor)
    except Invalid as refusal:
        request.must_roll_back = True
        messages.error(request, refusal.message)
        return redirect("calendar_app:campaign", request.workspace.slug, found.pk)
    is_waiting = found.state == PieceState.IN_REVIEW
    words = _("Submitted. It waits for approval.") if is_waiting else _("Approved: no review is needed here.")
    messages.success(request, words)
    return redirect("calendar_app:campaign", request.workspace.slug, found.pk)


@members(SUBMIT_BRIEF, "POST")
def brief_withdrawal(request: HttpRequest, campaign: UUID) -> HttpResponse:
    """Take the brief back from review."""
    found = get_brief(request.actor, campaign)
    withdraw_brief(brief=found, by=request.actor)
    messages.success(request, _("Taken back. It is a draft again."))
    return redirect("calendar_app:campaign", request.workspace.slug, found.pk)


@members(EDIT_CAMPAIGN, "POST")
def campaign_owner(request: HttpRequest, campaign: UUID) -> HttpResponse:
    """Name who answers for a campaign."""
    found = get_campaign(campaign)
    form = OwnerForm(request.POST)
    if form.is_valid():
        edit_campaign(campaign=found, owner=form.cleaned_data["member"], by=request.actor)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, form.errors["member"][0])
    return redirect("calendar_app:campaign", request.workspace.slug, found.pk)


def _brief(request: HttpRequest, found: Campaign) -> Brief | None:
    try:
        return get_brief(request.actor, found.pk)
    except NotFound:
        return None


def _page(request: HttpRequest, found: Campaign) -> dict[str, Any]:
    actor, written = request.actor, _brief(request, found)
    context: dict[str, Any] = {
        "campaign": found,
        "brief": written,
        "posts": posts_visible_to(actor).filter(campaign=found).count(),
        "can_edit": can(actor, EDIT_BRIEF, written) if written else can(actor, EDIT_BRIEF),
        "owner_form": can(actor, EDIT_CAMPAIGN, found),
        "nav_key": "calendar",
        "primary_taken": True,
    }
    return context if written is None else {**context, **_review(request, written)}


def _review(request: HttpRequest, written: Brief) -> dict[str, Any]:
    actor, ref = request.actor, BRIEFS.ref(written)
    asked = request_of(ref)
    revisions = list(revisions_of_brief(written)[:20])
    came_back = written.state in (PieceState.CHANGES_REQUESTED, PieceState.REJECTED)
    last = next(iter(decisions_of(asked)), None) if asked and came_back else None
    names = [{_("Brief"): row.text} for row in revisions]
    older: list[dict[str, str]] = [*names[1:], {}]
    current = revisions[0]
    return {
        "preview": preview_brief(request, ref, current.pk),
        "revision": current,
        "revisions": [
            {"revision": row, "changes": changes_between(was, now) if was else []}
            for row, now, was in zip(revisions, names, older, strict=True)
        ],
        "review": asked,
        "steps": steps_of(asked) if asked else [],
        "said": {"who": who_decided(last), "note": last.note} if last else None,
        "can_submit": written.can_be_submitted and can(actor, SUBMIT_BRIEF, written),
        "can_withdraw": written.state == PieceState.IN_REVIEW and can(actor, SUBMIT_BRIEF, written),
        **threads_shown(actor, ref, current.pk),
    }


def _editor(
    request: HttpRequest,
    found: Campaign,
    written: Brief | None,
    text: str,
    base: int,
    *,
    error: CollabError | None = None,
) -> HttpResponse:
    context = {
        "campaign": found,
        "brief": written,
        "text": text,
        "base": base,
        "error": error,
        "stands": text_of(written) if error is not None and error.status == 412 else "",
        "nav_key": "calendar",
        "primary_taken": True,
    }
    return render(request, EDITOR, context, status=error.status if error else 200)
