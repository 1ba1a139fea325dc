"""How channels are doing: what the network tells of its quota and of a log-in's end, and who hears of it once."""

import base64
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from activity.models import Entry
from core.clock import now
from core.errors import Invalid, NotAllowed
from core.http.responses import Headers, Response
from core.refs import Ref
from networks.health import health_of, quota_of_channel, trouble_of
from networks.models import Channel
from networks.outcomes import attempt
from networks.protocol import Outcome, OutcomeKind, Quota
from networks.quotas import ends_at, quota_of
from networks.receivers import channel_turned_bad
from networks.services.channels import mark_needs_login, note_outcome
from networks.services.troubles import set_login_end, watch_endings
from networks.states import Trouble
from notifications.models import Notice
from teams.actors import Actor
from teams.models import Duty, DutyKind, DutyScope, Workspace
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.states import AbsenceKind
from tests.networks.conftest import connect

AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
EPOCH = int((AT + timedelta(minutes=4)).timestamp())


def answer(status: int = 200, **headers: str) -> Response:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response(status, Headers(fields), b"{}", 1, "https://x.test/")


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        (
            {
                "X_RateLimit_Limit": "300",
                "X_RateLimit_Remaining": "12",
                "X_RateLimit_Reset": "2026-11-27T09:04:00Z",
            },
            12,
        ),
        (
            {
                "x_rate_limit_limit": "100",
                "x_rate_limit_remaining": "9",
                "x_rate_limit_reset": str(EPOCH),
            },
            9,
        ),
        (
            {
                "ratelimit_limit": "3000",
                "ratelimit_remaining": "9000",
                "ratelimit_reset": str(EPOCH),
                "ratelimit_policy": "3000;w=300",
            },
            3000,
        ),
    ],
)
def test_a_quota_is_read_as_the_network_writes_it(headers, left):
    found = quota_of(answer(**headers), AT)
    assert (found.left, found.resets_at) == (left, AT + timedelta(minutes=4))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_RateLimit_Limit": "5", "X_RateLimit_Remaining": "4", "X_RateLimit_Reset": str(EPOCH - 239)},
        {"X_RateLimit_Limit": "300", "X_RateLimit_Remaining": "-1", "X_RateLimit_Reset": str(EPOCH)},
        {"X_RateLimit_Limit": "0", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(EPOCH)},
        {"X_RateLimit_Limit": "300", "X_RateLimit_Remaining": "1", "X_RateLimit_Reset": "soon"},
        {"X_RateLimit_Limit": "300", "X_RateLimit_Remaining": "1", "X_RateLimit_Reset": "9" * 40},
        {"X_RateLimit_Limit": "300", "X_RateLimit_Remaining": "1"},
    ],
)
def test_a_pace_of_seconds_or_nonsense_is_no_quota(headers):
    assert quota_of(answer(**headers), AT) is None


def test_every_call_brings_its_quota_along():
    at = now()
    headers = {
        "X_RateLimit_Limit": "300",
        "X_RateLimit_Remaining": "7",
        "X_RateLimit_Reset": (at + timedelta(minutes=5)).isoformat(),
    }
    good = attempt(lambda: answer(**headers), lambda _r: Outcome(OutcomeKind.ACCEPTED))
    told_to_wait = attempt(lambda: answer(429, **headers), lambda _r: Outcome(OutcomeKind.ACCEPTED))
    assert (good.quota.left, told_to_wait.quota.left) == (7, 7)


