"""The statements of the delivery's own path, written out: at a hundred deliveries a second the ORM is half the cost.

All run inside the workspace's scope, under row-level security like everything else. `at` is the database's clock,
or the instant that was told while history is loaded.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from calendar_app.models import Post
from core.clock import told
from networks.models import Channel
from publishing.models import Delivery
from publishing.timing import LOCK_WAIT_MS

PAUSE_LOCK = 41
_AT = "coalesce(%(at)s::timestamptz, clock_timestamp())"

_READ = f"""
SELECT {{columns}}, extract(epoch FROM d.run_at - {_AT})::float, (
    SELECT jsonb_agg(jsonb_build_object('channel', v.channel_id, 'kind', k.kind, 'position', k.position,
        'payload', v.payload))
    FROM calendar_app_revisionvariant v JOIN networks_channel k ON k.id = v.channel_id
    WHERE v.revision_id = d.revision_id
)
FROM publishing_delivery d JOIN networks_channel c ON c.id = d.channel_id
WHERE (d.id, d.lease_token) IN %(claims)s AND d.state IN ('claimed', 'prepared') AND d.lease_until > {_AT}
"""  # noqa: S608  # made of our own constants

# Functions of migration 0003, of which the server keeps the plans.
_LOOK = (
    "SELECT * FROM publishing_look(%(workspace)s, %(post)s, %(delivery)s, %(token)s, %(at)s, %(pause_lock)s,"
    " %(lock_wait)s)"
)
_ANNOUNCE = (
    "SELECT publishing_announce(%(delivery)s, %(token)s, %(attempt)s, %(intent_at)s, %(prepared)s, %(remote_key)s,"
    " %(fingerprint)s, %(worker)s, %(lease)s, %(settle)s, %(at)s)"
)
_ACCEPT = (
    "SELECT * FROM publishing_accept(%(delivery)s, %(token)s, %(attempt)s, %(post)s, %(sent_at)s, %(http_status)s,"
    " %(latency_ms)s, %(remote_id)s, %(remote_url)s, %(at)s)"
)

_FILL_IN = f"""
UPDATE publishing_attempt SET outcome = %(outcome)s, sent_at = %(sent_at)s, answered_at = {_AT},
    http_status = %(http_status)s, latency_ms = %(latency_ms)s, remote_id = %(remote_id)s, reason_text = %(reason)s
WHERE id = %(attempt)s AND outcome = ''
"""  # noqa: S608  # made of our own constants

_WAIT = f"""
INSERT INTO publishing_pace AS p (channel_id, free_at) VALUES (%(channel)s, {_AT} + make_interval(secs => %(wait)s))
ON CONFLICT (channel_id) DO UPDATE SET free_at = greatest(p.free_at, excluded.free_at)
"""  # noqa: S608  # made of our own constants

_LATEST_STATES = """
SELECT DISTINCT ON (channel_id) state FROM publishing_delivery WHERE post_id = %s
ORDER BY channel_id, occurrence_no DESC
"""


@dataclass(frozen=True, slots=True)
class Read:
    """A claimed delivery with its channel, the payloads of its revision, and how long its time is ahead."""

    delivery: Delivery
    variants: list[dict[str, Any]]
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """The post's state before an acceptance, and the states of its latest deliveries after it."""

    post_state: str
    latest_states: list[str]


@dataclass(frozen=True, slots=True)
class Look:
    """What stands just before the intent, with post and delivery locked."""

    at: datetime
    state: str
    post_state: str
    is_archived: bool
    is_revoked: bool
    channel_status: str
    is_paused: bool
    late_minutes: float | None


def read_claims(claims: Sequence[tuple[UUID | str, UUID | str]]) -> dict[UUID, Read]:
    """Return by delivery what claims need, in one query; those whose token or lease no longer stands are left out."""
    if not claims:
        return {}
    delivery_columns, channel_columns = _columns(Delivery), _columns(Channel)
    names = [f"d.{name}" for name in delivery_columns] + [f"c.{name}" for name in channel_columns]
    pairs = tuple((str(delivery_id), str(token)) for delivery_id, token in claims)
    with connection.cursor() as cursor:
        cursor.execute(_READ.format(columns=", ".join(names)), {"at": told(), "claims": pairs})
        rows = cursor.fetchall()
    return {found.delivery.pk: found for found in (_read(row, len(delivery_columns)) for row in rows)}


