"""What the API takes and gives of surveys and traits; nothing is shown that is not named here."""

from typing import Any

from rest_framework import serializers

from surveys.fit import KindFit
from surveys.models import Answer, Question, Survey, Trait
from surveys.personality import Audience, TraitKind
from surveys.selectors.results import Part, Results
from surveys.services.surveys import MOST_OPTION, MOST_OPTIONS, MOST_TEXT, QuestionInput
from surveys.states import QuestionKind, Readers, StandardQuestion


class QuestionBody(serializers.Serializer):
    """A question; a standard one is named by its key."""

    standard = serializers.ChoiceField(choices=StandardQuestion.choices, required=False)
    text = serializers.CharField(max_length=MOST_TEXT, required=False, default="", allow_blank=True)
    kind = serializers.ChoiceField(
        choices=QuestionKind.choices, required=False, default=str(QuestionKind.TEXT)
    )
    options = serializers.ListField(
        child=serializers.CharField(max_length=MOST_OPTION), max_length=MOST_OPTIONS, required=False
    )
    required = serializers.BooleanField(required=False, default=False)


class SurveyBody(serializers.Serializer):
    """A survey; without questions it asks the standard ones."""

    title = serializers.CharField(max_length=120)
    intro = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    questions = QuestionBody(many=True, required=False)


class RoundBody(serializers.Serializer):
    """A round to plan; without `opens_at` it opens at once."""

    opens_at = serializers.DateTimeField(required=False)
    closes_at = serializers.DateTimeField()
    remind_days = serializers.IntegerField(min_value=0, max_value=30, required=False, default=0)
    anonymous = serializers.BooleanField(required=False, default=True)
    readers = serializers.ChoiceField(choices=Readers.choices, required=False, default=str(Readers.LEADS))
    team = serializers.UUIDField(required=False, allow_null=True)
    compare = serializers.ListField(child=serializers.UUIDField(), max_length=12, required=False)


class RoundChange(serializers.Serializer):
    """Closes a round for good."""

    closed = serializers.BooleanField()


class AnswersBody(serializers.Serializer):
    """Answers by the question's id: words, a mark from 1 to 5, the number of an option, or several of them."""

    answers = serializers.DictField(child=serializers.JSONField(), allow_empty=True)


class TraitBody(serializers.Serializer):
    """A result of one's own."""

    kind = serializers.ChoiceField(choices=TraitKind.choices)
    name = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    value = serializers.DictField(child=serializers.JSONField(), allow_empty=True)
    audience = serializers.ChoiceField(choices=Audience.choices, required=False)


class TraitChange(serializers.Serializer):
    """For whom a result is open."""

    audience = serializers.ChoiceField(choices=Audience.choices)


def question_inputs(body: list[dict[str, Any]]) -> list[QuestionInput]:
    """Return the questions of a body as the service takes them."""
    return [
        QuestionInput(
            text=one.get("text", ""),
            kind=one.get("kind", QuestionKind.TEXT),
            options=one.get("options", ()),
            is_required=one.get("required", False),
            key=one.get("standard", ""),
        )
        for one in body
    ]


def question_json(question: Question) -> dict[str, Any]:
    """Return a question as programs see it."""
    return {
        "id": str(question.pk),
        "standard": question.key or None,
        "text": str(question),
        "kind": question.kind,
        "options": question.options,
        "required": question.is_required,
    }


def survey_json(survey: Survey) -> dict[str, Any]:
    """Return a survey with its questions."""
    return {
        "id": str(survey.pk),
        "title": survey.title,
        "intro": survey.intro,
        "version": survey.version,
        "created_at": survey.created_at,
        "archived": survey.archived_at is not None,
        "questions": [question_json(question) for question in survey.questions.all()],
    }


def round_json(round_: Any) -> dict[str, Any]:
    """Return a round: how it stands, and whether it waits for the caller; never who has answered."""
    return {
        "id": str(round_.pk),
        "survey": str(round_.survey_id),
        "title": round_.survey.title,
        "intro": round_.survey.intro,
        "state": round_.state,
        "anonymous": round_.is_anonymous,
        "readers": round_.readers,
        "team": round_.team_name or None,
        "opens_at": round_.opens_at,
        "closes_at": round_.closes_at,
        "asked": round_.asked or 0,
        "answered": round_.answered or 0,
        "asks_me": round_.is_asked,
        "answered_by_me": round_.has_answered,
    }


def results_json(found: Results) -> dict[str, Any]:
    """Return what came of a round."""
    return {
        "asked": found.asked,
        "answered": found.answered,
        "hidden": found.is_hidden,
        "questions": [
            {
                "question": question_json(one.question),
                "hidden": one.is_hidden,
                "answered": one.whole.answered,
                "mean": one.whole.mean,
                "counts": _bars(one.whole),
                "groups": [
                    {"name": part.name, "answered": part.answered, "mean": part.mean, "counts": _bars(part)}
                    for part in one.parts
                ],
                "words": [{"text": words.text, "who": words.who or None} for words in one.words],
            }
            for one in found.results
        ],
    }


def _bars(part: Part) -> list[dict[str, Any]]:
    return [{"label": bar.label, "count": bar.count} for bar in part.bars]


def named_answer_json(answer: Answer) -> dict[str, Any]:
    """Return an answer by name, for whose it is."""
    return {
        "survey": answer.question.survey.title,
        "question": str(answer.question),
        "options": answer.question.options,
        "value": answer.value,
    }


def trait_json(trait: Trait) -> dict[str, Any]:
    """Return a result with whom it is about."""
    return {
        "id": str(trait.pk),
        "member": {"id": str(trait.member_id), "name": trait.member.user.name},
        "kind": trait.kind,
        "name": trait.name,
        "value": trait.value,
        "audience": trait.audience,
        "updated_at": trait.updated_at,
    }


def fit_json(fit: KindFit) -> dict[str, Any]:
    """Return a kind of work with whom it may suit, and why."""
    return {
        "kind": {"id": str(fit.kind.pk), "name": str(fit.kind)},
        "suggestions": [
            {
                "member": {"id": str(one.member.pk), "name": one.member.user.name},
                "points": one.points,
                "reasons": list(one.reasons),
                "has_it": one.has_it,
            }
            for one in fit.suggestions
        ],
    }
