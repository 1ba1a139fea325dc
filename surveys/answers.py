"""What the API answers of surveys and traits, as the OpenAPI document describes it."""

from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateTimeField,
    DictField,
    FloatField,
    IntegerField,
    JSONField,
    ListField,
    UUIDField,
)

from teams.answers import Person
from teams.openapi import shape

QuestionOutput = shape(
    "SurveyQuestionOutput",
    id=UUIDField(),
    standard=CharField(allow_null=True),
    text=CharField(),
    kind=CharField(),
    options=ListField(child=CharField()),
    required=BooleanField(),
)
SurveyOutput = shape(
    "SurveyOutput",
    id=UUIDField(),
    title=CharField(),
    intro=CharField(),
    version=IntegerField(),
    created_at=DateTimeField(),
    archived=BooleanField(),
    questions=QuestionOutput(many=True),
)
RoundOutput = shape(
    "SurveyRoundOutput",
    id=UUIDField(),
    survey=UUIDField(),
    title=CharField(),
    intro=CharField(),
    state=CharField(),
    anonymous=BooleanField(),
    readers=CharField(),
    team=CharField(allow_null=True),
    opens_at=DateTimeField(),
    closes_at=DateTimeField(),
    asked=IntegerField(),
    answered=IntegerField(),
    asks_me=BooleanField(),
    answered_by_me=BooleanField(),
)
AskedOutput = shape(
    "SurveyAskedOutput",
    questions=QuestionOutput(many=True),
    own=DictField(child=JSONField(), help_text="Own answers by question, of a round by name."),
)
BarOutput = shape("SurveyBarOutput", label=CharField(), count=IntegerField())
GroupOutput = shape(
    "SurveyGroupOutput",
    name=CharField(),
    answered=IntegerField(),
    mean=FloatField(allow_null=True),
    counts=BarOutput(many=True),
)
WordsOutput = shape("SurveyWordsOutput", text=CharField(), who=CharField(allow_null=True))
QuestionResultOutput = shape(
    "SurveyQuestionResultOutput",
    question=QuestionOutput(),
    hidden=BooleanField(help_text="Fewer than five answered, so nothing is shown."),
    answered=IntegerField(),
    mean=FloatField(allow_null=True),
    counts=BarOutput(many=True),
    groups=GroupOutput(many=True),
    words=WordsOutput(many=True),
)
ResultsOutput = shape(
    "SurveyResultsOutput",
    asked=IntegerField(),
    answered=IntegerField(),
    hidden=BooleanField(),
    questions=QuestionResultOutput(many=True),
)
TraitOutput = shape(
    "TraitOutput",
    id=UUIDField(),
    member=Person(),
    kind=CharField(),
    name=CharField(),
    value=DictField(child=JSONField()),
    audience=CharField(),
    updated_at=DateTimeField(),
)
KindOutput = shape("FitKindOutput", id=UUIDField(), name=CharField())
SuggestionOutput = shape(
    "FitSuggestionOutput",
    member=Person(),
    points=IntegerField(),
    reasons=ListField(child=CharField()),
    has_it=BooleanField(),
)
FitOutput = shape("FitOutput", kind=KindOutput(), suggestions=SuggestionOutput(many=True))
