"""What the API answers of check-ins, as the OpenAPI document describes it."""

from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    IntegerField,
    UUIDField,
)

from teams.answers import Person
from teams.openapi import shape

AgendaOutput = shape(
    "CheckinAgendaOutput",
    title=CharField(),
    standard=CharField(allow_null=True, help_text="The key of a point that every series begins with."),
    minutes=IntegerField(),
)
SeriesOutput = shape(
    "CheckinSeriesOutput",
    id=UUIDField(),
    title=CharField(),
    goal=CharField(),
    rule=CharField(),
    starts_on=DateField(),
    time=CharField(),
    zone=CharField(),
    minutes=IntegerField(),
    agenda=AgendaOutput(many=True),
    call_url=CharField(),
    asynchronous=BooleanField(),
    on_holiday=CharField(),
    on_away=CharField(),
    ask_hours=IntegerField(),
    version=IntegerField(),
    ended=BooleanField(),
    attending=Person(many=True, required=False),
)
MeetingOutput = shape(
    "CheckinMeetingOutput",
    id=UUIDField(),
    series=UUIDField(),
    title=CharField(),
    state=CharField(),
    reason=CharField(allow_null=True, help_text="Why it is not when its series says."),
    occurs_on=DateField(help_text="The day on which the rule puts it."),
    starts_at=DateTimeField(),
    ends_at=DateTimeField(),
    zone=CharField(),
    host=Person(allow_null=True),
    goal=CharField(),
    agenda=AgendaOutput(many=True),
    item=IntegerField(),
    clock_runs=BooleanField(),
    closed_at=DateTimeField(allow_null=True),
)
HappenedOutput = shape("CheckinHappenedOutput", kind=CharField(), title=CharField(), at=DateTimeField())
UpdateOutput = shape(
    "CheckinUpdateOutput",
    id=UUIDField(),
    who=CharField(),
    wins=CharField(),
    help=CharField(),
    goals=CharField(),
    asked=BooleanField(help_text="False for who is away."),
    written_at=DateTimeField(allow_null=True),
    helper=CharField(allow_null=True),
    happened=HappenedOutput(many=True),
)
PointOutput = shape(
    "CheckinPointOutput",
    id=UUIDField(),
    kind=CharField(),
    text=CharField(),
    by=CharField(allow_null=True),
    at=DateTimeField(),
)
ActionOutput = shape(
    "CheckinActionOutput",
    id=UUIDField(),
    series=UUIDField(),
    meeting=UUIDField(),
    text=CharField(),
    owner=Person(allow_null=True),
    due_on=DateField(),
    subject=CharField(allow_null=True),
    state=CharField(),
)
ReportOutput = shape(
    "CheckinReportOutput",
    action=UUIDField(),
    meeting=UUIDField(),
    verdict=CharField(),
    reason=CharField(),
    by=CharField(),
    at=DateTimeField(),
)