def test_a_token_says_when_it_ends():
    claims = base64.urlsafe_b64encode(json.dumps({"exp": EPOCH}).encode()).decode().rstrip("=")
    assert ends_at(f"x.{claims}.y") == AT + timedelta(minutes=4)
    assert [ends_at(token) for token in ("", "opaque", "a.b.c", "x.e30.y", "x.eyJleHAiOjFlOTk5fQ.y")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    ("fields", "trouble"),
    [
        ({}, Trouble.NONE),
        ({"login_ends_at": AT + timedelta(days=8)}, Trouble.NONE),
        ({"login_ends_at": AT + timedelta(days=7)}, Trouble.ENDING),
        ({"login_ends_at": AT}, Trouble.ENDED),
        ({"failures": 2}, Trouble.NONE),
        ({"failures": 3}, Trouble.FAILING),
        ({"quota_left": 30, "quota_most": 300}, Trouble.QUOTA),
        ({"quota_left": 31, "quota_most": 300}, Trouble.NONE),
        ({"quota_left": 0, "quota_most": 300, "quota_resets_at": AT}, Trouble.NONE),
        ({"status": "needs_login", "login_ends_at": AT}, Trouble.LOGIN),
        ({"status": "sample", "failures": 9}, Trouble.NONE),
    ],
)
def test_what_is_wrong_is_told_from_the_row_alone(fields, trouble):
    channel = Channel(**{"kind": "mastodon", "name": "Kopi", "status": "active", **fields})
    assert trouble_of(channel, AT) == trouble
    assert bool(health_of(channel, AT).advice) == bool(trouble or fields.get("status") == "sample")


def test_a_window_that_is_over_is_full_again():
    channel = Channel(quota_left=3, quota_most=300, quota_resets_at=AT)
    assert quota_of_channel(channel, AT - timedelta(seconds=1)) == (3, 300)
    assert quota_of_channel(channel, AT) == (300, 300)


def failing(channel: Channel, times: int, by: Actor) -> None:
    for _time in range(times):
        note_outcome(
            channel=channel, outcome=Outcome(OutcomeKind.UNKNOWN, reason="The server is down."), by=by
        )


def turned_bad(channel: Channel) -> list[str]:
    rows = Entry.objects.filter(verb="networks.channel.turned_bad", subject_id=channel.pk).order_by("pk")
    return [row.facts["trouble"] for row in rows]


def test_calls_that_keep_failing_are_noticed_at_the_third_and_forgotten_at_a_success(acme, fake_channel):
    by = Actor.system(acme.acme.pk)
    failing(fake_channel, 2, by)
    assert turned_bad(fake_channel) == []
    failing(fake_channel, 3, by)
    assert turned_bad(fake_channel) == ["failing"]

    standing = Channel.objects.get(pk=fake_channel.pk)
    note_outcome(channel=standing, outcome=Outcome(OutcomeKind.ACCEPTED), by=by)
    row = Channel.objects.get(pk=fake_channel.pk)
    assert (row.trouble, row.failures, row.last_error) == ("", 0, "")


def test_a_quota_that_empties_and_fills_is_told_once_a_day(acme, fake_channel):
    by = Actor.system(acme.acme.pk)
    later = now() + timedelta(hours=1)
    for left in (5, 290, 5, 290, 5):
        found = Channel.objects.get(pk=fake_channel.pk)
        outcome = Outcome(OutcomeKind.ACCEPTED, quota=Quota(left, 300, later))
        note_outcome(channel=found, outcome=outcome, by=by)
    row = Channel.objects.get(pk=fake_channel.pk)
    assert (row.trouble, row.quota_left, turned_bad(row)) == ("quota", 5, ["quota"])

    Channel.objects.update(trouble="", told_at=now() - timedelta(hours=25))
    row.refresh_from_db()
    note_outcome(channel=row, outcome=Outcome(OutcomeKind.ACCEPTED, quota=Quota(5, 300, later)), by=by)
    assert turned_bad(row) == ["quota", "quota"]


