"""A post's way onto the plan and off it: its time, publishing it now, putting it away; each a page of its own too."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from calendar_app.forms import schedule_form
from calendar_app.permissions import ARCHIVE, EDIT, SCHEDULE, hidden_channel_ids
from calendar_app.selectors import channels_of, get_post
from calendar_app.services.assigning import assign_post
from calendar_app.services.moves import move_post
from calendar_app.services.planning import NOW, schedule_post, unschedule_post
from calendar_app.services.posts import archive_post, restore_post
from calendar_app.services.undoing import archive_reference, undo_archive
from calendar_app.states import MOVABLE, PostState
from calendar_app.times import moment_at
from core.errors import Invalid, WrongState
from teams.choosing import member_written
from teams.gates import members
from teams.selectors import members as workspace_members

S = PostState


@members(EDIT, "GET", "POST")
def schedule(request: HttpRequest, post: UUID) -> HttpResponse:
    """Plan an approved post, or set the time that a draft waits for."""
    found = get_post(request.actor, post)
    if found.state not in MOVABLE:
        raise WrongState(
            _("This post cannot be moved while it is “%(state)s”.") % {"state": S(found.state).label}
        )
    form = schedule_form(found, request.POST or None)
    if not form.is_valid():
        context = {"post": found, "form": form, "nav_key": "posts", "primary_taken": True}
        status = 422 if form.is_bound else 200
        return render(request, "calendar_app/post_schedule.html", context, status=status)
    wall = datetime.combine(form.cleaned_data["date"], form.cleaned_data["time"])
    moment = moment_at(wall, request.workspace.timezone)
    plan = schedule_post if found.state == S.APPROVED else move_post
    plan(post=found, scheduled_at=moment.instant, by=request.actor)
    messages.success(request, _("Planned."))
    if moment.is_shifted:
        messages.warning(request, _("The clock skips the hour you gave; the next full moment was taken."))
    return redirect("calendar_app:post", request.workspace.slug, found.pk)


@members(EDIT, "POST")
def assignment(request: HttpRequest, post: UUID) -> HttpResponse:
    """Give a post that is being written to somebody else."""
    found = get_post(request.actor, post, EDIT)
    page = redirect("calendar_app:post", request.workspace.slug, found.pk)
    try:
        to = member_written(workspace_members(request.actor), request.POST.get("member", ""))
        assign_post(post=found, to=to, by=request.actor)
    except (ValidationError, Invalid) as refusal:
        request.must_roll_back = True
        messages.error(request, " ".join(getattr(refusal, "messages", [])) or str(refusal))
        return page
    messages.success(request, _("Given to %(name)s.") % {"name": to.user.name})
    return page


@members(SCHEDULE, "GET", "POST")
def publication(request: HttpRequest, post: UUID) -> HttpResponse:
    """Publish an approved post now; asks first, since this cannot be taken back."""
    found = get_post(request.actor, post, SCHEDULE)
    if request.method == "POST":
        schedule_post(post=found, scheduled_at=NOW, by=request.actor)
        messages.success(request, _("It goes out now."))
        return redirect("calendar_app:post", request.workspace.slug, found.pk)
    hidden = hidden_channel_ids(request.actor)
    channels = [channel for channel in channels_of(found) if channel.pk not in hidden]
    context = {"post": found, "channels": channels, "nav_key": "posts", "primary_taken": True}
    return render(request, "calendar_app/post_publication.html", context)


@members(SCHEDULE, "POST")
def unscheduling(request: HttpRequest, post: UUID) -> HttpResponse:
    """Take a post off the plan."""
    found = get_post(request.actor, post, SCHEDULE)
    unschedule_post(post=found, by=request.actor)
    messages.success(request, _("Taken off the plan. It stays approved."))
    return redirect("calendar_app:post", request.workspace.slug, found.pk)


@members(ARCHIVE, "POST")
def archive(request: HttpRequest, post: UUID) -> HttpResponse:
    """Put a post away, which can be undone for ten seconds, or bring it back at any time."""
    found = get_post(request.actor, post)
    if found.state == S.ARCHIVED:
        restore_post(post=found, by=request.actor)
        messages.success(request, _("Brought back."))
    else:
        archive_post(post=found, by=request.actor)
        reference = archive_reference(post=found, by=request.actor)
        undo = reverse("calendar_app:undo_archive", args=[request.workspace.slug, reference])
        words = _("Put away. You find it under Posts, state Archived.")
        messages.success(request, words, extra_tags=f"undo:{undo}")
    return redirect("calendar_app:post", request.workspace.slug, found.pk)


@members(ARCHIVE, "POST")
def archive_undo(request: HttpRequest, reference: str) -> HttpResponse:
    """Bring back what was put away a moment ago."""
    post = undo_archive(reference=reference, by=request.actor)
    messages.success(request, _("Brought back. It is “%(state)s”.") % {"state": S(post.state).label})
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("calendar_app:post", request.workspace.slug, post.pk)
