"""Work: what waits for a member, from whatever app, so that it can be counted and shown as one list.

Each app says it as rows of the database and no otherwise, so that the list, its pages, its counts and the number in
the rail are one question.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Q, QuerySet, UUIDField, Value, When
from django.db.models.expressions import Combinable

from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing to do, or to wait for (`is_waiting`: the next move is somebody else's).

    `for_name` and `for_id` are the absent member in whose place it is done; `why` says in a few words what is wanted.
    `goes_out_at` is when what it is about is to be published. Its app says what it is; when it is due, since when it
    waits, for whom and whether for others, its row says.
    """

    kind: str
    title: str
    url: str
    why: str = ""
    due_at: datetime | None = None
    since: datetime | None = None
    for_name: str = ""
    for_id: UUID | None = None
    is_waiting: bool = False
    goes_out_at: datetime | None = None
    icon: str = "checkbox"
    tone: str = ""
    tag: str = ""
    tag_key: str = ""
    action: str = ""
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class WorkRows:
    """Rows of one kind that wait for an actor.

    `since` is a field of the row, or an expression, that is never empty; `due` one that may be. `covered` is the
    member in whose place it is done, None for the actor himself. Where `is_one_line`, all rows are told in one line.
    """

    kind: str
    rows: QuerySet[Any]
    since: str | Combinable
    due: str | Combinable | None = None
    covered: str | Combinable | None = None
    is_waiting: bool = False
    is_one_line: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the list: which kind, whose id, in whose place, and for how many a line stands."""

    kind: str
    id: UUID
    for_id: UUID | None = None
    number: int = 1


@dataclass(frozen=True, slots=True)
class WorkSource:
    """What an app adds to the list: the rows, and what to say of those that are shown.

    `rows(actor)` asks nothing of the database itself; `items(actor, found)` leaves out what has gone meanwhile and
    takes a fixed number of statements.
    """

    rows: Callable[[Actor], Sequence[WorkRows]]
    items: Callable[[Actor, Sequence[Found]], Mapping[Found, WorkItem]]


work_sources: Registry[WorkSource] = Registry("teams.work.work_sources")
"""Upper apps add theirs here: the actor's own work and, by cover, that of those in whose place he acts."""


def in_whose_place(own: Q | None, covered: Mapping[UUID, Q]) -> Combinable | None:
    """Return in whose place a row that fits several conditions is done: one's own first, then each covered member."""
    if not covered:
        return None
    nobody = Value(None, output_field=UUIDField())
    first = [When(own, then=nobody)] if own is not None else []
    places = [When(fits, then=Value(ident, output_field=UUIDField())) for ident, fits in covered.items()]
    return Case(*first, *places, default=nobody, output_field=UUIDField())


def of_kinds(found: Collection[Found], *kinds: str) -> list[Found]:
    """Return those of some kinds."""
    return [one for one in found if one.kind in kinds]
