"""Posts over REST."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from approvals.answers import PathStepOutput
from approvals.selectors import get_workflow, path_for
from approvals.serializers import path_json
from calendar_app import answers, serializers
from calendar_app.api.query import post_filter
from calendar_app.diffs import revision_changes
from calendar_app.models import Post, Revision
from calendar_app.permissions import ARCHIVE, CREATE, EDIT, SCHEDULE, SEE, SUBMIT, hidden_channel_ids
from calendar_app.routing import facts_of
from calendar_app.selectors import (
    get_post,
    held_among,
    label_names,
    posts_visible_to,
    revisions_of,
    variants_of,
    with_variants,
)
from calendar_app.services.assigning import assign_post
from calendar_app.services.campaigns import labels_named
from calendar_app.services.planning import NOW, schedule_post, unschedule_post
from calendar_app.services.posts import archive_post, create_post, save_post
from calendar_app.services.reviews import submit_post, withdraw_post
from core.errors import Invalid
from teams.actors import Actor
from teams.rest import endpoint, if_match, listing, read
from teams.selectors import members


@endpoint(
    {"GET": SEE, "POST": CREATE},
    body=serializers.PostBody,
    answers=answers.PostOutput,
    lists="pages",
    query=(*answers.BETWEEN, *answers.SUCH_POSTS),
)
def posts(request: Request) -> Response:
    """The posts, latest first; POST begins one. Query: from, to, state, channel, campaign, author, label, q."""
    actor = request._request.actor
    if request.method == "POST":
        made = create_post(workspace=request._request.workspace, by=actor, **_fields(request, actor))
        return _one(made, actor, status=201)
    rows = with_variants(posts_visible_to(actor, post_filter(request)))
    answer = listing(request, rows, lambda row: row, by=["-id"])
    answer.data["results"] = _many(answer.data["results"], actor)
    return answer


@endpoint(
    {"GET": SEE, "PATCH": EDIT, "DELETE": ARCHIVE},
    body=serializers.PostBody,
    answers=answers.PostOutput,
    if_match=True,
)
def post(request: Request, post: UUID) -> Response:
    """One post; PATCH with If-Match cuts a revision, DELETE puts it away."""
    actor = request._request.actor
    if request.method == "GET":
        return _one(get_post(actor, post), actor)
    if request.method == "DELETE":
        archive_post(post=get_post(actor, post, ARCHIVE), by=actor)
        return Response(status=204)
    number = if_match(request)
    found = get_post(actor, post, EDIT)
    changes = _fields(request, actor, partial=True)
    save_post(post=found, expected_number=number, confirm_unapprove=True, reason="api", by=actor, **changes)
    return _one(found, actor)


@endpoint({"GET": SEE}, answers=answers.RevisionOutput, lists="pages")
def revisions(request: Request, post: UUID) -> Response:
    """The revisions, latest first, each with what it changed of the one before."""
    actor = request._request.actor
    found = get_post(actor, post)
    hidden = hidden_channel_ids(actor)
    answer = listing(request, revisions_of(found), lambda row: row, by=["-number", "-id"])
    rows: list[Revision] = answer.data["results"]
    before = {row.number: row for row in revisions_of(found).filter(number__in=[r.number - 1 for r in rows])}
    answer.data["results"] = [
        serializers.revision(row, revision_changes(before.get(row.number - 1), row, hidden), hidden)
        for row in rows
    ]
    return answer


@endpoint({"POST": SUBMIT, "DELETE": SUBMIT}, body=serializers.SubmissionBody, answers=answers.PostOutput)
def submission(request: Request, post: UUID) -> Response:
    """POST submits the revision that stands for approval; DELETE takes it back."""
    actor = request._request.actor
    if request.method == "DELETE":
        withdraw_post(post=get_post(actor, post), by=actor)
        return Response(status=204)
    found = get_post(actor, post, SUBMIT)
    body = read(serializers.SubmissionBody, request)
    workflow = get_workflow(actor, body["workflow"]) if body["workflow"] else None
    submit_post(post=found, workflow=workflow, note=body["note"], by=actor)
    return _one(found, actor, status=201)


@endpoint({"GET": SEE}, answers=PathStepOutput, lists="whole")
def path_ahead(request: Request, post: UUID) -> Response:
    """The approval steps that a submission of the post would take now, each with the rules that bring it."""
    found = get_post(request._request.actor, post)
    return Response({"results": [path_json(part) for part in path_for(facts_of(found))], "next": None})


@endpoint({"PUT": SCHEDULE, "DELETE": SCHEDULE}, body=serializers.ScheduleBody, answers=answers.PostOutput)
def schedule(request: Request, post: UUID) -> Response:
    """PUT plans an approved post for an instant or `now`; DELETE takes it off the plan."""
    actor = request._request.actor
    found = get_post(actor, post, SCHEDULE)
    if request.method == "DELETE":
        unschedule_post(post=found, by=actor)
        return Response(status=204)
    asked = read(serializers.ScheduleBody, request)["scheduled_at"]
    schedule_post(post=found, scheduled_at=asked if asked == NOW else _instant(asked), by=actor)
    return _one(found, actor)


@endpoint({"PUT": EDIT}, body=serializers.AssignmentBody, answers=answers.PostOutput)
def assignment(request: Request, post: UUID) -> Response:
    """PUT gives a post that is being written to another member, who then has it on the list of work."""
    actor = request._request.actor
    found = get_post(actor, post, EDIT)
    ident = read(serializers.AssignmentBody, request)["member"]
    to = members(actor).filter(pk=ident).first()
    if to is None:
        message = _("There is no such member.")
        raise Invalid(message, fields={"member": [message]})
    return _one(assign_post(post=found, to=to, by=actor), actor)


def _fields(request: Request, actor: Actor, *, partial: bool = False) -> dict[str, Any]:
    body = read(serializers.PostBody, request, partial=partial)
    if "variants" in body:
        body["variants"] = serializers.variant_inputs(body["variants"])
    if "labels" in body:
        body["labels"] = [label.pk for label in labels_named(names=body["labels"], by=actor)]
    return body


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = _("Give an instant with its offset, or “now”.")
        raise Invalid(message, fields={"scheduled_at": [message]})
    return found


def _one(found: Post, actor: Actor, *, status: int = 200) -> Response:
    variants = variants_of(found.current_revision) if found.current_revision else []
    labels = label_names(found)
    held = found.pk in held_among(actor, [found.pk])
    body = serializers.post(found, variants, labels, held=held, hidden=hidden_channel_ids(actor))
    return Response(body, status=status, headers={"ETag": f'"{found.version}"'})


def _many(rows: Sequence[Post], actor: Actor) -> list[dict[str, Any]]:
    held = held_among(actor, [row.pk for row in rows])
    hidden = hidden_channel_ids(actor)
    return [
        serializers.post(
            row,
            row.current_revision.variants.all() if row.current_revision else (),
            [each.label.name for each in row.post_labels.all()],
            held=row.pk in held,
            hidden=hidden,
        )
        for row in rows
    ]
