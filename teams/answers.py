"""What the API answers of people and workspaces, as the OpenAPI document describes it."""

from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    EmailField,
    IntegerField,
    ListField,
    UUIDField,
)

from teams.openapi import shape
from teams.states import AbsenceCause

Person = shape("Person", id=UUIDField(), name=CharField())
RoleName = shape("RoleName", id=UUIDField(), key=CharField(), name=CharField())
WorkspaceOutput = shape(
    "WorkspaceOutput",
    id=UUIDField(),
    slug=CharField(),
    name=CharField(),
    timezone=CharField(),
    language=CharField(),
)
MemberOutput = shape(
    "MemberOutput",
    id=UUIDField(),
    name=CharField(),
    email=EmailField(),
    role=RoleName(),
    job_title=CharField(),
    capacity_hours=IntegerField(),
    languages=ListField(child=CharField()),
    networks=ListField(child=CharField(), help_text="Where trained; none: everywhere."),
    status=CharField(),
    joined_at=DateTimeField(allow_null=True),
)
RightOutput = shape(
    "RightOutput",
    verb=CharField(),
    label=CharField(),
    held=BooleanField(),
    **{
        "from": ListField(
            child=DictField(child=CharField()), help_text="Roles, covers and grants that give it."
        )
    },
    not_for=ListField(child=CharField(), help_text="Things that stay shut without a grant."),
    within=ListField(child=CharField(), help_text="To what the role limits it."),
    ask=ListField(child=CharField(), help_text="Who can give it, where it is not held."),
    limited_by_token=BooleanField(),
)
RightsOutput = shape("RightsOutput", member=Person(), role=CharField(), rights=RightOutput(many=True))
_CLOCK = "By the clock on the wall, as in “09:00:00”."
HoursOutput = shape(
    "LimitHours",
    days=ListField(child=IntegerField()),
    since=CharField(help_text=_CLOCK),
    until=CharField(help_text=_CLOCK),
)
LimitOutput = shape(
    "RoleLimit",
    id=CharField(),
    rights=ListField(child=CharField()),
    networks=ListField(child=CharField()),
    teams=ListField(child=UUIDField()),
    states=ListField(child=CharField()),
    hours=HoursOutput(allow_null=True),
)
RoleOutput = shape(
    "RoleOutput",
    id=UUIDField(),
    key=CharField(),
    name=CharField(),
    is_builtin=BooleanField(),
    rights=ListField(child=CharField()),
    limits=LimitOutput(many=True),
)
TeamOutput = shape("TeamOutput", id=UUIDField(), name=CharField(), members=Person(many=True))
InvitationOutput = shape(
    "InvitationOutput",
    id=UUIDField(),
    email=EmailField(),
    role=RoleName(),
    invited_by=Person(allow_null=True),
    created_at=DateTimeField(),
    mailed_at=DateTimeField(allow_null=True),
)
SecurityOutput = shape("SecurityOutput", second_step=BooleanField())
SubjectRef = shape("SubjectRef", type=CharField(), id=UUIDField())
BackupOutput = shape(
    "BackupOutput",
    id=UUIDField(),
    member=Person(),
    backup=Person(),
    position=IntegerField(),
    scope=SubjectRef(allow_null=True, help_text="Null: for everything."),
)
AbsenceOutput = shape(
    "AbsenceOutput",
    id=UUIDField(),
    member=Person(),
    kind=CharField(),
    starts_at=DateTimeField(),
    ends_at=DateTimeField(allow_null=True),
    zone=CharField(help_text="The zone of starts_wall and ends_wall."),
    starts_wall=CharField(),
    ends_wall=CharField(allow_null=True),
    cause=ChoiceField(choices=AbsenceCause.choices),
    note=CharField(allow_null=True, help_text="null for whoever may not read it."),
    recorded_by=Person(allow_null=True),
    covered_by=Person(allow_null=True),
)
AbsenceFeedOutput = shape(
    "AbsenceFeedOutput",
    id=UUIDField(),
    host=CharField(),
    owner=Person(),
    member=Person(allow_null=True, help_text="null: of everybody whom its events name."),
    words=CharField(),
    fetched_at=DateTimeField(allow_null=True),
    problem=CharField(allow_null=True),
    unknown=IntegerField(help_text="Events that name nobody of the workspace."),
)
BackupList = shape("BackupList", results=BackupOutput(many=True), next=CharField(allow_null=True))

DutyKindOutput = shape("DutyKindOutput", id=UUIDField(), key=CharField(), name=CharField())
DutyScopeOutput = shape("DutyScopeOutput", type=CharField(), key=CharField())
DutyOutput = shape(
    "DutyOutput",
    id=UUIDField(),
    name=CharField(),
    kind=DutyKindOutput(),
    scopes=DutyScopeOutput(many=True, help_text="None: the whole workspace."),
    owner=Person(allow_null=True),
    backups=Person(many=True),
    effort_minutes=IntegerField(help_text="A week."),
    position=IntegerField(),
)
ChannelName = shape("ChannelName", id=UUIDField(), name=CharField(), network=CharField())
ModeratorOutput = shape("ModeratorOutput", channel=ChannelName(), member=Person(allow_null=True))
ModerationOutput = shape(
    "ModerationOutput", channel=ChannelName(), member=Person(allow_null=True), acting=Person(allow_null=True)
)
WorkOfKind = shape("WorkOfKind", kind=CharField(), minutes=IntegerField(), count=IntegerField())
WeekOutput = shape(
    "WeekOutput",
    capacity_minutes=IntegerField(),
    work_minutes=IntegerField(),
    free_minutes=IntegerField(),
    over_minutes=IntegerField(),
    work=WorkOfKind(many=True),
)
MemberWeeks = shape("MemberWeeks", member=Person(), weeks=WeekOutput(many=True))
WorkloadOutput = shape(
    "WorkloadOutput",
    weeks=ListField(child=CharField(), help_text="The Monday of each."),
    members=MemberWeeks(many=True),
)
CoverageCell = shape(
    "CoverageCell",
    network=CharField(),
    can=BooleanField(),
    does=BooleanField(),
    covers=BooleanField(),
    is_free=BooleanField(),
)
CoverageRow = shape("CoverageRow", member=Person(), is_away=BooleanField(), cells=CoverageCell(many=True))
CoverageColumn = shape(
    "CoverageColumn",
    network=CharField(),
    name=CharField(),
    here=Person(many=True),
    moderators=ModerationOutput(many=True),
)
GapOutput = shape(
    "GapOutput",
    kind=CharField(),
    subject=SubjectRef(allow_null=True),
    is_warning=BooleanField(),
    text=CharField(),
)
CoverageOutput = shape(
    "CoverageOutput",
    networks=CoverageColumn(many=True),
    members=CoverageRow(many=True),
    gaps=GapOutput(many=True),
)
ProposalOutput = shape(
    "ProposalOutput", member=Person(), points=IntegerField(), reasons=ListField(child=CharField())
)
HoldingOutput = shape(
    "HoldingOutput",
    key=CharField(),
    group=CharField(),
    title=CharField(),
    heir=UUIDField(allow_null=True, help_text="Who is proposed."),
    may_lapse=BooleanField(),
)
