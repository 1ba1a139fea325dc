"""Surveys are written, asked and closed; who is asked answers; the dispatcher keeps the times (R1.7)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from activity.models import Delivery as Telling
from activity.models import Entry
from activity.services import outbox
from core.clock import as_of, now
from core.errors import Invalid, NotAllowed, NotFound, Stale, WrongState
from home.selectors import work_of
from notifications.models import Notice
from surveys.models import Answer, Invitee, Question, Round, Survey
from surveys.services.answers import answer_round
from surveys.services.rounds import close_round, move_due_rounds, plan_round, remind_round
from surveys.services.surveys import QuestionInput, archive_survey, change_survey, create_survey
from surveys.states import ROUND_STEPS, RoundState
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.states import AbsenceKind
from tests.surveys.conftest import ALL, MARK, PLACE, STANDARD, ask, fresh, give, question, team


def tell_all(cast) -> None:
    for pk in Telling.objects.order_by("entry_id", "pk").values_list("pk", flat=True):
        outbox.deliver(workspace_id=cast.acme.pk, delivery_id=pk)


def work(cast, name: str):
    """What stands on somebody's list of work."""
    return work_of(cast.actor(name), now(), ZoneInfo("Asia/Kuala_Lumpur")).items


def notices(member, kind: str) -> int:
    return Notice.objects.filter(member=member, type=f"surveys.{kind}").count()


# Written


def test_a_new_survey_begins_with_the_two_standard_questions(acme):
    """R1.7"""
    survey = create_survey(title="Team survey", by=acme.actor("cleo"))
    assert [str(one) for one in survey.questions.order_by("position")] == [
        "What do you like about what you do?",
        "What would you change?",
    ]


def test_own_questions_of_every_kind_are_kept_in_order(acme):
    survey = create_survey(title=" Week ", questions=ALL, by=acme.actor("cleo"))
    rows = survey.questions.order_by("position").values_list("key", "kind", "text", "options")
    assert survey.title == "Week"
    assert list(rows) == [
        ("like", "text", "", []),
        ("change", "text", "", []),
        ("", "scale", "How is your week?", []),
        ("", "choice", "Where do you work best?", ["Office", "Home"]),
        ("", "choices", "Which days suit you?", ["Monday", "Friday"]),
    ]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": "x", "intro": "y" * 1001}, "intro"),
        ({"title": "x", "questions": []}, "questions"),
        ({"title": "x", "questions": [MARK] * 21}, "questions"),
        ({"title": "x", "questions": [*STANDARD, *STANDARD]}, "questions"),
        ({"title": "x", "questions": [MARK, QuestionInput(text=" ")]}, "questions.1"),
        ({"title": "x", "questions": [QuestionInput(text="?", kind="song")]}, "questions.0"),
        ({"title": "x", "questions": [QuestionInput(text="?", kind="choice", options=["A"])]}, "questions.0"),
        (
            {"title": "x", "questions": [QuestionInput(text="?", kind="choice", options=["A", "A"])]},
            "questions.0",
        ),
        ({"title": "x", "questions": [QuestionInput(key="song")]}, "questions.0"),
    ],
)
def test_what_is_wrong_with_a_survey_is_named(acme, facts, field):
    with pytest.raises(Invalid) as refused:
        create_survey(by=acme.actor("cleo"), **facts)
    assert list(refused.value.fields) == [field]
    assert not Survey.objects.exists()


def test_questions_stay_as_they_are_once_somebody_was_asked(acme):
    survey = create_survey(title="Week", by=acme.actor("cleo"))
    change_survey(survey=survey, questions=[MARK], version=1, by=acme.actor("cleo"))
    with pytest.raises(Stale):
        change_survey(survey=survey, title="Other", version=1, by=acme.actor("ana"))
    plan_round(survey=survey, opens_at=now(), closes_at=now() + timedelta(days=2), by=acme.actor("cleo"))
    with pytest.raises(WrongState):
        change_survey(survey=survey, questions=[PLACE], by=acme.actor("cleo"))
    assert [one.text for one in survey.questions.all()] == ["How is your week?"]


def test_only_leads_write_and_ask_and_no_cover_does(acme):
    """covers: no"""
    set_backups(member=fresh(acme.cleo), backups=[fresh(acme.ben)], by=acme.actor("ana"))
    record_absence(
        member=fresh(acme.cleo),
        kind=AbsenceKind.SICK,
        starts_at=now() - timedelta(hours=1),
        ends_at=None,
        by=acme.actor("ana"),
    )
    for name in ("ben", "farah", "vera"):
        with pytest.raises(NotAllowed):
            create_survey(title="x", by=acme.actor(name))
    assert Survey.objects.count() == 0


