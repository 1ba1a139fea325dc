"""Deliveries as the calendar plans, moves and withdraws them, through its own services."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from activity.models import Entry
from approvals.services.clearances import revoke_clearance
from calendar_app.selectors import ref_of
from calendar_app.services.moves import move_post
from calendar_app.services.planning import schedule_post, unschedule_post
from calendar_app.services.posts import archive_post
from calendar_app.services.reviews import submit_post
from core.clock import now
from core.errors import WrongState
from publishing import ledger
from publishing.models import Attempt, Delivery
from publishing.services import delivering
from publishing.services.delivering import deliver
from publishing.services.planning import PublishingDispatcher
from publishing.timing import clock
from tests.factories.deliveries import delivery_of, fake_channel, plan
from tests.factories.posts import make_post, newsroom_of, soon


@pytest.fixture
def planned(team):
    """A post on two channels that is scheduled for tomorrow."""
    channels = [newsroom_of(team), fake_channel(team.acme, "D", "http://127.0.0.1:9")]
    post = make_post(team, channels=channels, scheduled_at=soon())
    submit_post(post=post, by=team.actor("ben"))
    post.refresh_from_db()
    return post


def rows_of(post) -> list[Delivery]:
    return list(Delivery.objects.filter(post=post).order_by("channel__position", "occurrence_no"))


def test_scheduling_writes_one_delivery_for_each_channel_in_the_same_transaction(team, planned):
    rows = rows_of(planned)

    assert planned.state == "scheduled"
    assert [row.state for row in rows] == ["scheduled", "scheduled"]
    assert {row.scheduled_at for row in rows} == {planned.scheduled_at}
    assert {(row.wall_time, row.zone, row.fold) for row in rows} == {
        (planned.wall_time, "Asia/Kuala_Lumpur", 0)
    }
    assert {row.content_hash for row in rows} == {planned.current_revision.content_hash}
    assert {(row.actor_kind, row.planned_by_id) for row in rows} == {("member", team.ben.pk)}


def test_moving_a_post_moves_what_is_planned(team, planned):
    move_post(post=planned, scheduled_at=soon(days=3), by=team.actor("ben"))

    assert {row.run_at for row in rows_of(planned)} == {soon(days=3)}
    assert {row.expires_at - row.scheduled_at for row in rows_of(planned)} == {timedelta(hours=24)}


def test_a_move_takes_back_what_was_claimed_for_the_old_time(team, planned):
    Delivery.objects.update(scheduled_at=clock(-1), run_at=clock(-1))
    claims = ledger.claim_due()

    move_post(post=planned, scheduled_at=soon(days=3), by=team.actor("ben"))

    assert [row.state for row in rows_of(planned)] == ["scheduled", "scheduled"]
    for claim in claims:
        assert (
            deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token) == ""
        )


def test_unscheduling_cancels_and_scheduling_again_arms_the_same_rows(team, planned):
    first = [row.pk for row in rows_of(planned)]
    unschedule_post(post=planned, by=team.actor("ben"))
    assert [row.state for row in rows_of(planned)] == ["cancelled", "cancelled"]

    schedule_post(post=planned, scheduled_at=soon(days=2), by=team.actor("ben"))

    assert [(row.pk, row.state, row.occurrence_no) for row in rows_of(planned)] == [
        (pk, "scheduled", 1) for pk in first
    ]


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_what_is_being_sent_can_neither_be_moved_nor_withdrawn(team, planned, state):
    Delivery.objects.filter(post=planned).update(
        state=state,
        lease_until=clock(9),
        lease_token=planned.pk,
        settle_until=clock(9),
        scheduled_at=clock(-1),
    )

    with pytest.raises(WrongState):
        move_post(post=planned, scheduled_at=soon(days=3), by=team.actor("ben"))
    with pytest.raises(WrongState):
        unschedule_post(post=planned, by=team.actor("ben"))


def test_archiving_cancels_what_was_planned(team, planned):
    archive_post(post=planned, by=team.actor("cleo"))

    assert [row.state for row in rows_of(planned)] == ["cancelled", "cancelled"]


def test_publish_now_is_due_at_once(team):
    channel = fake_channel(team.acme, "D", "http://127.0.0.1:9")
    post = make_post(team, channels=[channel])
    submit_post(post=post, by=team.actor("ben"))

    schedule_post(post=post, scheduled_at="now", by=team.actor("ben"))

    assert [claim.delivery_id for claim in ledger.claim_due()] == [delivery_of(post).pk]


def test_a_revoked_clearance_cancels_what_was_not_sent(team, net):
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi")
    revoke_clearance(subject=ref_of(post), reason="changed", by=team.actor("cleo"))

    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    assert (delivery_of(post).state, delivery_of(post).reason, net.calls) == ("cancelled", "not_approved", [])


def test_a_payload_that_is_not_the_approved_one_is_not_sent(team, net, monkeypatch):
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi")
    monkeypatch.setattr(delivering, "hash_entries", lambda _: "0" * 64)

    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    assert (delivery_of(post).state, delivery_of(post).reason, net.calls) == ("cancelled", "not_approved", [])


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("needs_login", "scheduled", "needs_login"),
        ("sample", "rejected", "channel_sample"),
        ("disconnected", "rejected", "channel_gone"),
    ],
)
def test_a_channel_that_cannot_be_used_is_not_called(team, net, status, state, reason):
    channel = fake_channel(team.acme, "D", net.url)
    post = plan(team.acme, [channel], "Kopi")
    type(channel).objects.update(status=status)

    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    row = delivery_of(post)
    assert (row.state, row.reason, net.calls, ledger.claim_due()) == (state, reason, [], [])


def test_planning_again_after_an_effect_is_a_new_occurrence(team, net):
    channel = fake_channel(team.acme, "D", net.url)
    post = plan(team.acme, [channel], "Kopi")
    row = delivery_of(post)
    Attempt(
        workspace=team.acme,
        delivery=row,
        number=1,
        lease_token=row.pk,
        intent_at=now(),
        fingerprint="f",
        worker="w",
        actor_kind="system",
        outcome="unknown",
    ).save()
    Delivery.objects.update(state="failed")

    PublishingDispatcher().planned(post, row.revision, row.clearance, team.actor("ben"))

    rows = list(Delivery.objects.order_by("occurrence_no").values_list("occurrence_no", "state"))
    assert rows == [(1, "failed"), (2, "scheduled")]


def test_planning_again_leaves_alone_what_is_live(team, net):
    channel = fake_channel(team.acme, "D", net.url)
    post = plan(team.acme, [channel], "Kopi")
    Delivery.objects.update(state="published", published_at=clock())
    row = delivery_of(post)

    PublishingDispatcher().planned(post, row.revision, row.clearance, team.actor("ben"))

    assert list(Delivery.objects.values_list("occurrence_no", "state")) == [(1, "published")]


DST = [
    ("Europe/London", "2027-03-28T00:59:59+00:00", "2027-03-28T00:59:59", 0),
    ("Europe/London", "2027-03-28T01:00:00+00:00", "2027-03-28T02:00:00", 0),
    ("Europe/London", "2027-10-31T00:30:00+00:00", "2027-10-31T01:30:00", 0),
    ("Europe/London", "2027-10-31T01:30:00+00:00", "2027-10-31T01:30:00", 1),
    ("Africa/Cairo", "2027-04-29T22:00:00+00:00", "2027-04-30T01:00:00", 0),
    ("Asia/Kuala_Lumpur", "2027-03-28T01:00:00+00:00", "2027-03-28T09:00:00", 0),
]


@pytest.mark.parametrize(("zone", "instant", "wall", "fold"), DST)
def test_an_instant_around_a_change_of_the_clock_keeps_its_wall_time(team, zone, instant, wall, fold):
    team.acme.timezone = zone
    channel = fake_channel(team.acme, "D", "http://127.0.0.1:9")

    row = delivery_of(plan(team.acme, [channel], "Kopi", at=datetime.fromisoformat(instant)))

    assert (row.scheduled_at, row.run_at) == (
        datetime.fromisoformat(instant),
        datetime.fromisoformat(instant),
    )
    assert (row.wall_time, row.zone, row.fold) == (wall, zone, fold)
    assert (
        datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) == row.run_at
    )


def test_each_step_of_planning_is_on_record(team, planned):
    move_post(post=planned, scheduled_at=soon(days=3), by=team.actor("ben"))
    unschedule_post(post=planned, by=team.actor("ben"))

    verbs = list(
        Entry.objects.filter(verb__startswith="publishing.").order_by("pk").values_list("verb", "member_id")
    )
    assert verbs == [
        (f"publishing.delivery.{word}", team.ben.pk)
        for word in ["planned", "moved", "cancelled"]
        for _ in range(2)
    ]
