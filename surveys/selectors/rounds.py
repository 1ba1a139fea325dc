"""Questions about surveys and their rounds."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from core.errors import NotFound
from surveys.models import Answer, Invitee, Question, Round, RoundGroup, Survey
from surveys.permissions import ANSWER, EDIT, SEE_ROUND
from surveys.states import RoundState
from teams.actors import Actor
from teams.permissions import require, visible

MOST_GROUPS = 12
MOST_ANSWERS = 5000


def surveys_of(by: Actor) -> QuerySet[Survey]:
    """Return the surveys in use, newest first, with how many questions and rounds each has."""
    questions = Question.objects.filter(survey=OuterRef("pk")).order_by().values("survey")
    rounds = Round.objects.filter(survey=OuterRef("pk")).order_by().values("survey")
    rows = Survey.objects.filter(archived_at=None).annotate(
        question_count=Subquery(questions.annotate(n=Count("pk")).values("n")),
        round_count=Subquery(rounds.annotate(n=Count("pk")).values("n")),
    )
    return visible(by, EDIT, rows).order_by("-pk")


def get_survey(by: Actor, pk: UUID) -> Survey:
    """Return a survey with its questions, in order, for whoever writes surveys. Raises: NotFound, NotAllowed."""
    rows = Survey.objects.prefetch_related(
        Prefetch("questions", queryset=Question.objects.order_by("position", "pk"))
    ).select_related("created_by__user")
    require(by, EDIT)
    found = visible(by, EDIT, rows).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such survey."))
    return found


def is_frozen(survey: Survey) -> bool:
    """Tell whether people were asked these questions already, so that they stay as they are."""
    return survey.rounds.filter(state__in=(RoundState.OPEN, RoundState.CLOSED)).exists()


def rounds_visible_to(by: Actor) -> QuerySet[Round]:
    """Return the rounds that the actor may see, newest first: how many are asked, answered, and whether he did."""
    asked = Invitee.objects.filter(round=OuterRef("pk")).order_by().values("round")
    own = Invitee.objects.filter(round=OuterRef("pk"), member=by.member_id)
    rows = Round.objects.select_related("survey", "created_by__user").annotate(
        asked=Subquery(asked.annotate(n=Count("pk")).values("n")),
        answered=Subquery(asked.annotate(n=Count("pk", filter=Q(has_answered=True))).values("n")),
        is_asked=Exists(own),
        has_answered=Exists(own.filter(has_answered=True)),
    )
    return visible(by, SEE_ROUND, rows).order_by("-pk")


def get_round(by: Actor, pk: UUID, verb: str = SEE_ROUND) -> Any:
    """Return a round for a purpose. Raises: NotFound where the actor may not see it, NotAllowed."""
    found = rounds_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such survey."))
    require(by, verb, found)
    return found


def get_asked_round(by: Actor, pk: UUID) -> Any:
    """Return a round that asks the actor. Raises: NotFound, NotAllowed."""
    found = get_round(by, pk, ANSWER)
    if not found.is_asked:
        raise NotFound(_("This survey does not ask you."))
    return found


def questions_of(round_: Round) -> list[Question]:
    """Return what a round asks, in order."""
    return list(Question.objects.filter(survey=round_.survey_id).order_by("position", "pk"))


def groups_of(round_: Round) -> list[RoundGroup]:
    """Return the teams that a round compares, in order."""
    return list(round_.groups.order_by("position", "pk")[:MOST_GROUPS])


def own_answers(by: Actor, round_: Round) -> dict[UUID, Any]:
    """Return what the actor answered a round by name, by question; of one without names nobody knows."""
    if round_.is_anonymous or by.member_id is None:
        return {}
    rows = Answer.objects.filter(round=round_, member=by.member_id)
    return dict(rows.values_list("question_id", "value"))


def named_answers_of(by: Actor) -> list[Answer]:
    """Return what the actor answered by name, in all rounds; of those without names nobody knows."""
    rows = Answer.objects.filter(member=by.member_id, is_anonymous=False).select_related("question__survey")
    return list(rows.order_by("round_id", "question__position", "pk")[:MOST_ANSWERS]) if by.member_id else []


def waiting_rounds(by: Actor) -> QuerySet[Invitee]:
    """Return the places in open rounds where the actor has not answered yet; what closes first comes first."""
    rows = Invitee.objects.filter(
        member=by.member_id, has_answered=False, round__state=RoundState.OPEN
    ).order_by("round__closes_at", "pk")
    return rows if by.member_id is not None and ANSWER in by.verbs else rows.none()


def places_by_id(by: Actor, ids: Iterable[UUID]) -> dict[UUID, Invitee]:
    """Return those of the actor's places that are named, each with its round and survey."""
    return waiting_rounds(by).select_related("round__survey").in_bulk(list(ids))