def test_a_survey_is_put_away_when_no_round_runs(acme):
    found = ask(acme)
    with pytest.raises(WrongState):
        archive_survey(survey=found.survey, by=acme.actor("cleo"))
    close_round(round_=found, by=acme.actor("cleo"))
    assert archive_survey(survey=found.survey, by=acme.actor("cleo")).archived_at is not None
    with pytest.raises(WrongState):
        plan_round(
            survey=Survey.objects.get(),
            opens_at=now(),
            closes_at=now() + timedelta(days=1),
            by=acme.actor("cleo"),
        )


# Asked


def test_an_open_round_asks_everybody_or_a_team(acme):
    """R1.7"""
    everybody = ask(acme)
    assert everybody.invitees.count() == 6
    pair = team(acme, "Pair", [fresh(acme.ben), fresh(acme.jun)])
    some = ask(acme, title="Pair", team=pair, is_anonymous=False)
    assert set(some.invitees.values_list("member_id", flat=True)) == {acme.ben.pk, acme.jun.pk}
    with pytest.raises(NotFound):
        give(some, acme.farah, "words")
    give(some, acme.ben, "words")


def test_without_names_at_least_five_are_asked(acme):
    pair = team(acme, "Pair", [fresh(acme.ben), fresh(acme.jun)])
    with pytest.raises(Invalid) as refused:
        ask(acme, team=pair)
    assert list(refused.value.fields) == ["is_anonymous"]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"closes_at": now() - timedelta(days=1)}, "closes_at"),
        ({"closes_at": now() + timedelta(days=100)}, "closes_at"),
        ({"opens_at": now() + timedelta(days=400), "closes_at": now() + timedelta(days=401)}, "opens_at"),
        ({"remind_days": 8}, "remind_days"),
        ({"readers": "press"}, "readers"),
    ],
)
def test_what_is_wrong_with_a_round_is_named(acme, facts, field):
    with pytest.raises(Invalid) as refused:
        ask(acme, **facts)
    assert field in refused.value.fields
    assert not Round.objects.exists()


def test_two_rounds_of_a_survey_never_run_at_once(acme):
    found = ask(acme)
    with pytest.raises(WrongState):
        plan_round(
            survey=found.survey, opens_at=now(), closes_at=now() + timedelta(days=1), by=acme.actor("cleo")
        )
    assert Round.objects.filter(state=RoundState.OPEN).count() == 1


@pytest.mark.parametrize("state", RoundState)
@pytest.mark.parametrize("verb", ["open", "close", "cancel"])
def test_the_table_says_how_a_round_moves(state, verb):
    allowed = {("planned", "open"): "open", ("planned", "cancel"): "cancelled", ("open", "close"): "closed"}
    found = {(step.from_, step.verb): step.to for step in ROUND_STEPS}
    assert found.get((state, verb)) == allowed.get((state, verb))


def test_the_dispatcher_opens_reminds_and_closes_at_the_times(acme):
    """R1.7"""
    start = now()
    found = ask(acme, opens_at=start + timedelta(hours=1), closes_at=start + timedelta(days=5), remind_days=2)
    assert found.state == RoundState.PLANNED
    assert move_due_rounds() == 0
    _due(found, start + timedelta(hours=1))
    assert _state(found) == ("open", 6, 0)
    _due(found, start + timedelta(days=3))
    assert Entry.objects.filter(verb="surveys.round.reminded").count() == 1
    _due(found, start + timedelta(days=5))
    assert _state(found)[0] == "closed"
    assert move_due_rounds() == 0


def test_a_round_that_cannot_open_is_cancelled(acme):
    running = ask(acme)
    late = plan_round(
        survey=running.survey,
        opens_at=now() + timedelta(days=1),
        closes_at=now() + timedelta(days=2),
        by=acme.actor("cleo"),
    )
    _due(late, now() + timedelta(days=1))
    assert _state(late)[0] == "cancelled"


def _due(found: Round, instant) -> None:
    """Let the dispatcher come by at an instant; the database's clock only finds the row."""
    Round.objects.filter(pk=found.pk).update(next_at=now() - timedelta(seconds=1))
    with as_of(instant + timedelta(seconds=1)):
        assert move_due_rounds() == 1


