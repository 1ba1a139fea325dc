"""The demo in the test database: loaded once, as `manage.py demo` loads it, and taken away after the module."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from collab.demo.loading import Loaded, load_demo
from core.http import OutboundClient
from teams.models import Workspace
from tests.support import plugin


@dataclass(frozen=True)
class Demo:
    """What loading came to, how much work it was for this process and its children, and whom it tried to call."""

    acme: Workspace
    other: Workspace
    loaded: Loaded
    cpu_seconds: float
    calls: tuple[str, ...]


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker) -> Iterator[Demo]:
    """Load the demo into the committed database, watching the product's only way out."""
    calls: list[str] = []
    original = OutboundClient.request

    def watched(self, method, url, *args, **kwargs):
        calls.append(f"{method} {url}")
        return original(self, method, url, *args, **kwargs)

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(OutboundClient, "request", watched)
        begun = sum(os.times()[:4])
        loaded = load_demo()
        seconds = sum(os.times()[:4]) - begun
        acme, other = (Workspace.objects.get(slug=slug) for slug in ("acme", "other"))
        yield Demo(acme, other, loaded, seconds, tuple(calls))
        plugin.empty_database()
