"""People enough to be asked without names, and a survey."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.clock import now
from surveys.models import Question, Round
from surveys.services.answers import answer_round
from surveys.services.rounds import plan_round
from surveys.services.surveys import QuestionInput, create_survey
from teams.models import Membership
from teams.permissions import actor_of
from teams.services.groups import create_team
from teams.states import RoleKey
from tests.factories.people import make_member, make_user

MARK = QuestionInput(text="How is your week?", kind="scale")
PLACE = QuestionInput(text="Where do you work best?", kind="choice", options=("Office", "Home"))
DAYS = QuestionInput(text="Which days suit you?", kind="choices", options=("Monday", "Friday"))
STANDARD = (QuestionInput(key="like"), QuestionInput(key="change"))
ALL = (*STANDARD, MARK, PLACE, DAYS)


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)


def crowd(cast, count: int, prefix: str = "p") -> list[Membership]:
    """More members of acme, by role contributors."""
    return [
        fresh(
            make_member(
                cast.acme, make_user(f"{prefix}{n} Person", f"{prefix}{n}@acme.test"), RoleKey.CONTRIBUTOR
            )
        )
        for n in range(count)
    ]


def ask(cast, questions=ALL, title: str = "How is it going?", **facts) -> Round:
    """An open round."""
    by = cast.actor("cleo")
    survey = create_survey(title=title, questions=questions, by=by)
    return plan_round(
        survey=survey, **{"opens_at": now(), "closes_at": now() + timedelta(days=7), "by": by, **facts}
    )


def question(round_: Round, position: int) -> Question:
    return Question.objects.get(survey=round_.survey_id, position=position)


def give(round_: Round, member: Membership, *values) -> None:
    """Answer the questions in their order; None skips one."""
    pairs = {str(question(round_, n).pk): value for n, value in enumerate(values, start=1)}
    answer_round(round_=round_, answers=pairs, by=actor_of(fresh(member)))


def team(cast, name: str, people: list[Membership]):
    return create_team(name=name, members=people, by=cast.actor("ana"))


@pytest.fixture
def text() -> Callable[..., str]:
    def read(response, status: int = 200) -> str:
        assert response.status_code == status, response.status_code
        return " ".join(response.content.decode().split())

    return read
