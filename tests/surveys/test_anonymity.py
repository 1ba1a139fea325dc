"""Without names means without names: not by rows, ids, order, times, small groups or differences (R1.7)."""

import itertools
import json
import threading
from collections import Counter
from uuid import uuid4

import pytest
from django.db import DatabaseError, close_old_connections, connection, transaction

from activity.models import Entry
from core.errors import NotAllowed, NotFound, WrongState
from notifications.models import Notice
from surveys.models import Answer, Invitee, Round, RoundGroup
from surveys.selectors.results import results_of, words_of
from surveys.selectors.rounds import get_round, own_answers
from surveys.services.closing import groups_kept
from surveys.services.rounds import close_round
from surveys.states import FEWEST
from teams.models import IdempotencyRecord
from teams.tenancy import workspace_scope
from tests.surveys.conftest import MARK, STANDARD, ask, crowd, fresh, give, question, team

FIVE = ("ana", "ben", "cleo", "farah", "jun")


def five(cast):
    return [fresh(getattr(cast, name)) for name in FIVE]


def results(cast, found, name: str = "cleo"):
    return results_of(cast.actor(name), get_round(cast.actor(name), found.pk))


def rows(sql: str, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


# The rows


def test_an_answer_names_nobody_and_no_other_answer(acme):
    found = ask(acme)
    for number, member in enumerate(five(acme)):
        give(found, member, f"likes {number}", f"changes {number}", 1 + number)
    columns = {field.name for field in Answer._meta.local_fields}
    assert columns == {"id", "workspace", "round", "is_anonymous", "question", "group", "member", "value"}
    assert set(Answer.objects.values_list("member_id", "group_id")) == {(None, None)}
    assert all(pk.version == 4 for pk in Answer.objects.values_list("pk", flat=True))
    assert own_answers(acme.actor("ben"), found) == {}


def test_the_database_refuses_a_name_on_an_answer_without_names(acme):
    found = ask(acme)
    row = Answer(
        round=found, is_anonymous=True, question=question(found, 1), value="x", member=fresh(acme.ben)
    )
    with pytest.raises(DatabaseError, match="surveys_answer_names_nobody"), transaction.atomic():
        row.save()
    row.is_anonymous = False
    with pytest.raises(DatabaseError, match="surveys_answer_as_its_round"), transaction.atomic():
        row.save()
        connection.check_constraints()


def test_the_database_refuses_to_name_a_round_after_the_fact(acme):
    found = ask(acme)
    give(found, acme.ben, "words")
    with pytest.raises(DatabaseError, match="surveys_answer_as_its_round"), transaction.atomic():
        Round.objects.filter(pk=found.pk).update(is_anonymous=False)


def test_neither_ids_nor_place_nor_transaction_tell_who_answered_when(live_cast):
    """Of each round all rows are written by whoever answered last: nothing tells one from another."""
    with workspace_scope(live_cast.acme.pk):
        people = [*five(live_cast), *crowd(live_cast, 7)]
        found = ask(live_cast, questions=[MARK, *STANDARD])
    seen = []
    for number, member in enumerate(people):
        with workspace_scope(live_cast.acme.pk):
            give(found, member, 1 + number % 5, f"word {number:02}")
        with workspace_scope(live_cast.acme.pk):
            answers = rows(
                "SELECT xmin::text, id, value FROM surveys_answer WHERE round_id = %s ORDER BY ctid", found.pk
            )
            marks = rows("SELECT xmin::text FROM surveys_invitee WHERE round_id = %s", found.pk)
        assert len({xmin for xmin, _id, _value in answers}) == 1
        assert {xmin for xmin, _id, _value in answers} == {xmin for (xmin,) in marks}
        seen.append([json.loads(value) for _xmin, _id, value in answers if "word" in value])
    by_place, by_id = (
        seen[-1],
        [json.loads(v) for _x, _i, v in sorted(answers, key=lambda row: row[1]) if "word" in v],
    )
    asked = [f"word {number:02}" for number in range(len(people))]
    assert sorted(by_place) == asked
    assert by_place not in (asked, asked[::-1])
    assert by_id not in (asked, asked[::-1])


def test_answering_without_names_leaves_no_trace_with_a_time(acme, client_as, api_as):
    """Neither the record, nor a notice, nor what repeated requests are answered from."""
    found = ask(acme)
    before = set(Entry.objects.values_list("pk", flat=True))
    give(found, acme.ben, "words")
    client_as(acme.farah).post(f"/w/acme/surveys/rounds/{found.pk}/", {f"q-{question(found, 1).pk}": "w"})
    body = {"answers": {str(question(found, 1).pk): "w"}}
    address = f"/api/v1/w/acme/survey-rounds/{found.pk}/answers/"
    answered = api_as(acme.jun).put(address, body, HTTP_IDEMPOTENCY_KEY="again")
    assert answered.status_code == 200
    assert answered.json()["own"] == {}
    assert Invitee.objects.filter(round=found, has_answered=True).count() == 3
    since = Entry.objects.exclude(pk__in=before).values_list("verb", flat=True)
    assert [verb for verb in since if not verb.startswith("teams.")] == []
    assert Notice.objects.count() == 0
    assert IdempotencyRecord.objects.count() == 0


def test_nobody_answers_twice_without_names(acme):
    found = ask(acme)
    give(found, acme.ben, "words")
    with pytest.raises(WrongState):
        give(found, acme.ben, "more words")
    assert Answer.objects.count() == 1


def test_of_two_answers_at_once_one_counts(live_cast):
    with workspace_scope(live_cast.acme.pk):
        found = ask(live_cast)
        asked = str(question(found, 1).pk)
    start, outcomes = threading.Barrier(4), []

    def answer(number: int) -> None:
        from surveys.services.answers import answer_round

        try:
            with workspace_scope(live_cast.acme.pk):
                by = live_cast.actor("ben")
                start.wait(10)
                answer_round(round_=found, answers={asked: f"try {number}"}, by=by)
            outcomes.append("in")
        except WrongState:
            outcomes.append("refused")
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Counter(outcomes) == {"in": 1, "refused": 3}
    with workspace_scope(live_cast.acme.pk):
        assert Answer.objects.filter(round=found).count() == 1


# What is shown


def test_nothing_is_shown_while_a_round_runs_not_even_to_leads(acme, client_as, api_as):
    found = ask(acme)
    for member in five(acme):
        give(found, member, "secret words", None, 3)
    for name in ("ana", "cleo", "ben"):
        with pytest.raises(NotAllowed):
            results(acme, found, name)
    page = client_as(acme.cleo).get(f"/w/acme/surveys/rounds/{found.pk}/").content.decode()
    assert "secret words" not in page
    assert "5 of 6" in page
    assert client_as(acme.cleo).get(f"/w/acme/surveys/rounds/{found.pk}/results/").status_code == 403
    assert api_as(acme.cleo).get(f"/api/v1/w/acme/survey-rounds/{found.pk}/results/").status_code == 403


def test_of_fewer_than_five_nothing_is_shown_and_nothing_kept(acme, client_as):
    found = ask(acme)
    for member in five(acme)[:4]:
        give(found, member, "secret words", None, 3)
    close_round(round_=found, by=acme.actor("cleo"))
    shown = results(acme, found)
    assert (shown.is_hidden, shown.results, shown.answered) == (True, [], 4)
    assert Answer.objects.filter(round=found).count() == 0
    page = client_as(acme.cleo).get(f"/w/acme/surveys/rounds/{found.pk}/results/").content.decode()
    assert "Too few answered" in page
    assert "secret words" not in page


def test_five_answers_are_shown_in_the_order_of_the_alphabet(acme):
    found = ask(acme)
    for member, word in zip(five(acme), "echo alpha delta bravo charlie".split(), strict=True):
        give(found, member, word, None, 4)
    close_round(round_=found, by=acme.actor("cleo"))
    like, change, mark, place, _days = results(acme, found).results
    assert [words.text for words in like.words] == "alpha bravo charlie delta echo".split()
    assert {words.who for words in like.words} == {""}
    assert (change.is_hidden, place.is_hidden) == (True, True)
    assert (mark.whole.mean, [bar.count for bar in mark.whole.bars]) == (4.0, [0, 0, 0, 5, 0])


def test_a_question_that_fewer_than_five_answered_is_hidden_though_the_round_is_shown(acme, client_as):
    found = ask(acme)
    for number, member in enumerate(five(acme)):
        give(found, member, "few words" if number < 4 else None, "change", 2)
    close_round(round_=found, by=acme.actor("cleo"))
    like, change = results(acme, found).results[:2]
    assert (like.is_hidden, like.whole.answered, like.words) == (True, 0, [])
    assert not change.is_hidden
    with pytest.raises(NotFound):
        words_of(acme.actor("cleo"), get_round(acme.actor("cleo"), found.pk), like.question.pk, None)
    page = client_as(acme.cleo).get(f"/w/acme/surveys/rounds/{found.pk}/results/").content.decode()
    assert "few words" not in page


def test_a_team_of_five_is_shown_and_a_smaller_one_joins_the_others(acme):
    people = crowd(acme, 12)
    big, small = team(acme, "Big", people[:6]), team(acme, "Small", people[6:9])
    found = ask(acme, questions=[MARK], compare=[big, small])
    assert Counter(found.invitees.values_list("group__name", flat=True)) == {"Big": 6, "Small": 3, None: 9}
    for member in people:
        give(found, member, 2)
    close_round(round_=found, by=acme.actor("cleo"))
    (mark,) = results(acme, found).results
    assert [(part.name, part.answered) for part in mark.parts] == [("Big", 6), ("Everybody else", 6)]
    assert list(RoundGroup.objects.values_list("name", flat=True)) == ["Big"]
    assert Counter(Answer.objects.values_list("group__name", flat=True)) == {"Big": 6, None: 6}


def test_a_difference_that_would_be_of_fewer_than_five_is_not_shown(acme):
    """Six of the team and two others answered: shown beside the whole, the team would tell of the two."""
    people = crowd(acme, 8)
    big = team(acme, "Big", people[:6])
    found = ask(acme, questions=[MARK], compare=[big])
    for member in people:
        give(found, member, 2)
    close_round(round_=found, by=acme.actor("cleo"))
    (mark,) = results(acme, found).results
    assert (mark.whole.answered, mark.parts) == (8, [])
    assert set(Answer.objects.values_list("group_id", flat=True)) == {None}


def test_a_question_that_too_few_of_a_team_answered_is_shown_for_all_only(acme):
    people = crowd(acme, 12)
    one, two = team(acme, "One", people[:6]), team(acme, "Two", people[6:])
    second = MARK.__class__(text="And next week?", kind="scale")
    found = ask(acme, questions=[MARK, second], compare=[one, two])
    for number, member in enumerate(people):
        give(found, member, 2, 3 if number < 8 else None)
    close_round(round_=found, by=acme.actor("cleo"))
    first, other = results(acme, found).results
    assert [part.answered for part in first.parts] == [6, 6]
    assert (other.whole.answered, other.parts) == (8, [])


def test_no_pair_of_shown_groups_differs_by_fewer_than_five():
    """Every way in which up to three teams and the others can have answered, up to seven each."""
    names = [uuid4() for _ in range(3)]
    for sizes in itertools.product(range(8), repeat=4):
        given = dict(zip([None, *names], sizes, strict=True))
        kept = groups_kept(given)
        parts = [given[name] for name in kept]
        parts.append(sum(sizes) - sum(parts))
        if kept:
            assert all(part == 0 or part >= FEWEST for part in parts), (sizes, parts)
            assert sum(1 for part in parts if part) > 1, sizes


def test_a_closed_round_never_opens_again(acme):
    found = ask(acme)
    for member in five(acme):
        give(found, member, "words")
    close_round(round_=found, by=acme.actor("cleo"))
    with pytest.raises(WrongState):
        give(found, acme.vera, "late words")
    with pytest.raises(WrongState):
        close_round(round_=found, by=acme.actor("cleo"))


def test_results_are_for_leads_unless_shared_with_who_was_asked(acme):
    quiet, shared = ask(acme), ask(acme, title="Shared", readers="asked")
    for found in (quiet, shared):
        for member in five(acme):
            give(found, member, "words")
        close_round(round_=found, by=acme.actor("cleo"))
    with pytest.raises(NotAllowed):
        results(acme, quiet, "ben")
    assert results(acme, shared, "ben").results[0].whole.answered == 5


def test_results_by_name_show_who_said_what(acme):
    found = ask(acme, is_anonymous=False)
    give(found, acme.ben, "more tea")
    close_round(round_=found, by=acme.actor("cleo"))
    like = results(acme, found).results[0]
    assert [(words.text, words.who) for words in like.words] == [("more tea", "Ben Tan")]


def test_an_operator_on_a_visit_sees_neither_rounds_nor_results(acme):
    from dataclasses import replace

    from teams.states import ActorKind

    found = ask(acme, readers="asked")
    for member in five(acme):
        give(found, member, "words")
    close_round(round_=found, by=acme.actor("cleo"))
    visitor = replace(acme.actor("ana"), kind=ActorKind.STAFF)
    with pytest.raises(NotFound):
        get_round(visitor, found.pk)


def test_another_workspace_sees_no_round(acme, client_as, cast):
    found = ask(acme)
    assert client_as(cast.eve).get(f"/w/other/surveys/rounds/{found.pk}/").status_code == 404
