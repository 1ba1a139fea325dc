"""The list of posts and the page of one."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from approvals.review import decisions_of, steps_of, who_decided
from approvals.selectors import request_of
from calendar_app.diffs import revision_changes
from calendar_app.filters import choices_of, filter_of, menus
from calendar_app.forms import schedule_form
from calendar_app.models import Post, RevisionVariant
from calendar_app.permissions import ARCHIVE, CREATE, EDIT, SCHEDULE, SEE, SUBMIT, hidden_channel_ids
from calendar_app.previews import Preview, previews_of, with_comments
from calendar_app.registry import post_panels
from calendar_app.selectors import (
    begun_copies,
    get_post,
    held_among,
    kinds_of,
    others_editing,
    posts_visible_to,
    ref_of,
    revisions_of,
    variants_of,
)
from calendar_app.services.reviews import submit_post, withdraw_post
from calendar_app.states import ASSIGNABLE, EDITABLE, MOVABLE, SENT, SUBMITTABLE, PostState
from calendar_app.views.ways import filters_of, saved_choices, view_menu, views_of
from comments.selectors import threads_shown
from core.clock import now
from core.errors import Invalid
from core.paging import keyset
from core.together import ask
from library.permissions import SEE as SEE_LIBRARY
from library.selectors import assets_of_files
from teams.actors import Actor
from teams.gates import members
from teams.permissions import can

LIST_SIZE = 50
HERE_FOR = timedelta(minutes=5)
S = PostState


@members(SEE, "GET")
def posts(request: HttpRequest) -> HttpResponse:
    """List posts, latest first, by the filters in the address."""
    wanted = filter_of(request)
    rows = posts_visible_to(request.actor, wanted).select_related("campaign", "author__user")
    page = keyset(rows, by=["-id"], cursor=request.GET.get("after"), size=LIST_SIZE)
    idents = [post.pk for post in page.rows]
    kinds = kinds_of(idents, hidden_channel_ids(request.actor))
    held = held_among(request.actor, idents)
    today = now().astimezone(ZoneInfo(request.workspace.timezone)).date()
    asked = ask({**choices_of(request), **saved_choices(request)}).rows
    context = {
        "rows": [
            {"post": post, "networks": kinds.get(post.pk, []), "held": post.pk in held} for post in page.rows
        ],
        "next": page.next,
        "wanted": wanted,
        "export_query": filters_of(request),
        "menus": menus(request, asked),
        "views": views_of(request, "list", today),
        "saved": view_menu(request, asked, "list", today),
        "begun": [_begun(copy) for copy in begun_copies(request.actor)[:5]],
        "nav_key": "posts",
        "can_write": can(request.actor, CREATE),
        "can_share": wanted.is_narrow and can(request.actor, "teams.guest.invite"),
    }
    return render(request, "calendar_app/post_list.html", context)


@members(SEE, "GET")
def post(request: HttpRequest, post: UUID) -> HttpResponse:
    """Show a post: where it stands, what it says, what became of it."""
    found = get_post(request.actor, post)
    return render(request, "calendar_app/post_page.html", _page(request, found))


@members(SEE, "GET")
def revisions(request: HttpRequest, post: UUID) -> HttpResponse:
    """Show what each revision changed."""
    found = get_post(request.actor, post)
    page = keyset(revisions_of(found), by=["-number", "-id"], cursor=request.GET.get("after"), size=20)
    before = {
        row.number: row for row in revisions_of(found).filter(number__in=[r.number - 1 for r in page.rows])
    }
    hidden = hidden_channel_ids(request.actor)
    names = {
        str(v.channel_id): v.channel for row in [*page.rows, *before.values()] for v in row.variants.all()
    }
    rows = [
        {
            "revision": row,
            "changes": [
                {**change, "channel": names.get(change.get("channel", ""))}
                for change in revision_changes(before.get(row.number - 1), row, hidden)
            ],
        }
        for row in page.rows
    ]
    context = {"post": found, "rows": rows, "next": page.next, "nav_key": "posts"}
    return render(request, "calendar_app/post_revisions.html", context)


@members(SUBMIT, "POST")
def submission(request: HttpRequest, post: UUID) -> HttpResponse:
    """Submit the revision that stands."""
    found = get_post(request.actor, post, SUBMIT)
    try:
        submit_post(post=found, by=request.actor, note=request.POST.get("note", "")[:4000])
    except Invalid as refusal:
        request.must_roll_back = True
        messages.error(request, refusal.message)
        return redirect("calendar_app:edit_post", request.workspace.slug, found.pk)
    words = (
        _("Submitted. It waits for approval.")
        if found.state == S.IN_REVIEW
        else _("Approved: no review is needed here.")
    )
    messages.success(request, words)
    return redirect("calendar_app:post", request.workspace.slug, found.pk)


@members(SUBMIT, "POST")
def withdrawal(request: HttpRequest, post: UUID) -> HttpResponse:
    """Take a post back from review."""
    found = get_post(request.actor, post)
    withdraw_post(post=found, by=request.actor)
    messages.success(request, _("Taken back. It is a draft again."))
    return redirect("calendar_app:post", request.workspace.slug, found.pk)


def _page(request: HttpRequest, found: Post) -> dict[str, Any]:
    actor = request.actor
    hidden = hidden_channel_ids(actor)
    variants = variants_of(found.current_revision) if found.current_revision else []
    shown = [variant for variant in variants if variant.channel_id not in hidden]
    review = _review(found)
    held = found.pk in held_among(actor, [found.pk])
    discussed = threads_shown(actor, ref_of(found), found.current_revision_id)
    previews = previews_of(shown)
    return {
        "post": found,
        "held": held,
        "is_late": found.state in (S.APPROVED, S.EXPIRED)
        and bool(found.scheduled_at and found.scheduled_at <= now()),
        "previews": [with_comments(preview, discussed["threads"]) for preview in previews],
        **discussed,
        "folded": len(variants) - len(shown),
        "problems": _problems(shown) if found.state not in SENT else [],
        "revision": found.current_revision,
        **review,
        "panels": [(name, panel(request, found)) for name, panel in post_panels.items()],
        "labels": found.labels.order_by("name"),
        "here": others_editing(actor, found, now() - HERE_FOR),
        "schedule_form": schedule_form(found),
        "channels": [variant.channel for variant in shown],
        "pictures": _pictures(actor, previews),
        "nav_key": "posts",
        "primary_taken": True,
        **_possible(actor, found, is_open=bool(review["review"] and review["review"].is_open)),
    }


def _review(found: Post) -> dict[str, Any]:
    """Return where the latest request stands, and what the approver said where the post came back."""
    asked = request_of(ref_of(found))
    came_back = asked is not None and found.state in (S.CHANGES_REQUESTED, S.REJECTED)
    last = next(iter(decisions_of(asked)), None) if asked and came_back else None
    return {
        "review": asked,
        "steps": steps_of(asked) if asked else [],
        "said": {"who": who_decided(last), "note": last.note} if last else None,
    }


def _pictures(actor: Actor, previews: Sequence[Preview]) -> list[dict[str, Any]]:
    """Return the post's pictures and videos, each once, with where its own approval stands."""
    media = {row.pk: row for preview in previews for row in preview.media}
    assets = assets_of_files(actor, media) if media and can(actor, SEE_LIBRARY) else {}
    return [{"media": row, "asset": assets.get(row.pk)} for row in media.values()]


