"""Duties, backups, workload and coverage over REST: the same verbs as the pages (R1.1 to R1.5, R1.11)."""

import pytest

from core.ids import uuid7
from teams.models import Backup, Duty, DutyKind, Membership, Moderator
from teams.services.backups import set_backups
from tests.factories.posts import make_channel, newsroom_of

BASE = "/api/v1/w/acme/"


@pytest.fixture
def cleo(cast, api_as):
    return api_as(cast.cleo)


def body(cast, **changes):
    facts = {
        "kind": "service",
        "name": "Customer answers",
        "scopes": [{"type": "network", "key": "newsroom"}],
        "owner": str(cast.jun.pk),
        "backups": [str(cast.ben.pk), str(cast.farah.pk)],
        "effort_minutes": 300,
    }
    return {**facts, **changes}


def test_a_duty_is_made_read_handed_on_and_dropped(cast, acme, cleo):
    made = cleo.post(BASE + "duties/", body(cast))
    assert made.status_code == 201
    found = made.json()
    assert found == {
        "id": found["id"],
        "name": "Customer answers",
        "kind": {**found["kind"], "key": "service", "name": "Customer service"},
        "scopes": [{"type": "network", "key": "newsroom"}],
        "owner": {"id": str(cast.jun.pk), "name": "Jun Wong"},
        "backups": [
            {"id": str(cast.ben.pk), "name": "Ben Tan"},
            {"id": str(cast.farah.pk), "name": "Farah Aziz"},
        ],
        "effort_minutes": 300,
        "position": 6,
    }
    address = f"{BASE}duties/{found['id']}/"
    assert cleo.get(address).json() == found
    changed = cleo.patch(address, {"owner": str(cast.ben.pk), "position": 1}).json()
    assert (changed["owner"]["name"], [one["name"] for one in changed["backups"]], changed["position"]) == (
        "Ben Tan",
        ["Farah Aziz"],
        1,
    )
    assert cleo.get(BASE + "duties/").json()["results"][0] == changed
    assert cleo.delete(address).status_code == 204
    assert cleo.get(address).status_code == 404
    assert Duty.objects.get(pk=found["id"]).ended_at is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "juggling"}, "kind"),
        ({"kind": str(uuid7())}, "kind"),
        ({"owner": str(uuid7())}, "owner"),
        ({"owner": None}, "backups"),
        ({"scopes": [{"type": "network", "key": "friendster"}]}, "scopes"),
        ({"effort_minutes": 10_081}, "effort_minutes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_refused_by_field(cast, acme, cleo, changes, field):
    refused = cleo.post(BASE + "duties/", body(cast, **changes))
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])
    assert not Duty.objects.filter(name="Customer answers").exists()


def test_others_read_and_are_told_whom_to_ask(cast, acme, api_as):
    ben = api_as(cast.ben)
    assert len(ben.get(BASE + "duties/").json()["results"]) == 5
    refused = ben.post(BASE + "duties/", body(cast))
    assert (refused.status_code, refused.json()["why"]["verb"]) == (403, "teams.duty.edit")


def test_the_list_of_duties_pages_and_asks_no_more_for_more(cast, acme, cleo, django_assert_max_num_queries):
    for number in range(6):
        cleo.post(BASE + "duties/", body(cast, name=f"Duty {number}"))
    first = cleo.get(BASE + "duties/", {"limit": 4}).json()
    assert len(first["results"]) == 4
    with django_assert_max_num_queries(10):
        rest = cleo.get(first["next"]).json()
    assert [row["position"] for row in first["results"] + rest["results"]] == list(range(1, 9))


def test_a_kind_of_ones_own(cast, acme, cleo):
    made = cleo.post(BASE + "duty-kinds/", {"name": "Crisis watch"})
    assert made.status_code == 201
    assert DutyKind.objects.get(pk=made.json()["id"]).name == "Crisis watch"
    assert len(cleo.get(BASE + "duty-kinds/").json()["results"]) == 6
    assert (
        cleo.post(BASE + "duties/", body(cast, kind=made.json()["id"])).json()["kind"]["name"]
        == "Crisis watch"
    )


def test_moderators_are_named_and_taken_away(cast, acme, cleo):
    """R1.4."""
    channel = newsroom_of(cast)
    address = f"{BASE}moderators/{channel.pk}/"
    assert cleo.get(address).json()["member"] is None
    named = cleo.put(address, {"member": str(cast.jun.pk)})
    assert named.json() == {
        "channel": {"id": str(channel.pk), "name": "Newsroom", "network": "newsroom"},
        "member": {"id": str(cast.jun.pk), "name": "Jun Wong"},
    }
    assert cleo.get(BASE + "moderators/").json()["results"] == [named.json()]
    assert cleo.delete(address).status_code == 204
    assert not Moderator.objects.exists()


