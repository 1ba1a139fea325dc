"""Entries: written by `core.record.record`, in the caller's transaction."""

import json
import re
from typing import Any

from django.db import connection

from activity.states import OutboxState
from activity.subscriptions import subscribers_of
from core import live
from core.clock import now
from core.ids import uuid7
from core.refs import Ref
from teams.actors import Actor
from teams.tenancy import WrongWorkspace, current_workspace_id

_ENUMERATION = re.compile(r"[\w.:+/-]{0,80}")

# One statement whoever listens: every write of the product ends here, and the ORM doubles what an entry costs.
_APPEND = """
INSERT INTO activity_entry (id, workspace_id, at, verb, actor_kind, actor_id, member_id, on_behalf_of, subject_type,
    subject_id, facts)
VALUES (%(id)s, %(workspace)s, %(at)s, %(verb)s, %(kind)s, %(actor)s, %(member)s, %(for)s, %(type)s, %(subject)s,
    %(facts)s)
"""
_TELL = f"""
WITH entry AS ({_APPEND} RETURNING id, workspace_id, at)
INSERT INTO activity_delivery (id, workspace_id, entry_id, subscriber, state, attempts, next_attempt_at, last_error)
SELECT told.id::uuid, entry.workspace_id, entry.id, told.subscriber, %(pending)s, 0, entry.at, ''
FROM entry, unnest(%(ids)s, %(names)s) AS told (id, subscriber)
"""  # noqa: S608  # made of our own constants


class UnfitFact(ValueError):
    """A fact that could hold a name, an address or text, which the sealed record must not keep."""


def write_entry(verb: str, *, by: Actor, subject: Ref, facts: dict[str, Any]) -> None:
    """Write one entry with its outbox rows, and nudge the open screens after the commit.

    Raises: UnfitFact for anything but numbers, booleans, ids and enumerations; WrongWorkspace.
    """
    for name, value in facts.items():
        _require_fit(name, value)
    if current_workspace_id() != by.workspace_id:
        raise WrongWorkspace("an entry belongs to another workspace than the one in scope")
    names = subscribers_of(verb)
    values: dict[str, Any] = {
        "id": str(uuid7()),
        "workspace": str(by.workspace_id),
        "at": now(),
        "verb": verb,
        "kind": str(by.kind),
        "actor": _text(by.id),
        "member": _text(by.member_id),
        "for": _text(by.on_behalf_of),
        "type": subject.type,
        "subject": str(subject.id),
        "facts": json.dumps(facts),
    }
    if names:
        values |= {"pending": str(OutboxState.PENDING), "ids": [str(uuid7()) for _ in names], "names": names}
    with connection.cursor() as cursor:
        cursor.execute(_TELL if names else _APPEND, values)
    live.publish(by.workspace_id, subject, verb)


def _text(ident: object) -> str | None:
    return None if ident is None else str(ident)


def _require_fit(name: str, value: Any) -> None:
    if isinstance(value, list):
        for part in value:
            _require_fit(name, part)
    elif isinstance(value, str):
        if not _ENUMERATION.fullmatch(value):
            raise UnfitFact(
                f"fact {name!r} is free text; the record keeps ids, numbers and enumerations only"
            )
    elif value is not None and not isinstance(value, bool | int | float):
        raise UnfitFact(f"fact {name!r} is a {type(value).__name__}")
