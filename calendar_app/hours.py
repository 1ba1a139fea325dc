"""Days by their hours: every hour that the clock on the wall shows, once or twice, in a fixed number of queries.

A day is walked in steps of 15 minutes from its first instant to its last, so a day of 23 hours lacks the hour that
the clock skips and one of 25 has the hour that comes twice in two rows: `fold` 0 for the first pass, 1 for the second.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber, TruncHour

from calendar_app.calendar import midnight, posts_between
from calendar_app.chips import CHIP_FIELDS, Chip, channels_of, put_chip
from calendar_app.grid import Cell, Week, furnish, week_of
from calendar_app.models import Post
from calendar_app.selectors import PostFilter
from core.together import Rows
from teams.actors import Actor

STEP = timedelta(minutes=15)
HOUR_CHIPS = 4
MORNING = 8


@dataclass(slots=True)
class Hour:
    """One hour of one day; `quarters` are the minutes at which something can be planned, none where it is skipped."""

    day: date
    hour: int
    fold: int
    quarters: list[int] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    posts: list[Any] = field(default_factory=list)
    total: int = 0
    now: int | None = None

    @property
    def is_skipped(self) -> bool:
        """Tell whether the clock of this day never shows the hour."""
        return not self.quarters

    @property
    def more(self) -> int:
        """Return how many posts are left out."""
        return self.total - len(self.chips)

    @property
    def spoken(self) -> str:
        """Return the quarters as a page names them."""
        return " ".join(f"{minute:02}" for minute in self.quarters)


@dataclass(frozen=True, slots=True)
class Row:
    """The same hour of several days; `comes_twice` where a day among them has it a second time."""

    hour: int
    fold: int
    comes_twice: bool
    cells: tuple[Hour, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing stands in it."""
        return not any(cell.chips or cell.posts for cell in self.cells)

    @property
    def is_now(self) -> bool:
        """Tell whether it is this hour now."""
        return any(cell.now is not None for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of hours over days, what stands on the days besides, and the hour with which to begin reading."""

    days: Week
    rows: tuple[Row, ...]

    @property
    def total(self) -> int:
        """Return how many posts the days have."""
        return sum(cell.total for cell in self.days.cells)

    @property
    def clashes(self) -> int:
        """Return how many days have posts that clash."""
        return sum(any(chip.clash for chip in cell.chips) for cell in self.days.cells)

    @property
    def start(self) -> int:
        """Return the hour that is on top at first: the earliest with a post or the present one, 8 at the latest."""
        return min([MORNING, *(row.hour for row in self.rows if row.is_now or not row.is_empty)])


def hours_of(days: Sequence[date], zone: str) -> tuple[Row, ...]:
    """Return the rows of hours of some days, empty, in the order in which the clock shows them."""
    found = [_hours_on(day, zone) for day in days]
    longest = max(found, key=lambda hours: (sum(len(each.quarters) for each in hours.values()), len(hours)))
    keys = list(longest) + sorted({key for hours in found for key in hours} - set(longest))
    twice = Counter(hour for hour, _fold in keys)
    return tuple(
        Row(
            hour,
            fold,
            twice[hour] > 1,
            tuple(
                hours.get((hour, fold), Hour(day, hour, fold)) for day, hours in zip(days, found, strict=True)
            ),
        )
        for hour, fold in keys
    )


def week_grid(
    by: Actor,
    monday: date,
    zone: str,
    wanted: PostFilter,
    *,
    now: datetime,
    furnished: Mapping[str, Rows],
) -> Grid:
    """Return the seven days from a Monday: at most four posts an hour, with the hour's count.

    `furnished` are the answers to `furniture`. Two queries more (posts; their channels and pauses), whatever
    stands there.
    """
    days = [monday + timedelta(days=number) for number in range(7)]
    rows = hours_of(days, zone)
    clock = ZoneInfo(zone)
    today = now.astimezone(clock).date()
    cells = {day: Cell(day, is_outside=False, is_today=day == today) for day in days}
    hours = {(cell.day, row.hour, row.fold): cell for row in rows for cell in row.cells}
    found = _capped(posts_between(by, monday, days[-1], zone, wanted), rows, zone)
    places, held = channels_of(by, [row["id"] for row in found])
    for row in found:
        local = row["scheduled_at"].astimezone(clock)
        hour = hours[local.date(), local.hour, local.fold]
        if not hour.chips:
            hour.total = row["total"]
            cells[hour.day].total += row["total"]
        hour.chips.append(put_chip(cells[hour.day].chips, row, places, held, clock))
    furnish(by, cells, furnished)
    _mark_now(hours, now.astimezone(clock))
    return Grid(week_of(tuple(cells.values()), furnished["campaigns"]), rows)


def day_rows(by: Actor, day: date, zone: str, wanted: PostFilter) -> QuerySet[Post]:
    """Return the posts of one day, by time."""
    rows = posts_between(by, day, day, zone, wanted).select_related("campaign", "author__user")
    return rows.order_by("scheduled_at", "id")


def day_hours(
    day: date, zone: str, rows: Iterable[Mapping[str, Any]], *, now: datetime, before: bool, after: bool
) -> tuple[Row, ...]:
    """Return the hours of a day with a page of its posts; `before` and `after` tell that other pages hold the rest.

    Hours whose posts are on another page are left out, so that none looks free that is not.
    """
    found = hours_of([day], zone)
    clock = ZoneInfo(zone)
    hours = {(day, row.hour, row.fold): row.cells[0] for row in found}
    for row in rows:
        local = row["post"].scheduled_at.astimezone(clock)
        hours[day, local.hour, local.fold].posts.append(row)
    _mark_now(hours, now.astimezone(clock))
    filled = [index for index, row in enumerate(found) if not row.is_empty]
    first = filled[0] if before and filled else 0
    last = filled[-1] + 1 if after and filled else len(found)
    return found[first:last]


def _hours_on(day: date, zone: str) -> dict[tuple[int, int], Hour]:
    clock = ZoneInfo(zone)
    at, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    hours: dict[tuple[int, int], Hour] = {}
    while at < end:
        local = at.astimezone(clock)
        key = local.hour, local.fold
        hours.setdefault(key, Hour(day, *key)).quarters.append(local.minute)
        at += STEP
    return hours


def _capped(posts: QuerySet[Post], rows: Sequence[Row], zone: str) -> list[dict[str, Any]]:
    """Read at most an hour's worth of each hour, with its count, in one query; a second pass counts for itself."""
    hour = TruncHour("scheduled_at", tzinfo=ZoneInfo(zone))
    second = [cell for row in rows if row.fold for cell in row.cells if cell.quarters]
    passes: Any = Value(0)
    if second:
        first = min(second, key=lambda cell: (cell.day, cell.hour))
        wall = time(first.hour, first.quarters[0], fold=1)
        begins = datetime.combine(first.day, wall, ZoneInfo(zone))
        passes = Case(When(scheduled_at__gte=begins, then=1), default=0)
    cells: list[Any] = [hour, F("pass_no")]
    numbered = posts.annotate(pass_no=passes).annotate(
        nth=Window(RowNumber(), partition_by=cells, order_by=("scheduled_at", "id")),
        total=Window(Count("pk"), partition_by=cells),
    )
    found = numbered.filter(nth__lte=HOUR_CHIPS).order_by("scheduled_at", "id")
    return list(found.values(*CHIP_FIELDS, "total"))


def _mark_now(hours: Mapping[tuple[date, int, int], Hour], local: datetime) -> None:
    hour = hours.get((local.date(), local.hour, local.fold))
    if hour is not None:
        hour.now = local.minute // 15
