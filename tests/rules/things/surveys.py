"""Surveys, rounds that run and that are closed, and what somebody tells of himself."""

from datetime import timedelta
from typing import Any

from core.clock import now
from surveys.models import Question, Round, Survey
from surveys.personality import Audience, TraitKind
from surveys.services.answers import answer_round
from surveys.services.rounds import close_round, plan_round
from surveys.services.surveys import QuestionInput, create_survey
from surveys.services.traits import tell_trait
from surveys.states import QuestionKind, Readers
from teams.models import DutyKind, Team
from teams.permissions import actor_of
from tests.rules.subjects import NARROWER, body, made, subject
from tests.rules.world import Side

NARROWER |= {"surveys:audience", "surveys:withdrawal", "surveys_api:trait"}


@subject("survey")
def survey(side: Side) -> Any:
    """A survey with a question of its own."""
    questions = [QuestionInput(text=side.text("question"), is_required=True), QuestionInput(key="like")]
    return create_survey(
        title=side.text("survey"), intro=side.text("intro"), questions=questions, by=side.by
    ).pk


@subject("round")
def open_round(side: Side) -> Any:
    """A round that asks everybody, without names, and compares a team."""
    return _ask(side, compare=[Team.objects.get(pk=made(side, "team"))], remind_days=1).pk


@subject("surveys:results.round", "surveys:words.round", "surveys_api:results.round")
def closed_round(side: Side) -> Any:
    """A round that five answered, closed, with results for everybody who was asked."""
    questions = [
        QuestionInput(text=side.text("asked")),
        QuestionInput(text="1 to 5?", kind=QuestionKind.SCALE),
    ]
    other = create_survey(title=side.text("asked before"), questions=questions, by=side.by)
    found = _ask(side, survey=other, readers=Readers.ASKED)
    asked = list(Question.objects.filter(survey=other).order_by("position"))
    for number, member in enumerate(list(side.members.values())[:5], start=1):
        answers = {str(asked[0].pk): side.text(f"answer {number}"), str(asked[1].pk): number}
        answer_round(round_=found, answers=answers, by=actor_of(member))
    return close_round(round_=found, by=side.by).pk


@subject("surveys:closing.round", "surveys_api:round.round")
def named_round(side: Side) -> Any:
    """A round by name, to be closed."""
    other = create_survey(title=side.text("by name"), by=side.by)
    return _ask(side, survey=other, is_anonymous=False).pk


@subject("question")
def question(side: Side) -> Any:
    """A question of the closed round."""
    round_ = Round.objects.get(pk=made(side, "surveys:results.round"))
    return Question.objects.get(survey=round_.survey_id, position=1).pk


@subject("survey_question")
def survey_question(side: Side) -> Any:
    """The question that the open round must have answered."""
    return Question.objects.get(survey=made(side, "survey"), position=1).pk


@subject("duty_kind")
def duty_kind(side: Side) -> Any:
    """A kind of work that every workspace begins with."""
    return DutyKind.objects.earliest("pk").pk


@subject("trait")
def trait(side: Side) -> Any:
    """A result of the owner that everybody may see."""
    facts = {"name": side.text("test"), "value": {"text": side.text("result")}}
    return tell_trait(kind=TraitKind.OTHER, audience=Audience.WORKSPACE, by=side.by, **facts).pk


@subject("trait_kind")
def trait_kind(side: Side) -> Any:
    """A kind of result, the same everywhere."""
    return TraitKind.MOTIVATION


@body("surveys:new_survey:POST", "surveys:edit:POST")
def survey_form(side: Side) -> dict[str, Any]:
    return {
        "action": "save",
        "title": side.text("new"),
        "question": "1",
        "text-1": "words?",
        "kind-1": "text",
    }


@body("surveys:new_survey:GET")
def survey_copied(side: Side) -> dict[str, Any]:
    return {"from": str(made(side, "survey"))}


@body("surveys:new_round:POST")
def round_form(side: Side) -> dict[str, Any]:
    last = (now() + timedelta(days=3)).date().isoformat()
    return {"readers": "leads", "closes_on": last, "remind_days": "0", "team": str(made(side, "team"))}


@body("surveys:round:POST")
def answer_form(side: Side) -> dict[str, Any]:
    return {f"q-{made(side, 'survey_question')}": "words"}


@body("surveys:tell:POST")
def trait_form(side: Side) -> dict[str, Any]:
    return {"reward_1": "thanks", "wants": [str(made(side, "duty_kind"))], "audience": "team"}


@body("surveys:audience:POST", "surveys_api:trait:PATCH")
def audience_body(side: Side) -> dict[str, Any]:
    return {"audience": "me"}


@body("surveys_api:surveys:POST", "surveys_api:survey:PATCH")
def survey_body(side: Side) -> dict[str, Any]:
    return {"title": side.text("new"), "questions": [{"text": "words?"}]}


@body("surveys_api:survey_rounds:POST")
def round_body(side: Side) -> dict[str, Any]:
    closes = (now() + timedelta(days=3)).isoformat()
    return {"closes_at": closes, "anonymous": False, "team": str(made(side, "team"))}


@body("surveys_api:round:PATCH")
def round_close(side: Side) -> dict[str, Any]:
    return {"closed": True}


@body("surveys_api:answers:PUT")
def answers_body(side: Side) -> dict[str, Any]:
    return {"answers": {str(made(side, "survey_question")): "words"}}


@body("surveys_api:traits:PUT")
def trait_body(side: Side) -> dict[str, Any]:
    return {"kind": "motivation", "value": {"rewards": ["thanks"], "wants": [str(made(side, "duty_kind"))]}}


def _ask(side: Side, *, survey: Survey | None = None, **facts: Any) -> Round:
    asked = survey or Survey.objects.get(pk=made(side, "survey"))
    instant = now()
    return plan_round(
        survey=asked, opens_at=instant, closes_at=instant + timedelta(days=9), by=side.by, **facts
    )