def _problems(variants: Sequence[RevisionVariant]) -> list[dict[str, Any]]:
    """Return what a network would refuse or a reader would miss, each once with the channels that it is about."""
    found: dict[tuple[str, bool], list[str]] = {}
    for variant in variants:
        for problem in variant.problems:
            found.setdefault((problem["message"], problem["blocking"]), []).append(variant.channel.name)
    return [
        {"message": message, "blocking": blocking, "channels": list(dict.fromkeys(names))}
        for (message, blocking), names in found.items()
    ]


def _possible(actor: Any, found: Post, *, is_open: bool) -> dict[str, bool]:
    return {
        "can_edit": found.state in EDITABLE and can(actor, EDIT, found),
        "can_submit": found.state in SUBMITTABLE and not is_open and can(actor, SUBMIT, found),
        "can_withdraw": found.state == S.IN_REVIEW and can(actor, SUBMIT),
        "can_schedule": found.state in (S.APPROVED, S.SCHEDULED) and can(actor, SCHEDULE, found),
        "can_move": found.state in MOVABLE and found.state != S.APPROVED and can(actor, EDIT, found),
        "can_share": can(actor, "teams.guest.invite"),
        "can_assign": found.state in ASSIGNABLE and can(actor, EDIT, found),
        "can_archive": found.state != S.PUBLISHING and can(actor, ARCHIVE, found),
    }


def _begun(copy: Any) -> dict[str, Any]:
    words = copy.content.get("title") or copy.content.get("text") or _("Untitled")
    return {"id": copy.pk, "words": " ".join(words.split())[:80], "updated_at": copy.updated_at}
