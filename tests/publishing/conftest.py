"""Fixtures of the engine's tests: fake networks over real sockets."""

from collections.abc import Iterator

import pytest

from tests.factories.deliveries import allow_policy
from tests.fakes.fake_networks import register_fakes
from tests.support.fakenet import FakeNet

register_fakes()


@pytest.fixture
def net(settings) -> Iterator[FakeNet]:
    """A running fake network that this process and its workers may speak to."""
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    server = FakeNet().serve()
    yield server
    server.close()


@pytest.fixture
def team(acme):
    """The cast with acme in scope, publishing without approval."""
    allow_policy(acme.acme)
    return acme
