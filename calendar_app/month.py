"""The month as a page: six weeks of capped cells, campaign lanes, notes and marks, in a fixed number of queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate

from calendar_app.calendar import posts_between
from calendar_app.chips import CHIP_FIELDS, channels_of, put_chip
from calendar_app.grid import CHIPS, Cell, Week, furnish, week_of
from calendar_app.selectors import PostFilter
from calendar_app.times import day_of
from core.together import Rows
from teams.actors import Actor

WEEKS = 6
AGENDA = 20
GAP_DAYS = 2


@dataclass(frozen=True, slots=True)
class Month:
    """The whole grid."""

    first: date
    weeks: tuple[Week, ...]
    total: int

    @property
    def cells(self) -> list[Cell]:
        """Return all days."""
        return [cell for week in self.weeks for cell in week.cells]

    @property
    def gaps(self) -> int:
        """Return how many gaps are marked."""
        return sum(cell.gap_since is not None for cell in self.cells)

    @property
    def clashes(self) -> int:
        """Return how many days have posts that clash."""
        return sum(any(chip.clash for chip in cell.chips) for cell in self.cells)

    def week_of(self, day: date) -> Week:
        """Return the week that holds a day, or the first."""
        return next((w for w in self.weeks if w.cells[0].day <= day <= w.cells[6].day), self.weeks[0])


def days_of(first: date) -> tuple[date, date]:
    """Return the first and the last day of the six weeks around a month."""
    start = first.replace(day=1) - timedelta(days=first.replace(day=1).weekday())
    return start, start + timedelta(days=7 * WEEKS - 1)


def month_of(
    by: Actor,
    first: date,
    zone: str,
    wanted: PostFilter,
    *,
    today: date,
    furnished: Mapping[str, Rows],
    agenda: date | None = None,
) -> Month:
    """Return the six weeks around a month; the week of `agenda` gets more chips, for the phone.

    `furnished` are the answers to `furniture`. Two queries more (posts; their channels and pauses), and one for
    who may be barred from restricted channels, whatever stands there.
    """
    start, end = days_of(first)
    rows = _capped(posts_between(by, start, end, zone, wanted), zone, agenda)
    channels, held = channels_of(by, [row["id"] for row in rows])
    cells = {
        day: Cell(day, day.month != first.month, day == today)
        for day in (start + timedelta(days=number) for number in range(7 * WEEKS))
    }
    _fill(cells, rows, channels, held, zone)
    furnish(by, cells, furnished)
    days = list(cells.values())
    _mark_gaps(days, today)
    weeks = tuple(week_of(tuple(days[at : at + 7]), furnished["campaigns"]) for at in range(0, len(days), 7))
    return Month(first.replace(day=1), weeks, sum(cell.total for cell in days))


def _capped(posts: QuerySet[Any], zone: str, agenda: date | None) -> list[dict[str, Any]]:
    """Read at most a cell's worth of each day, with the day's count, in one query."""
    day = TruncDate("scheduled_at", tzinfo=ZoneInfo(zone))
    numbered = posts.annotate(
        day=day,
        nth=Window(RowNumber(), partition_by=day, order_by=("scheduled_at", "id")),
        total=Window(Count("pk"), partition_by=day),
    )
    limit = Q(nth__lte=CHIPS)
    if agenda is not None:
        week = agenda - timedelta(days=agenda.weekday())
        limit |= Q(nth__lte=AGENDA, day__gte=week, day__lte=week + timedelta(days=6))
    return list(numbered.filter(limit).order_by("scheduled_at", "id").values(*CHIP_FIELDS, "day", "total"))


def _fill(
    cells: dict[date, Cell],
    rows: Iterable[dict[str, Any]],
    places: Mapping[UUID, Sequence[tuple[UUID, str]]],
    held: set[UUID],
    zone: str,
) -> None:
    clock = ZoneInfo(zone)
    for row in rows:
        cell = cells[row["day"]]
        cell.total = row["total"]
        put_chip(cell.chips, row, places, held, clock)


def _mark_gaps(days: Sequence[Cell], today: date) -> None:
    """Mark the first day ahead on which, for two days or more, nothing is planned after something was."""
    last: date | None = None
    for index, cell in enumerate(days):
        if cell.total:
            last = cell.day
            continue
        run = days[index : index + GAP_DAYS]
        empty = len(run) == GAP_DAYS and not any(each.total for each in run)
        follows = last is not None and cell.day - last == timedelta(days=1)
        if empty and follows and cell.day >= today:
            cell.gap_since = last


def first_of(text: str, today: date) -> date:
    """Read a month as in 2026-03, else take today's."""
    try:
        return day_of(f"{text}-01")
    except ValueError:
        return today.replace(day=1)


def step(first: date, months: int) -> date:
    """Return the first day some months away."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