def test_a_login_that_ends_is_noticed_a_week_ahead_and_again_when_it_has_ended(acme, fake_channel):
    Channel.objects.filter(pk=fake_channel.pk).update(login_ends_at=now() + timedelta(days=8))
    assert (watch_endings(), turned_bad(fake_channel)) == (0, [])

    Channel.objects.filter(pk=fake_channel.pk).update(login_ends_at=now() + timedelta(days=6))
    assert (watch_endings(), watch_endings(), turned_bad(fake_channel)) == (1, 0, ["ending"])

    Channel.objects.filter(pk=fake_channel.pk).update(login_ends_at=now() - timedelta(hours=1))
    assert (watch_endings(), watch_endings(), turned_bad(fake_channel)) == (1, 0, ["ending", "ended"])


def test_connecting_again_forgets_what_was_wrong(acme, fake_channel):
    failing(fake_channel, 3, Actor.system(acme.acme.pk))
    mark_needs_login(
        channel=Channel.objects.get(pk=fake_channel.pk), reason="401", by=Actor.system(acme.acme.pk)
    )
    assert Channel.objects.get(pk=fake_channel.pk).trouble == "login"

    connect(acme)

    row = Channel.objects.get(pk=fake_channel.pk)
    assert (row.status, row.trouble, row.told_trouble, row.failures) == ("active", "", "", 0)


def duty_for(acme, channel: Channel, owner: str, **scope: str) -> Duty:
    kind = DutyKind.objects.first() or DutyKind.objects.create(workspace=acme.acme, name="Community")
    duty = Duty(workspace=acme.acme, kind=kind, owner=getattr(acme, owner))
    duty.save()
    reach = scope or {"type": "networks.channel", "key": str(channel.pk)}
    DutyScope(workspace=acme.acme, duty=duty, **reach).save()
    return duty


def told_of(channel: Channel) -> set[object]:
    channel_turned_bad(Entry.objects.get(verb="networks.channel.turned_bad", subject_id=channel.pk))
    return set(Notice.objects.filter(type="networks.channel_trouble").values_list("member_id", flat=True))


def test_the_owner_of_the_channel_and_his_backup_are_told_once(acme, fake_channel):
    duty_for(acme, fake_channel, "ben")
    set_backups(member=acme.ben, backups=[acme.jun, acme.cleo], by=acme.actor("ana"))
    failing(fake_channel, 3, Actor.system(acme.acme.pk))

    assert told_of(fake_channel) == {acme.ben.pk, acme.jun.pk}
    assert told_of(fake_channel) == {acme.ben.pk, acme.jun.pk}
    assert Notice.objects.filter(type="networks.channel_trouble").count() == 2


def test_a_duty_for_the_network_reaches_its_channels(acme, fake_channel):
    duty_for(acme, fake_channel, "cleo", type="network", key="fake")
    failing(fake_channel, 3, Actor.system(acme.acme.pk))
    assert told_of(fake_channel) == {acme.cleo.pk}


def test_where_nobody_looks_after_it_those_who_can_mend_it_are_told(acme, fake_channel):
    failing(fake_channel, 3, Actor.system(acme.acme.pk))
    assert told_of(fake_channel) == {acme.ana.pk}


def test_what_is_over_when_the_notice_is_written_is_not_told(acme, fake_channel):
    failing(fake_channel, 3, Actor.system(acme.acme.pk))
    Channel.objects.update(trouble="")
    assert told_of(fake_channel) == set()


@pytest.mark.parametrize("trouble", [one for one in Trouble if one not in (Trouble.NONE, Trouble.LOGIN)])
def test_every_notice_names_the_channel_and_what_to_do(acme, fake_channel, client, trouble):
    Channel.objects.filter(pk=fake_channel.pk).update(
        login_ends_at=now() + timedelta(days=2), trouble=trouble, last_error="The server is down."
    )
    entry = Entry(
        workspace_id=acme.acme.pk,
        verb="networks.channel.turned_bad",
        subject_type="networks.channel",
        subject_id=fake_channel.pk,
        actor_kind="system",
        facts={"trouble": str(trouble)},
    )
    entry.save()
    channel_turned_bad(entry)
    client.force_login(acme.ana.user)
    page = client.get(reverse("notifications:list", args=["acme"])).content.decode()
    assert fake_channel.name in page
    assert ("The server is down." in page) == (trouble == Trouble.FAILING)


