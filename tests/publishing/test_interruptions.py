"""Reconcile-only (issue 6, Proof 4): after an outage nothing overdue is sent blindly; networks, then people, say."""

from datetime import timedelta

import pytest

from activity.models import Entry
from core.clock import now
from networks.protocol import Capability, Finding
from publishing import ledger
from publishing.models import Delivery, Heartbeat
from publishing.selectors import interrupted
from publishing.services import heartbeats, restores
from publishing.services.delivering import deliver
from publishing.services.lanes import lanes
from publishing.services.resolving import send_again
from publishing.services.restores import ENGINE, notice_outage
from publishing.settlement import Step, settle
from publishing.states import Reason
from tests.factories.deliveries import delivery_of, fake_channel, plan
from tests.publishing.test_delivering import settle_now
from tests.publishing.test_settlement import facts


def away(minutes: int) -> None:
    """Let the engine's last sign be so old."""
    notice_outage()
    Heartbeat.objects.filter(process=ENGINE).update(at=now() - timedelta(minutes=minutes))


def plan_due(team, net, classes: str, text: str = "Kopi") -> dict[str, object]:
    at = now() - timedelta(minutes=90)
    return {c: plan(team.acme, [fake_channel(team.acme, c, net.url)], f"{c} {text}", at=at) for c in classes}


def make_live(net, post) -> None:
    """Put the post on the network as a call would have that our database has forgotten."""
    row = delivery_of(post)
    text, key = post.title, {"K": row.idem_key, "D": f"key-{row.pk}"}.get(post.title[0], "")
    net._publish("PUT" if post.title[0] == "D" else "POST", text, key)


def test_what_fell_due_in_an_outage_is_asked_about_and_not_sent(team, net):
    live = plan_due(team, net, "KDF", "live")
    absent = plan_due(team, net, "KDSFN", "not live")
    later = plan(team.acme, [fake_channel(team.acme, "N", net.url)], "Later", at=now() + timedelta(hours=1))
    for post in live.values():
        make_live(net, post)
    away(120)

    assert notice_outage() == 8
    assert ledger.claim_due() == []
    posts = [*live.values(), *absent.values()]
    assert {delivery_of(post).state for post in posts} == {"unknown"}
    for post in posts:
        settle_now(post)

    assert {c: (delivery_of(p).state, delivery_of(p).reason) for c, p in live.items()} == dict.fromkeys(
        "KDF", ("published", "found_live")
    )
    assert all(delivery_of(post).remote_id in net.live for post in live.values())
    standing = {c: (delivery_of(p).state, delivery_of(p).reason) for c, p in absent.items()}
    assert standing == {
        "K": ("needs_attention", "absent"),
        "D": ("needs_attention", "absent"),
        "F": ("needs_attention", "absent"),
        "N": ("needs_attention", "outage"),
        "S": ("unknown", "outage"),
    }
    assert (net.calls, delivery_of(later).state) == ([], "scheduled")
    assert Entry.objects.filter(verb="publishing.delivery.doubted").count() == 8
    (noticed,) = Entry.objects.filter(verb="publishing.outage.noticed")
    assert noticed.facts["count"] == 8


def test_what_is_not_live_goes_out_once_on_a_persons_word(team, net):
    post = plan_due(team, net, "F")["F"]
    away(120)
    notice_outage()
    row = settle_now(post)

    again = send_again(delivery=row, by=team.actor("ana"))
    for claim in ledger.claim_due():
        deliver(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)

    assert (again.occurrence_no, delivery_of(post).state, net.copies(post.title)) == (2, "published", 1)
    assert list(interrupted(team.actor("ana"))) == []
    assert set(Delivery.objects.filter(post=post).values_list("state", flat=True)) == {"failed", "published"}


def test_a_short_gap_is_no_outage_and_a_second_look_finds_nothing_new(team, net, settings):
    plan_due(team, net, "N")
    away(settings.OUTAGE_MINUTES - 1)
    assert notice_outage() == 0

    away(settings.OUTAGE_MINUTES + 1)
    assert (notice_outage(), notice_outage()) == (1, 0)