def look(delivery: Delivery) -> Look | None:
    """Lock post and delivery, in this order, and return what stands; None where the claim no longer does.

    Locks: an exclusive pause lock waits for this transaction. Waits itself for half a second at most, so that
    people come first and the database never has to choose a victim among them.
    """
    values: dict[str, Any] = {
        "at": told(),
        "workspace": str(delivery.workspace_id),
        "post": str(delivery.post_id),
        "pause_lock": PAUSE_LOCK,
        "lock_wait": LOCK_WAIT_MS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, values | _claim(delivery))
        row = cursor.fetchone()
    return Look(*row) if row else None


def announce(
    delivery: Delivery,
    *,
    attempt_id: UUID,
    at: datetime,
    prepared: object,
    remote_key: str,
    fingerprint: str,
    worker: str,
    lease_seconds: float,
    settle_seconds: float,
) -> bool:
    """Write state and attempt in one statement; tell whether the claim stood."""
    values: dict[str, Any] = {
        "at": told(),
        "attempt": str(attempt_id),
        "intent_at": at,
        "prepared": json.dumps(prepared),
        "remote_key": remote_key,
        "fingerprint": fingerprint,
        "worker": worker,
        "lease": lease_seconds,
        "settle": settle_seconds,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ANNOUNCE, values | _claim(delivery))
        return bool(cursor.fetchone()[0])


def fill_in(attempt_id: UUID, **values: Any) -> None:
    """Write an attempt's outcome, where none stands yet."""
    with connection.cursor() as cursor:
        cursor.execute(_FILL_IN, {"at": told(), "attempt": str(attempt_id), **values})


def accept(delivery: Delivery, attempt_id: UUID, **values: Any) -> Accepted | None:
    """Write an acceptance onto attempt and delivery; None where the delivery's token no longer stood.

    Locks: the post, before them.
    """
    of = {"at": told(), "attempt": str(attempt_id), "post": str(delivery.post_id), **values}
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPT, of | _claim(delivery))
        row = cursor.fetchone()
    return Accepted(*row) if row else None


def close_channel(channel_id: UUID, seconds: float) -> None:
    """Let no claim be made for a channel before so many seconds are over."""
    with connection.cursor() as cursor:
        cursor.execute(_WAIT, {"at": told(), "channel": str(channel_id), "wait": seconds})


def read_clock() -> datetime:
    """Return the database's present instant, or the one that was told."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_AT}", {"at": told()})
        found: datetime = cursor.fetchone()[0]
    return found


def lock_post(post_id: UUID) -> Post:
    """Lock a post until the commit and return as much of it as following its deliveries needs."""
    names = ("id", "workspace_id", "state", "archived_at")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, workspace_id, state, archived_at FROM calendar_app_post WHERE id = %s FOR NO KEY UPDATE",
            [str(post_id)],
        )
        row = cursor.fetchone()
    if row is None:
        raise Post.DoesNotExist
    return Post.from_db(connection.alias, names, row)


def latest_states(post_id: UUID) -> list[str]:
    """Return the state of the latest occurrence on each of a post's channels."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST_STATES, [str(post_id)])
        return [state for (state,) in cursor.fetchall()]


def _read(row: Any, split: int) -> Read:
    delivery = _instance(Delivery, row[:split])
    delivery.channel = _instance(Channel, row[split:-2])
    return Read(delivery, _loaded(row[-1]) or [], row[-2])


def _claim(delivery: Delivery) -> dict[str, str]:
    return {"delivery": str(delivery.pk), "token": str(delivery.lease_token)}


@cache
def _columns(model: Any) -> tuple[str, ...]:
    return tuple(str(field.column) for field in model._meta.concrete_fields)


@cache
def _json_at(model: Any) -> tuple[int, ...]:
    fields = model._meta.concrete_fields
    return tuple(index for index, field in enumerate(fields) if isinstance(field, models.JSONField))


def _instance(model: Any, row: Any) -> Any:
    values = list(row)
    for index in _json_at(model):
        values[index] = _loaded(values[index])
    return model.from_db(connection.alias, [field.attname for field in model._meta.concrete_fields], values)


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
