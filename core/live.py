"""Live updates: a nudge that something changed; the open page decides what to fetch again."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from uuid import UUID

import redis
import structlog
from django.conf import settings
from django.db import transaction

from core.clock import now
from core.refs import Ref

log = structlog.get_logger(__name__)
RECENT_SECONDS = 8
GATHER_SECONDS = 0.05
_MOST_RECENT = 100


class _Gatherer:
    """Sends what many transactions tell in few messages, from a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits = threading.Event()
        self._messages: list[tuple[UUID, str]] = []
        self._thread: threading.Thread | None = None

    def add(self, workspace_id: UUID, message: str) -> None:
        """Take a message, to be sent a moment later."""
        with self._lock:
            self._messages.append((workspace_id, message))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live-gatherer", daemon=True)
                self._thread.start()
        self._waits.set()

    def _run(self) -> None:
        pause = threading.Event()
        while self._waits.wait():
            pause.wait(GATHER_SECONDS)
            self._waits.clear()
            with self._lock:
                messages, self._messages = self._messages, []
            try:
                _send(messages)
            except Exception:  # the thread outlives whatever one message trips over
                log.exception("live_not_sent")


_gatherer = _Gatherer()
_is_gathering: ContextVar[bool] = ContextVar("live_is_gathering", default=False)


@lru_cache(maxsize=1)
def _client() -> "redis.Redis":
    return redis.Redis.from_url(settings.LIVE_URL, socket_timeout=1, socket_connect_timeout=1)


def channel_of(workspace_id: UUID) -> str:
    """Return the name of the workspace's stream."""
    return f"live:{workspace_id}"


def recent_of(workspace_id: UUID) -> str:
    """Return the name of the list of the workspace's latest changes, newest first: instant and message."""
    return f"{channel_of(workspace_id)}:recent"


def publish(workspace_id: UUID, ref: Ref, verb: str, revision: int | None = None) -> None:
    """Tell the open screens of a workspace, after commit, that `ref` changed.

    Carries no content: each reader fetches with its own rights. A broker that is down costs liveness only.
    Kept for a few seconds, for the page that was rendered just before and has not opened its stream yet.
    """
    message = json.dumps({"ref": str(ref), "verb": verb, "revision": revision})

    def nudge() -> None:
        if _is_gathering.get():
            _gatherer.add(workspace_id, message)
        else:
            _send([(workspace_id, message)])

    transaction.on_commit(nudge)


@contextmanager
def gathered() -> Iterator[None]:
    """Send what the transactions of a block tell together with what others of this process tell at that time.

    For work that commits many times a second, where a message each costs more than it tells. Each goes out a
    moment after its commit, whatever the block does meanwhile.
    """
    token = _is_gathering.set(True)
    try:
        yield
    finally:
        _is_gathering.reset(token)


def _send(messages: list[tuple[UUID, str]]) -> None:
    try:
        with _client().pipeline(transaction=False) as pipe:
            for workspace_id, message in messages:
                pipe.publish(channel_of(workspace_id), message)
                pipe.lpush(recent_of(workspace_id), json.dumps([now().timestamp(), message]))
            for recent in {recent_of(workspace_id) for workspace_id, _message in messages}:
                pipe.ltrim(recent, 0, _MOST_RECENT - 1)
                pipe.expire(recent, RECENT_SECONDS)
            pipe.execute()
    except redis.RedisError as error:
        log.info("live_not_sent", error=type(error).__name__)