def test_a_call_that_was_under_way_is_not_repeated_hours_later_either(team, net):
    post = plan_due(team, net, "D")["D"]
    Delivery.objects.filter(post=post).update(
        state="claimed", lease_token=post.pk, lease_until=now() + timedelta(seconds=9)
    )
    Delivery.objects.filter(post=post).update(
        state="sending",
        lease_until=now() - timedelta(hours=1),
        settle_until=now() - timedelta(hours=1),
        remote_key=f"key-{delivery_of(post).pk}",
    )
    away(120)
    notice_outage()

    row = settle_now(post)

    assert (row.state, row.reason, net.calls) == ("needs_attention", "absent", [])


def test_a_dispatcher_that_was_away_looks_before_it_scans(team, net, monkeypatch):
    post = plan_due(team, net, "N")["N"]
    away(120)
    monkeypatch.setattr(heartbeats, "_looked_at", float("-inf"))

    lanes.scan_due()

    assert (delivery_of(post).state, delivery_of(post).reason, net.calls) == ("unknown", "outage", [])


def test_a_sign_of_life_looks_first_too(team, net):
    post = plan_due(team, net, "N")["N"]
    away(120)

    heartbeats.beat_dispatcher()

    assert delivery_of(post).state == "unknown"
    assert Heartbeat.objects.get(process=ENGINE).at > now() - timedelta(minutes=1)


@pytest.mark.parametrize("capability", list(Capability))
@pytest.mark.parametrize("review", [Reason.RESTORED, Reason.OUTAGE])
def test_in_a_review_nothing_of_the_past_is_sent_again(capability, review):
    for finding in Finding:
        for undecided in (0, 50):
            given = facts(capability, finding, review=review, undecided_count=undecided, not_found_count=5)
            step = settle(given).step
            assert step != Step.SEND_AGAIN
            assert (step == Step.FOUND) is (finding == Finding.LIVE)
            if undecided == 50:
                assert step != Step.WAIT


def test_after_a_restore_what_is_still_to_come_keeps_its_time_unless_it_was_sent_ahead(team, net):
    at = now() + timedelta(days=1)
    channel = fake_channel(team.acme, "F", net.url)
    sent_ahead, to_come = (plan(team.acme, [channel], text, at=at) for text in ("F ahead", "F to come"))
    make_live(net, sent_ahead)

    assert restores.after_restore() == 0
    rows = [settle_now(post) for post in (sent_ahead, to_come)]

    assert [(row.state, row.held_for) for row in rows] == [("published", ""), ("scheduled", "pause")]
    assert abs(rows[1].run_at - rows[1].scheduled_at) < timedelta(seconds=1)
    to_come.refresh_from_db()
    assert (to_come.state, net.calls) == ("scheduled", [])


def test_the_page_says_what_is_live_and_what_is_not(team, net, client_as):
    live, absent = plan_due(team, net, "F", "live")["F"], plan_due(team, net, "D", "not live")["D"]
    unclear, asking = plan_due(team, net, "N", "unclear")["N"], plan_due(team, net, "S", "asked")["S"]
    make_live(net, live)
    away(120)
    notice_outage()
    for post in (live, absent, unclear, asking):
        settle_now(post)
    browser = client_as(team.ana)
    where = f"/w/{team.acme.slug}/deliveries/interrupted/"

    page = browser.get(where).content.decode()

    order = [
        "Nobody can tell",
        "N unclear",
        "Not live",
        "D not live",
        "Being asked",
        "S asked",
        "Live",
        "F live",
    ]
    places = [page.index(f">{word}") for word in order]
    assert places == sorted(places)
    assert where in browser.get(f"/w/{team.acme.slug}/deliveries/").content.decode()
    post_page = browser.get(f"/w/{team.acme.slug}/posts/{absent.pk}/").content.decode()
    assert "the network says that it is not there" in post_page
    assert "Send it now" in post_page


def test_the_page_is_empty_while_nothing_was_interrupted(team, client_as):
    page = client_as(team.ana).get(f"/w/{team.acme.slug}/deliveries/interrupted/").content.decode()
    assert "Nothing was interrupted" in page