def _state(found: Round) -> tuple[str, int, int]:
    rows = Invitee.objects.filter(round=found)
    return Round.objects.get(pk=found.pk).state, rows.count(), rows.filter(has_answered=True).count()


# Told


def test_who_is_asked_is_told_and_reminded_only_while_he_has_not_answered(acme):
    found = ask(acme)
    tell_all(acme)
    assert [notices(one, "opened") for one in (acme.ben, acme.vera, acme.cleo)] == [1, 1, 0]
    give(found, acme.ben, "words")
    remind_round(round_=found, by=acme.actor("cleo"))
    tell_all(acme)
    assert [notices(one, "reminded") for one in (acme.ben, acme.jun)] == [0, 1]


def test_nobody_is_told_in_the_place_of_who_is_away(acme):
    """covers: no. Ben backs Jun; Jun's survey is not Ben's."""
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.ben)], by=acme.actor("ana"))
    pair = team(acme, "Pair", [fresh(acme.jun), fresh(acme.farah)])
    record_absence(
        member=fresh(acme.jun),
        kind=AbsenceKind.LEAVE,
        starts_at=now() - timedelta(hours=1),
        ends_at=now() + timedelta(days=3),
        by=acme.actor("ana"),
    )
    found = ask(acme, team=pair, is_anonymous=False)
    tell_all(acme)
    assert [notices(one, "opened") for one in (acme.jun, acme.farah, acme.ben)] == [1, 1, 0]
    assert work(acme, "ben") == []
    with pytest.raises(NotFound):
        give(found, acme.ben, "words")


def test_results_are_told_to_whom_they_are_for(acme):
    quiet, shared = ask(acme), ask(acme, title="Shared", readers="asked")
    for found in (quiet, shared):
        close_round(round_=found, by=acme.actor("ana"))
    tell_all(acme)
    assert [notices(one, "closed") for one in (acme.cleo, acme.ben)] == [2, 1]


# Answered


def test_an_open_round_stands_on_the_list_of_work_until_answered(acme):
    found = ask(acme)
    assert [(item.title, item.why) for item in work(acme, "ben")] == [
        ("How is it going?", "answer, without names")
    ]
    give(found, acme.ben, "words")
    assert work(acme, "ben") == []


def test_answers_by_name_are_kept_and_can_be_changed_until_the_end(acme):
    found = ask(acme, is_anonymous=False)
    give(found, acme.ben, "the team", "the hours", 4, 1, [1, 0])
    give(found, acme.ben, "the tea", None, 5)
    rows = Answer.objects.filter(round=found).order_by("question__position")
    assert [(row.member_id, row.value) for row in rows] == [(acme.ben.pk, "the tea"), (acme.ben.pk, 5)]
    assert Entry.objects.filter(verb="surveys.round.answered").count() == 2
    close_round(round_=found, by=acme.actor("cleo"))
    with pytest.raises(WrongState):
        give(found, acme.ben, "the end")
    with pytest.raises(WrongState):
        give(found, acme.jun, "the end")


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (1, 5),
        (1, "x" * 2001),
        (3, "6"),
        (3, 0),
        (3, True),
        (3, "²"),
        (3, "x"),
        (4, 2),
        (4, -1),
        (5, [2]),
        (5, "0"),
        (5, {"0": 1}),
    ],
)
def test_an_answer_that_was_not_offered_is_refused_by_its_question(acme, position, value):
    found = ask(acme)
    asked = question(found, position)
    with pytest.raises(Invalid) as refused:
        answer_round(round_=found, answers={str(asked.pk): value}, by=acme.actor("ben"))
    assert list(refused.value.fields) == [str(asked.pk)]
    assert not Answer.objects.exists()
    assert not found.invitees.filter(has_answered=True).exists()


def test_required_unknown_and_empty_answers_are_named(acme):
    found = ask(acme, questions=[QuestionInput(text="Must?", is_required=True), MARK])
    must, mark = Question.objects.filter(survey=found.survey).order_by("position")
    by = acme.actor("ben")
    for answers, fields in [
        ({}, [str(must.pk)]),
        ({str(mark.pk): 3}, [str(must.pk)]),
        ({str(must.pk): " ", str(mark.pk): 3}, [str(must.pk)]),
        ({str(must.pk): "x", "nothing": 1}, ["nothing"]),
    ]:
        with pytest.raises(Invalid) as refused:
            answer_round(round_=found, answers=answers, by=by)
        assert list(refused.value.fields) == fields
    optional = ask(acme, title="Free")
    with pytest.raises(Invalid):
        answer_round(round_=optional, answers={}, by=by)
