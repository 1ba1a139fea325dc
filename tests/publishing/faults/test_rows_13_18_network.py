"""Fault matrix, rows 13 to 18 and 23: what networks, wires and disks do to one call; real sockets and database."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from core.clock import now
from networks.protocol import Capability
from publishing.models import Attempt, Delivery, Pace
from tests.factories.deliveries import delivery_of, fake_channel, plan
from tests.fakes.fake_networks import FAKES
from tests.publishing.test_delivering import claim_and_deliver, settle_now
from tests.support.certificates import Authority
from tests.support.netfaults import FaultServer, closed_port, reset
from tests.support.proxy import Proxy

ASKABLE = "KDSF"


@pytest.fixture
def proxy(net) -> Iterator[Proxy]:
    server = Proxy(net.url).serve()
    yield server
    server.close()


@pytest.fixture
def impatient(monkeypatch) -> float:
    """Calls that may take half a second, so that a test of a dead network need not wait for long."""
    for adapter in FAKES.values():
        monkeypatch.setattr(adapter, "call_seconds", 0.5)
    return 0.5


def settle_to_the_end(post) -> Delivery:
    """Ask and send until it is final, as the sweepers do."""
    for _ in range(8):
        row = delivery_of(post)
        if row.state == "unknown":
            settle_now(post)
        elif row.state == "scheduled":
            Delivery.objects.filter(pk=row.pk).update(run_at=row.scheduled_at)
            Pace.objects.update(free_at=row.scheduled_at)
            claim_and_deliver(post)
    return delivery_of(post)


@pytest.mark.parametrize("word", ["drip", "swallow", "black_hole"])
def test_row_13_a_slow_network_cannot_hold_a_worker_beyond_the_total_deadline(
    team, net, proxy, impatient, word
):
    post = plan(team.acme, [fake_channel(team.acme, "D", proxy.url)], "Kopi")
    proxy.tell(word)
    began = time.monotonic()

    row = claim_and_deliver(post)

    assert row.state == "unknown"
    assert time.monotonic() - began < impatient + 3
    assert Attempt.objects.get(delivery=row).latency_ms >= 1000 * impatient - 50
    row = settle_to_the_end(post)
    assert (row.state, net.copies("Kopi")) == ("published", 1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("86400", 86400), ("date", 90), ("", None), ("soon", None), ("-5", None)],
)
def test_row_14_a_429_is_waited_out_as_the_network_says_and_uses_no_attempt(team, net, header, seconds):
    if header == "date":
        header = (datetime.now(UTC) + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    post = plan(team.acme, [fake_channel(team.acme, "F", net.url)], "Kopi")
    net.tell("Kopi", f"limit:{header}")

    row = claim_and_deliver(post)

    assert (row.state, row.reason, row.attempt_no, row.call_no) == ("scheduled", "rate_limited", 0, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM run_at - clock_timestamp())::float FROM publishing_delivery WHERE id = %s",
            [str(row.pk)],
        )
        wait = cursor.fetchone()[0]
    if seconds is None:
        assert 0 < wait <= 300
    else:
        assert seconds - 3 <= wait <= seconds + 1
    assert (settle_to_the_end(post).state, net.copies("Kopi")) == ("published", 1)


@pytest.mark.parametrize("capability", ASKABLE)
@pytest.mark.parametrize("action", ["before", "after"])
def test_row_15_a_5xx_with_or_without_effect_ends_in_one_copy(team, net, capability, action):
    post = plan(team.acme, [fake_channel(team.acme, capability, net.url)], "Kopi")
    net.tell("Kopi", action)

    assert claim_and_deliver(post).state == "unknown"
    row = settle_to_the_end(post)

    assert (row.state, net.copies("Kopi")) == ("published", 1)
    assert len(net.calls) == (1 if action == "after" else 2)


@pytest.mark.parametrize("capability", "KDSFN")
@pytest.mark.parametrize("truth", ["live", "not live"])
def test_row_16_a_time_out_is_settled_by_asking_and_without_asking_by_nobody(
    team, net, impatient, capability, truth
):
    post = plan(team.acme, [fake_channel(team.acme, capability, net.url)], "Kopi")
    net.tell("Kopi", "slow:1" if truth == "live" else "silent:1")

    assert claim_and_deliver(post).state == "unknown"
    row = settle_to_the_end(post)

    if capability == "N":
        assert (row.state, len(net.calls)) == ("needs_attention", 1)
    else:
        assert (row.state, net.copies("Kopi")) == ("published", 1)


@pytest.mark.parametrize("capability", "KDSFN")
@pytest.mark.parametrize("word", ["reset", "cut_request", "cut_answer"])
def test_row_17_a_connection_that_breaks_after_the_first_byte_is_unknown(team, net, proxy, capability, word):
    text = "Kopi"
    post = plan(team.acme, [fake_channel(team.acme, capability, proxy.url)], text)
    proxy.tell(word)

    row = claim_and_deliver(post)

    assert proxy.seen[word] == 1
    if word == "cut_answer":
        assert (row.state, net.copies(text)) == ("unknown", 1)
    row = settle_to_the_end(post)
    if capability == "N" and row.state == "needs_attention":
        assert len(net.calls_of(text)) == (1 if word == "cut_answer" else 0)
    else:
        assert (row.state, net.copies(text)) == ("published", 1)


@pytest.mark.parametrize("kind", ["refused", "no such name", "bad certificate", "reset in the handshake"])
def test_row_17_what_breaks_before_the_first_byte_is_tried_again_safely(team, net, settings, kind, tmp_path):
    """Even in class N: nothing left this machine, so nothing needs to be asked."""
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1", "nowhere.invalid"})
    channel = fake_channel(team.acme, "N", net.url)
    post = plan(team.acme, [channel], "Kopi")

    def broken(url: str) -> Delivery:
        type(channel).objects.filter(pk=channel.pk).update(facts={"url": url})
        return claim_and_deliver(post)

    if kind == "refused":
        with closed_port() as port:
            row = broken(f"http://127.0.0.1:{port}")
    elif kind == "no such name":
        row = broken("http://nowhere.invalid")
    elif kind == "bad certificate":
        with FaultServer(reset, tls=Authority(tmp_path).server_context(names=("elsewhere.test",))) as server:
            row = broken(server.url)
    else:
        with FaultServer(reset) as server:
            row = broken(f"https://127.0.0.1:{server.port}")

    assert (row.state, row.reason, row.attempt_no, row.failures) == ("scheduled", "not_sent", 0, 1)
    assert Attempt.objects.get(delivery=row).sent_at is None
    type(channel).objects.filter(pk=channel.pk).update(facts={"url": net.url})
    assert (settle_to_the_end(post).state, net.copies("Kopi")) == ("published", 1)


@pytest.mark.parametrize("capability", "KDSFN")
@pytest.mark.parametrize("action", ["odd", "error_body", "empty"])
def test_row_18_an_answer_that_proves_nothing_is_unknown(team, net, capability, action):
    """A 400 that did create, a 200 that says "error", a 200 without a body."""
    post = plan(team.acme, [fake_channel(team.acme, capability, net.url)], "Kopi")
    net.tell("Kopi", action)

    assert claim_and_deliver(post).state == "unknown"
    row = settle_to_the_end(post)

    assert (row.state, len(net.calls)) == ("needs_attention" if capability == "N" else "published", 1)
    assert net.copies("Kopi") == 1


def test_row_23_a_full_disk_puts_the_delivery_back_and_says_so(team, net):
    """Media are spooled to a device that is full: nothing is sent, the reason is readable, it goes out afterwards."""
    payload = {"text": "Kopi", "media": [{"id": "1"}], "spool": "/dev/full"}
    post = plan(team.acme, [fake_channel(team.acme, "D", net.url)], "Kopi", payload=payload)

    row = claim_and_deliver(post)

    assert (row.state, row.reason, net.calls, row.failures) == ("scheduled", "not_sent", [], 1)
    assert "No space left on device" in row.reason_text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FAKES[Capability.DETERMINISTIC], "spool", "/dev/null", raising=False)
        assert (settle_to_the_end(post).state, net.copies("Kopi")) == ("published", 1)
    assert delivery_of(post).published_at > now() - timedelta(minutes=5)
