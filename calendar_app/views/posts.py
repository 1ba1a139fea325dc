"""The list of posts and the page of one."""

from datetime import datetime, timedelta
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
from calendar_app.filters import filter_of, menus
from calendar_app.forms import ScheduleForm
from calendar_app.models import Post
from calendar_app.permissions import ARCHIVE, CREATE, EDIT, SCHEDULE, SEE, SUBMIT, hidden_channel_ids
from calendar_app.previews import previews_of
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
from calendar_app.services.planning import NOW, move_post, schedule_post, unschedule_post
from calendar_app.services.posts import archive_post, restore_post
from calendar_app.services.reviews import submit_post, withdraw_post
from calendar_app.states import EDITABLE, MOVABLE, SUBMITTABLE, PostState
from calendar_app.times import moment_at
from calendar_app.views.calendar import views_of
from core.clock import now
from core.errors import Invalid
from core.paging import keyset
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
    context = {
        "rows": [
            {"post": post, "networks": kinds.get(post.pk, []), "held": post.pk in held} for post in page.rows
        ],
        "next": page.next,
        "wanted": wanted,
        "menus": menus(request),
        "views": views_of(request, "list", now().astimezone(ZoneInfo(request.workspace.timezone)).date()),
        "begun": [_begun(copy) for copy in begun_copies(request.actor)[:5]],
        "nav_key": "posts",
        "can_write": can(request.actor, CREATE),
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


@members(EDIT, "POST")
def schedule(request: HttpRequest, post: UUID) -> HttpResponse:
    """Plan an approved post, or set the time that a draft waits for."""
    found = get_post(request.actor, post)
    form = ScheduleForm(request.POST)
    if request.POST.get("at") == NOW:
        schedule_post(post=found, scheduled_at=NOW, by=request.actor)
        messages.success(request, _("It goes out now."))
        return redirect("calendar_app:post", request.workspace.slug, found.pk)
    if not form.is_valid():
        messages.error(request, _("Nothing was planned: give a day and a time."))
        return redirect("calendar_app:post", request.workspace.slug, found.pk)
    moment = moment_at(
        datetime.combine(form.cleaned_data["date"], form.cleaned_data["time"]), request.workspace.timezone
    )
    if found.state == S.APPROVED:
        schedule_post(post=found, scheduled_at=moment.instant, by=request.actor)
    else:
        move_post(post=found, scheduled_at=moment.instant, by=request.actor)
    messages.success(request, _("Planned."))
    if moment.is_shifted:
        messages.warning(request, _("The clock skips the hour you gave; the next full moment was taken."))
    return redirect("calendar_app:post", request.workspace.slug, found.pk)


@members(SCHEDULE, "POST")
def unscheduling(request: HttpRequest, post: UUID) -> HttpResponse:
    """Take a post off the plan."""
    found = get_post(request.actor, post, SCHEDULE)
    unschedule_post(post=found, by=request.actor)
    messages.success(request, _("Taken off the plan. It stays approved."))
    return redirect("calendar_app:post", request.workspace.slug, found.pk)


@members(ARCHIVE, "POST")
def archive(request: HttpRequest, post: UUID) -> HttpResponse:
    """Put a post away, or bring it back."""
    found = get_post(request.actor, post)
    if found.state == S.ARCHIVED:
        restore_post(post=found, by=request.actor)
        messages.success(request, _("Brought back."))
    else:
        archive_post(post=found, by=request.actor)
        messages.success(request, _("Put away. You find it under Posts, state Archived."))
    return redirect("calendar_app:post", request.workspace.slug, found.pk)


def _page(request: HttpRequest, found: Post) -> dict[str, Any]:
    actor = request.actor
    hidden = hidden_channel_ids(actor)
    variants = variants_of(found.current_revision) if found.current_revision else []
    shown = [variant for variant in variants if variant.channel_id not in hidden]
    held = found.pk in held_among(actor, [found.pk])
    local = found.local_time
    initial = {"date": local.date(), "time": local.time()} if local else None
    return {
        "post": found,
        "held": held,
        "previews": previews_of(shown),
        "folded": len(variants) - len(shown),
        "problems": [
            {"channel": variant.channel, **problem} for variant in shown for problem in variant.problems
        ],
        "revision": found.current_revision,
        **_review(found),
        "panels": [(name, panel(request, found)) for name, panel in post_panels.items()],
        "labels": found.labels.order_by("name"),
        "here": others_editing(actor, found, now() - HERE_FOR),
        "schedule_form": ScheduleForm(initial=initial),
        "nav_key": "posts",
        "primary_taken": True,
        **_possible(actor, found),
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


def _possible(actor: Any, found: Post) -> dict[str, bool]:
    return {
        "can_edit": found.state in EDITABLE and can(actor, EDIT, found),
        "can_submit": found.state in SUBMITTABLE and can(actor, SUBMIT, found),
        "can_withdraw": found.state == S.IN_REVIEW and can(actor, SUBMIT),
        "can_schedule": found.state in (S.APPROVED, S.SCHEDULED) and can(actor, SCHEDULE, found),
        "can_move": found.state in MOVABLE and found.state != S.APPROVED and can(actor, EDIT, found),
        "can_archive": found.state != S.PUBLISHING and can(actor, ARCHIVE, found),
    }


def _begun(copy: Any) -> dict[str, Any]:
    words = copy.content.get("title") or copy.content.get("text") or _("Untitled")
    return {"id": copy.pk, "words": " ".join(words.split())[:80], "updated_at": copy.updated_at}
