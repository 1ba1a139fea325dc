"""Days in rows: what stands on each besides posts, and campaigns as bars over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from calendar_app.calendar import outside_between
from calendar_app.chips import Chip
from calendar_app.models import Campaign, KeyDate, Note
from calendar_app.registry import OutsideEvent
from core.together import Rows
from teams.actors import Actor

CHIPS = 3
LANES = 2
MOST_CAMPAIGNS = 200
MOST_WORDS = 500


@dataclass(slots=True)
class Cell:
    """One day."""

    day: date
    is_outside: bool
    is_today: bool
    chips: list[Chip] = field(default_factory=list)
    total: int = 0
    notes: list[str] = field(default_factory=list)
    key_dates: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    gap_since: date | None = None
    room: int = CHIPS

    @property
    def shown(self) -> list[Chip]:
        """Return the chips of the wide grid; where not all fit, the last line says how many more."""
        return self.chips[: self.room] if self.total <= self.room else self.chips[: self.room - 1]

    @property
    def more(self) -> int:
        """Return how many the wide grid leaves out."""
        return self.total - len(self.shown)


@dataclass(frozen=True, slots=True)
class Bar:
    """A campaign's share of a week; `first` to `last` are grid lines from 1 to 8."""

    id: str
    name: str
    colour: str
    first: int
    last: int
    comes_from_before: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days and the campaigns over them."""

    cells: tuple[Cell, ...]
    lanes: tuple[tuple[Bar, ...], ...]

    @property
    def bars(self) -> list[Bar]:
        """Return the bars, lane by lane."""
        return [bar for lane in self.lanes for bar in lane]


def furniture(start: date, end: date) -> dict[str, QuerySet[Any, Any]]:
    """Return the questions for what stands on days besides posts, as parts of one statement."""
    campaigns = Campaign.objects.filter(is_archived=False, starts_on__lte=end, ends_on__gte=start)
    notes = Note.objects.filter(on_date__range=(start, end)).order_by("on_date", "text", "id")
    dates = KeyDate.objects.filter(on_date__range=(start, end)).order_by("on_date", "name", "id")
    fields = ("id", "name", "colour", "starts_on", "ends_on")
    return {
        "campaigns": campaigns.order_by("starts_on", "name", "id").values(*fields)[:MOST_CAMPAIGNS],
        "notes": notes.values("on_date", "text")[:MOST_WORDS],
        "key_dates": dates.values("on_date", "name")[:MOST_WORDS],
    }


def furnish(by: Actor, cells: dict[date, Cell], found: Mapping[str, Rows]) -> None:
    """Put on its day what stands there besides posts: `found` are the answers to `furniture`."""
    for row in found["notes"]:
        cells[date.fromisoformat(row["on_date"])].notes.append(row["text"])
    for row in found["key_dates"]:
        cells[date.fromisoformat(row["on_date"])].key_dates.append(row["name"])
    for event in outside_between(by, min(cells), max(cells)):
        _place_outside(cells, event)


def _place_outside(cells: dict[date, Cell], event: OutsideEvent) -> None:
    day = max(event.first, next(iter(cells)))
    while day <= event.last and day in cells:
        cells[day].outside.append(event.title)
        day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Span:
    id: str
    name: str
    colour: str
    first: date
    last: date


def _span(row: Mapping[str, Any]) -> _Span:
    first, last = (date.fromisoformat(row[name]) for name in ("starts_on", "ends_on"))
    return _Span(row["id"], row["name"], row["colour"], first, last)


def week_of(cells: tuple[Cell, ...], campaigns: Rows) -> Week:
    """Lay the campaigns over seven days, in at most two lanes."""
    first, last = cells[0].day, cells[6].day
    lanes: list[list[Bar]] = []
    for span in (_span(row) for row in campaigns):
        if span.first > last or span.last < first:
            continue
        bar = Bar(
            id=span.id,
            name=span.name,
            colour=span.colour,
            first=(max(span.first, first) - first).days + 1,
            last=(min(span.last, last) - first).days + 2,
            comes_from_before=span.first < first,
            goes_on=span.last > last,
        )
        lane = next((lane for lane in lanes if all(_apart(bar, other) for other in lane)), None)
        if lane is None and len(lanes) < LANES:
            lanes.append(lane := [])
        if lane is not None:
            lane.append(bar)
    for cell in cells:
        cell.room = CHIPS - max(0, len(lanes) - 1)
    return Week(cells, tuple(tuple(lane) for lane in lanes))


def _apart(one: Bar, other: Bar) -> bool:
    return one.last <= other.first or other.last <= one.first
