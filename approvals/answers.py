"""What the API answers of workflows and decisions, as the OpenAPI document describes it."""

from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    FloatField,
    IntegerField,
    JSONField,
    ListField,
    UUIDField,
)

from approvals.states import AmendmentKind, Changing, Reopen
from teams.openapi import shape

ApproversOutput = shape(
    "ApproversOutput",
    members=ListField(child=UUIDField()),
    roles=ListField(child=CharField()),
    teams=ListField(child=UUIDField()),
    guests=ListField(child=UUIDField()),
    moderator=BooleanField(),
)
_STEP = {
    "name": CharField(),
    "approvers": ApproversOutput(),
    "rule": JSONField(help_text="“any”, “all” or a number."),
    "due_hours": IntegerField(allow_null=True),
    "working_time": BooleanField(),
    "escalate_to": UUIDField(allow_null=True),
    "escalate_role": CharField(allow_null=True),
    "optional": BooleanField(),
    "changing": ChoiceField(Changing.choices),
    "routes": DictField(),
}
StepOutput = shape("StepOutput", **_STEP)
PathStepOutput = shape(
    "PathStepOutput",
    **{
        **_STEP,
        "moderator": UUIDField(allow_null=True),
        "channels": ListField(child=UUIDField()),
        "because": ListField(child=DictField(), help_text="The rules that bring the step."),
        "why": CharField(help_text="The same in words."),
    },
)
PastOutput = shape("PastOutput", title=CharField(), at=DateTimeField())
WorkflowOutput = shape(
    "WorkflowOutput",
    id=UUIDField(),
    name=CharField(),
    is_default=BooleanField(),
    version=IntegerField(),
    routes=DictField(),
    default_for=ListField(child=UUIDField()),
    reopen=ChoiceField(Reopen.choices),
    steps=StepOutput(many=True),
)
AmendmentOutput = shape(
    "AmendmentOutput",
    id=UUIDField(),
    kind=ChoiceField(AmendmentKind.choices),
    step=CharField(),
    reason=CharField(),
    by=UUIDField(allow_null=True),
    **{"for": UUIDField(allow_null=True)},
    newcomer=UUIDField(allow_null=True),
    at=DateTimeField(),
)
UnclearedOutput = shape(
    "UnclearedOutput",
    post=UUIDField(),
    title=CharField(),
    scheduled_at=DateTimeField(allow_null=True),
)
Settled = shape(
    "Settled",
    post=UUIDField(),
    settled=BooleanField(help_text="Whether it was."),
    why=CharField(allow_blank=True, help_text="Why not."),
)
SettledOutput = shape("SettledOutput", results=Settled(many=True), next=CharField(allow_null=True))
PartOutput = shape(
    "PartOutput",
    part=CharField(),
    name=CharField(),
    reviewed=BooleanField(help_text="Whether you ticked it off as it stands."),
    changed=BooleanField(help_text="Whether you ticked it off before it changed."),
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
_TIMES = {
    "count": IntegerField(),
    "median_hours": FloatField(),
    "p90_hours": FloatField(help_text="Nine of ten stay under it."),
    "late": IntegerField(),
    "waiting": IntegerField(help_text="How many wait now."),
}
StepFiguresOutput = shape("StepFiguresOutput", name=CharField(), **_TIMES)
PersonFiguresOutput = shape(
    "PersonFiguresOutput",
    member=UUIDField(),
    name=CharField(),
    for_others=IntegerField(help_text="Decisions under cover."),
    **_TIMES,
)
FiguresOutput = shape(
    "FiguresOutput",
    days=IntegerField(),
    submitted=IntegerField(),
    approved=IntegerField(),
    changes_requested=IntegerField(),
    rejected=IntegerField(),
    open=IntegerField(),
    median_hours=FloatField(allow_null=True, help_text="From submission to approval, in working hours."),
    rounds=FloatField(allow_null=True, help_text="Submissions for each approval."),
    first_time=FloatField(allow_null=True, help_text="Share approved at the first submission."),
    on_time=FloatField(allow_null=True, help_text="Share of steps that ended within their time."),
    is_cut=BooleanField(help_text="Whether only the latest 2,000 requests were counted."),
    steps=StepFiguresOutput(many=True),
    people=PersonFiguresOutput(many=True),
)
RiskOutput = shape(
    "RiskOutput",
    request=UUIDField(),
    subject=DictField(),
    title=CharField(),
    step=CharField(allow_null=True),
    goes_out_at=DateTimeField(),
    expected_at=DateTimeField(help_text="When approval is expected, by the median of 90 days."),
    is_lost=BooleanField(),
)
CertificateOutput = shape(
    "CertificateOutput",
    request=UUIDField(),
    subject=DictField(),
    title=CharField(),
    revision=IntegerField(),
    content_hash=CharField(),
    submitted_at=DateTimeField(),
    approved_at=DateTimeField(allow_null=True),
    is_cleared=BooleanField(help_text="Whether it may still be published."),
    decisions=ListField(child=DictField(), help_text="Each with its entry in the record."),
    record=ListField(child=DictField(), help_text="Entries of the record with their place in its chain."),
    digest=CharField(help_text="SHA-256 of the whole, to compare a printed copy with."),
    holds=BooleanField(help_text="Whether content, decisions and record agree."),
)
