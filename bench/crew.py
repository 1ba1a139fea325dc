"""The product's own workers and dispatcher under measure: started, fed, watched for what they cost."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.services import Cluster

PROCESSES = 2
DRAIN_SECONDS = 240
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Crew:
    """Workers and dispatcher at work on one database."""

    fleet: Any
    cluster: Cluster

    def cpu_seconds(self) -> float:
        """Return the processor time that workers, dispatcher, database and broker have used so far."""
        heads = {member.process.pid for member in self.fleet.members}
        heads |= {process.pid for process in self.cluster._processes}
        return sum(seconds for pid, parent, seconds in _processes() if pid in heads or parent in heads)

    def rss_bytes(self) -> dict[str, int]:
        """Return the resident memory of each worker and dispatcher by name."""
        return {
            member.name: int(Path(f"/proc/{member.process.pid}/statm").read_text().split()[1]) * _PAGE
            for member in self.fleet.members
        }


@contextmanager
def crew(cluster: Cluster, database: str) -> Iterator[Crew]:
    """Run the product's workers and dispatcher with their own times, until the end of the block."""
    from publishing.services import heartbeats
    from tests.support.workers import Fleet

    with tempfile.TemporaryDirectory(prefix="collab-bench-crew-") as folder:
        fleet = Fleet(Path(folder), extra={**cluster.environment(database), "COLLAB_TEST_TIMES": "product"})
        try:
            for _ in range(PROCESSES):
                fleet.start("publish")
            fleet.start("dispatcher")
            fleet.wait_for(lambda: heartbeats.live_count("worker") == PROCESSES, 240, "workers")
            yield Crew(fleet, cluster)
        finally:
            fleet.stop()


def workspace(url: str = "http://127.0.0.1:9", channels: int = 1) -> tuple[Any, ...]:
    """Make a workspace with channels of the fake network; return it and them."""
    from bench.data import make_workspaces
    from teams.models import Workspace
    from teams.tenancy import workspace_scope
    from tests.factories.deliveries import allow_policy, fake_channel
    from tests.fakes.fake_networks import register_fakes

    register_fakes()
    made = Workspace.objects.get(pk=make_workspaces(1)[0])
    allow_policy(made)
    with workspace_scope(made.pk):
        return made, *(fake_channel(made, "D", url) for _ in range(channels))


def plan(of: Any, channel: Any, texts: list[str]) -> list[Any]:
    """Write scheduled posts that are due tomorrow; return their ids."""
    from core.clock import now
    from teams.tenancy import workspace_scope
    from tests.factories.deliveries import plan_many

    with workspace_scope(of.pk):
        return [post.pk for post in plan_many(of, [channel], texts, at=now() + timedelta(days=1))]


def come_due(of: Any, posts: list[Any], at: Any) -> None:
    """Let posts be due at one instant."""
    from publishing.models import Delivery
    from teams.tenancy import workspace_scope

    with workspace_scope(of.pk):
        Delivery.objects.filter(post__in=posts).update(scheduled_at=at, run_at=at)


def drain(net: Any, texts: set[str]) -> None:
    """Wait until each text was called for."""
    until = time.monotonic() + DRAIN_SECONDS
    while missing := texts - {call.text for call in list(net.calls)}:
        assert time.monotonic() < until, f"{len(missing)} of {len(texts)} without a call"
        time.sleep(0.05)


def lateness(net: Any, texts: set[str], due: Any) -> list[float]:
    """Return by how many seconds each call was late, by the clock that network and database share."""
    return sorted(call.at - due.timestamp() for call in list(net.calls) if call.text in texts)


def _processes() -> Iterator[tuple[int, int, float]]:
    """Yield id, parent and processor seconds of every process."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield int(stat.parent.name), int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICKS
