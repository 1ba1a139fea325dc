"""What tests of channels share: files as rendering sees them, and the product's own newsroom over real HTTP."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from core.ids import uuid7
from networks.models import Channel
from networks.services.calls import call_for
from teams.tenancy import workspace_scope


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
