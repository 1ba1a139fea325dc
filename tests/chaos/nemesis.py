"""What breaks the processes of a run: kills, freezes, cut connections, a broker and a database that come and go."""

import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import closing, suppress

import psycopg2
import redis
from django.conf import settings

from tests.support import plugin
from tests.support.processes import descendants
from tests.support.workers import Fleet

FROZEN_SECONDS = 0.8
"""Shorter than the settle time of the fakes: what is frozen for longer is row 21 of the fault matrix."""
WEIGHTS = {
    "kill_process": 30,
    "freeze_process": 20,
    "cut_connections": 15,
    "flush_broker": 15,
    "kill_worker": 8,
    "kill_dispatcher": 6,
    "restart_broker": 4,
    "restart_database": 2,
}


class Nemesis(threading.Thread):
    """Does its faults one after the other, in an order that the seed decides, evenly spread over the run."""

    def __init__(self, fleet: Fleet, *, faults: int, every_seconds: float, seed: int) -> None:
        super().__init__(name="nemesis", daemon=True)
        self.fleet = fleet
        self.every_seconds = every_seconds
        self.chance = random.Random(f"nemesis-{seed}")
        self.plan = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=faults)
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []
        self.has_finished = threading.Event()

    def run(self) -> None:
        """Break one thing after the other; then stay, since servers that a thread has started end with it."""
        for fault in self.plan:
            began = time.monotonic()
            try:
                getattr(self, fault)()
                self.done[fault] += 1
            except Exception as error:  # told at the end: a fault that did not happen is not counted
                self.failures.append(f"{fault}: {error!r}")
            time.sleep(max(0.0, self.every_seconds - (time.monotonic() - began)))
        self.has_finished.set()
        threading.Event().wait()

    def kill_process(self) -> None:
        """Kill one process of a worker, chosen by chance."""
        os.kill(self._somebody(), signal.SIGKILL)

    def freeze_process(self) -> None:
        """Stop one process for a moment."""
        pid = self._somebody()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(FROZEN_SECONDS)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def kill_worker(self) -> None:
        """Kill a whole worker, with its process group."""
        self._kill("worker", "threads")

    def kill_dispatcher(self) -> None:
        """Kill one of the dispatchers."""
        self._kill("dispatcher")

    def cut_connections(self) -> None:
        """Let the database end every connection of the product, and the harness's own."""
        with closing(psycopg2.connect(plugin.cluster.admin_dsn())) as link, link.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [plugin.database]
            )

    def flush_broker(self) -> None:
        """Lose every message."""
        url = settings.CELERY_BROKER_URL
        redis.Redis(unix_socket_path=url.split("//")[1].split("?")[0]).flushall()

    def restart_broker(self) -> None:
        """Kill the broker and start an empty one."""
        plugin.cluster.end_valkey(signal.SIGKILL)
        plugin.cluster.begin_valkey()

    def restart_database(self) -> None:
        """End the database at once, as `-m immediate` does, and start it again."""
        plugin.cluster.restart_postgres(signal.SIGQUIT)

    def _kill(self, *kinds: str) -> None:
        member = self.chance.choice([each for each in self.fleet.members if each.kind in kinds])
        with suppress(ProcessLookupError):
            os.killpg(member.process.pid, signal.SIGKILL)

    def _somebody(self) -> int:
        """Return a process that carries deliveries: a child of the one worker, or the other worker itself."""
        member = self.chance.choice(
            [each for each in self.fleet.members if each.kind in ("worker", "threads")]
        )
        children = [process.pid for process in descendants(member.process.pid)]
        return self.chance.choice(children or [member.process.pid])
