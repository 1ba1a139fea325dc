"""What guests see: the door, what waits, a post with its previews, and their decision and comments."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.registry import approvables
from approvals.review import between, name_for
from approvals.reviewed import parts_for
from approvals.selectors import described
from approvals.services.decisions import can_be_undone
from approvals.states import Verdict
from comments.forms import anchor_in, said_about, suggestion_in
from comments.permissions import WRITE
from comments.selectors import threads_shown
from core.clock import now
from core.errors import CollabError, Invalid, NotAllowed, NotFound, WrongState
from files.selectors import ready_media
from files.views import serve
from guests.forms import GuestDecisionForm
from guests.gates import Visit, admit, at_door, gone, guarded, hold, inside
from guests.selectors import (
    Shown,
    is_attachment_shown,
    is_media_shown,
    key_of_secret,
    last_seen,
    post_shown,
    posts_shown,
)
from guests.services.answers import comment_by_link, decide_by_link
from guests.services.doors import ask_for_mail, note_look, open_door
from guests.states import Ending, Scope
from guests.views.meetings import meetings_page
from teams.gates import by_link

SIZES = ("320", "1280", "poster", "original", "download")


@by_link("GET")
def door(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Take the secret out of the address, so that it stays in no history, log or referrer; changes nothing else."""
    key = key_of_secret(secret)
    if key is None:
        return guarded(render(request, "guests/refused.html", {"error": None, "link": None}, status=404))
    hold(request, key)
    response = redirect("guests:front", key.subject_id)
    response["Referrer-Policy"] = "no-referrer"
    return guarded(response)


