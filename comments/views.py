"""Comments beside whatever page shows them: each answer is the list of threads."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from comments.permissions import RESOLVE, SEE, WRITE
from comments.selectors import get_comment, threads_on
from comments.services import add_comment, reopen_comment, resolve_comment
from core.errors import Invalid, NotFound
from core.refs import Ref
from teams.gates import members, members_by
from teams.shell import front_of


@members_by({"GET": SEE, "POST": WRITE})
def thread_list(request: HttpRequest) -> HttpResponse:
    """Show the threads on a subject, or add a comment to them."""
    values = request.POST if request.method == "POST" else request.GET
    subject = _subject(values.get("subject", ""))
    if request.method == "GET":
        return _answer(request, subject)
    parent = values.get("parent")
    try:
        add_comment(
            subject=subject,
            body=values.get("body", ""),
            is_internal=bool(values.get("internal")),
            parent=get_comment(request.actor, _uuid(parent)) if parent else None,
            revision_id=_uuid(values["revision"]) if values.get("revision") else None,
            by=request.actor,
        )
    except Invalid as error:
        return _answer(request, subject, error=error, kept=values.get("body", ""), status=422)
    return _answer(request, subject)


@members(RESOLVE, "POST")
def resolution(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Resolve a thread, or take it up again."""
    comment = get_comment(request.actor, pk)
    change = reopen_comment if request.POST.get("resolved") == "no" else resolve_comment
    change(comment=comment, by=request.actor)
    return _answer(request, comment.ref)


def _answer(
    request: HttpRequest, subject: Ref, *, error: Invalid | None = None, kept: str = "", status: int = 200
) -> HttpResponse:
    after = request.POST.get("next", "")
    if request.method == "POST" and not request.htmx and error is None:
        is_ours = url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()})
        return redirect(after if is_ours else front_of(request.workspace.slug))
    context = {
        "threads": threads_on(request.actor, subject),
        "comment_ref": str(subject),
        "error": error,
        "kept": kept,
        "after": after,
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
