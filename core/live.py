"""Live updates: a nudge that something changed; the open page decides what to fetch again."""

import json
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
_MOST_RECENT = 100


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
        recent = recent_of(workspace_id)
        try:
            with _client().pipeline(transaction=False) as pipe:
                pipe.publish(channel_of(workspace_id), message)
                pipe.lpush(recent, json.dumps([now().timestamp(), message]))
                pipe.ltrim(recent, 0, _MOST_RECENT - 1)
                pipe.expire(recent, RECENT_SECONDS)
                pipe.execute()
        except redis.RedisError as error:
            log.info("live_not_sent", error=type(error).__name__)

    transaction.on_commit(nudge)
