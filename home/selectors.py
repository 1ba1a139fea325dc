"""The list of work: gathered from every app in one statement, in the order in which it is wanted, with its numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    Count,
    DateTimeField,
    F,
    IntegerField,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from calendar_app.permissions import hidden_channel_ids
from core.paging import read_cursor, write_cursor
from core.written import Written, written
from teams.actors import Actor
from teams.alike import ids_of, is_plain
from teams.permissions import covered_actors
from teams.work import Found, WorkItem, WorkRows, work_sources

OVERDUE, TODAY, LATER, WAITING = "overdue", "today", "later", "waiting"
LABELS: dict[str, "str | Promise"] = {
    OVERDUE: _("Overdue"),
    TODAY: _("Today"),
    LATER: _("Later"),
    WAITING: _("Waiting for others"),
}
ALL, MINE, COVERED = "all", "mine", "covered"
SIZE = 50
Part = tuple[str, WorkRows]
_COLUMNS = ("w_source", "w_kind", "w_item", "w_due", "w_since", "w_covered", "w_waits", "w_number")
_ORDER = ("w_waits", "w_place", "w_since", "w_kind", "w_item")
_WHOSE = {ALL: "true", MINE: "w_covered IS NULL", COVERED: "w_covered IS NOT NULL"}


@dataclass(frozen=True, slots=True)
class Number:
    """How much of the list is of one group, and in whose place."""

    group: str
    for_id: UUID | None
    count: int


@dataclass(frozen=True, slots=True)
class Work:
    """A page of the list, the cursor of what follows, and the numbers of the whole list."""

    items: list[WorkItem]
    next: str | None
    numbers: list[Number]

    def count(self, whose: str = ALL) -> int:
        """Return how much there is to do, of somebody's; what waits for others does not count."""
        return sum(one.count for one in self.numbers if one.group != WAITING and _is_of(one, whose))

    def sizes(self, whose: str = ALL) -> dict[str, int]:
        """Return how much there is under each heading."""
        return {
            group: sum(one.count for one in self.numbers if one.group == group and _is_of(one, whose))
            for group in LABELS
        }


@dataclass(slots=True)
class Group:
    """A part of the list, and how much there is of it in all."""

    key: str
    label: "str | Promise"
    items: list[WorkItem] = field(default_factory=list)
    size: int = 0


def doing_rows(by: Actor) -> Written | None:
    """Return what is the actor's to do, as rows to be counted: the list without what waits for others."""
    try:
        return _question(by, "doing", lambda: [one for one in _parts(by) if not one[1].is_waiting])
    except EmptyResultSet:
        return None


def work_of(
    by: Actor, now: datetime, zone: ZoneInfo, *, whose: str = ALL, cursor: str | None = None, size: int = SIZE
) -> Work:
    """Return a page of all that waits for the actor, and the numbers of the whole list; one statement tells the rows.

    `whose` is all, mine, covered, or the id of a covered member. Each app then names its rows of this page. Order:
    what waits for others last; by when it is wanted, what has no time standing at the end of today.
    Raises: Invalid for a cursor that this server did not give out.
    """
    rows, numbers = _asked(by, now, zone, whose=_whose(whose), cursor=cursor, most=size + 1)
    more = write_cursor([rows[size - 1][name] for name in _ORDER]) if len(rows) > size else None
    counts = [Number(row["heading"], _uuid(row["w_covered"]), row["number"]) for row in numbers]
    return Work(_named(by, rows[:size]), more, counts)


def group_of(item: WorkItem, now: datetime, zone: ZoneInfo) -> str:
    """Tell under which heading an item stands; what waits without a date is for today."""
    if item.is_waiting:
        return WAITING
    if item.due_at is None:
        return TODAY
    if item.due_at < now:
        return OVERDUE
    return TODAY if item.due_at < tomorrow_after(now, zone) else LATER


def grouped(work: Work, now: datetime, zone: ZoneInfo, whose: str = ALL) -> list[Group]:
    """Return the page in its groups, without empty ones, each with how much it is in all."""
    sizes = work.sizes(whose)
    groups = {key: Group(key, label, size=sizes[key]) for key, label in LABELS.items()}
    for item in work.items:
        groups[group_of(item, now, zone)].items.append(item)
    return [group for group in groups.values() if group.items]


