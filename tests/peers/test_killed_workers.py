"""Workers killed at every instant while they speak to real servers; what the server holds is the judge."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from calendar_app.services.planning import schedule_post
from calendar_app.services.reviews import submit_post
from networks.models import Channel
from networks.services.channels import connect_channel
from publishing.models import Delivery
from publishing.services import heartbeats
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy
from tests.factories.people import Cast
from tests.factories.posts import make_post
from tests.peers import servers
from tests.peers.dropping_proxy import DROP_ANSWER, DroppingProxy
from tests.peers.webhook.receiver import StrictReceiver
from tests.support.workers import Fleet

pytestmark = pytest.mark.peers
FINAL = {"published", "needs_attention", "rejected", "failed", "expired", "cancelled"}
WORDS = "Kopi Raya: “satu”, dua & tiga ☕"
POINTS = ["before_intent", "after_intent", "after_answer", "after_confirm"]


@dataclass
class Network:
    """A channel on a real server: the call that makes a post, and the posts that the server holds."""

    channel: Channel
    proxy: DroppingProxy
    mutation: bytes
    server: servers.Server | None = None
    account: servers.Account | None = None
    receiver: StrictReceiver | None = None

    def live(self) -> list[tuple[str, str]]:
        """Return id and words of each post, as the server's own read interface gives them."""
        if self.receiver is not None:
            return self.receiver.live()
        if self.account is not None:
            return [(row["uri"], row["value"]["text"]) for row in self.account.records()]
        rows = self.server.get(f"/api/v1/accounts/{self._number}/statuses", "reader-token")
        return [(row["id"], self._words(row["id"])) for row in rows]

    def _words(self, ident: str) -> str:
        return self.server.get(f"/api/v1/statuses/{ident}/source", "acme-token")["text"]

    @property
    def _number(self) -> str:
        return self.channel.remote_account_id.rpartition("#")[2]


@pytest.fixture(scope="module")
def crew(django_db_setup, tmp_path_factory) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    fleet.start("worker")
    fleet.start("dispatcher")
    yield fleet
    fleet.stop()


@pytest.fixture
def fleet(crew: Fleet, live_cast: Cast, settings) -> Fleet:
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    for point in crew.faults.iterdir():
        point.unlink()
    allow_policy(live_cast.acme)
    crew.wait_for(lambda: heartbeats.live_count("worker") and heartbeats.live_count("dispatcher"), 90, "crew")
    return crew


@pytest.fixture(params=["bluesky", "mastodon", "webhook"])
def network(request, live_cast: Cast, fleet: Fleet) -> Iterator[Network]:
    """A fresh channel on each server, reached through a proxy that can lose answers."""
    if request.param == "webhook":
        with webhook(live_cast) as found:
            yield found
        return
    server = request.getfixturevalue("pds" if request.param == "bluesky" else "mastodon")
    with DroppingProxy(server.port) as proxy:
        if request.param == "bluesky":
            account = servers.make_account(server)
            words = {
                "service": proxy.url,
                "identifier": account.handle,
                "app_password": account.app_password,
            }
            yield Network(_connect(live_cast, "bluesky", words), proxy, b"putRecord", server, account)
        else:
            server.post("/api/v1/_mock/reset", {})
            words = {"server": proxy.url, "access_token": "acme-token"}
            yield Network(_connect(live_cast, "mastodon", words), proxy, b"POST /api/v1/statuses", server)


@contextmanager
def webhook(cast: Cast, **told: bool) -> Iterator[Network]:
    """Run a strict receiver with a fresh channel on it, reached through the proxy too."""
    key = b"k" * 32
    with StrictReceiver((key,)) as receiver, DroppingProxy(receiver.port) as proxy:
        receiver.told |= told
        secret = f"whsec_{b64encode(key).decode()}"
        channel = _connect(cast, "webhook", {"url": f"{proxy.url}/hook", "secret": secret})
        yield Network(channel, proxy, b"POST /hook", receiver=receiver)


def _connect(cast: Cast, kind: str, credentials: dict[str, str]) -> Channel:
    with workspace_scope(cast.acme.pk):
        return connect_channel(
            workspace=cast.acme, kind=kind, name="", credentials=credentials, by=cast.actor("ana")
        )


def _publish(cast: Cast, channel: Channel) -> None:
    with workspace_scope(cast.acme.pk):
        post = make_post(cast, WORDS, channels=[channel])
        submit_post(post=post, by=cast.actor("ben"))
        post.refresh_from_db()
        schedule_post(post=post, scheduled_at="now", by=cast.actor("ben"))


def _row(cast: Cast) -> Any:
    with workspace_scope(cast.acme.pk):
        return Delivery.objects.get()


def _await_end(fleet: Fleet, cast: Cast, restarts_before: int) -> None:
    try:
        fleet.wait_for(
            lambda: _row(cast).state in FINAL and fleet.restarts > restarts_before, 90, "killed, and final"
        )
    except AssertionError:
        row = _row(cast)
        pytest.fail(f"{row.state}, {row.reason}: {row.reason_text}, attempt {row.attempt_no}\n{fleet.logs()}")


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at(fleet, network, live_cast, point):
    before = fleet.restarts
    fleet.crash_at(point)
    _publish(live_cast, network.channel)

    _await_end(fleet, live_cast, before)

    row = _row(live_cast)
    assert row.state == "published"
    assert network.live() == [(row.remote_id, WORDS)]


def test_a_worker_killed_after_the_network_accepted(fleet, network, live_cast):
    before = fleet.restarts
    network.proxy.on_fault = lambda: fleet.kill("worker")
    network.proxy.lose(DROP_ANSWER, network.mutation)
    _publish(live_cast, network.channel)

    _await_end(fleet, live_cast, before)

    row = _row(live_cast)
    assert len(network.proxy.faulted) == 1
    assert row.state == "published"
    assert network.live() == [(row.remote_id, WORDS)]


def test_a_receiver_that_cannot_be_asked_is_never_called_twice(fleet, live_cast):
    with webhook(live_cast, finds=False) as network:
        before = fleet.restarts
        network.proxy.on_fault = lambda: fleet.kill("worker")
        network.proxy.lose(DROP_ANSWER, network.mutation)
        _publish(live_cast, network.channel)

        _await_end(fleet, live_cast, before)

        row = _row(live_cast)
        assert (row.state, row.reason) == ("needs_attention", "cannot_ask")
        assert network.live() == [("n1", WORDS)]
