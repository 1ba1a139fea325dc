"""One delivery, carried by hand through every outcome that a network can give."""

from datetime import timedelta

import pytest
from django.db import connection

from activity.models import Entry
from calendar_app.models import Post
from core.clock import now
from networks.protocol import Capability, Outcome, OutcomeKind
from publishing import ledger
from publishing.models import Attempt, Delivery
from publishing.services.delivering import deliver
from publishing.services.settling import expire_due, settle_unknown
from publishing.timing import clock
from teams.tenancy import workspace_scope
from tests.factories.deliveries import delivery_of, fake_channel, plan
from tests.fakes.fake_networks import FAKES


def claim_and_deliver(post: Post) -> Delivery:
    """Do what dispatcher and worker do, once."""
    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
    return delivery_of(post)


def settle_now(post: Post) -> Delivery:
    """Let the settle time pass and ask the network."""
    Delivery.objects.filter(post=post, state="unknown").update(settle_until=clock(-1))
    for claim in ledger.claim_unsettled():
        settle_unknown(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
    return delivery_of(post)


@pytest.mark.parametrize("capability", ["K", "D", "F", "N"])
def test_a_due_delivery_is_live_once_by_one_call(team, net, capability):
    post = plan(team.acme, [fake_channel(team.acme, capability, net.url)], "Kopi")

    row = claim_and_deliver(post)

    assert (row.state, net.copies("Kopi"), len(net.calls)) == ("published", 1, 1)
    assert row.remote_id in net.live
    assert row.remote_url == f"https://fake.test/{row.remote_id}"
    post.refresh_from_db()
    assert post.state == "published"
    attempt = Attempt.objects.get(delivery=row)
    assert (attempt.outcome, attempt.http_status, attempt.number) == ("accepted", 201, 1)
    assert row.scheduled_at <= attempt.intent_at <= attempt.sent_at <= attempt.answered_at
    assert Entry.objects.filter(verb="publishing.delivery.published", subject_id=post.pk).count() == 1


def test_nothing_is_claimed_before_its_time(team, net):
    plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Later", at=now() + timedelta(seconds=30))

    assert ledger.claim_due() == []
    assert net.calls == []


@pytest.mark.parametrize(
    ("action", "state", "attempts"),
    [("refuse", "rejected", 1), ("limit:60", "scheduled", 0), ("shut", "scheduled", 0)],
)
def test_definitive_answers_are_taken_as_such(team, net, action, state, attempts):
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi")
    net.tell("Kopi", action)

    row = claim_and_deliver(post)

    assert (row.state, row.attempt_no, row.call_no, net.copies("Kopi")) == (state, attempts, 1, 0)
    assert ledger.claim_due() == []


def test_a_429_is_honoured_to_the_second(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi")
    net.tell("Kopi", "limit:60")

    row = claim_and_deliver(post)

    assert row.reason == "rate_limited"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM run_at - clock_timestamp()) FROM publishing_delivery WHERE id = %s",
            [str(row.pk)],
        )
        assert 58 < float(cursor.fetchone()[0]) <= 60


def test_a_refused_log_in_holds_everything_of_the_channel(team, net):
    channel = fake_channel(team.acme, "D", net.url)
    first = plan(team.acme, [channel], "First")
    later = plan(team.acme, [channel], "Later", at=now() + timedelta(hours=1))
    net.tell("First", "shut")

    row = claim_and_deliver(first)

    channel.refresh_from_db()
    assert (row.held_for, delivery_of(later).held_for, channel.status) == ("login", "login", "needs_login")
    assert Entry.objects.filter(verb="networks.channel.login_needed").count() == 1


@pytest.mark.parametrize("action", ["after", "drop_after", "odd", "empty"])
@pytest.mark.parametrize("capability", ["K", "D", "F"])
def test_a_lost_acceptance_is_found_and_never_repeated(team, net, capability, action):
    post = plan(team.acme, [fake_channel(team.acme, capability, net.url)], "Kopi")
    net.tell("Kopi", action)

    assert claim_and_deliver(post).state == "unknown"
    row = settle_now(post)

    assert (row.state, net.copies("Kopi"), len(net.calls)) == ("published", 1, 1)
    assert row.remote_id in net.live


@pytest.mark.parametrize("action", ["before", "drop"])
@pytest.mark.parametrize("capability", ["K", "D"])
def test_a_lost_call_is_made_again_under_the_same_key(team, net, capability, action):
    post = plan(team.acme, [fake_channel(team.acme, capability, net.url)], "Kopi")
    net.tell("Kopi", action)

    assert claim_and_deliver(post).state == "unknown"
    assert settle_now(post).state == "scheduled"
    row = claim_and_deliver(post)

    assert (row.state, net.copies("Kopi")) == ("published", 1)
    assert len({call.key for call in net.calls}) == 1


def test_a_findable_network_is_looked_at_twice_before_sending_again(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "F", net.url)], "Kopi")
    net.tell("Kopi", "before")

    claim_and_deliver(post)
    assert settle_now(post).state == "unknown"
    assert settle_now(post).state == "scheduled"
    assert (claim_and_deliver(post).state, net.copies("Kopi")) == ("published", 1)


def test_a_list_that_lags_behind_makes_no_second_copy(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "F", net.url)], "Kopi")
    net.tell("Kopi", "drop_after")
    net.hide("Kopi", 1)

    claim_and_deliver(post)
    assert settle_now(post).state == "unknown"
    assert settle_now(post).state == "published"
    assert (net.copies("Kopi"), len(net.calls)) == (1, 1)


