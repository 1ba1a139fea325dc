"""Comments of posts, for programs."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from comments.answers import CommentOutput
from comments.permissions import SEE, WRITE
from comments.selectors import comments_on, get_comment
from comments.serializers import CommentChange, CommentWrite, comment_json
from comments.services import add_comment, edit_comment, reopen_comment, resolve_comment
from core.refs import Ref
from teams.rest import endpoint, listing, read
from teams.subjects import load_subject

POST = "calendar_app.post"


@endpoint({"GET": SEE, "POST": WRITE}, body=CommentWrite, answers=CommentOutput, lists="pages")
def post_comments(request: Request, pk: UUID) -> Response:
    """List the comments on a post, or add one."""
    actor = request._request.actor
    subject = Ref(POST, pk)
    post = load_subject(actor, subject)
    if request.method == "GET":
        return listing(request, comments_on(actor, subject), comment_json, by=["pk"])
    asked = read(CommentWrite, request)
    parent = get_comment(actor, asked["parent"]) if asked.get("parent") else None
    comment = add_comment(
        subject=subject,
        body=asked["body"],
        anchor=asked.get("anchor"),
        is_internal=asked["internal"],
        parent=parent,
        revision_id=getattr(post, "current_revision_id", None),
        by=actor,
    )
    return Response(comment_json(get_comment(actor, comment.pk)), status=201)


@endpoint({"GET": SEE, "PATCH": WRITE}, body=CommentChange, answers=CommentOutput)
def comment(request: Request, pk: UUID) -> Response:
    """Show a comment; change its words, or resolve its thread."""
    actor = request._request.actor
    found = get_comment(actor, pk)
    if request.method == "PATCH":
        asked = read(CommentChange, request, partial=True)
        if "body" in asked:
            found = edit_comment(comment=found, body=asked["body"], by=actor)
        if "resolved" in asked and asked["resolved"] != (found.resolved_at is not None):
            change = resolve_comment if asked["resolved"] else reopen_comment
            change(comment=found, by=actor)
    return Response(comment_json(get_comment(actor, pk)))
