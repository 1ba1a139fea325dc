"""The demo for journeys: loaded into the test database, or in the whole product with all its processes."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, sync_playwright

from collab.demo.loading import Loaded, load_demo
from core.http import OutboundClient
from teams.models import Workspace
from tests.journeys import browser as person
from tests.journeys.browser import Arrive, Person
from tests.journeys.product import UP_SECONDS, Product, Program, begin
from tests.peers.fixtures import mastodon, pds
from tests.support import plugin
from tests.support.processes import eventually

__all__ = ["mastodon", "pds"]
FLAGS = [
    *("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
    *("--disable-background-networking", "--no-first-run"),
]


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


@pytest.fixture(scope="session")
def product(tmp_path_factory) -> Iterator[Product]:
    """The whole product with its demo loaded; whatever the journeys leave behind ends with it."""
    found = begin(
        tmp_path_factory.mktemp("product"), COLLAB_SIGNUP="open", COLLAB_ALLOW_PRIVATE_HOSTS="127.0.0.1"
    )
    try:
        eventually(found.is_up, UP_SECONDS, "the product is up")
        yield found
    finally:
        left = found.stop() if found.process.poll() is None else []
        assert left == []


@pytest.fixture(scope="session")
def program(product) -> Callable[[str], Program]:
    """Return a program that bears a member's token, made once for each."""
    made: dict[str, Program] = {}

    def of(email: str) -> Program:
        if email not in made:
            made[email] = Program(product, product.token(email))
        return made[email]

    return of


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    # Playwright keeps an event loop running in this thread; Django would take it for an asynchronous caller.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        launched = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def arrive(chromium, product) -> Iterator[Arrive]:
    """Return how somebody arrives with a window of his own; at the end no page may have complained."""
    here: list[Person] = []

    def one(**place: object) -> Person:
        here.append(person.arrive(chromium, product, **place))
        return here[-1]

    yield one
    for each in here:
        each.end()
