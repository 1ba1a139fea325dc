"""The pause switch: who may, what it stops, what goes on afterwards; and channels that need a log-in."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from activity.models import Entry
from core.clock import now
from core.errors import Invalid, NotAllowed
from networks.models import Channel
from notifications.models import Notice
from publishing import ledger
from publishing.models import Delivery, Hold
from publishing.receivers import channel_connected, login_needed
from publishing.services.confirming import hold_channel
from publishing.services.delivering import deliver
from publishing.services.holds import end_hold, release_channel, start_hold
from teams.actors import Actor
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, delivery_of, fake_channel, plan
from tests.support.processes import eventually


def carry() -> None:
    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)


@pytest.mark.parametrize("name", ["ana", "cleo", "ben", "jun"])
def test_every_member_who_may_publish_or_approve_can_pause(team, name):
    start_hold(workspace=team.acme, text="Wrong price", by=team.actor(name))

    entry = Entry.objects.get(verb="publishing.hold.started")
    assert (Hold.objects.get().started_by_id, entry.member_id) == (getattr(team, name).pk,) * 2


@pytest.mark.parametrize("name", ["farah", "vera"])
def test_others_cannot_pause(team, name):
    with pytest.raises(NotAllowed):
        start_hold(workspace=team.acme, text="", by=team.actor(name))
    assert not Hold.objects.exists()


@pytest.mark.parametrize(("name", "may"), [("ana", True), ("cleo", True), ("ben", False), ("farah", False)])
def test_only_leads_admins_and_owners_resume(team, name, may):
    start_hold(workspace=team.acme, text="", by=team.actor("ben"))

    if may:
        end_hold(workspace=team.acme, by=team.actor(name))
        assert Hold.objects.get().ended_by_id == getattr(team, name).pk
    else:
        with pytest.raises(NotAllowed):
            end_hold(workspace=team.acme, by=team.actor(name))
        assert Hold.objects.get().ended_at is None


def test_while_paused_nothing_goes_out_and_afterwards_everything_does(team, net):
    channel = fake_channel(team.acme, "D", net.url)
    before = plan(team.acme, [channel], "Before")
    start_hold(workspace=team.acme, text="Wrong price", by=team.actor("ben"))
    during = plan(team.acme, [channel], "During")

    carry()
    assert (delivery_of(before).held_for, delivery_of(during).held_for, net.calls) == ("pause", "pause", [])

    end_hold(workspace=team.acme, by=team.actor("cleo"))
    carry()
    assert (net.copies("Before"), net.copies("During")) == (1, 1)


def test_what_was_claimed_before_the_pause_is_stopped_at_the_intent(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi")
    (claim,) = ledger.claim_due()
    start_hold(workspace=team.acme, text="", by=team.actor("ben"))

    deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    assert (delivery_of(post).state, delivery_of(post).held_for, net.calls) == ("scheduled", "pause", [])


def test_a_pause_is_of_one_workspace_only(team, cast, net):
    with workspace_scope(cast.other.pk):
        start_hold(workspace=cast.other, text="", by=cast.actor("eve"))
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi")

    carry()

    assert delivery_of(post).state == "published"


def test_a_second_pause_leaves_the_first_standing(team):
    first = start_hold(workspace=team.acme, text="First", by=team.actor("ben"))
    assert start_hold(workspace=team.acme, text="Second", by=team.actor("cleo")).pk == first.pk
    assert Hold.objects.get().text == "First"


def test_a_pause_can_be_made_again_after_it_ended(team):
    start_hold(workspace=team.acme, text="First", by=team.actor("ben"))
    end_hold(workspace=team.acme, by=team.actor("cleo"))
    start_hold(workspace=team.acme, text="Second", by=team.actor("ben"))
    assert end_hold(workspace=team.acme, by=team.actor("cleo")).text == "Second"
    assert end_hold(workspace=team.acme, by=team.actor("cleo")) is None


def test_a_reason_that_is_too_long_pauses_nothing(team):
    with pytest.raises(Invalid):
        start_hold(workspace=team.acme, text="x" * 301, by=team.actor("ben"))
    assert not Hold.objects.exists()


def test_a_channel_that_is_connected_again_lets_go_what_it_held(team):
    channel = fake_channel(team.acme, "D", "http://127.0.0.1:9")
    post = plan(team.acme, [channel], "Kopi", at=now() + timedelta(hours=1))
    Delivery.objects.update(held_for="login")
    Channel.objects.filter(pk=channel.pk).update(status="needs_login")

    assert release_channel(channel.pk) == 0
    Channel.objects.filter(pk=channel.pk).update(status="active")
    assert release_channel(channel.pk) == 1
    assert delivery_of(post).held_for == ""


def test_a_log_in_during_a_pause_leaves_the_pause_in_force(team):
    channel = fake_channel(team.acme, "D", "http://127.0.0.1:9")
    post = plan(team.acme, [channel], "Kopi")
    Delivery.objects.update(held_for="login")
    start_hold(workspace=team.acme, text="", by=team.actor("ben"))

    release_channel(channel.pk)

    assert delivery_of(post).held_for == "pause"


@pytest.mark.services
def test_once_a_pause_is_answered_no_call_begins(live_cast, net):
    """Threads deliver as fast as they can while somebody pauses; what comes after his answer is none."""
    allow_policy(live_cast.acme)
    with workspace_scope(live_cast.acme.pk):
        channel = fake_channel(live_cast.acme, "D", net.url)
        for number in range(60):
            plan(live_cast.acme, [channel], f"Kopi {number}")
    claims = ledger.claim_due(60)
    errors: list[BaseException] = []

    def work(mine: list[ledger.Claim]) -> None:
        try:
            for claim in mine:
                deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
        except BaseException as error:  # shown by the assertion below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(claims[n::3],)) for n in range(3)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(net.calls) >= 5, 30, "some calls")
    with workspace_scope(live_cast.acme.pk):
        start_hold(workspace=live_cast.acme, text="Stop", by=live_cast.actor("ben"))
    with workspace_scope(live_cast.acme.pk):
        announced = Delivery.objects.exclude(state__in=["scheduled", "claimed"]).count()
    for thread in threads:
        thread.join(60)

    assert errors == []
    assert len(net.calls) == announced
    assert announced < 60


def test_a_refused_log_in_is_told_to_who_connected_the_channel_and_who_can_mend_it(team):
    channel = fake_channel(team.acme, "D", "http://127.0.0.1:9", connected_by=team.jun)
    hold_channel(channel, reason="401", by=Actor.system(team.acme.pk))

    login_needed(Entry.objects.get(verb="networks.channel.login_needed"))

    told = Notice.objects.filter(type="publishing.login_needed")
    assert {notice.member_id for notice in told} == {team.ana.pk, team.jun.pk}


def test_logging_in_again_lets_go_what_waited(team):
    channel = fake_channel(team.acme, "D", "http://127.0.0.1:9")
    post = plan(team.acme, [channel], "Kopi")
    hold_channel(channel, reason="401", by=Actor.system(team.acme.pk))
    assert delivery_of(post).held_for == "login"
    Channel.objects.filter(pk=channel.pk).update(status="active")

    channel_connected(Entry(subject_type="networks.channel", subject_id=channel.pk))

    assert delivery_of(post).held_for == ""
