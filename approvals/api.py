"""Decisions on posts and the workflows, for programs."""

from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response

from approvals import editing
from approvals.answers import (
    AmendmentOutput,
    DecisionOutput,
    PartOutput,
    PastOutput,
    SettledOutput,
    UnclearedOutput,
    WorkflowOutput,
)
from approvals.models import Request
from approvals.permissions import DECIDE, SEE, SUBMIT
from approvals.reviewed import parts_for
from approvals.selectors import amendments_of, get_workflow, member_id_of, request_of, uncleared, workflows
from approvals.serializers import (
    AmendmentWrite,
    DecisionWrite,
    PartWrite,
    SettlementWrite,
    WorkflowWrite,
    amendment_json,
    decision_json,
    part_json,
    past_json,
    settled_json,
    step_inputs,
    uncleared_json,
    workflow_json,
)
from approvals.services.amendments import amend
from approvals.services.decisions import decide
from approvals.services.sightings import mark_part
from approvals.services.switching import settle_uncleared
from approvals.services.workflows import archive_workflow, create_workflow, edit_workflow
from approvals.states import Reopen
from core.errors import Invalid, WrongState
from core.refs import Ref
from teams.rest import endpoint, listing, read
from teams.subjects import load_subject

POST = "calendar_app.post"


@endpoint({"GET": SEE, "POST": DECIDE}, body=DecisionWrite, answers=DecisionOutput, lists="whole")
def post_decisions(request: ApiRequest, pk: UUID) -> Response:
    """List what was decided on a post's latest request, or decide."""
    actor = request._request.actor
    subject = Ref(POST, pk)
    load_subject(actor, subject)
    found = request_of(subject)
    if request.method == "GET":
        rows = [row for step in found.steps.all() for row in step.decisions.all()] if found else []
        live = [decision_json(row, found) for row in rows if found and row.undone_at is None]
        return Response({"results": live, "next": None})
    asked = read(DecisionWrite, request)
    if found is None:
        raise WrongState(_("This post is not under review now."), code="not_under_review")
    decision = decide(
        request=found,
        verdict=asked["verdict"],
        revision_id=_revision_id(asked["revision"], found),
        note=asked["note"],
        by=actor,
        for_=_member_id(asked.get("for")),
    )
    return Response(decision_json(decision, decision.request), status=201)


@endpoint({"GET": SEE, "POST": SEE}, body=AmendmentWrite, answers=AmendmentOutput, lists="whole")
def post_amendments(request: ApiRequest, pk: UUID) -> Response:
    """List what was changed in the running review of a post, or change it: add, reassign, delegate, skip."""
    actor = request._request.actor
    subject = Ref(POST, pk)
    load_subject(actor, subject)
    found = request_of(subject)
    if request.method == "GET":
        rows = amendments_of(found) if found else []
        return Response({"results": [amendment_json(row) for row in rows], "next": None})
    asked = read(AmendmentWrite, request)
    if found is None:
        raise WrongState(_("This post is not under review now."), code="not_under_review")
    made = amend(
        request=found,
        kind=asked["kind"],
        step_id=asked["step"],
        holder_id=asked["seat"],
        member_id=asked["member"],
        reason=asked["reason"],
        by=actor,
        for_=_member_id(asked.get("for")),
    )
    return Response(amendment_json(made), status=201)


@endpoint({"GET": SEE, "POST": SEE}, body=PartWrite, answers=PartOutput, lists="whole", created=False)
def post_parts(request: ApiRequest, pk: UUID) -> Response:
    """List the parts of what is under review with your own marks, or tick one off; nobody else sees the marks."""
    actor = request._request.actor
    subject = Ref(POST, pk)
    load_subject(actor, subject)
    found = request_of(subject)
    if request.method == "GET":
        rows = parts_for(actor, found) if found else []
        return Response({"results": [part_json(row) for row in rows], "next": None})
    asked = read(PartWrite, request)
    if found is None:
        raise WrongState(_("This post is not under review now."), code="not_under_review")
    made = mark_part(
        request=found,
        part=asked["part"],
        revision_id=_revision_id(asked["revision"], found),
        is_reviewed=asked["reviewed"],
        by=actor,
    )
    return Response(part_json(made))


