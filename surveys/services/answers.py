"""Answers: given once without a name, or by name and changed until the round closes."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Invalid, NotFound, WrongState
from core.record import record
from surveys.models import Answer, Question, Round
from surveys.permissions import ANSWER
from surveys.services.closing import note_answered, shuffle_answers
from surveys.services.rounds import lock_round
from surveys.states import SCALE, QuestionKind
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import require, visible

MOST_WORDS = 2000


@transaction.atomic
def answer_round(*, round_: Round, answers: Mapping[str, Any], by: Actor) -> None:
    """Answer a round that asks the actor; `answers` are values by the question's id, what is left out is skipped.

    Without names: once, and nothing is recorded, since an entry would tell who answered when. By name: until it
    closes, the last answers count. Raises: NotAllowed; NotFound for who is not asked; WrongState; Invalid with each
    question's reasons. Locks: the round. Records: surveys.round.answered, of rounds by name only.
    """
    require(by, ANSWER)
    member = by.member
    live = visible(by, ANSWER, Round.objects.filter(pk=round_.pk)).first()
    if live is None or member is None:
        raise NotFound(_("There is no such survey."))
    live = lock_round(live)
    if not live.is_open:
        raise WrongState(_("This survey takes no answers any more."))
    values = fit_answers(list(live.survey.questions.order_by("position", "pk")), answers)
    if live.is_anonymous:
        _give_unnamed(live, values, member)
    else:
        _give_named(live, values, member)
        record("surveys.round.answered", by=by, subject=live.ref)


def fit_answers(questions: list[Question], answers: Mapping[str, Any]) -> dict[Question, Any]:
    """Return the value of each question that was answered. Raises: Invalid with each question's reasons, by its id."""
    known = {str(question.pk) for question in questions}
    fields = {key[:64]: [_("There is no such question.")] for key in list(answers)[:40] if key not in known}
    values: dict[Question, Any] = {}
    for question in questions:
        try:
            value = _fit_one(question, answers.get(str(question.pk)))
        except Invalid as error:
            fields[str(question.pk)] = [error.message]
            continue
        if value is not None:
            values[question] = value
        elif question.is_required:
            fields[str(question.pk)] = [_("Please answer this question.")]
    if not values and not fields:
        raise Invalid(_("Answer at least one question."))
    if fields:
        raise Invalid(_("Your answers were not sent yet."), fields=fields)
    return values


def _fit_one(question: Question, given: Any) -> Any:
    if given is None or given in ("", []):
        return None
    if question.kind == QuestionKind.TEXT:
        return _words(given)
    if question.kind == QuestionKind.SCALE:
        return _whole(given, SCALE)
    if question.kind == QuestionKind.CHOICE:
        return _whole(given, range(len(question.options)))
    if not isinstance(given, list):
        raise Invalid(_("Choose from the list."))
    return sorted({_whole(one, range(len(question.options))) for one in given[: len(question.options)]})


def _words(given: Any) -> str | None:
    if not isinstance(given, str):
        raise Invalid(_("Answer in words."))
    if len(given.strip()) > MOST_WORDS:
        raise Invalid(_("An answer has at most 2,000 characters."))
    return given.strip() or None


def _whole(given: Any, allowed: range) -> int:
    text = str(given)
    if isinstance(given, bool) or len(text) > 2 or not text.isdecimal() or int(text) not in allowed:
        raise Invalid(_("Choose one of what is offered."))
    return int(text)


def _give_unnamed(live: Round, values: Mapping[Question, Any], member: Membership) -> None:
    group_id = live.invitees.filter(member=member).values_list("group_id", flat=True).get()
    if not note_answered(live, member.pk):
        raise WrongState(_("You have answered already. Without names an answer cannot be found again."))
    Answer.objects.bulk_create(
        Answer(
            workspace_id=live.workspace_id,
            round=live,
            is_anonymous=True,
            question=question,
            group_id=group_id,
            value=value,
        )
        for question, value in values.items()
    )
    shuffle_answers(live)


def _give_named(live: Round, values: Mapping[Question, Any], member: Membership) -> None:
    note_answered(live, member.pk)
    Answer.objects.filter(round=live, member=member).delete()
    for question, value in values.items():
        Answer(
            workspace_id=live.workspace_id,
            round=live,
            is_anonymous=False,
            question=question,
            member=member,
            value=value,
        ).save(force_insert=True)
