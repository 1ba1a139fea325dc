"""What tests of channels share: files as rendering sees them, and the product's own newsroom over real HTTP."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from core.ids import uuid7
from networks.adapters import adapters
from networks.models import Channel
from networks.services.calls import call_for
from networks.services.channels import connect_channel
from teams.tenancy import workspace_scope
from tests.fakes.networks import FakeNetwork


@dataclass
class Picture:
    """A stored file, as much of it as rendering reads."""

    pk: UUID = field(default_factory=uuid7)
    kind: str = "image"
    mime: str = "image/png"
    digest: str = "d" * 64
    bytes: int = 1000
    width: int | None = 800
    height: int | None = 600
    duration_ms: int | None = None
    alt: str = "A cup of coffee"


@pytest.fixture
def newsroom_url(settings, live_server):
    settings.NEWSROOM_URL = live_server.url
    return live_server.url


@pytest.fixture
def newsroom_call(live_cast, newsroom_url):
    """What the adapter needs to speak for acme's newsroom, over loopback."""
    with workspace_scope(live_cast.acme.pk):
        return call_for(Channel.objects.get(kind="newsroom"))


@pytest.fixture
def fake_network(monkeypatch):
    """A network of which accounts can be connected, registered for the length of a test."""
    network = FakeNetwork()
    monkeypatch.setitem(adapters._entries, network.kind, network)
    return network


@pytest.fixture
def fake_channel(acme, fake_network):
    return connect(acme)


def connect(cast, account="acme", token="good-1", by="ana", name=""):
    return connect_channel(
        workspace=cast.acme,
        kind="fake",
        name=name,
        credentials={"account": account, "token": token},
        by=cast.actor(by),
    )
