"""The queues of approvals and decisions on several, for programs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response

from approvals.permissions import DECIDE, SEE
from approvals.queues import ALL, COVERED, FILTERS, MINE, TABS, Card, asked_in, cards
from approvals.selectors import request_rows
from approvals.serializers import DecisionsWrite, decision_json
from approvals.services.bulk import Answer, Choice, Outcome, decide_many
from core.clock import now
from teams.openapi import shape
from teams.rest import endpoint, page_size, read, respond

QUERY = (
    OpenApiParameter("tab", str, enum=TABS, description="Which queue; without, what waits for you."),
    OpenApiParameter(
        "whose", str, description=f"Of what waits: {ALL}, {MINE}, {COVERED} or a covered member’s id."
    ),
    *(OpenApiParameter(name, str, many=True, description="Only these; may be repeated.") for name in FILTERS),
)
CardOutput = shape(
    "CardOutput",
    request=serializers.UUIDField(),
    subject=serializers.DictField(),
    title=serializers.CharField(),
    author=serializers.CharField(allow_blank=True),
    revision=serializers.UUIDField(help_text="What a decision on it names."),
    revision_number=serializers.IntegerField(),
    state=serializers.CharField(),
    step=serializers.UUIDField(allow_null=True, help_text="The step that waits."),
    step_name=serializers.CharField(allow_blank=True),
    due_at=serializers.DateTimeField(allow_null=True),
    goes_out_at=serializers.DateTimeField(allow_null=True),
    is_late=serializers.BooleanField(help_text="Whether its time to go out is over."),
    submitted_at=serializers.DateTimeField(),
    **{"for": serializers.UUIDField(allow_null=True, help_text="In whose place you would act.")},
)
OutcomeOutput = shape(
    "OutcomeOutput",
    request=serializers.UUIDField(),
    outcome=serializers.ChoiceField([(one.value, one.value) for one in Outcome]),
    why=serializers.CharField(allow_blank=True, help_text="Why it was not decided."),
    decision=serializers.DictField(allow_null=True),
)
OutcomesOutput = shape(
    "OutcomesOutput", results=OutcomeOutput(many=True), next=serializers.CharField(allow_null=True)
)


@endpoint({"GET": SEE}, answers=CardOutput, lists="pages", query=QUERY)
def approval_queue(request: ApiRequest) -> Response:
    """List what waits for you, for others, what came back or lost its time; the most urgent first."""
    asked = asked_in(request.query_params)
    found, following = cards(
        request._request.actor, asked, request.query_params.get("cursor"), page_size(request)
    )
    return respond(request, [card_json(card) for card in found], following)


@endpoint({"POST": DECIDE}, body=DecisionsWrite, answers=OutcomesOutput, created=False)
def several_decisions(request: ApiRequest) -> Response:
    """Decide on several, each apart from the others: done, stale or refused, with the reason."""
    said = read(DecisionsWrite, request)
    choices = [Choice(one["request"], one["revision"], one["step"], one.get("for")) for one in said["items"]]
    answers = decide_many(
        choices=choices, verdict=said["verdict"], note=said["note"], by=request._request.actor
    )
    rows = request_rows().filter(pk__in=[answer.choice.request_id for answer in answers if answer.decision])
    requests = {row.pk: row for row in rows}
    return Response({"results": [_outcome_json(answer, requests) for answer in answers], "next": None})


def card_json(card: Card) -> dict[str, Any]:
    """Return a card of a queue as the API gives it."""
    request, words = card.request, card.description
    slot = words.goes_out_at
    return {
        "request": str(request.pk),
        "subject": {"type": request.subject_type, "id": str(request.subject_id)},
        "title": words.title,
        "author": words.author,
        "revision": str(request.revision_id),
        "revision_number": request.revision_number,
        "state": request.state,
        "step": str(card.step_id) if card.step_id else None,
        "step_name": card.step_name,
        "due_at": card.due_at,
        "goes_out_at": slot,
        "is_late": request.is_open and slot is not None and slot <= now(),
        "submitted_at": request.submitted_at,
        "for": str(card.covered.pk) if card.covered else None,
    }


def _outcome_json(answer: Answer, requests: dict[Any, Any]) -> dict[str, Any]:
    made = answer.decision
    return {
        "request": str(answer.choice.request_id),
        "outcome": answer.outcome.value,
        "why": answer.why,
        "decision": decision_json(made, requests[answer.choice.request_id]) if made else None,
    }