def test_a_network_that_cannot_be_asked_is_left_to_people(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "N", net.url)], "Kopi")
    net.tell("Kopi", "drop_after")

    claim_and_deliver(post)
    row = settle_now(post)

    assert (row.state, row.reason, len(net.calls)) == ("needs_attention", "cannot_ask", 1)
    post.refresh_from_db()
    assert post.state == "needs_attention"


def test_a_network_that_is_not_there_is_tried_again_without_using_up_an_attempt(team, net):
    channel = fake_channel(team.acme, "D", "http://127.0.0.1:9")
    row = claim_and_deliver(plan(team.acme, [channel], "Kopi"))

    assert (row.state, row.reason, row.attempt_no, row.failures) == ("scheduled", "not_sent", 0, 1)


def test_media_are_carried_ahead_of_their_time_and_only_once(team, net):
    channel = fake_channel(team.acme, "D", net.url)
    payload = {"text": "Kopi", "media": [{"id": "1"}]}
    post = plan(team.acme, [channel], "Kopi", at=now() + timedelta(minutes=10), payload=payload)

    (claim,) = ledger.claim_preparing()
    deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    row = delivery_of(post)
    assert (row.state, row.prepared, row.prepare_at) == ("scheduled", {"carried": 1, "status": 200}, None)
    assert (net.reads, net.calls, ledger.claim_preparing(), ledger.claim_due()) == (1, [], [], [])
    Delivery.objects.update(scheduled_at=clock(-1), run_at=clock(-1))
    assert (claim_and_deliver(post).state, net.reads, net.copies("Kopi")) == ("published", 1, 1)


def test_a_picture_that_the_network_refuses_is_told_before_anything_is_sent(team, net):
    payload = {"text": "Kopi", "media": [{"id": "1"}], "refuse_prepare": True}
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi", payload=payload)

    row = claim_and_deliver(post)

    assert (row.state, row.reason_text, net.calls) == ("rejected", "The picture is broken.", [])
    post.refresh_from_db()
    assert post.state == "failed"


def test_a_message_that_comes_twice_does_nothing_the_second_time(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "N", net.url)], "Kopi")
    (claim,) = ledger.claim_due()

    states = [
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
        for _ in range(3)
    ]

    assert states == ["published", "", ""]
    assert (net.copies("Kopi"), Attempt.objects.filter(delivery=delivery_of(post)).count()) == (1, 1)


def test_a_post_on_three_channels_follows_all_of_them(team, net):
    channels = [
        fake_channel(team.acme, capability, net.url, position=n) for n, capability in enumerate("KDN")
    ]
    post = plan(team.acme, channels, "Kopi")
    net.tell("Kopi", "ok", "ok", "refuse")

    claim_and_deliver(post)

    post.refresh_from_db()
    assert (post.state, net.copies("Kopi")) == ("partly_published", 2)


def test_what_could_not_be_sent_within_its_time_expires(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi", at=now() - timedelta(hours=25))

    assert expire_due() == 1
    assert (delivery_of(post).state, ledger.claim_due(), net.calls) == ("expired", [], [])
    assert Entry.objects.filter(verb="publishing.delivery.expired").count() == 1


def test_a_late_post_asks_where_the_workspace_wants_that(team, net):
    team.acme.settings["ask_when_late_minutes"] = 30
    team.acme.save()
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi", at=now() - timedelta(hours=1))

    row = claim_and_deliver(post)

    assert (row.state, row.reason, net.calls) == ("needs_attention", "late", [])


def test_an_acceptance_that_comes_after_the_lease_still_counts(team, net, monkeypatch):
    post = plan(team.acme, [fake_channel(team.acme, "F", net.url)], "Kopi")
    adapter = FAKES[Capability.FINDABLE]
    call = adapter.publish

    def slowly(*args: object, **keys: str) -> Outcome:
        outcome = call(*args, **keys)
        with workspace_scope(team.acme.pk):
            Delivery.objects.update(lease_until=clock(-1))
        assert ledger.lose_calls() == 1
        return outcome

    monkeypatch.setattr(adapter, "publish", slowly)
    row = claim_and_deliver(post)

    assert (row.state, row.remote_id in net.live, net.copies("Kopi")) == ("published", True, 1)


def test_a_preparation_that_no_longer_holds_is_made_again(team, net, monkeypatch):
    payload = {"text": "Kopi", "media": [{"id": "1"}]}
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi", payload=payload)
    gone = Outcome(
        OutcomeKind.NOT_SENT, prepare_again=True, retry_after_seconds=0, reason="The file is gone."
    )
    with monkeypatch.context() as patch:
        patch.setattr(FAKES[Capability.DETERMINISTIC], "publish", lambda *_, **__: gone)
        assert (claim_and_deliver(post).state, delivery_of(post).prepared, net.reads) == (
            "scheduled",
            None,
            1,
        )

    assert (claim_and_deliver(post).state, net.reads, net.copies("Kopi")) == ("published", 2, 1)


def test_reordering_channels_leaves_what_was_approved_intact(team, net):
    first = fake_channel(team.acme, "D", net.url, position=1)
    second = fake_channel(team.acme, "K", net.url, position=2)
    post = plan(team.acme, [first, second], "Kopi")
    type(first).objects.filter(pk=first.pk).update(position=9)

    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    states = Delivery.objects.filter(post=post).values_list("state", flat=True)
    assert (list(states), net.copies("Kopi")) == (["published", "published"], 2)
