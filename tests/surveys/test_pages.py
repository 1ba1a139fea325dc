"""The pages of surveys and of oneself: what is typed is kept, what is wrong is named (R1.7 to R1.10)."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import now
from surveys.models import Answer, Round, Survey, Trait
from surveys.services.rounds import close_round
from surveys.services.traits import tell_trait
from teams.permissions import actor_of
from tests.surveys.conftest import MARK, STANDARD, ask, crowd, fresh, give, question

BASE = "/w/acme/surveys/"
MOST = 16
"""Statements a page may take, the shell, session and binding included."""


def form(**changes):
    return {"title": "Week", "intro": "", "question": ["1"], "key-1": "like", "action": "save", **changes}


def test_a_survey_is_written_question_by_question(acme, client_as, text):
    """R1.7"""
    cleo = client_as(acme.cleo)
    page = text(cleo.get(BASE + "new/"))
    assert "What do you like about what you do?" in page
    assert "What would you change?" in page
    more = form(title="Half a tit", action="add")
    page = text(cleo.post(BASE + "new/", more))
    assert 'value="Half a tit"' in page
    assert 'name="text-2"' in page
    asked = {
        **form(),
        "question": ["1", "2"],
        "text-2": "Which days?",
        "kind-2": "choices",
        "options-2": "Monday",
    }
    page = text(cleo.post(BASE + "new/", asked), 422)
    assert "Give from 2 to 12 answers to choose from." in page
    assert "Which days?" in page
    assert not Survey.objects.exists()
    assert cleo.post(BASE + "new/", {**asked, "options-2": "Monday\nFriday"}).status_code == 302
    assert [q.options for q in Survey.objects.get().questions.order_by("position")] == [
        [],
        ["Monday", "Friday"],
    ]


@pytest.mark.parametrize(
    ("action", "order"), [("raise:2", ["2", "1"]), ("lower:1", ["2", "1"]), ("drop:1", ["2"])]
)
def test_questions_are_moved_and_taken_out(acme, client_as, text, action, order):
    asked = {**form(action=action), "question": ["1", "2"], "text-2": "Which days?"}
    page = text(client_as(acme.cleo).post(BASE + "new/", asked))
    assert [part.split('"')[0] for part in page.split('name="question" value="')[1:]] == order


def test_a_change_made_on_an_older_version_is_refused_and_kept(acme, client_as, text):
    cleo = client_as(acme.cleo)
    cleo.post(BASE + "new/", form())
    address = f"{BASE}written/{Survey.objects.get().pk}/questions/"
    assert 'name="version" value="1"' in text(cleo.get(address))
    assert cleo.post(address, form(title="Other", version="1")).status_code == 302
    page = text(client_as(acme.ana).post(address, form(title="Mine", version="1")), 422)
    assert "Somebody else changed this survey meanwhile." in page
    assert 'value="Mine"' in page
    assert Survey.objects.get().title == "Other"


def test_a_round_is_asked_from_the_page_in_the_workspaces_days(acme, client_as, text):
    """R1.7"""
    cleo = client_as(acme.cleo)
    cleo.post(BASE + "new/", form())
    survey = Survey.objects.get()
    address = f"{BASE}written/{survey.pk}/rounds/"
    text(cleo.post(address, {"readers": "leads", "remind_days": "2", "closes_on": "2020-01-01"}), 422)
    day = (now() + timedelta(days=5)).date()
    posted = {"readers": "asked", "remind_days": "2", "closes_on": day.isoformat(), "is_anonymous": "on"}
    answer = cleo.post(address, posted)
    made = Round.objects.get()
    assert answer["Location"] == f"{BASE}rounds/{made.pk}/"
    assert (made.state, made.is_anonymous, made.readers) == ("open", True, "asked")
    assert made.closes_at.isoformat() == f"{day.isoformat()}T16:00:00+00:00"
    assert made.next_at == made.closes_at - timedelta(days=2)


def test_a_round_is_answered_from_the_page_and_nothing_typed_is_lost(acme, client_as, text):
    """R1.7"""
    found = ask(acme)
    ben = client_as(acme.ben)
    address = f"{BASE}rounds/{found.pk}/"
    names = [f"q-{question(found, n).pk}" for n in range(1, 6)]
    page = text(ben.get(address))
    assert "Nobody can find out which are yours." in page
    assert 'value="4"' in page
    page = text(ben.post(address, {names[0]: "x" * 2001, names[1]: "kept words"}), 422)
    assert "kept words" in page
    assert not Answer.objects.exists()
    values = {names[0]: "the team", names[2]: "4", names[3]: "1", names[4]: ["0", "1"]}
    assert ben.post(address, values).status_code == 302
    assert sorted(map(str, Answer.objects.values_list("value", flat=True))) == [
        "1",
        "4",
        "[0, 1]",
        "the team",
    ]
    page = text(ben.get(address))
    assert "You have answered" in page
    assert names[0] not in page
    text(ben.post(address, values), 422)


def test_answers_by_name_stand_in_the_form_again(acme, client_as, text):
    found = ask(acme, is_anonymous=False)
    give(found, acme.ben, "the team", None, 4)
    page = text(client_as(acme.ben).get(f"{BASE}rounds/{found.pk}/"))
    assert "the team" in page
    assert "Your name stands beside your answers." in page
    assert 'value="4"' in page.split("checked")[0].rsplit("<input", 1)[1]


def test_results_show_bars_and_a_table_that_says_the_same(acme, client_as, text):
    """R1.7: charts."""
    found = ask(acme, questions=[MARK, *STANDARD])
    for number, name in enumerate(("ana", "ben", "cleo", "farah", "jun")):
        give(found, getattr(acme, name), 4 if number else 1, "<b>tea</b>")
    close_round(round_=found, by=acme.actor("cleo"))
    page = text(client_as(acme.cleo).get(f"{BASE}rounds/{found.pk}/results/"))
    row = page.split('<th scope="row">4</th>')[1].split("</tr>")[0]
    assert 'class="result-fill" width="80"' in row
    assert '<span class="num">4</span>' in row
    assert "80 %" in row
    assert "&lt;b&gt;tea&lt;/b&gt;" in page
    assert "<b>tea</b>" not in page


def test_who_may_not_ask_sees_neither_writing_nor_closing(acme, client_as, text):
    found = ask(acme)
    ben = client_as(acme.ben)
    assert "New survey" not in text(ben.get(BASE))
    page = text(ben.get(f"{BASE}rounds/{found.pk}/"))
    assert "/closing/" not in page
    assert ben.post(f"{BASE}rounds/{found.pk}/closing/").status_code == 403
    assert ben.post(f"{BASE}rounds/{found.pk}/reminder/").status_code == 403


def test_a_round_is_reminded_of_and_closed_from_the_page(acme, client_as):
    found = ask(acme)
    cleo = client_as(acme.cleo)
    assert cleo.post(f"{BASE}rounds/{found.pk}/reminder/").status_code == 302
    assert cleo.post(f"{BASE}rounds/{found.pk}/closing/")["Location"].endswith("/results/")
    assert Round.objects.get().state == "closed"
    assert cleo.post(f"{BASE}rounds/{found.pk}/reminder/").status_code == 409


# Oneself


def test_a_type_a_ranking_and_motives_are_entered_from_the_pages(acme, client_as, text):
    """R1.8, R1.10"""
    ben = client_as(acme.ben)
    assert ben.post(BASE + "me/results/mbti/", {"type": "INTJ", "audience": "team"}).status_code == 302
    page = text(ben.post(BASE + "me/results/strengths/", {"themes": "Woo\nWow", "audience": "me"}), 422)
    assert "Line 2: “Wow” is none of the 34 themes. Did you mean Woo?" in page
    assert "Woo Wow" in page
    themes = "1. Woo\n2. Input\n3. Focus\n4. Belief\n5. Learner"
    assert ben.post(BASE + "me/results/strengths/", {"themes": themes, "audience": "me"}).status_code == 302
    double = {"reward_1": "thanks", "reward_2": "thanks", "audience": "me"}
    assert "Choose each reward once." in text(ben.post(BASE + "me/results/motivation/", double), 422)
    assert ben.post(BASE + "me/results/motivation/", {**double, "reward_2": "tools"}).status_code == 302
    other = {"name": "DISC", "text": "D/I", "audience": "workspace"}
    assert ben.post(BASE + "me/results/other/", other).status_code == 302
    assert "D/I" in text(ben.get(BASE + "me/results/other/?name=DISC"))
    assert dict(Trait.objects.values_list("kind", "audience")) == {
        "mbti": "team",
        "strengths": "me",
        "motivation": "me",
        "other": "workspace",
    }
    assert ben.get(BASE + "me/results/horoscope/").status_code == 404


def test_one_opens_takes_back_and_takes_along_what_is_ones_own(acme, client_as, text):
    trait = tell_trait(kind="mbti", value={"type": "INTJ"}, by=acme.actor("ben"))
    ben, jun = client_as(acme.ben), client_as(acme.jun)
    assert "INTJ" not in text(jun.get(BASE + "people/"))
    address = f"{BASE}me/results/{trait.pk}/"
    assert ben.post(address + "audience/", {"audience": "workspace"}).status_code == 302
    assert "INTJ" in text(jun.get(BASE + "people/"))
    assert jun.post(address + "audience/", {"audience": "me"}).status_code == 404
    copy = ben.get(BASE + "me/data/")
    assert copy["Content-Disposition"] == 'attachment; filename="about-me.json"'
    assert [row["value"] for row in json.loads(copy.content)["traits"]] == [{"type": "INTJ"}]
    give(ask(acme, is_anonymous=False), acme.jun, "the tea")
    give(ask(acme, title="Unnamed"), acme.jun, "the hours")
    assert json.loads(jun.get(BASE + "me/data/").content) == {
        "traits": [],
        "answers": [
            {
                "survey": "How is it going?",
                "question": "What do you like about what you do?",
                "options": [],
                "value": "the tea",
            }
        ],
    }
    assert ben.post(address + "audience/", {"audience": "press"}).status_code == 422
    assert ben.post(address + "withdrawal/").status_code == 302
    assert "INTJ" not in text(jun.get(BASE + "people/"))


def test_what_motivates_whom_is_counted_from_what_is_open_only(acme, client_as, text):
    """R1.10"""
    for name, rewards, audience in [
        ("ben", ["thanks", "time_off"], "workspace"),
        ("jun", ["time_off"], "workspace"),
        ("farah", ["bonus"], "me"),
    ]:
        tell_trait(kind="motivation", value={"rewards": rewards}, audience=audience, by=acme.actor(name))
    page = text(client_as(acme.cleo).get(BASE + "people/motivation/"))
    assert page.index("Time off") < page.index("A personal word of thanks")
    assert "of 2 people" in page
    assert "A bonus or voucher" not in page


@pytest.mark.parametrize("place", ["", "people/", "people/motivation/", "me/"])
def test_a_page_takes_few_statements_and_no_more_with_more_rows(acme, client_as, place):
    def fill(people) -> None:
        for number, member in enumerate(people):
            own = actor_of(fresh(member))
            tell_trait(kind="mbti", value={"type": "INTJ"}, audience="workspace", by=own)
            tell_trait(kind="motivation", value={"rewards": ["thanks"]}, audience="workspace", by=own)
            ask(acme, title=f"Round {number}")

    cleo = client_as(acme.cleo)
    fill([acme.ben])
    cleo.get(BASE + place)
    with CaptureQueriesContext(connection) as few:
        assert cleo.get(BASE + place).status_code == 200
    fill(crowd(acme, 3))
    with CaptureQueriesContext(connection) as many:
        assert cleo.get(BASE + place).status_code == 200
    assert len(few) == len(many) <= MOST, [query["sql"][:120] for query in many.captured_queries]
