"""Fault matrix, rows 12 and 19: clocks that are changed by law, and log-ins that end at the wrong moment."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db import connection

from activity.models import Entry
from calendar_app.times import moment_at, moment_of
from core.clock import now
from networks.models import ChannelSecret
from networks.services.credentials import open_credentials, refresh_credentials, store_credentials
from publishing import ledger
from publishing.models import Delivery
from publishing.receivers import login_needed
from publishing.services.delivering import deliver
from publishing.services.holds import release_channel
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, delivery_of, fake_channel, plan

YEARS = range(2026, 2029)


def changes_of(zone: ZoneInfo) -> list[tuple[datetime, timedelta, timedelta]]:
    """Return the instants at which a zone's offset changes in these years, with the offsets before and after."""
    found = []
    days = [datetime(YEARS[0], 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(0, 366 * len(YEARS), 7)]
    for one, other in pairwise(days):
        before, after = one.astimezone(zone).utcoffset(), other.astimezone(zone).utcoffset()
        if before == after:
            continue
        low, high = one, other
        while high - low > timedelta(seconds=1):
            middle = (low + (high - low) / 2).replace(microsecond=0)
            low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
        found.append((high, before, after))
    return found


def test_row_12_in_every_zone_a_gap_moves_forward_and_of_two_the_first_is_meant():
    """Each wall time gives one instant; what a page shows of it is a time that exists there."""
    gaps = overlaps = midnight_gaps = 0
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for at, before, after in changes_of(zone):
            jump = after - before
            first = (at + before).replace(tzinfo=None)
            asked = first + jump / 2
            found = moment_at(asked, name)
            if jump > timedelta(0):
                gaps += 1
                midnight_gaps += first.hour == 0
                assert found.is_shifted, (name, asked)
                assert found.wall == (asked + jump).isoformat(), (name, asked)
                assert found.instant == at + jump / 2, (name, asked)
            else:
                overlaps += 1
                assert not found.is_shifted, (name, asked)
                assert (found.wall, found.fold) == (asked.isoformat(), 0), (name, asked)
                assert found.instant == at + jump / 2, (name, asked)
            assert moment_of(found.instant, name).wall == found.wall, (name, asked)
    assert gaps > 300
    assert overlaps > 300
    assert midnight_gaps > 0


def test_row_12_a_zones_offset_of_the_day_decides_and_each_occurrence_goes_out_once(team, net):
    """Cairo jumps at midnight: the post of 00:30 goes out at 01:30, once."""
    cairo = next(at for at, b, a in changes_of(ZoneInfo("Africa/Cairo")) if a > b and at > now())
    asked = cairo.astimezone(ZoneInfo("Africa/Cairo")).replace(tzinfo=None, hour=0, minute=30)
    moment = moment_at(asked, "Africa/Cairo")
    post = plan(team.acme, [fake_channel(team.acme, "N", net.url)], "Kopi", at=moment.instant)
    assert (moment.wall[11:], moment.is_shifted) == ("01:30:00", True)

    assert Delivery.objects.get(post=post).scheduled_at == moment.instant
    Delivery.objects.update(scheduled_at=now() - timedelta(seconds=1), run_at=now() - timedelta(seconds=1))
    for claim in ledger.claim_due() * 2:
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
    assert (delivery_of(post).state, net.copies("Kopi")) == ("published", 1)


def test_row_19_a_token_revoked_at_the_time_holds_the_channel_tells_its_owner_and_loses_nothing(team, net):
    channel = fake_channel(team.acme, "N", net.url)
    texts = [f"Kopi {n}" for n in range(4)]
    posts = [plan(team.acme, [channel], text) for text in texts]
    net.tell(texts[0], "shut")
    claims = ledger.claim_due()
    for claim in claims:
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    held = [delivery_of(post) for post in posts if delivery_of(post).state == "scheduled"]
    assert {row.held_for for row in held} == {"login"}
    assert ledger.claim_due() == []
    (entry,) = Entry.objects.filter(verb="networks.channel.login_needed")
    login_needed(entry)
    from notifications.models import Notice

    assert Notice.objects.filter(type="publishing.login_needed").count() >= 1

    type(channel).objects.filter(pk=channel.pk).update(status="active")
    release_channel(channel.pk)
    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
    assert {delivery_of(post).state for post in posts} == {"published"}
    assert [net.copies(text) for text in texts] == [1] * 4


@pytest.mark.services
def test_row_19_two_workers_that_refresh_at_once_spend_the_refresh_token_once(live_cast, net):
    allow_policy(live_cast.acme)
    with workspace_scope(live_cast.acme.pk):
        channel = fake_channel(live_cast.acme, "N", net.url)
        store_credentials(channel=channel, credentials={"token": "old"})
    spent: list[str] = []
    got: list[str] = []
    both = threading.Barrier(2)

    def work() -> None:
        both.wait(10)
        try:
            fresh = refresh_credentials(
                live_cast.acme.pk,
                channel.pk,
                {"token": "old"},
                lambda _: spent.append("x") or {"token": "new"},
            )
            got.append(fresh["token"])
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert (spent, got) == (["x"], ["new", "new"])


def test_row_19_a_refresh_whose_save_is_lost_leaves_the_old_token_and_no_half_of_the_new(team, net):
    """The network then refuses both tokens: the channel asks for a log-in (above), and no delivery is lost."""
    channel = fake_channel(team.acme, "N", net.url)
    store_credentials(channel=channel, credentials={"token": "old"})

    def exchange(known: object) -> dict[str, str]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        refresh_credentials(team.acme.pk, channel.pk, {"token": "old"}, exchange)

    assert open_credentials(channel) == {"token": "old"}
    assert ChannelSecret.objects.filter(channel=channel).count() == 1
