"""The pause switch: who may, what it stops, what goes on afterwards; and channels that need a log-in."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from activity.models import Entry
from calendar_app.models import Campaign, Post
from core.clock import now
from core.errors import Invalid, NotAllowed
from networks.models import Channel
from notifications.models import Notice
from publishing import ledger
from publishing.models import Delivery, Hold
from publishing.receivers import channel_connected, login_needed
from publishing.selectors import hold_of, standing_holds
from publishing.services.confirming import hold_channel
from publishing.services.delivering import deliver
from publishing.services.holds import end_hold, release_channel, start_hold
from publishing.services.planning import PublishingDispatcher
from publishing.timing import clock
from teams.actors import Actor
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, delivery_of, fake_channel, plan
from tests.support.processes import eventually


def campaign_of(cast, name="Ramadan") -> Campaign:
    day = now().date()
    campaign = Campaign(workspace=cast.acme, name=name, starts_on=day, ends_on=day)
    campaign.save()
    return campaign


def in_campaign(post: Post, campaign: Campaign) -> Post:
    Post.objects.filter(pk=post.pk).update(campaign=campaign)
    post.campaign_id = campaign.pk
    return post


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
@pytest.mark.parametrize("what", ["everything", "channel", "campaign"])
def test_once_a_pause_is_answered_no_call_begins(live_cast, net, what):
    """Threads deliver as fast as they can while somebody pauses; what comes after his answer is none."""
    allow_policy(live_cast.acme)
    with workspace_scope(live_cast.acme.pk):
        channel = fake_channel(live_cast.acme, "D", net.url)
        campaign = campaign_of(live_cast)
        for number in range(60):
            in_campaign(plan(live_cast.acme, [channel], f"Kopi {number}"), campaign)
    scope = {"channel": {"channel": channel}, "campaign": {"campaign": campaign}}.get(what, {})
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
        start_hold(workspace=live_cast.acme, text="Stop", by=live_cast.actor("ben"), **scope)
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


def test_a_paused_channel_sends_nothing_and_the_others_go_on(team, net):
    paused, open_one = fake_channel(team.acme, "D", net.url), fake_channel(team.acme, "F", net.url)
    before = plan(team.acme, [paused, open_one], "Before")
    start_hold(workspace=team.acme, text="Wrong logo", by=team.actor("ben"), channel=paused)
    during = plan(team.acme, [paused, open_one], "During")

    carry()
    carry()

    of = {(row.post_id, row.channel_id): row for row in Delivery.objects.all()}
    for post in (before, during):
        assert (of[post.pk, paused.pk].state, of[post.pk, paused.pk].held_for) == ("scheduled", "pause")
        assert of[post.pk, open_one.pk].state == "published"
    assert (net.copies("Before"), net.copies("During")) == (1, 1)

    end_hold(workspace=team.acme, by=team.actor("cleo"), channel=paused)
    carry()
    assert (net.copies("Before"), net.copies("During")) == (2, 2)


def test_a_paused_campaign_holds_its_posts_on_every_channel_and_no_others(team, net):
    channel, campaign = fake_channel(team.acme, "D", net.url), campaign_of(team)
    inside = in_campaign(plan(team.acme, [channel], "Inside"), campaign)
    outside = plan(team.acme, [channel], "Outside")
    start_hold(workspace=team.acme, text="", by=team.actor("ben"), campaign=campaign)

    carry()
    assert (delivery_of(inside).held_for, delivery_of(outside).state) == ("pause", "published")

    end_hold(workspace=team.acme, by=team.actor("cleo"), campaign=campaign)
    carry()
    assert (net.copies("Inside"), net.copies("Outside")) == (1, 1)


def test_a_post_that_joins_a_paused_campaign_is_stopped_at_the_intent(team, net):
    campaign = campaign_of(team)
    start_hold(workspace=team.acme, text="", by=team.actor("ben"), campaign=campaign)
    post = in_campaign(plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi"), campaign)

    carry()

    assert (delivery_of(post).state, delivery_of(post).held_for, net.calls) == ("scheduled", "pause", [])


def test_what_two_pauses_hold_goes_out_after_the_second_ends(team, net):
    channel = fake_channel(team.acme, "D", net.url)
    campaign = campaign_of(team)
    post = in_campaign(plan(team.acme, [channel], "Kopi"), campaign)
    scopes = [{}, {"channel": channel}, {"campaign": campaign}]
    for scope in scopes:
        start_hold(workspace=team.acme, text="", by=team.actor("ben"), **scope)
    assert standing_holds(team.actor("ben")).count() == 3

    for scope in scopes:
        carry()
        assert (delivery_of(post).held_for, net.calls) == ("pause", [])
        end_hold(workspace=team.acme, by=team.actor("cleo"), **scope)
    carry()
    assert net.copies("Kopi") == 1


def test_the_database_itself_refuses_to_send_on_a_paused_channel_or_in_a_paused_campaign(team):
    channel, campaign = fake_channel(team.acme, "D", "http://127.0.0.1:9"), campaign_of(team)
    post = in_campaign(plan(team.acme, [channel], "Kopi"), campaign)
    for scope in ({"channel": channel}, {"campaign": campaign}):
        hold = Hold(workspace=team.acme, actor_kind="member", **scope)
        hold.save()
        sending = Delivery.objects.filter(post=post)
        with pytest.raises(DatabaseError, match="it is paused"), transaction.atomic():
            sending.update(state="sending", lease_until=now(), lease_token=hold.pk, settle_until=now())
        Hold.objects.filter(pk=hold.pk).update(ended_at=now())


def test_a_pause_is_of_a_channel_or_of_a_campaign(team):
    channel, campaign = fake_channel(team.acme, "D", "http://127.0.0.1:9"), campaign_of(team)
    with pytest.raises(DatabaseError), transaction.atomic():
        Hold(workspace=team.acme, actor_kind="member", channel=channel, campaign=campaign).save()


def test_each_thing_has_one_pause_and_keeps_its_first_words(team):
    channel = fake_channel(team.acme, "D", "http://127.0.0.1:9")
    first = start_hold(workspace=team.acme, text="First", by=team.actor("ben"), channel=channel)
    again = start_hold(workspace=team.acme, text="Second", by=team.actor("ben"), channel=channel)
    whole = start_hold(workspace=team.acme, text="All", by=team.actor("ben"))
    assert (again.pk, again.text, whole.text) == (first.pk, "First", "All")
    assert hold_of(channel=channel).pk == first.pk


@pytest.mark.parametrize(
    ("kept", "minutes", "asks"),
    [({}, 14, False), ({}, 16, True), ({"ask_when_late_minutes": 60}, 59, False)],
)
def test_what_is_too_late_when_a_pause_ends_asks_first(team, net, kept, minutes, asks):
    team.acme.settings = {**team.acme.settings, **kept}
    team.acme.save(update_fields=["settings"])
    channel = fake_channel(team.acme, "D", net.url)
    late = plan(team.acme, [channel], "Late")
    plan(team.acme, [channel], "Fresh")
    start_hold(workspace=team.acme, text="", by=team.actor("ben"), channel=channel)
    Delivery.objects.filter(post=late).update(run_at=clock(-minutes * 60), scheduled_at=clock(-minutes * 60))

    end_hold(workspace=team.acme, by=team.actor("cleo"), channel=channel)
    carry()

    row = delivery_of(late)
    assert (row.state, row.reason) == (("needs_attention", "late") if asks else ("published", ""))
    assert (net.copies("Late"), net.copies("Fresh")) == (0 if asks else 1, 1)


def test_what_was_tried_in_time_goes_on_after_a_pause_however_late(team, net):
    channel = fake_channel(team.acme, "D", net.url)
    post = plan(team.acme, [channel], "Kopi")
    start_hold(workspace=team.acme, text="", by=team.actor("ben"))
    Delivery.objects.update(run_at=clock(-3600), scheduled_at=clock(-3600), call_no=1)
    end_hold(workspace=team.acme, by=team.actor("cleo"))
    carry()
    assert delivery_of(post).state == "published"


def test_a_later_time_forgets_that_it_was_too_late(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi")
    start_hold(workspace=team.acme, text="", by=team.actor("ben"))
    Delivery.objects.update(run_at=clock(-3600), scheduled_at=clock(-3600))
    end_hold(workspace=team.acme, by=team.actor("cleo"))
    assert delivery_of(post).reason == "late"
    post.scheduled_at = now()
    PublishingDispatcher().moved(post, team.actor("ben"))
    carry()
    assert delivery_of(post).state == "published"


def test_the_pages_pause_a_channel_and_say_where_it_stands(team, net, client):
    channel = fake_channel(team.acme, "D", net.url)
    plan(team.acme, [channel], "Kopi susu")
    client.force_login(team.cleo.user)
    of_channel = reverse("networks:channel", args=["acme", channel.pk])
    pause = reverse("publishing:pause", args=["acme"])
    assert f"what=channel:{channel.pk}" in client.get(of_channel).content.decode()

    answer = client.post(pause, {"what": f"channel:{channel.pk}", "reason": "Wrong logo"})

    hold = hold_of(channel=channel)
    assert answer["Location"] == reverse("publishing:hold", args=["acme", hold.pk])
    page = client.get(answer["Location"]).content.decode()
    assert all(words in page for words in ("Fake D is paused", "Wrong logo", "Kopi susu"))
    assert "This channel is paused" in client.get(of_channel).content.decode()
    assert "Paused" in client.get(reverse("networks:channels", args=["acme"])).content.decode()
    assert "Fake D" in client.get(pause).content.decode()
    client.post(reverse("publishing:hold_resumption", args=["acme", hold.pk]))
    assert hold_of(channel=channel) is None
    assert client.get(reverse("publishing:hold", args=["acme", hold.pk])).status_code == 404


def test_a_thing_that_is_not_there_is_not_paused(team, client):
    client.force_login(team.cleo.user)
    answer = client.post(reverse("publishing:pause", args=["acme"]), {"what": "channel:1", "reason": "Words"})
    assert (answer.status_code, Hold.objects.count()) == (422, 0)
    assert "Words" in answer.content.decode()


@pytest.mark.parametrize("what", ["channel", "campaign"])
def test_programs_pause_one_thing(team, net, client, what):
    channel, campaign = fake_channel(team.acme, "D", net.url), campaign_of(team)
    in_campaign(plan(team.acme, [channel], "Kopi"), campaign)
    thing = {"channel": channel, "campaign": campaign}[what]
    client.force_login(team.cleo.user)
    address = reverse(f"publishing_api:{what}_hold", args=["acme", thing.pk])
    assert client.get(address).json()["held"] is False

    said = client.put(address, {"reason": "Wrong logo"}, content_type="application/json").json()

    assert (said["held"], said["reason"], said["waiting"], said["late"]) == (True, "Wrong logo", 1, 0)
    assert said[what] == str(thing.pk)
    assert client.get(reverse("publishing_api:hold", args=["acme"])).json()["held"] is False
    (listed,) = client.get(reverse("publishing_api:holds", args=["acme"])).json()["results"]
    assert listed == said
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["held"] is False
