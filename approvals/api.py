"""Decisions on posts and the workflows, for programs."""

from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response

from approvals.answers import DecisionOutput, WorkflowOutput
from approvals.models import Request
from approvals.permissions import DECIDE, SEE
from approvals.selectors import get_workflow, member_id_of, request_of, workflows
from approvals.serializers import DecisionWrite, WorkflowWrite, decision_json, step_inputs, workflow_json
from approvals.services.decisions import decide
from approvals.services.workflows import archive_workflow, create_workflow, edit_workflow
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
            is_default=asked.get("is_default"),
            by=actor,
        )
    return Response(workflow_json(get_workflow(actor, pk)))


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
