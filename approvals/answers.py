"""What the API answers of workflows and decisions, as the OpenAPI document describes it."""

from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateTimeField,
    DictField,
    IntegerField,
    JSONField,
    ListField,
    UUIDField,
)

from teams.openapi import shape

ApproversOutput = shape(
    "ApproversOutput",
    members=ListField(child=UUIDField()),
    roles=ListField(child=CharField()),
    guests=ListField(child=UUIDField()),
)
StepOutput = shape(
    "StepOutput",
    name=CharField(),
    approvers=ApproversOutput(),
    rule=JSONField(help_text="“any”, “all” or a number."),
    due_hours=IntegerField(allow_null=True),
    escalate_to=UUIDField(allow_null=True),
)
WorkflowOutput = shape(
    "WorkflowOutput",
    id=UUIDField(),
    name=CharField(),
    is_default=BooleanField(),
    version=IntegerField(),
    routes=DictField(),
    steps=StepOutput(many=True),
)
DecisionOutput = shape(
    "DecisionOutput",
    id=UUIDField(),
    verdict=CharField(),
    note=CharField(),
    revision=IntegerField(),
    content_hash=CharField(),
    step=CharField(),
    request_state=CharField(),
    by=UUIDField(allow_null=True),
    by_name=CharField(allow_null=True),
    **{"for": UUIDField(allow_null=True)},
    for_name=CharField(allow_null=True),
    at=DateTimeField(),
)
