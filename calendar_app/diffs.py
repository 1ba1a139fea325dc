"""What one revision changed of another, word by word."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

from calendar_app.models import Revision

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_PLAIN = ("title", "campaign", "labels", "language", "rating", "risk")
MOST_WORDS = 4000


def text_diff(before: str, after: str) -> list[dict[str, str]]:
    """Return the steps from one text to another: `equal`, `delete`, `insert`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return [{"op": "delete", "text": before}, {"op": "insert", "text": after}]
    steps: list[dict[str, str]] = []
    for op, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            steps.append({"op": "equal", "text": "".join(old[start:end])})
            continue
        if end > start:
            steps.append({"op": "delete", "text": "".join(old[start:end])})
        if new_end > new_start:
            steps.append({"op": "insert", "text": "".join(new[new_start:new_end])})
    return steps


def revision_changes(
    before: Revision | None, after: Revision, hidden: Iterable[UUID] = ()
) -> list[dict[str, Any]]:
    """Return what changed, field by field and channel by channel; texts come as steps."""
    folded = set(hidden)
    old = before.content if before else {}
    found: list[dict[str, Any]] = [
        {"field": name, "before": old.get(name), "after": after.content.get(name)}
        for name in _PLAIN
        if before and (old.get(name) or None) != (after.content.get(name) or None)
    ]
    was = {row.channel_id: row for row in before.variants.all()} if before else {}
    now = {row.channel_id: row for row in after.variants.all()}
    for channel in [*now, *(gone for gone in was if gone not in now)]:
        if channel not in folded:
            found += _channel_changes(str(channel), was.get(channel), now.get(channel))
    return found


def _channel_changes(channel: str, was: Any, now: Any) -> list[dict[str, Any]]:
    if was is None or now is None:
        field = "channel_added" if was is None else "channel_removed"
        return [{"field": field, "channel": channel}]
    found: list[dict[str, Any]] = []
    if was.text != now.text:
        found.append({"field": "text", "channel": channel, "steps": text_diff(was.text, now.text)})
    for name in ("media", "options", "scheduled_at"):
        before, after = getattr(was, name), getattr(now, name)
        if before != after:
            found.append({"field": name, "channel": channel, "before": before, "after": after})
    return found