def tomorrow_after(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the day ends in a zone."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time.min, zone)


def _parts(by: Actor) -> Iterator[Part]:
    for key, source in work_sources.items():
        for part in source.rows(by):
            yield key, part


def _uniform(source: str, part: WorkRows) -> QuerySet[Any]:
    """Return rows of one kind with the columns that all kinds share."""
    rows = part.rows.order_by()
    number: Combinable = Value(1)
    if part.is_one_line:
        number = Subquery(
            rows.annotate(w_one=Value(1)).values("w_one").annotate(w_all=Count("pk")).values("w_all")
        )
        first = rows.order_by("pk").values("pk")[:1]
        rows = part.rows.model._default_manager.filter(pk__in=first).order_by()
    due = Cast(_expression(part.due), DateTimeField())
    found: QuerySet[Any] = rows.annotate(
        w_source=Cast(Value(source), CharField()),
        w_kind=Cast(Value(part.kind), CharField()),
        w_item=F("pk"),
        w_due=due,
        w_since=_expression(part.since),
        w_covered=Cast(_expression(part.covered), UUIDField()),
        w_waits=Value(part.is_waiting, output_field=BooleanField()),
        w_number=Cast(number, IntegerField()),
    )
    return found


def _expression(given: str | Combinable | None) -> Combinable:
    return F(given) if isinstance(given, str) else given or Value(None)


def _question(by: Actor, name: str, gather: Callable[[], Iterable[Part]]) -> Written:
    """Return the parts as one question.

    Kept for all who have the same rights, unless they cover somebody or a channel is shut to them: what they ask
    then names things of their own. Raises: EmptyResultSet.
    """

    def build() -> QuerySet[Any]:
        parts = [_uniform(*one).values(*_COLUMNS) for one in gather()]
        if not parts:
            raise EmptyResultSet
        return cast("QuerySet[Any]", parts[0].union(*parts[1:], all=True))

    is_alike = is_plain(by) and not hidden_channel_ids(by)
    key = ("home.work", name, by.kind, by.verbs) if is_alike else None
    return written(key, ids_of(by), build)


def _asked(
    by: Actor, now: datetime, zone: ZoneInfo, *, whose: str | UUID, cursor: str | None, most: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of a page and the numbers of the list as plain values."""
    tomorrow = tomorrow_after(now, zone)
    try:
        work = _question(by, "all", lambda: _parts(by))
    except EmptyResultSet:
        return [], []
    names = ", ".join(_ORDER)
    after = f"({names}) > (%s, %s::timestamptz, %s::timestamptz, %s, %s::uuid)" if cursor else "true"
    statement = (
        f"WITH work AS MATERIALIZED (SELECT *, coalesce(w_due, %s) AS w_place FROM ({work.sql}) every)"  # noqa: S608  # compiled by Django, names of ours, no values
        " SELECT (SELECT coalesce(json_agg(page), '[]') FROM (SELECT * FROM work"
        f" WHERE {_WHOSE.get(str(whose), 'w_covered = %s::uuid')} AND {after} ORDER BY {names} LIMIT %s) page),"
        " (SELECT coalesce(json_agg(counted), '[]') FROM (SELECT w_covered, CASE WHEN w_waits THEN 'waiting'"
        " WHEN w_due < %s THEN 'overdue' WHEN w_place < %s THEN 'today' ELSE 'later' END AS heading,"
        " count(*) AS number FROM work GROUP BY 1, 2) counted)"
    )
    person = [str(whose)] if isinstance(whose, UUID) else []
    place = read_cursor(cursor, len(_ORDER)) if cursor else []
    with connection.cursor() as asked:
        last = tomorrow - timedelta(microseconds=1)
        asked.execute(statement, [last, *work.params, *person, *place, most, now, tomorrow])
        rows, numbers = asked.fetchone()
    return rows, numbers


def _named(by: Actor, rows: Sequence[Mapping[str, Any]]) -> list[WorkItem]:
    """Return what the apps say of these rows, in their order; without what has gone meanwhile."""
    covered = {one.covered.pk: one.covered.user.name for one in covered_actors(by) if one.covered}
    found: dict[str, list[Found]] = {}
    for row in rows:
        found.setdefault(row["w_source"], []).append(_found(row))
    said = {key: work_sources.get(key).items(by, wanted) for key, wanted in found.items()}
    items = []
    for row in rows:
        one = _found(row)
        item = said[row["w_source"]].get(one)
        if item is not None:
            items.append(
                replace(
                    item,
                    due_at=_instant(row["w_due"]),
                    since=_instant(row["w_since"]),
                    for_id=one.for_id,
                    for_name=covered.get(one.for_id, "") if one.for_id else "",
                    is_waiting=row["w_waits"],
                )
            )
    return items


def _found(row: Mapping[str, Any]) -> Found:
    return Found(row["w_kind"], UUID(row["w_item"]), _uuid(row["w_covered"]), row["w_number"])


def _whose(text: str) -> str | UUID:
    """Read whose work is asked for; what is not known means everybody's."""
    try:
        return text if text in _WHOSE else UUID(text)
    except ValueError:
        return ALL


def _is_of(number: Number, whose: str) -> bool:
    known = _whose(whose)
    if isinstance(known, UUID):
        return number.for_id == known
    return known == ALL or (number.for_id is None) == (known == MINE)


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