def test_backups_for_one_thing_stand_beside_those_for_everything(cast, acme, cleo):
    """R1.5."""
    scope = {"type": "networks.channel", "id": str(newsroom_of(cast).pk)}
    for wanted, extra in ((cast.ben, {}), (cast.farah, {"scope": scope})):
        facts = {"member": str(cast.jun.pk), "backups": [str(wanted.pk)], **extra}
        assert cleo.post(BASE + "backups/", facts).status_code == 201
    rows = cleo.get(BASE + "backups/").json()["results"]
    assert [(row["backup"]["name"], row["scope"]) for row in rows] == [
        ("Ben Tan", None),
        ("Farah Aziz", scope),
    ]
    scoped = next(row for row in rows if row["scope"])
    assert cleo.delete(f"{BASE}backups/{scoped['id']}/").status_code == 204
    assert [row.backup_id for row in Backup.objects.all()] == [cast.ben.pk]
    strange = cleo.post(
        BASE + "backups/",
        {"member": str(cast.jun.pk), "backups": [], "scope": {"type": "teams.team", "id": str(uuid7())}},
    )
    assert strange.status_code == 422


def test_workload_tells_the_weeks_and_what_handing_on_would_do(cast, acme, cleo):
    """R1.1."""
    duty = cleo.post(BASE + "duties/", body(cast)).json()["id"]

    def totals(**query) -> dict[str, int]:
        rows = cleo.get(BASE + "workload/", query).json()["members"]
        return {row["member"]["name"]: row["weeks"][0]["work_minutes"] for row in rows}

    assert totals()["Jun Wong"] == 300
    after = totals(duty=duty, to=str(cast.farah.pk), weeks=1)
    assert (after["Jun Wong"], after["Farah Aziz"]) == (0, 300)
    assert totals()["Farah Aziz"] == 0
    found = cleo.get(BASE + "workload/", {"weeks": 2}).json()
    assert len(found["weeks"]) == 2
    jun = next(row for row in found["members"] if row["member"]["name"] == "Jun Wong")
    assert jun["weeks"][1] == {
        "capacity_minutes": 2400,
        "work_minutes": 300,
        "free_minutes": 2100,
        "over_minutes": 0,
        "work": [{"kind": "duties", "minutes": 300, "count": 1}],
    }
    for query in ({"weeks": 7}, {"weeks": "x"}, {"duty": duty}, {"duty": "x", "to": "y"}):
        assert cleo.get(BASE + "workload/", query).status_code == 422
    assert cleo.get(BASE + "workload/", {"duty": str(uuid7()), "to": str(cast.ben.pk)}).status_code == 404


def test_coverage_tells_signs_moderators_and_gaps(cast, acme, cleo):
    """R1.2."""
    make_channel(cast, "mastodon")
    cleo.post(BASE + "duties/", body(cast, scopes=[{"type": "network", "key": "mastodon"}]))
    found = cleo.get(BASE + "coverage/").json()
    jun = next(row for row in found["members"] if row["member"]["name"] == "Jun Wong")
    assert jun["cells"][1] == {
        "network": "mastodon",
        "can": True,
        "does": True,
        "covers": False,
        "is_free": True,
    }
    column = found["networks"][1]
    assert [one["name"] for one in column["here"]] == [
        "Ana Rahman",
        "Ben Tan",
        "Cleo Marchetti",
        "Farah Aziz",
        "Jun Wong",
    ]
    assert column["moderators"][0]["member"] is None
    gaps = {(gap["kind"], gap["text"]) for gap in found["gaps"]}
    assert ("moderator", "Mastodon has no moderator") in gaps
    assert ("channel", "Newsroom is looked after by nobody") in gaps


def test_proposals_come_with_reasons(cast, acme, cleo):
    rows = cleo.get(f"{BASE}members/{cast.jun.pk}/proposals/").json()["results"]
    assert rows[0]["reasons"][0] == "holds every right that is needed"
    assert [row["points"] for row in rows] == sorted((row["points"] for row in rows), reverse=True)
    set_backups(
        member=Membership.objects.get(pk=cast.jun.pk),
        backups=[Membership.objects.get(pk=rows[0]["member"]["id"])],
        by=cast.actor("jun"),
    )
    again = cleo.get(f"{BASE}members/{cast.jun.pk}/proposals/").json()["results"]
    assert rows[0]["member"] not in [row["member"] for row in again]


def test_a_member_says_hours_languages_and_networks(cast, acme, api_as):
    jun = api_as(cast.jun)
    address = f"{BASE}members/{cast.jun.pk}/"
    facts = {
        "capacity_hours": 30,
        "languages": ["ms", "zh"],
        "networks": ["mastodon"],
        "job_title": "Community",
    }
    changed = jun.patch(address, facts)
    assert changed.status_code == 200
    assert {key: changed.json()[key] for key in facts} == facts
    for wrong in ({"languages": ["xx"]}, {"capacity_hours": 81}, {"networks": ["No network!"]}):
        assert jun.patch(address, wrong).status_code == 422
    assert jun.patch(f"{BASE}members/{cast.ben.pk}/", facts).status_code == 403
    assert jun.patch(address, {"role": "owner"}).status_code == 403