@at_door("GET")
def front(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Show what waits for the guest and what else the link shows; first the door where one is asked to knock."""
    if visit.ending is not None:
        return gone(request, visit.link, visit.ending)
    if not visit.is_open and (visit.link.has_pin or visit.key.is_single_use):
        return render(request, "guests/door.html", {"link": visit.link})
    if not visit.is_open:
        open_door(link=visit.link, key=visit.key)
        admit(request, visit)
    if visit.link.scope == Scope.MEETINGS:
        return meetings_page(request, visit)
    rows = posts_shown(request.actor, visit.link)
    context = {
        "link": visit.link,
        "waiting": [row for row in rows if row.waits],
        "others": [row for row in rows if not row.waits],
    }
    return render(request, "guests/front.html", context)


@at_door("POST")
def entry(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Pass the door with a PIN, or use a single-use link up."""
    try:
        is_open = open_door(link=visit.link, key=visit.key, pin=request.POST.get("pin", "")[:20])
    except WrongState as error:
        return gone(request, visit.link, Ending(error.code))
    if not is_open:
        return render(request, "guests/door.html", {"link": visit.link, "is_wrong": True}, status=422)
    admit(request, visit)
    return redirect("guests:front", visit.link.pk)


@at_door("POST")
def renewal(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Have a new link mailed to the guest's own address."""
    ask_for_mail(link=visit.link)
    return render(request, "guests/renewed.html", {"link": visit.link})


@inside("GET")
def post(request: HttpRequest, visit: Visit, post: UUID) -> HttpResponseBase:
    """Show a post as it will look, with what the guest may say to it."""
    return _post_page(request, visit, post_shown(request.actor, visit.link, post))


@inside("POST")
def decision(request: HttpRequest, visit: Visit, post: UUID) -> HttpResponseBase:
    """Take the guest's decision and go on to the next post that waits."""
    form = GuestDecisionForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("This decision was not complete. Nothing was decided; load the page again."))
    said = form.cleaned_data
    try:
        made = decide_by_link(
            link=visit.link,
            post_id=post,
            verdict=said["verdict"],
            note_text=said["note"],
            revision_id=said["revision"],
            by=request.actor,
        )
    except (Invalid, WrongState, NotAllowed) as error:
        return _not_decided(request, visit, post, error, said["note"])
    words = (
        _("Thank you: approved.")
        if made.verdict == Verdict.APPROVE
        else _("Thank you: the team will change it.")
    )
    found = described(request.actor, [made.request]).get(made.request_id)
    undo = f"undo:{reverse('guests:undo', args=[visit.link.pk, made.pk])}"
    messages.success(request, words, extra_tags=undo if can_be_undone(found, now()) else "")
    rest = [row for row in posts_shown(request.actor, visit.link) if row.waits and row.post.pk != post]
    if rest:
        return redirect("guests:post", visit.link.pk, rest[0].post.pk)
    return redirect("guests:front", visit.link.pk)


@inside("POST")
def comments(request: HttpRequest, visit: Visit, post: UUID) -> HttpResponseBase:
    """Say something about a post, or answer."""
    body = request.POST.get("body", "")
    try:
        comment_by_link(
            link=visit.link,
            post_id=post,
            body=body,
            anchor=None if request.POST.get("parent") else anchor_in(request.POST),
            suggestion=None if request.POST.get("parent") else suggestion_in(request.POST),
            files=request.FILES.getlist("file"),
            parent_id=_uuid(request.POST.get("parent")),
            by=request.actor,
        )
    except Invalid as error:
        shown = post_shown(request.actor, visit.link, post)
        return _post_page(request, visit, shown, comment_error=error, status=422)
    messages.success(request, _("Said. The team sees it now."))
    return redirect("guests:post", visit.link.pk, post)


@inside("GET", counts=False)
def media(request: HttpRequest, visit: Visit, media: UUID, size: str) -> HttpResponseBase:
    """Serve a picture or video of a post that the link shows, or of a comment on it, for as long as it does."""
    if size not in SIZES:
        raise Http404
    if not is_attachment_shown(request.actor, media) and not is_media_shown(request.actor, visit.link, media):
        raise Http404
    found = ready_media(media)
    if found is None:
        raise Http404
    response = serve(request, found, size)
    response["Cache-Control"] = "private, no-cache"
    return response


def _not_decided(
    request: HttpRequest, visit: Visit, post: UUID, error: CollabError, said: str
) -> HttpResponse:
    """Show the post again with what stood in the way; nothing that was typed is lost."""
    if error.code in Ending.values:
        return gone(request, visit.link, Ending(error.code))
    shown = post_shown(request.actor, visit.link, post)
    words = _("Nothing waits for your decision here.") if isinstance(error, NotAllowed) else error.message
    return _post_page(request, visit, shown, error=words, said=said, status=error.status)


def _post_page(
    request: HttpRequest,
    visit: Visit,
    shown: Shown,
    *,
    error: str = "",
    said: str = "",
    comment_error: Invalid | None = None,
    status: int = 200,
) -> HttpResponse:
    link, approvable = visit.link, approvables.get(shown.ref.type)
    seen = last_seen(link, shown.post.pk, shown.revision_id)
    note_look(link, shown)
    context = {
        "link": link,
        "row": shown,
        "preview": approvable.preview(request, shown.ref, shown.revision_id) if shown.revision_id else "",
        "seen": seen,
        **_changes(request, shown, seen),
        "parts": parts_for(request.actor, shown.request) if shown.request and shown.request.is_open else [],
        **threads_shown(request.actor, shown.ref, shown.revision_id),
        "may_comment": WRITE in request.actor.verbs,
        "error": error,
        "note": said,
        "comment_error": comment_error,
        "said": said_about(request.POST) if comment_error else {},
    }
    return render(request, "guests/post.html", context, status=status)


def _changes(request: HttpRequest, shown: Shown, seen: Any) -> dict[str, Any]:
    """Return what changed since the revision at which the guest looked before, and who did in the review itself."""
    if seen is None or seen.revision_id is None or shown.revision_id is None:
        return {}
    words, pictures = between(request.actor, shown.ref, seen.revision_id, shown.revision_id)
    asked = shown.request
    who = name_for(asked.submitted_by, asked.on_behalf_of) if asked and asked.amends_id else ""
    return {"changes": words, "pictures": pictures, "changed_by": who}


def _uuid(text: str | None) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(_("There is no such comment.")) from None
