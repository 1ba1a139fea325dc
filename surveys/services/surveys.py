"""Surveys: written, changed while nobody was asked, put away."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, Stale, WrongState
from core.record import record
from surveys.models import Question, Round, Survey
from surveys.permissions import EDIT
from surveys.states import WITH_OPTIONS, QuestionKind, RoundState, StandardQuestion
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import require

MOST_SURVEYS = 200
MOST_QUESTIONS = 20
MOST_OPTIONS = 12
MOST_OPTION = 120
MOST_TEXT = 300


@dataclass(frozen=True, slots=True)
class QuestionInput:
    """A question as it is written; a standard one needs its key only."""

    text: str = ""
    kind: str = QuestionKind.TEXT
    options: Sequence[str] = ()
    is_required: bool = False
    key: str = ""


STANDARD = tuple(QuestionInput(key=key) for key in StandardQuestion.values)
"""What a new survey begins with."""


@transaction.atomic
def create_survey(
    *, title: str, intro: str = "", questions: Sequence[QuestionInput] = STANDARD, by: Actor
) -> Survey:
    """Write a survey. Raises: NotAllowed; Invalid with each question's reasons. Records: surveys.survey.created."""
    require(by, EDIT)
    if Survey.objects.filter(archived_at=None).count() >= MOST_SURVEYS:
        raise Invalid(_("A workspace has at most %(count)s surveys in use.") % {"count": MOST_SURVEYS})
    survey = Survey(workspace_id=by.workspace_id, created_by=_author(by))
    _fit(survey, title, intro, questions)
    survey.save(force_insert=True)
    _put(survey, questions)
    record("surveys.survey.created", by=by, subject=survey.ref, questions=len(questions))
    return survey


@transaction.atomic
def change_survey(
    *,
    survey: Survey,
    title: str | None = None,
    intro: str | None = None,
    questions: Sequence[QuestionInput] | None = None,
    version: int | None = None,
    by: Actor,
) -> Survey:
    """Change a survey that nobody was asked yet; `version` is the one the change was made on.

    Raises: NotAllowed; WrongState once a round of it has opened; Stale; Invalid. Locks: the survey.
    Records: surveys.survey.changed.
    """
    require(by, EDIT, survey)
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    if version is not None and version != survey.version:
        raise Stale(_("Somebody else changed this survey meanwhile. Load it again to see what stands now."))
    if survey.rounds.filter(state__in=(RoundState.OPEN, RoundState.CLOSED)).exists():
        raise WrongState(_("People were asked these questions already. Copy the survey to ask other ones."))
    kept = [input_of(question) for question in survey.questions.order_by("position", "pk")]
    wanted = kept if questions is None else questions
    _fit(survey, survey.title if title is None else title, survey.intro if intro is None else intro, wanted)
    survey.version += 1
    survey.save(update_fields=["title", "intro", "version"])
    if questions is not None:
        survey.questions.all().delete()
        _put(survey, questions)
    record("surveys.survey.changed", by=by, subject=survey.ref, version=survey.version)
    return survey


@transaction.atomic
def archive_survey(*, survey: Survey, by: Actor) -> Survey:
    """Put a survey away; its closed rounds and their results stay.

    Raises: NotAllowed; WrongState while a round is planned or open. Records: surveys.survey.archived.
    """
    require(by, EDIT, survey)
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    going = Round.objects.filter(survey=survey, state__in=(RoundState.PLANNED, RoundState.OPEN))
    if going.exists():
        raise WrongState(_("A round of this survey is planned or open. Close it first."))
    if survey.archived_at is None:
        survey.archived_at = now()
        survey.save(update_fields=["archived_at"])
        record("surveys.survey.archived", by=by, subject=survey.ref)
    return survey


def input_of(question: Question) -> QuestionInput:
    """Return a question as it was written."""
    return QuestionInput(
        question.text, question.kind, tuple(question.options), question.is_required, question.key
    )


def _author(by: Actor) -> Membership:
    if by.member is None:
        raise Invalid(_("A survey is written by a member."))
    return by.member


def _fit(survey: Survey, title: str, intro: str, questions: Sequence[QuestionInput]) -> None:
    fields: dict[str, list[str]] = {}
    if not 1 <= len(title.strip()) <= 120:
        fields["title"] = [_("Give a title of 1 to 120 characters.")]
    if len(intro.strip()) > 1000:
        fields["intro"] = [_("An introduction has at most 1,000 characters.")]
    if not 1 <= len(questions) <= MOST_QUESTIONS:
        fields["questions"] = [_("Ask from 1 to %(count)s questions.") % {"count": MOST_QUESTIONS}]
    keys = [question.key for question in questions if question.key]
    if len(keys) != len(set(keys)):
        fields["questions"] = [_("Each standard question is asked once.")]
    for number, question in enumerate(questions):
        if reasons := faults_of(question):
            fields[f"questions.{number}"] = reasons
    if fields:
        raise Invalid(_("The survey was not saved."), fields=fields)
    survey.title, survey.intro = title.strip(), intro.strip()


def faults_of(question: QuestionInput) -> list[str]:
    """Return what is wrong with a question, in words."""
    if question.key:
        known = question.key in StandardQuestion.values
        return [] if known else [_("There is no such standard question.")]
    reasons = []
    if not 1 <= len(question.text.strip()) <= MOST_TEXT:
        reasons.append(_("Write a question of 1 to 300 characters."))
    if question.kind not in QuestionKind.values:
        reasons.append(_("Choose how it is answered."))
    if question.kind in WITH_OPTIONS:
        reasons += _option_faults(question.options)
    return reasons


def _option_faults(options: Sequence[str]) -> list[str]:
    given = [option.strip() for option in options]
    if not 2 <= len(given) <= MOST_OPTIONS:
        return [_("Give from 2 to %(count)s answers to choose from.") % {"count": MOST_OPTIONS}]
    if not all(1 <= len(option) <= MOST_OPTION for option in given):
        return [_("An answer to choose has from 1 to 120 characters.")]
    doubles = [option for option in given if given.count(option) > 1]
    return [_("“%(answer)s” stands there twice.") % {"answer": doubles[0]}] if doubles else []


def _put(survey: Survey, questions: Sequence[QuestionInput]) -> None:
    for position, question in enumerate(questions, start=1):
        has_options = question.kind in WITH_OPTIONS and not question.key
        Question(
            workspace_id=survey.workspace_id,
            survey=survey,
            position=position,
            key=question.key,
            kind=QuestionKind.TEXT if question.key else question.kind,
            text="" if question.key else question.text.strip(),
            options=[option.strip() for option in question.options] if has_options else [],
            is_required=question.is_required,
        ).save(force_insert=True)
