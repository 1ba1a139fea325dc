"""What the API answers of people and workspaces, as the OpenAPI document describes it."""

from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateTimeField,
    DictField,
    EmailField,
    IntegerField,
    ListField,
    UUIDField,
)

from teams.openapi import shape

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
    status=CharField(),
    joined_at=DateTimeField(allow_null=True),
)
RightOutput = shape(
    "RightOutput",
    verb=CharField(),
    label=CharField(),
    held=BooleanField(),
    **{"from": ListField(child=DictField(child=CharField()), help_text="Roles and covers that give it.")},
    limited_by_token=BooleanField(),
)
RightsOutput = shape("RightsOutput", member=Person(), role=CharField(), rights=RightOutput(many=True))
RoleOutput = shape(
    "RoleOutput",
    id=UUIDField(),
    key=CharField(),
    name=CharField(),
    is_builtin=BooleanField(),
    rights=ListField(child=CharField()),
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
BackupOutput = shape(
    "BackupOutput", id=UUIDField(), member=Person(), backup=Person(), position=IntegerField()
)
AbsenceOutput = shape(
    "AbsenceOutput",
    id=UUIDField(),
    member=Person(),
    kind=CharField(),
    starts_at=DateTimeField(),
    ends_at=DateTimeField(allow_null=True),
    recorded_by=Person(allow_null=True),
    covered_by=Person(allow_null=True),
)
BackupList = shape("BackupList", results=BackupOutput(many=True), next=CharField(allow_null=True))
