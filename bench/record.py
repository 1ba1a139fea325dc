"""Row 21: an entry of the record against the bare INSERT of the same row."""

import json
from uuid import UUID

from bench.harness import Figure, compare, interleave
from core.ids import uuid7

APPENDS = 200

BARE = """
INSERT INTO activity_entry (id, workspace_id, at, verb, actor_kind, actor_id, member_id, on_behalf_of, subject_type,
    subject_id, facts) VALUES (%s, %s, clock_timestamp(), 'bench.thing.noted', 'system', NULL, NULL, NULL,
    'bench.thing', %s, %s)
"""


def append() -> list[Figure]:
    """Compare `record()` with its checks to the INSERT alone, many in one transaction each.

    The nudge to open screens is sent after the commit by a thread of its own, as the workers do it.
    """
    from django.db import connection

    from bench.data import make_workspaces
    from core import live
    from core.record import record
    from core.refs import Ref
    from teams.actors import Actor
    from teams.tenancy import workspace_scope

    workspace_id = make_workspaces(1)[0]
    by, subject = Actor.system(workspace_id), UUID(str(uuid7()))
    facts = {"channel": str(subject), "occurrence": 1}

    def ours() -> None:
        with live.gathered(), workspace_scope(workspace_id):
            for _ in range(APPENDS):
                record("bench.thing.noted", by=by, subject=Ref("bench.thing", subject), **facts)

    def bare() -> None:
        with workspace_scope(workspace_id), connection.cursor() as cursor:
            for _ in range(APPENDS):
                cursor.execute(BARE, [str(uuid7()), str(workspace_id), str(subject), json.dumps(facts)])

    times = interleave({"ours": ours, "limit": bare}, rounds=15)
    return [
        compare(
            f"21 Append to the record, {APPENDS} at once",
            times,
            target="<= 1.3x INSERT",
            holds=lambda _ours, ratio: ratio <= 1.3,
        )
    ]
