"""Signs of life: who works, when the due scan last ran, and a worker that hears nothing ends itself."""

import multiprocessing.sharedctypes
import os
import signal
import threading
import time
from typing import Any

import structlog
from django.db import connection, transaction

from core.ids import uuid7
from publishing import ledger
from publishing.services import restores
from publishing.services.intents import worker_name

log = structlog.get_logger(__name__)

WORKER = "worker"
DISPATCHER = "dispatcher"
BEAT_SECONDS = 4.0
ALIVE_SECONDS = 15
DEAF_SECONDS = 60.0
KEPT_SECONDS = 24 * 3600

_looked_at = float("-inf")
_taken_at = multiprocessing.sharedctypes.RawValue("d", 0.0)
"""When this worker last took up a message (monotonic clock); shared, since children take and parents watch."""


def beat(kind: str, process: str, *, scanned: bool = False, slots: int = 1) -> None:
    """Write a sign of life by the database's clock; `slots` is how many calls a worker can make at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO publishing_heartbeat (id, kind, process, started_at, at, scanned_at, slots)"
            " VALUES (%s, %s, %s, clock_timestamp(), clock_timestamp(),"
            " CASE WHEN %s THEN clock_timestamp() END, %s)"
            " ON CONFLICT (process) DO UPDATE SET at = clock_timestamp(), slots = excluded.slots,"
            " scanned_at = coalesce(excluded.scanned_at, publishing_heartbeat.scanned_at)",
            [str(uuid7()), kind, process, scanned, slots],
        )


def end(process: str) -> None:
    """Take a process that stops in good order off the list, and those that died long ago."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM publishing_heartbeat"
            " WHERE process = %s OR kind <> %s AND at < clock_timestamp() - make_interval(secs => %s)",
            [process, restores.ENGINE, KEPT_SECONDS],
        )


def live_count(kind: str) -> int:
    """Return how many processes of a kind gave a sign of life lately."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM publishing_heartbeat"
            " WHERE kind = %s AND at > clock_timestamp() - make_interval(secs => %s)",
            [kind, ALIVE_SECONDS],
        )
        return int(cursor.fetchone()[0])


def live_slots() -> int:
    """Return how many calls the workers that gave a sign of life lately can make at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(slots), 0) FROM publishing_heartbeat"
            " WHERE kind = %s AND at > clock_timestamp() - make_interval(secs => %s)",
            [WORKER, ALIVE_SECONDS],
        )
        return int(cursor.fetchone()[0])


def scan_age_seconds() -> float | None:
    """Return how long ago any dispatcher last looked for due deliveries, None if none ever did."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp() - max(scanned_at))::float FROM publishing_heartbeat"
        )
        found = cursor.fetchone()[0]
    return None if found is None else max(0.0, found)


def beat_dispatcher() -> int:
    """Write the dispatcher's sign of life, and that the engine lives."""
    watch_for_outage()
    beat(DISPATCHER, f"{DISPATCHER}@{worker_name(os.getpid())}", scanned=True)
    return 0


def watch_for_outage(within_seconds: float = 0) -> None:
    """Look whether the engine was away, unless this process has looked within so many seconds.

    By a clock that runs on while the machine sleeps: a dispatcher that was suspended looks before it scans.
    """
    global _looked_at
    at = time.clock_gettime(time.CLOCK_BOOTTIME)
    if at - _looked_at >= within_seconds:
        restores.notice_outage()
        _looked_at = at


def note_taken() -> None:
    """Note that this worker took up a message."""
    _taken_at.value = time.monotonic()


def is_deaf(idle_seconds: float, overdue_seconds: float) -> bool:
    """Tell whether a worker hears nothing although claimed deliveries lie about."""
    return idle_seconds > DEAF_SECONDS and overdue_seconds > DEAF_SECONDS


class Watch(threading.Thread):
    """Beats for a worker and ends it when the broker has gone deaf on it, so that its supervisor starts it anew."""

    def __init__(self, process: str, slots: int = 1) -> None:
        super().__init__(name="publishing-watch", daemon=True)
        self.process = process
        self.slots = slots
        self.stop = threading.Event()

    def run(self) -> None:
        """Beat until told to stop."""
        note_taken()
        while not self.stop.is_set():
            try:
                beat(WORKER, self.process, slots=self.slots)
                self._check()
            except Exception:  # the database may be away for a while; the watch outlives it
                log.exception("heartbeat_failed")
            finally:
                connection.close()
            self.stop.wait(BEAT_SECONDS)

    def close(self) -> None:
        """Stop beating and take the process off the list."""
        self.stop.set()
        try:
            end(self.process)
        except Exception:  # on the way out; an old sign of life fades by itself
            log.exception("heartbeat_not_ended")

    def _check(self) -> None:
        idle = time.monotonic() - _taken_at.value
        if idle > DEAF_SECONDS and is_deaf(idle, ledger.overdue()[1]):
            log.error("worker_is_deaf", process=self.process)
            os.kill(os.getpid(), signal.SIGQUIT)
            self.stop.wait(10)
            os._exit(1)


_watches: list[Watch] = []


def start_watch(sender: Any, **kwargs: Any) -> None:
    """Watch a worker that takes from the queue `publish`."""
    if "publish" not in getattr(sender.app.amqp.queues, "consume_from", {}):
        return
    watch = Watch(f"{WORKER}@{worker_name(os.getpid())}", slots=int(sender.controller.concurrency or 1))
    _watches.append(watch)
    watch.start()


def stop_watch(**kwargs: Any) -> None:
    """Let a worker that stops in good order say so."""
    while _watches:
        _watches.pop().close()