@endpoint(
    {"GET": SUBMIT, "POST": SUBMIT},
    body=SettlementWrite,
    answers={"GET": UnclearedOutput, "POST": SettledOutput},
    lists="whole",
    created=False,
)
def uncleared_posts(request: ApiRequest) -> Response:
    """List the posts that were cleared before approval was switched on; POST submits or keeps some of them."""
    actor = request._request.actor
    if request.method == "POST":
        asked = read(SettlementWrite, request)
        refs = [Ref(POST, ident) for ident in asked["posts"]]
        done = settle_uncleared(subjects=refs, action=asked["action"], note=asked["note"], by=actor)
        return Response({"results": [settled_json(ref, error) for ref, error in done], "next": None})
    rows = [uncleared_json(row) for row in uncleared(actor) if row.subject.type == POST]
    return Response({"results": rows, "next": None})


@endpoint(
    {"GET": "approvals.workflow.see", "POST": "approvals.workflow.edit"},
    body=WorkflowWrite,
    answers=WorkflowOutput,
    lists="pages",
)
def workflow_list(request: ApiRequest) -> Response:
    """List the workflows, or create one."""
    actor = request._request.actor
    if request.method == "GET":
        return listing(request, workflows(), workflow_json, by=["name", "pk"])
    asked = read(WorkflowWrite, request)
    made = create_workflow(
        name=asked["name"],
        steps=step_inputs(asked["steps"]),
        routes=asked.get("routes"),
        default_for=[str(ident) for ident in asked.get("default_for", ())],
        reopen=asked.get("reopen", Reopen.FIRST),
        is_default=asked.get("is_default", False),
        by=actor,
    )
    return Response(workflow_json(get_workflow(actor, made.pk)), status=201)


@endpoint(
    {
        "GET": "approvals.workflow.see",
        "PUT": "approvals.workflow.edit",
        "PATCH": "approvals.workflow.edit",
        "DELETE": "approvals.workflow.edit",
    },
    body=WorkflowWrite,
    answers=WorkflowOutput,
)
def workflow(request: ApiRequest, pk: UUID) -> Response:
    """Show, change or archive a workflow."""
    actor = request._request.actor
    found = get_workflow(actor, pk)
    if request.method == "DELETE":
        archive_workflow(workflow=found, by=actor)
        return Response(status=204)
    if request.method != "GET":
        asked = read(WorkflowWrite, request, partial=request.method == "PATCH")
        edit_workflow(
            workflow=found,
            name=asked.get("name"),
            steps=step_inputs(asked["steps"]) if "steps" in asked else None,
            routes=asked.get("routes"),
            default_for=[str(ident) for ident in asked["default_for"]] if "default_for" in asked else None,
            reopen=asked.get("reopen"),
            is_default=asked.get("is_default"),
            by=actor,
        )
    return Response(workflow_json(get_workflow(actor, pk)))


@endpoint({"GET": "approvals.workflow.edit"}, answers=PastOutput, lists="whole")
def workflow_past(request: ApiRequest, pk: UUID) -> Response:
    """List what of the last thirty days would have taken a workflow."""
    actor = request._request.actor
    taken, _of = editing.would_have_taken(actor, get_workflow(actor, pk))
    return Response({"results": [past_json(past) for past in taken], "next": None})


def _revision_id(text: str, request: Request) -> UUID:
    """Return the revision that is meant. Raises: Invalid; WrongState for another than the one under review."""
    if text.isdigit() and len(text) < 10:
        if int(text) == request.revision_number:
            return request.revision_id
        raise WrongState(
            _("Revision %(asked)s is not under review; revision %(now)s is the one that was submitted last.")
            % {"asked": int(text), "now": request.revision_number},
            code="not_under_review",
        )
    try:
        return UUID(text)
    except ValueError:
        message = _("Give the number of the revision, or its id.")
        raise Invalid(message, fields={"revision": [message]}) from None


def _member_id(text: str | None) -> UUID | None:
    """Return the covered member by id or e-mail address. Raises: Invalid."""
    if not text:
        return None
    found = member_id_of(text)
    if found is None:
        message = _("There is no such member.")
        raise Invalid(message, fields={"for": [message]})
    return found
