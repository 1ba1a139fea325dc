"""The real servers, one of each per run, and channels connected to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from networks.models import Channel
from networks.protocol import Call
from networks.services.calls import call_for
from networks.services.channels import connect_channel
from tests.networks.conftest import Picture
from tests.peers import servers
from tests.peers.dropping_proxy import DroppingProxy
from tests.peers.fixtures import mastodon, oidc, pds
from tests.peers.servers import Account

__all__ = ["mastodon", "oidc", "pds"]


@pytest.fixture
def account(pds) -> Account:
    """A fresh account on the PDS."""
    return servers.make_account(pds)


@dataclass
class Connected:
    """A channel connected to a real server, and what an adapter needs to speak for it."""

    channel: Channel
    open_media: Callable

    def call(self, **facts: str) -> Call:
        found = call_for(self.channel)
        return replace(found, open_media=self.open_media, facts={**found.facts, **facts})


@dataclass
class Pictures:
    """Pictures on disk, by the id that payloads name."""

    folder: Path

    def make(self, name: str = "cup", size: tuple[int, int] = (64, 48), alt: str = "A cup") -> Picture:
        path = self.folder / f"{name}.png"
        Image.new("RGB", size, (10, 120, 130)).save(path)
        picture = Picture(bytes=path.stat().st_size, width=size[0], height=size[1], alt=alt)
        path.rename(self.folder / str(picture.pk))
        return picture

    def open(self, entry) -> Path:
        return self.folder / entry["id"]


@pytest.fixture
def pictures(tmp_path) -> Pictures:
    return Pictures(tmp_path)


@pytest.fixture
def bluesky(acme, pds, account, settings, pictures) -> Connected:
    """A channel of acme for the fresh account, connected through the product."""
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    credentials = {"service": pds.url, "identifier": account.handle, "app_password": account.app_password}
    return Connected(_connect(acme, "bluesky", credentials), pictures.open)


@pytest.fixture
def toots(acme, mastodon, settings, pictures) -> Connected:
    """A channel of acme on the Mastodon emulator, emptied before."""
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    mastodon.post("/api/v1/_mock/reset", {})
    credentials = {"server": mastodon.url, "access_token": "acme-token"}
    return Connected(_connect(acme, "mastodon", credentials), pictures.open)


def _connect(cast, kind: str, credentials: dict[str, str]) -> Channel:
    return connect_channel(
        workspace=cast.acme, kind=kind, name="", credentials=credentials, by=cast.actor("ana")
    )


@pytest.fixture
def pds_proxy(pds) -> Iterator[DroppingProxy]:
    with DroppingProxy(pds.port) as proxy:
        yield proxy


@pytest.fixture
def mastodon_proxy(mastodon) -> Iterator[DroppingProxy]:
    with DroppingProxy(mastodon.port) as proxy:
        yield proxy
