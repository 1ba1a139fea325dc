"""Comments of posts, for programs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from comments.answers import AttachmentOutput, CommentOutput
from comments.permissions import SEE, WRITE
from comments.registry import body_of
from comments.selectors import comments_on, get_comment
from comments.serializers import AttachmentWrite, CommentChange, CommentWrite, attachments_json, comment_json
from comments.services import (
    accept_suggestion,
    add_comment,
    attach_files,
    edit_comment,
    reopen_comment,
    resolve_comment,
)
from core.errors import Invalid
from core.refs import Ref
from teams.actors import Actor
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
        about = body_of(actor, subject, None)
        return listing(request, comments_on(actor, subject), lambda row: comment_json(row, about), by=["pk"])
    asked = read(CommentWrite, request)
    parent = get_comment(actor, asked["parent"]) if asked.get("parent") else None
    comment = add_comment(
        subject=subject,
        body=asked["body"],
        anchor=asked.get("anchor"),
        suggestion=asked.get("suggestion"),
        is_internal=asked["internal"],
        parent=parent,
        revision_id=getattr(post, "current_revision_id", None),
        by=actor,
    )
    return Response(_json(actor, comment.pk), status=201)


@endpoint({"GET": SEE, "PATCH": WRITE}, body=CommentChange, answers=CommentOutput)
def comment(request: Request, pk: UUID) -> Response:
    """Show a comment; change its words, resolve its thread, or take its suggestion over."""
    actor = request._request.actor
    found = get_comment(actor, pk)
    if request.method == "PATCH":
        asked = read(CommentChange, request, partial=True)
        if "body" in asked:
            found = edit_comment(comment=found, body=asked["body"], by=actor)
        if "resolved" in asked and asked["resolved"] != (found.resolved_at is not None):
            change = resolve_comment if asked["resolved"] else reopen_comment
            change(comment=found, by=actor)
        if asked.get("accepted"):
            accept_suggestion(comment=found, expected=_revision(asked), by=actor)
    return Response(_json(actor, pk))


@endpoint({"GET": SEE, "POST": WRITE}, body=AttachmentWrite, answers=AttachmentOutput, lists="whole")
def comment_attachments(request: Request, pk: UUID) -> Response:
    """List the pictures and videos of a comment; POST a multipart `file` to put one to your own."""
    actor = request._request.actor
    found = get_comment(actor, pk)
    if request.method == "GET":
        return Response({"results": attachments_json(found), "next": None})
    attach_files(comment=found, files=[read(AttachmentWrite, request)["file"]], by=actor)
    return Response(attachments_json(get_comment(actor, pk))[-1], status=201)


def _json(actor: Actor, pk: UUID) -> dict[str, Any]:
    found = get_comment(actor, pk)
    return comment_json(found, body_of(actor, found.ref, None))


def _revision(asked: Mapping[str, Any]) -> int:
    """Return the revision that was read. Raises: Invalid without."""
    if "revision" not in asked:
        message = _("Say which revision you read, by its number.")
        raise Invalid(message, fields={"revision": [message]})
    return int(asked["revision"])
