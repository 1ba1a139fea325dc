"""Surveys and traits over REST: the same verbs as the pages (R1.7 to R1.10)."""

from datetime import timedelta

import pytest

from core.clock import now
from surveys.models import Trait
from tests.surveys.conftest import STANDARD, ask, question

BASE = "/api/v1/w/acme/"


@pytest.fixture
def cleo(cast, api_as):
    return api_as(cast.cleo)


def test_a_survey_is_written_asked_answered_and_closed(acme, cleo, api_as):
    made = cleo.post(
        BASE + "surveys/",
        {"title": "Week", "questions": [{"standard": "like"}, {"text": "1 to 5?", "kind": "scale"}]},
    )
    assert made.status_code == 201
    survey = made.json()
    assert [(one["standard"], one["text"], one["kind"]) for one in survey["questions"]] == [
        ("like", "What do you like about what you do?", "text"),
        (None, "1 to 5?", "scale"),
    ]
    changed = cleo.patch(f"{BASE}surveys/{survey['id']}/", {"title": "The week"}).json()
    assert (changed["title"], changed["version"], len(changed["questions"])) == ("The week", 2, 2)
    more = {"questions": [{"standard": "like"}, {"text": "1 to 5?", "kind": "scale"}, {"text": "Why?"}]}
    assert len(cleo.patch(f"{BASE}surveys/{survey['id']}/", more).json()["questions"]) == 3
    changed = cleo.patch(f"{BASE}surveys/{survey['id']}/", {"questions": more["questions"][:2]}).json()
    closes = (now() + timedelta(days=3)).isoformat()
    opened = cleo.post(f"{BASE}surveys/{survey['id']}/rounds/", {"closes_at": closes, "readers": "asked"})
    assert (opened.status_code, opened.json()["state"], opened.json()["asked"]) == (201, "open", 6)
    address = f"{BASE}survey-rounds/{opened.json()['id']}/"
    first, second = (one["id"] for one in changed["questions"])
    for number, name in enumerate(("ana", "ben", "cleo", "farah", "jun"), start=1):
        answers = {"answers": {first: f"word {number}", second: number}}
        assert api_as(getattr(acme, name)).put(address + "answers/", answers).status_code == 200
    ben = api_as(acme.ben)
    assert ben.get(address).json()["answered_by_me"] is True
    assert ben.put(address + "answers/", {"answers": {first: "again"}}).status_code == 409
    assert ben.get(address + "results/").status_code == 403
    assert ben.patch(address, {"closed": True}).status_code == 403
    assert cleo.patch(address, {"closed": True}).json()["state"] == "closed"
    found = ben.get(address + "results/").json()
    assert (found["asked"], found["answered"], found["hidden"]) == (6, 5, False)
    assert [words["text"] for words in found["questions"][0]["words"]] == [f"word {n}" for n in range(1, 6)]
    assert found["questions"][1]["mean"] == 3.0
    assert cleo.delete(f"{BASE}surveys/{survey['id']}/").status_code == 204
    assert cleo.get(BASE + "surveys/").json()["results"] == []


def test_who_is_not_asked_does_not_see_a_round(acme, api_as):
    from tests.surveys.conftest import fresh, team

    found = ask(acme, team=team(acme, "Pair", [fresh(acme.jun), fresh(acme.ben)]), is_anonymous=False)
    vera, jun = api_as(acme.vera), api_as(acme.jun)
    assert vera.get(BASE + "survey-rounds/").json()["results"] == []
    assert vera.get(f"{BASE}survey-rounds/{found.pk}/").status_code == 404
    assert vera.put(f"{BASE}survey-rounds/{found.pk}/answers/", {"answers": {}}).status_code == 404
    assert [row["asks_me"] for row in jun.get(BASE + "survey-rounds/").json()["results"]] == [True]
    body = {"answers": {str(question(found, 1).pk): "tea"}}
    answered = jun.put(f"{BASE}survey-rounds/{found.pk}/answers/", body).json()
    assert answered["own"] == {str(question(found, 1).pk): "tea"}
    assert jun.get(BASE + "surveys/").status_code == 403


def test_faults_are_named_by_field(acme, cleo):
    assert cleo.post(BASE + "surveys/", {"title": "x", "questions": [{"text": ""}]}).json()["errors"] == {
        "questions.0": ["Write a question of 1 to 300 characters."]
    }
    found = ask(acme, questions=STANDARD)
    address = f"{BASE}survey-rounds/{found.pk}/answers/"
    asked = str(question(found, 1).pk)
    assert cleo.put(address, {"answers": {asked: 7}}).json()["errors"] == {asked: ["Answer in words."]}
    assert cleo.put(address, {"answers": 7}).status_code == 422
    assert cleo.post(f"{BASE}survey-rounds/{found.pk}/reminder/").status_code == 200


def test_a_trait_is_put_opened_and_taken_back(acme, cleo, api_as):
    ben = api_as(acme.ben)
    made = ben.put(BASE + "traits/", {"kind": "mbti", "value": {"type": "intj"}}).json()
    assert (made["value"], made["audience"], made["member"]["name"]) == ({"type": "INTJ"}, "me", "Ben Tan")
    address = f"{BASE}traits/{made['id']}/"
    assert cleo.get(address).status_code == 404
    assert ben.patch(address, {"audience": "leads"}).json()["audience"] == "leads"
    assert cleo.get(address).json()["value"] == {"type": "INTJ"}
    assert cleo.patch(address, {"audience": "me"}).status_code == 404
    assert cleo.delete(address).status_code == 404
    assert ben.delete(address).status_code == 204
    assert cleo.get(address).status_code == 404
    assert not Trait.objects.exists()
    wrong = ben.put(BASE + "traits/", {"kind": "mbti", "value": {"type": "x"}})
    assert (wrong.status_code, wrong.json()["errors"]) == (
        422,
        {"type": ["“x” is none of the sixteen types."]},
    )


def test_suggestions_come_with_their_reasons(acme, cleo, api_as):
    """R1.9"""
    themes = ["Ideation", "Input", "Woo", "Focus", "Belief"]
    api_as(acme.ben).put(
        BASE + "traits/", {"kind": "strengths", "value": {"themes": themes}, "audience": "workspace"}
    )
    rows = {row["kind"]["name"]: row["suggestions"] for row in cleo.get(BASE + "fit/").json()["results"]}
    assert rows["Content creation"][0]["member"]["name"] == "Ben Tan"
    assert (
        rows["Content creation"][0]["reasons"][0] == "Ideation and Input are among the first five strengths"
    )
