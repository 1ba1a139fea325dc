"""Entries: written by `core.record.record`, in the caller's transaction."""

import re
from typing import Any

from activity.models import Delivery, Entry
from activity.subscriptions import subscribers_of
from core import live
from core.refs import Ref
from teams.actors import Actor

_ENUMERATION = re.compile(r"[\w.:+/-]{0,80}")


class UnfitFact(ValueError):
    """A fact that could hold a name, an address or text, which the sealed record must not keep."""


def write_entry(verb: str, *, by: Actor, subject: Ref, facts: dict[str, Any]) -> None:
    """Write one entry with its outbox rows, and nudge the open screens after the commit.

    Raises: UnfitFact for anything but numbers, booleans, ids and enumerations.
    """
    for name, value in facts.items():
        _require_fit(name, value)
    entry = Entry(
        workspace_id=by.workspace_id,
        verb=verb,
        actor_kind=by.kind,
        actor_id=by.id,
        member_id=by.member_id,
        on_behalf_of=by.on_behalf_of,
        subject_type=subject.type,
        subject_id=subject.id,
        facts=facts,
    )
    entry.save(force_insert=True)
    names = subscribers_of(verb)
    if names:
        rows = [Delivery(workspace_id=by.workspace_id, entry=entry, subscriber=name) for name in names]
        Delivery.objects.bulk_create(rows)
    live.publish(by.workspace_id, subject, verb)


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
