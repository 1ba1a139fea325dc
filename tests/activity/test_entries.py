"""Entries: facts only, in the transaction that made them; read as page and list."""

import pytest
from django.db import transaction
from django.test import Client

from activity.models import Delivery, Entry
from activity.selectors import entries
from activity.services.entries import UnfitFact
from activity.subscriptions import subscribe, subscriptions
from core.errors import Invalid
from core.record import record
from core.refs import Ref
from teams.services.groups import create_team
from teams.services.keys import create_token


def note(cast, verb: str = "tests.thing.noted", **facts: object) -> Entry:
    record(verb, by=cast.actor("ben"), subject=Ref("tests.thing", cast.acme.pk), **facts)
    return Entry.objects.order_by("-id").first()


@pytest.mark.parametrize(
    "fact",
    [
        1,
        2.5,
        True,
        None,
        "approved",
        "approvals.request",
        "2026-11-23T10:00:00+00:00",
        "01a207bf-4912-77b1-8d56-fb817f2da334",
        [1, "a", None],
        [],
    ],
)
def test_ids_numbers_and_enumerations_are_kept(acme, fact):
    assert note(acme, value=fact).facts == {"value": fact}


@pytest.mark.parametrize(
    "fact",
    [
        "Ana Rahman",
        "ana@acme.test",
        "a text, with a comma",
        "x" * 81,
        {"a": 1},
        ["Ana Rahman"],
        b"x",
        object(),
        [[{}]],
    ],
)
def test_names_addresses_and_texts_are_refused(acme, fact):
    with pytest.raises(UnfitFact):
        note(acme, value=fact)
    assert not Entry.objects.filter(verb="tests.thing.noted").exists()


def test_an_entry_goes_with_the_transaction_that_made_it(acme):
    before = Entry.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        note(acme)
        raise RuntimeError
    assert Entry.objects.count() == before


def test_an_entry_is_told_to_who_subscribed_to_its_verb(acme, monkeypatch):
    monkeypatch.setattr(subscriptions, "_entries", {})
    subscribe("tests.one", ["tests.thing.noted"], print)
    subscribe("tests.two", ["tests.thing.noted", "tests.thing.moved"], print)
    subscribe("tests.three", ["tests.thing.moved"], print)
    entry = note(acme)
    assert set(Delivery.objects.filter(entry=entry).values_list("subscriber", flat=True)) == {
        "tests.one",
        "tests.two",
    }


def test_the_page_names_who_for_whom_and_what(cast, client_as, acme):
    cover = cast.actor("ben").covering(cast.actor("cleo").member, frozenset({"teams.team.edit"}))
    create_team(name="Writers", members=[], by=cover)
    page = client_as(cast.vera).get("/w/acme/activity/").content.decode()
    row = page[page.index("entry-row-") :]
    assert row.index("Ben Tan") < row.index("for Cleo Marchetti") < row.index("created") < row.index("a team")


def test_the_list_says_who_behind_a_token(cast, acme):
    by = cast.actor("ana")
    _key, secret = create_token(member=by.member, purpose="a program", by=by)
    api = Client(HTTP_AUTHORIZATION=f"Bearer {secret}")
    api.post("/api/v1/w/acme/teams/", {"name": "Writers"}, content_type="application/json")
    row = api.get("/api/v1/w/acme/activity/", {"verb": "teams.team"}).json()["results"][0]
    assert row["by"] == {"kind": "token", "member": str(cast.ana.pk), "name": "Ana Rahman (by API token)"}
    assert row["for"] is None
    assert row["subject"]["type"] == "teams.team"


def test_the_list_is_narrowed_by_subject_verb_and_member(acme):
    team = create_team(name="Writers", members=[], by=acme.actor("ana"))
    note(acme)
    by = acme.actor("vera")
    assert [row.verb for row in entries(by, subject=f"teams.team:{team.pk}")] == ["teams.team.created"]
    assert {row.subject_type for row in entries(by, subject="teams.team")} == {"teams.team"}
    assert [row.verb for row in entries(by, verb="tests.thing")] == ["tests.thing.noted"]
    assert [row.verb for row in entries(by, verb="tests.thi")] == []
    assert [row.verb for row in entries(by, member=acme.ben.pk)] == ["tests.thing.noted"]


def test_what_was_done_for_a_member_is_found_by_that_member(acme):
    cover = acme.actor("ben").covering(acme.actor("cleo").member, frozenset({"teams.team.edit"}))
    create_team(name="Writers", members=[], by=cover)
    assert [row.verb for row in entries(acme.actor("vera"), member=acme.cleo.pk)] == ["teams.team.created"]


def test_a_malformed_subject_is_refused(acme):
    with pytest.raises(Invalid):
        entries(acme.actor("vera"), subject="teams.team:nonsense")


def test_the_record_comes_in_pages_newest_first(cast, client_as, acme):
    for number in range(60):
        note(acme, number=number)
    client = client_as(cast.vera)
    found, address = [], "/api/v1/w/acme/activity/?verb=tests.thing&limit=25"
    while address:
        page = client.get(address).json()
        found += [row["facts"]["number"] for row in page["results"]]
        address = page["next"]
    assert found == list(range(59, -1, -1))
