"""The library: the pictures and videos of a workspace, and where the approval of each stands."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from approvals.pieces import PieceState
from approvals.review import decisions_of, steps_of, who_decided
from approvals.selectors import request_of
from comments.selectors import threads_shown
from core.errors import Invalid, NotFound
from core.paging import keyset
from files.models import Media
from files.selectors import get_media
from files.services.media import upload_media
from library.models import Asset
from library.permissions import EDIT, SEE, SUBMIT
from library.reviews import shown_of
from library.selectors import get_asset, library_rows, shown_in_library, standing_of, versions_of
from library.services.assets import ASSETS, describe_asset, replace_file, submit_asset, withdraw_asset
from teams.gates import members, members_by
from teams.permissions import can

PAGE = 48


@members_by({"GET": SEE, "POST": "files.media.upload"})
def library(request: HttpRequest) -> HttpResponse:
    """Show what the workspace has, latest first; POST takes files in."""
    if request.method == "POST":
        return _take_in(request)
    page = keyset(
        library_rows(request.actor),
        by=["-created_at", "-id"],
        cursor=request.GET.get("after"),
        size=PAGE,
    )
    stands = shown_in_library(page.rows)
    context = {
        "rows": [{"media": row, "shown": _face(row, stands)} for row in page.rows],
        "next": page.next,
        "can_upload": can(request.actor, "files.media.upload"),
        "nav_key": "library",
    }
    return render(request, "library/library_page.html", context)


@members(SEE, "GET")
def asset(request: HttpRequest, media: UUID) -> HttpResponse:
    """Show one picture or video: how it looks, where it stands, its versions."""
    found = get_media(request.actor, media)
    return render(request, "library/asset_page.html", _page(request, found))


@members(EDIT, "POST")
def description(request: HttpRequest, media: UUID) -> HttpResponse:
    """Describe it for people who cannot see it."""
    found = get_media(request.actor, media)
    said = request.POST.get("base", "")
    describe_asset(
        media=found,
        alt=request.POST.get("alt", ""),
        expected_number=int(said) if said.isdigit() and said != "0" else None,
        by=request.actor,
    )
    messages.success(request, _("Saved."))
    return redirect("library:asset", request.workspace.slug, found.pk)


@members(EDIT, "POST")
def file(request: HttpRequest, media: UUID) -> HttpResponse:
    """Send another file in its place."""
    found = get_media(request.actor, media)
    sent = request.FILES.get("file")
    try:
        if sent is None:
            raise Invalid(_("Choose a file."))
        replace_file(media=found, file=sent, name=sent.name or "", by=request.actor)
    except Invalid as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Taken in. It takes the place of the other once it is prepared."))
    return redirect("library:asset", request.workspace.slug, found.pk)


@members(SUBMIT, "POST")
def submission(request: HttpRequest, media: UUID) -> HttpResponse:
    """Submit the version that stands."""
    found = get_media(request.actor, media)
    try:
        made = submit_asset(media=found, note=request.POST.get("note", "")[:4000], by=request.actor)
    except Invalid as refusal:
        request.must_roll_back = True
        messages.error(request, refusal.message)
        return redirect("library:asset", request.workspace.slug, found.pk)
    is_waiting = made.state == PieceState.IN_REVIEW
    words = _("Submitted. It waits for approval.") if is_waiting else _("Approved: no review is needed here.")
    messages.success(request, words)
    return redirect("library:asset", request.workspace.slug, found.pk)


@members(SUBMIT, "POST")
def withdrawal(request: HttpRequest, media: UUID) -> HttpResponse:
    """Take it back from review."""
    withdraw_asset(asset=get_asset(request.actor, media), by=request.actor)
    messages.success(request, _("Taken back. It is a draft again."))
    return redirect("library:asset", request.workspace.slug, media)


def _take_in(request: HttpRequest) -> HttpResponse:
    for sent in request.FILES.getlist("file"):
        try:
            upload_media(file=sent, name=sent.name or "", by=request.actor)
        except Invalid as error:
            messages.error(request, f"{sent.name}: {error.message}")
    return redirect("library:library", request.workspace.slug)


def _face(row: Media, stands: Any) -> Media:
    """Return the file that stands for a row: its latest version's, while it has one."""
    revision = stands.get(row.pk)
    return revision.media if revision else row


def _page(request: HttpRequest, found: Media) -> dict[str, Any]:
    actor = request.actor
    try:
        kept: Asset | None = get_asset(actor, found.pk)
    except NotFound:
        kept = None
    context: dict[str, Any] = {
        "media": found,
        "asset": kept,
        "can_edit": found.is_ready and can(actor, EDIT, kept or found),
        "can_submit": found.is_ready
        and (kept is None or kept.can_be_submitted)
        and can(actor, SUBMIT, kept or found),
        "nav_key": "library",
        "primary_taken": True,
    }
    return context if kept is None else {**context, **_review(request, kept)}


def _review(request: HttpRequest, kept: Asset) -> dict[str, Any]:
    actor, ref = request.actor, ASSETS.ref(kept)
    revision, asked = standing_of(kept), request_of(ref)
    came_back = kept.state in (PieceState.CHANGES_REQUESTED, PieceState.REJECTED)
    last = next(iter(decisions_of(asked)), None) if asked and came_back else None
    return {
        "shown": shown_of(actor, revision) if revision else None,
        "revision": revision,
        "versions": versions_of(kept)[:20],
        "review": asked,
        "steps": steps_of(asked) if asked else [],
        "said": {"who": who_decided(last), "note": last.note} if last else None,
        "can_withdraw": kept.state == PieceState.IN_REVIEW and can(actor, SUBMIT, kept),
        **threads_shown(actor, ref, revision.pk if revision else None),
    }
