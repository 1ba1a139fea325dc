"""What the API takes in queries and answers of posts and days, as the OpenAPI document describes it."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateField,
    DateTimeField,
    DictField,
    IntegerField,
    JSONField,
    ListField,
    UUIDField,
)

from approvals.pieces import PieceState
from calendar_app.states import PostState, ViewPage
from teams.openapi import shape

VariantOutput = shape(
    "VariantOutput",
    channel=UUIDField(),
    hidden=BooleanField(
        required=False, help_text="The reader may not see this channel: nothing else stands here."
    ),
    network=CharField(required=False),
    text=CharField(required=False),
    media=ListField(child=JSONField(), required=False),
    options=DictField(required=False),
    scheduled_at=DateTimeField(required=False, allow_null=True),
    length=IntegerField(required=False),
)
PostOutput = shape(
    "PostOutput",
    id=UUIDField(),
    title=CharField(),
    state=ChoiceField(PostState.choices),
    held=BooleanField(),
    revision=IntegerField(),
    content_hash=CharField(),
    scheduled_at=DateTimeField(allow_null=True),
    wall_time=CharField(allow_null=True),
    zone=CharField(allow_null=True),
    campaign=UUIDField(allow_null=True),
    author=UUIDField(allow_null=True),
    labels=ListField(child=CharField()),
    language=CharField(),
    rating=CharField(),
    risk=CharField(),
    variants=VariantOutput(many=True),
    checks=ListField(child=DictField(), help_text="What a network would refuse or a reader would miss."),
    created_at=DateTimeField(),
    updated_at=DateTimeField(),
)
RevisionBy = shape(
    "RevisionBy",
    kind=CharField(),
    member=UUIDField(allow_null=True),
    **{"for": UUIDField(allow_null=True)},
)
RevisionOutput = shape(
    "RevisionOutput",
    number=IntegerField(),
    base=IntegerField(allow_null=True),
    content_hash=CharField(),
    reason=CharField(),
    by=RevisionBy(),
    created_at=DateTimeField(),
    variants=VariantOutput(many=True),
    changes=ListField(child=DictField()),
)
CampaignOutput = shape(
    "CampaignOutput",
    id=UUIDField(),
    name=CharField(),
    starts_on=DateField(),
    ends_on=DateField(),
    colour=CharField(),
    goal=CharField(),
    owner=UUIDField(allow_null=True),
)
BriefRevisionOutput = shape(
    "BriefRevisionOutput",
    id=UUIDField(help_text="What a decision on it names."),
    number=IntegerField(),
    text=CharField(),
    content_hash=CharField(),
    by=RevisionBy(),
    created_at=DateTimeField(),
)
BriefOutput = shape(
    "BriefOutput",
    campaign=UUIDField(),
    state=ChoiceField(PieceState.choices),
    updated_at=DateTimeField(),
    revision=BriefRevisionOutput(allow_null=True),
)
NoteOutput = shape(
    "NoteOutput", id=UUIDField(), on_date=DateField(), text=CharField(), author=UUIDField(allow_null=True)
)
FiltersOutput = shape(
    "FiltersOutput",
    **{
        name: ListField(child=CharField())
        for name in ("channel", "campaign", "state", "author", "label", "q")
    },
)
ViewOutput = shape(
    "ViewOutput",
    id=UUIDField(),
    name=CharField(),
    page=ChoiceField(ViewPage.choices),
    filters=FiltersOutput(),
    is_shared=BooleanField(),
    is_default=BooleanField(),
    owner=UUIDField(),
)
SlotOutput = shape(
    "SlotOutput", id=UUIDField(), channel=UUIDField(), weekday=IntegerField(), wall_time=CharField()
)
KeyDateOutput = shape(
    "KeyDateOutput", id=UUIDField(), on_date=DateField(), name=CharField(), kind=CharField()
)
OutsideEventOutput = shape(
    "OutsideEventOutput",
    id=CharField(),
    title=CharField(),
    starts_on=DateField(),
    ends_on=DateField(),
    source=CharField(),
)
CalendarPost = shape(
    "CalendarPost",
    id=UUIDField(),
    title=CharField(),
    state=ChoiceField(PostState.choices),
    held=BooleanField(),
    scheduled_at=DateTimeField(allow_null=True),
    campaign=UUIDField(allow_null=True),
    author=UUIDField(allow_null=True),
    networks=ListField(child=CharField()),
)
CalendarOutput = shape(
    "CalendarOutput",
    posts=CalendarPost(many=True),
    more_posts=IntegerField(),
    campaigns=CampaignOutput(many=True),
    notes=NoteOutput(many=True),
    key_dates=KeyDateOutput(many=True),
    outside_events=OutsideEventOutput(many=True),
)
_IDS = {"type": "array", "items": {"type": "string", "format": "uuid"}}
_STATES = {"type": "array", "items": {"type": "string", "enum": PostState.values}}
SUCH_POSTS = (
    OpenApiParameter("state", _STATES),
    *(OpenApiParameter(name, _IDS) for name in ("channel", "campaign", "author", "label")),
    OpenApiParameter("q", str, description="Words of the post."),
)
BETWEEN = (
    OpenApiParameter("from", str, description="A day, or an instant with its offset."),
    OpenApiParameter("to", str, description="A day, which is included, or an instant with its offset."),
)
OF_DAYS = (
    OpenApiParameter("from", {"type": "string", "format": "date"}, required=True),
    OpenApiParameter("to", {"type": "string", "format": "date"}, required=True),
)
