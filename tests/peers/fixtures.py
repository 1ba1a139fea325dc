"""The real servers, started once in a run by whoever asks for them first."""

from collections.abc import Iterator

import pytest

from tests.peers import servers
from tests.peers.servers import OidcServer, Server

BACK = [f"http://localhost:8000/sso/{slug}/callback/" for slug in ("acme", "other")]
BACK += [f"http://localhost:8000/w/{slug}/channels/new/fake/return/" for slug in ("acme", "other")]


@pytest.fixture(scope="session")
def pds(tmp_path_factory) -> Iterator[Server]:
    with servers.pds(tmp_path_factory.mktemp("pds")) as server:
        yield server


@pytest.fixture(scope="session")
def mastodon(tmp_path_factory) -> Iterator[Server]:
    with servers.mastodon(tmp_path_factory.mktemp("mastodon")) as server:
        yield server


@pytest.fixture(scope="session")
def oidc(tmp_path_factory) -> Iterator[OidcServer]:
    with servers.oidc(tmp_path_factory.mktemp("oidc"), *BACK) as server:
        yield server