def test_a_person_may_say_when_the_login_ends(acme, fake_channel):
    Workspace.objects.filter(pk=acme.acme.pk).update(timezone="Asia/Kuala_Lumpur")
    day = now().date() + timedelta(days=3)
    with pytest.raises(NotAllowed):
        set_login_end(channel=fake_channel, ends_on=day, by=acme.actor("cleo"))
    with pytest.raises(Invalid):
        set_login_end(channel=fake_channel, ends_on=date(2999, 1, 1), by=acme.actor("ana"))
    found = set_login_end(channel=Channel.objects.get(pk=fake_channel.pk), ends_on=day, by=acme.actor("ana"))
    assert found.login_ends_at.hour == 16
    assert (found.trouble, turned_bad(found)) == ("ending", ["ending"])
    assert set_login_end(channel=found, ends_on=None, by=acme.actor("ana")).trouble == ""


def test_the_pages_show_quota_end_and_what_to_do(acme, fake_channel, client):
    Channel.objects.filter(pk=fake_channel.pk).update(
        quota_left=12, quota_most=300, quota_resets_at=now() + timedelta(minutes=30)
    )
    client.force_login(acme.ana.user)
    page = client.get(reverse("networks:channel", args=["acme", fake_channel.pk])).content.decode()
    rows = client.get(reverse("networks:channels", args=["acme"])).content.decode()
    assert "12 of 300 calls" in page
    assert "12 of 300 calls left" in rows
    assert "Quota nearly used up" in rows

    address = reverse("networks:login_end", args=["acme", fake_channel.pk])
    wrong = client.post(address, {"login_ends_on": "2999-01-01"})
    assert wrong.status_code == 422
    assert "within the next ten years" in wrong.content.decode()
    client.post(address, {"login_ends_on": "2030-01-02"})
    page = client.get(reverse("networks:channel", args=["acme", fake_channel.pk])).content.decode()
    assert 'value="2030-01-02"' in page


def test_programs_read_the_same(acme, fake_channel, client):
    Channel.objects.filter(pk=fake_channel.pk).update(failures=4, last_error="The server is down.")
    client.force_login(acme.ana.user)
    address = reverse("networks_api:channel", args=["acme", fake_channel.pk])
    health = client.get(address).json()["health"]
    assert (health["trouble"], health["quota"], health["last_error"]) == (
        "failing",
        None,
        "The server is down.",
    )
    assert "log in again" in health["advice"]
    answer = client.patch(address, {"login_ends_on": "2030-01-02"}, content_type="application/json")
    assert answer.json()["health"]["login_ends_at"].startswith("2030-01-0")


def test_metrics_count_channels_by_trouble(acme, fake_channel, client):
    ends = now() + timedelta(days=2)
    Channel.objects.filter(pk=fake_channel.pk).update(login_ends_at=ends)
    watch_endings()
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'collab_channels{trouble="ending"} 1' in lines
    (seconds,) = [line.split()[1] for line in lines if line.startswith("collab_channel_login_ends_seconds ")]
    assert 2 * 86400 - 600 < int(seconds) <= 2 * 86400


def test_who_is_away_is_told_through_who_acts_for_him(acme, fake_channel):
    duty = duty_for(acme, fake_channel, "ben")
    set_backups(member=acme.ben, backups=[acme.jun], scope=Ref("teams.duty", duty.pk), by=acme.actor("ana"))
    record_absence(
        member=acme.ben,
        kind=AbsenceKind.LEAVE,
        starts_at=now() - timedelta(hours=1),
        ends_at=None,
        by=acme.actor("ana"),
    )
    failing(fake_channel, 3, Actor.system(acme.acme.pk))
    assert told_of(fake_channel) == {acme.ben.pk, acme.jun.pk}
