"""Work: what waits for a member, from whatever app, so that it can be shown as one list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing to do, or to wait for (`is_waiting`: the next move is somebody else's).

    `for_name` is the absent member in whose place it is done; `why` says in a few words what is wanted.
    """

    kind: str
    title: str
    url: str
    why: str = ""
    due_at: datetime | None = None
    since: datetime | None = None
    for_name: str = ""
    is_waiting: bool = False
    icon: str = "checkbox"
    tone: str = ""
    tag: str = ""
    tag_key: str = ""
    action: str = ""
    ref: Ref | None = None


work_items: Registry[Callable[[Actor], Sequence[WorkItem]]] = Registry("teams.work.work_items")
"""Upper apps add `(actor) -> items` here: the actor's own and, by cover, those of whom he acts for."""
