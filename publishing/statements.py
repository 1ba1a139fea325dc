"""The statements of the delivery's own path, written out: at a hundred deliveries a second the ORM is half the cost.

All run inside the workspace's scope, under row-level security like everything else. `at` is the database's clock,
or the instant that was told while history is loaded.
"""

import json
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
_STANDS = "d.id = %(delivery)s AND d.lease_token = %(token)s AND d.state IN ('claimed', 'prepared')"

_READ = """
SELECT {columns}, extract(epoch FROM d.run_at - {at})::float, (
    SELECT jsonb_agg(jsonb_build_object('channel', v.channel_id, 'kind', k.kind, 'position', k.position,
        'payload', v.payload))
    FROM calendar_app_revisionvariant v JOIN networks_channel k ON k.id = v.channel_id
    WHERE v.revision_id = d.revision_id
)
FROM publishing_delivery d JOIN networks_channel c ON c.id = d.channel_id
WHERE {stands} AND d.lease_until > {at}
"""

# Three statements in one round trip; each sees what was committed before the one ahead of it got its lock.
_LOOK = f"""
SELECT set_config('lock_timeout', '{LOCK_WAIT_MS}ms', true),
    pg_advisory_xact_lock_shared(hashtextextended(%(workspace)s, {PAUSE_LOCK}));
SELECT FROM calendar_app_post WHERE id = %(post)s FOR NO KEY UPDATE;
SELECT {_AT}, d.state, p.state, p.archived_at IS NOT NULL, cl.revoked_at IS NOT NULL, c.status,
    EXISTS (SELECT FROM publishing_hold h WHERE h.workspace_id = d.workspace_id AND h.ended_at IS NULL),
    (w.settings ->> 'ask_when_late_minutes')::float
FROM publishing_delivery d
JOIN calendar_app_post p ON p.id = d.post_id
JOIN approvals_clearance cl ON cl.id = d.clearance_id
JOIN networks_channel c ON c.id = d.channel_id
JOIN teams_workspace w ON w.id = d.workspace_id
WHERE {_STANDS} AND d.lease_until > {_AT}
FOR NO KEY UPDATE OF d
"""  # noqa: S608  # made of our own constants

_ANNOUNCE = f"""
WITH sent AS (
    UPDATE publishing_delivery d
    SET state = 'sending', reason = '', reason_text = '', call_no = call_no + 1, attempt_no = attempt_no + 1,
        remote_key = %(remote_key)s, prepared = %(prepared)s::jsonb, settle_token = NULL,
        first_intent_at = coalesce(first_intent_at, {_AT}),
        lease_until = {_AT} + make_interval(secs => %(lease)s),
        settle_until = {_AT} + make_interval(secs => %(lease)s + %(settle)s)
    WHERE {_STANDS}
    RETURNING id, workspace_id, call_no, lease_token, actor_kind, actor_id, planned_by_id, on_behalf_of
)
INSERT INTO publishing_attempt (id, workspace_id, delivery_id, number, lease_token, intent_at, fingerprint, worker,
    actor_kind, actor_id, member_id, on_behalf_of, outcome, remote_id, reason_text)
SELECT %(attempt)s, workspace_id, id, call_no, lease_token, %(intent_at)s, %(fingerprint)s, %(worker)s,
    actor_kind, actor_id, planned_by_id, on_behalf_of, '', '', '' FROM sent
"""  # noqa: S608  # made of our own constants

_FILL_IN = f"""
UPDATE publishing_attempt SET outcome = %(outcome)s, sent_at = %(sent_at)s, answered_at = {_AT},
    http_status = %(http_status)s, latency_ms = %(latency_ms)s, remote_id = %(remote_id)s, reason_text = %(reason)s
WHERE id = %(attempt)s AND outcome = ''
"""  # noqa: S608  # made of our own constants

# The common answer, with its attempt, in one statement. An acceptance counts even after the lease was over.
_ACCEPT = f"""
WITH answered AS (
    UPDATE publishing_attempt SET outcome = 'accepted', sent_at = %(sent_at)s, answered_at = {_AT},
        http_status = %(http_status)s, latency_ms = %(latency_ms)s, remote_id = %(remote_id)s, reason_text = ''
    WHERE id = %(attempt)s AND outcome = ''
)
UPDATE publishing_delivery SET state = 'published', published_at = {_AT}, remote_id = %(remote_id)s,
    remote_url = %(remote_url)s, reason = '', reason_text = '', failures = 0, lease_until = NULL, settle_token = NULL
WHERE id = %(delivery)s AND lease_token = %(token)s AND state IN ('sending', 'unknown')
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


def read_claim(delivery_id: UUID | str, token: UUID | str) -> Read | None:
    """Return what a claim needs, in one query; None where its token or lease no longer stands."""
    delivery_columns, channel_columns = _columns(Delivery), _columns(Channel)
    names = [f"d.{name}" for name in delivery_columns] + [f"c.{name}" for name in channel_columns]
    sql = _READ.format(columns=", ".join(names), at=_AT, stands=_STANDS)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"at": told(), "delivery": str(delivery_id), "token": str(token)})
        row = cursor.fetchone()
    if row is None:
        return None
    split = len(delivery_columns)
    delivery = _instance(Delivery, row[:split])
    delivery.channel = _instance(Channel, row[split:-2])
    return Read(delivery, _loaded(row[-1]) or [], row[-2])


def look(delivery: Delivery) -> Look | None:
    """Lock post and delivery, in this order, and return what stands; None where the claim no longer does.

    Locks: an exclusive pause lock waits for this transaction. Waits itself for half a second at most, so that
    people come first and the database never has to choose a victim among them.
    """
    values: dict[str, Any] = {
        "at": told(),
        "workspace": str(delivery.workspace_id),
        "post": str(delivery.post_id),
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
        return bool(cursor.rowcount == 1)


def fill_in(attempt_id: UUID, **values: Any) -> None:
    """Write an attempt's outcome, where none stands yet."""
    with connection.cursor() as cursor:
        cursor.execute(_FILL_IN, {"at": told(), "attempt": str(attempt_id), **values})


def accept(delivery: Delivery, attempt_id: UUID, **values: Any) -> bool:
    """Write an acceptance onto attempt and delivery; tell whether the delivery's token still stood."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPT, {"at": told(), "attempt": str(attempt_id), **values} | _claim(delivery))
        return bool(cursor.rowcount == 1)


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
