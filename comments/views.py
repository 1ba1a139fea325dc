"""Comments beside whatever page shows them: each answer is the list of threads."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from comments.forms import anchor_in, said_about, suggestion_in
from comments.permissions import RESOLVE, SEE, WRITE
from comments.selectors import get_comment, threads_shown
from comments.services import accept_suggestion, add_comment, reopen_comment, resolve_comment
from core.errors import Invalid, NotFound
from core.refs import Ref
from teams.gates import members, members_by
from teams.shell import front_of


@members_by({"GET": SEE, "POST": WRITE})
def thread_list(request: HttpRequest) -> HttpResponse:
    """Show the threads on a subject, or add a comment to them."""
    values = request.POST if request.method == "POST" else request.GET
    subject = _subject(values.get("subject", ""))
    revision = _uuid(values["revision"]) if values.get("revision") else None
    if request.method == "GET":
        return _answer(request, subject, revision)
    parent = values.get("parent")
    try:
        add_comment(
            subject=subject,
            body=values.get("body", ""),
            anchor=None if parent else anchor_in(values),
            suggestion=None if parent else suggestion_in(values),
            is_internal=not values.get("guests"),
            files=request.FILES.getlist("file"),
            parent=get_comment(request.actor, _uuid(parent)) if parent else None,
            revision_id=revision,
            by=request.actor,
        )
    except Invalid as error:
        return _answer(request, subject, revision, error=error, status=422)
    return _answer(request, subject, revision)


@members(RESOLVE, "POST")
def resolution(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Resolve a thread, or take it up again."""
    comment = get_comment(request.actor, pk)
    change = reopen_comment if request.POST.get("resolved") == "no" else resolve_comment
    change(comment=comment, by=request.actor)
    return _answer(request, comment.ref)


@members(RESOLVE, "POST")
def acceptance(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a suggestion over: the words are replaced and a revision is cut, if the one that was looked at stands."""
    comment = get_comment(request.actor, pk)
    expected = request.POST.get("expected", "")
    if not expected.isdigit() or len(expected) > 9:
        raise Invalid(_("Load the page again: it does not say which revision you looked at."))
    done = accept_suggestion(comment=comment, expected=int(expected), by=request.actor)
    messages.success(request, _("Taken over as revision %(n)d.") % {"n": done.accepted_number})
    return redirect(_after(request))


def _after(request: HttpRequest) -> str:
    after = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()})
    return after if is_ours else front_of(request.workspace.slug)


def _answer(
    request: HttpRequest,
    subject: Ref,
    revision_id: UUID | None = None,
    *,
    error: Invalid | None = None,
    status: int = 200,
) -> HttpResponse:
    if request.method == "POST" and not request.htmx and error is None:
        return redirect(_after(request))
    said = request.POST if error else {}
    context = {
        **threads_shown(request.actor, subject, revision_id),
        "error": error,
        "kept": said.get("body", ""),
        "said": said_about(said),
        "after": request.POST.get("next", ""),
    }
    template = "comments/comment_threads.html"
    return render(
        request, f"{template}#comment-threads" if request.htmx else template, context, status=status
    )


def _subject(text: str) -> Ref:
    try:
        return Ref.parse(text)
    except ValueError:
        raise NotFound(_("There is no such thing.")) from None


def _uuid(text: str | None) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise NotFound(_("There is no such comment.")) from None
