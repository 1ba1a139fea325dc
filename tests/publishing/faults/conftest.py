"""A crew of real processes for the fault matrix, started once and started again when a row has killed them."""

from collections.abc import Iterator

import pytest

from publishing.services import heartbeats
from tests.factories.deliveries import allow_policy
from tests.factories.people import Cast
from tests.publishing.faults.scene import Scene
from tests.support.fakenet import FakeNet
from tests.support.workers import Fleet


@pytest.fixture(scope="package")
def crew(django_db_setup, tmp_path_factory) -> Iterator[Fleet]:
    """A worker and a dispatcher, who begin with the first row and end with the last: others claim for themselves."""
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    yield fleet
    fleet.stop()


@pytest.fixture
def fleet(crew: Fleet, live_cast: Cast) -> Iterator[Fleet]:
    """The crew, at work on a fresh database; who joins for one row leaves with it."""
    for point in crew.faults.iterdir():
        point.unlink()
    allow_policy(live_cast.acme)
    for kind in ("worker", "dispatcher"):
        if all(member.kind != kind for member in crew.members):
            crew.start(kind)
    own = list(crew.members)
    crew.wait_for(
        lambda: heartbeats.live_count("worker") and heartbeats.live_count("dispatcher"), 90, "a crew"
    )
    yield crew
    for member in [each for each in crew.members if each not in own]:
        crew.dismiss(member)


@pytest.fixture
def scene(fleet: Fleet, live_cast: Cast, net: FakeNet) -> Scene:
    """Workspace, network and crew in one hand."""
    return Scene(live_cast, net, fleet)
