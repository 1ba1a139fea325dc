"""The composer: write once, change per network, see it, save and submit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from calendar_app.composing import content_from, next_times, panes_of, started_on
from calendar_app.content import Content, VariantContent
from calendar_app.models import RATINGS, RISKS, Post, WorkingCopy
from calendar_app.permissions import CREATE, EDIT
from calendar_app.selectors import (
    campaigns,
    channels_for_writing,
    get_post,
    labels,
    others_editing,
    working_copy,
)
from calendar_app.services.copies import Clashing, autosave, discard_copy, open_copy, save_copy
from calendar_app.services.reviews import submit_post
from calendar_app.states import SUBMITTABLE
from core.clock import now
from core.errors import CollabError, Invalid, Locked, NotAllowed, NotFound, Stale
from files.models import Media
from files.selectors import get_media
from files.services.media import describe_media, upload_media
from teams.gates import members
from teams.models import LANGUAGES

HERE_FOR = timedelta(minutes=5)
TEMPLATE = "calendar_app/composer.html"


@members(CREATE, "GET", "POST")
def new(request: HttpRequest) -> HttpResponse:
    """Write a new post."""
    copy = working_copy(request.actor, None, _id(request.POST.get("copy") or request.GET.get("copy")))
    if request.method == "POST":
        return _save(request, None, copy)
    opened = open_copy(post=None, copy=copy)
    content = opened.content if copy else _begun(request)
    return _page(request, None, copy, content, 0)


@members(EDIT, "GET", "POST")
def edit(request: HttpRequest, post: UUID) -> HttpResponse:
    """Go on writing a post."""
    found = get_post(request.actor, post, EDIT)
    copy = working_copy(request.actor, found)
    if request.method == "POST":
        return _save(request, found, copy)
    opened = open_copy(post=found, copy=copy)
    return _page(request, found, copy, opened.content, opened.base_number)


@members(CREATE, "POST")
def autosave_new(request: HttpRequest) -> HttpResponse:
    """Keep what is being typed of a post that does not exist yet."""
    return _keep(request, None, working_copy(request.actor, None, _id(request.POST.get("copy"))))


@members(EDIT, "POST")
def autosave_post(request: HttpRequest, post: UUID) -> HttpResponse:
    """Keep what is being typed of a post."""
    found = get_post(request.actor, post, EDIT)
    return _keep(request, found, working_copy(request.actor, found))


@members("files.media.upload", "POST")
def media(request: HttpRequest) -> HttpResponse:
    """Take pictures or videos in and show them as items of the composer."""
    items, refused = _taken_in(request)
    context = {"items": items, "refused": refused}
    return render(request, f"{TEMPLATE}#media-list", context)


@members("files.media.see", "GET")
def media_item(request: HttpRequest, media: UUID) -> HttpResponse:
    """Show one item of the composer as it stands; asked again while it is being prepared."""
    return render(request, f"{TEMPLATE}#media-item", {"item": get_media(request.actor, media)})


def _taken_in(request: HttpRequest) -> tuple[list[Media], str]:
    """Take in the files that were sent; return them, and what was refused and why."""
    items, refused = [], ""
    for file in request.FILES.getlist("file"):
        try:
            items.append(upload_media(file=file, name=file.name or "", by=request.actor))
        except Invalid as error:
            refused = f"{file.name}: {error.message}"
    return items, refused


def _written(request: HttpRequest, before: Content, items: list[Media]) -> Content:
    """Return the document that the form says, with files that came along and without those marked to be taken out."""
    said = content_from(request.POST, before, request.workspace.timezone, request.actor)
    gone = request.POST.getlist("drop")
    kept = [ident for ident in said.media if ident not in gone]
    return replace(said, media=(*kept, *(str(item.pk) for item in items)))


def _attach(request: HttpRequest, post: Post | None, copy: WorkingCopy | None) -> HttpResponse:
    """Without scripts: add or take out files and go on writing; all else that was typed is kept."""
    items, refused = _taken_in(request)
    _describe(request)
    copy = autosave(
        post=post,
        copy=copy,
        content=_written(request, open_copy(post=post, copy=copy).content, items),
        base_number=_number(request.POST.get("base")),
        seen_version=_number(request.POST.get("seen")),
        by=request.actor,
    )
    if refused:
        messages.error(request, refused)
    return redirect(request.path if post else f"{request.path}?copy={copy.pk}")


def _save(request: HttpRequest, post: Post | None, copy: WorkingCopy | None) -> HttpResponse:
    data, actor = request.POST, request.actor
    if data.get("action") == "attach":
        return _attach(request, post, copy)
    if data.get("action") == "discard" and copy is not None:
        discard_copy(copy=copy, by=actor)
        messages.success(request, _("What you had not saved is gone."))
        return redirect(request.path)
    before = open_copy(post=post, copy=copy).content
    base = _number(data.get("base"))
    content = before
    items, refused = _taken_in(request)
    try:
        with transaction.atomic():
            content = _written(request, before, items)
            _describe(request)
            if refused:
                raise Invalid(refused)
            saved = save_copy(
                post=post,
                content=content,
                base_number=base,
                workspace=request.workspace,
                copy=copy,
                confirm_unapprove=data.get("confirm") == "on",
                by=actor,
            )
            if data.get("action") == "submit":
                saved = get_post(actor, saved.pk)
                submit_post(post=saved, note=data.get("note", "")[:4000], by=actor)
    except Clashing as clash:
        return _page(request, post, copy, clash.merged, clash.number, clash=clash)
    except (NotAllowed, NotFound):
        raise
    except CollabError as refusal:
        return _page(request, post, copy, content, base, error=refusal)
    messages.success(request, _("Submitted.") if data.get("action") == "submit" else _("Saved."))
    return redirect("calendar_app:post", request.workspace.slug, saved.pk)


def _keep(request: HttpRequest, post: Post | None, copy: WorkingCopy | None) -> HttpResponse:
    data, actor = request.POST, request.actor
    before = open_copy(post=post, copy=copy).content
    try:
        content = content_from(data, before, request.workspace.timezone, actor)
    except Invalid:
        content = replace(before, text=data.get("text", ""))
    copy = autosave(
        post=post,
        copy=copy,
        content=content,
        base_number=_number(data.get("base")),
        seen_version=_number(data.get("seen")),
        by=actor,
    )
    context = {
        **panes_of(content, channels_for_writing(actor), actor, post, is_tried=data.get("tried") == "on"),
        "copy": copy,
        "post": post,
        "oob": True,
        "here": others_editing(actor, post, now() - HERE_FOR) if post else [],
        "submittable": post is None or post.state in SUBMITTABLE,
    }
    response = render(request, f"{TEMPLATE}#panes", context)
    if post is None:
        response["HX-Replace-Url"] = (
            f"{reverse('calendar_app:new_post', args=[request.workspace.slug])}?copy={copy.pk}"
        )
    return response


def _page(
    request: HttpRequest,
    post: Post | None,
    copy: WorkingCopy | None,
    content: Content,
    base: int,
    *,
    error: CollabError | None = None,
    clash: Clashing | None = None,
) -> HttpResponse:
    actor, zone = request.actor, request.workspace.timezone
    channels = channels_for_writing(actor)
    failed = error is not None or clash is not None
    panes = panes_of(content, channels, actor, post, is_tried=failed)
    planned = panes["scheduled_at"]
    times = next_times([tab.channel.pk for tab in panes["chosen"]] or [c.pk for c in channels], zone, now())
    known = list(labels())
    context = {
        **panes,
        "post": post,
        "copy": copy,
        "content": content,
        "base": base,
        "error": error,
        "clash": clash,
        "locked": isinstance(error, Locked),
        "moved": isinstance(error, Stale),
        "campaigns": campaigns().order_by("-ends_on", "id")[:100],
        "known_labels": known,
        "label_words": ", ".join(label.name for label in known if str(label.pk) in content.labels),
        "languages": LANGUAGES,
        "ratings": RATINGS,
        "risks": RISKS,
        "times": times,
        "zone_city": zone.rsplit("/", 1)[-1].replace("_", " "),
        "time_chosen": next((each.wall for each in times if each.at == planned), "other" if planned else ""),
        "planned_local": planned.astimezone(ZoneInfo(zone)) if planned else None,
        "is_approved": post is not None and post.state in ("approved", "scheduled"),
        "submittable": post is None or post.state in SUBMITTABLE or post.state == "in_review",
        "here": others_editing(actor, post, now() - HERE_FOR) if post else [],
        "autosave_url": _autosave_url(request, post),
        "nav_key": "posts",
        "primary_taken": True,
    }
    return render(request, TEMPLATE, context, status=(error.status if error else 409) if failed else 200)


def _begun(request: HttpRequest) -> Content:
    """Return the document that a new post starts with: the one channel there is, the day that was clicked."""
    channels = channels_for_writing(request.actor)
    variants = tuple(VariantContent(str(channel.pk)) for channel in channels[:1])
    at = started_on(request.GET.get("date", ""), request.workspace.timezone, now())
    return Content(variants=variants, scheduled_at=at, language=request.workspace.language)


def _describe(request: HttpRequest) -> None:
    for name, alt in request.POST.items():
        ident = _id(name.removeprefix("alt-")) if name.startswith("alt-") else None
        if ident is None:
            continue
        found = get_media(request.actor, ident)
        if found.alt != str(alt).strip():
            describe_media(media=found, alt=str(alt), by=request.actor)


def _autosave_url(request: HttpRequest, post: Post | None) -> str:
    slug = request.workspace.slug
    if post is None:
        return reverse("calendar_app:autosave_new", args=[slug])
    return reverse("calendar_app:autosave", args=[slug, post.pk])


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _number(text: Any) -> int:
    return int(text) if str(text or "").isdigit() else 0
