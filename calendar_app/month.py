"""The month as a page: six weeks of capped cells, campaign lanes, notes and marks, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import CharField, Count, DateField, F, Q, QuerySet, Value, Window
from django.db.models.functions import Cast, RowNumber, TruncDate

from calendar_app.calendar import outside_between, posts_between
from calendar_app.models import Campaign, KeyDate, Note, PostChannel
from calendar_app.permissions import hidden_channel_ids
from calendar_app.registry import OutsideEvent
from calendar_app.selectors import PostFilter, held_among
from calendar_app.states import MOVABLE
from teams.actors import Actor

WEEKS = 6
CHIPS = 3
LANES = 2
AGENDA = 20
CLASH_MINUTES = 15
GAP_DAYS = 2


@dataclass(frozen=True, slots=True)
class Chip:
    """One post in a cell."""

    id: UUID
    words: str
    state: str
    time: str
    at: datetime
    networks: tuple[str, ...]
    channels: tuple[UUID, ...]
    held: bool = False
    clash: bool = False

    @property
    def fixed(self) -> bool:
        """Tell whether it may not be moved: what is sent, or on its way."""
        return self.state not in MOVABLE


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


def month_of(
    by: Actor, first: date, zone: str, wanted: PostFilter, *, today: date, agenda: date | None = None
) -> Month:
    """Return the six weeks around a month; the week of `agenda` gets more chips, for the phone.

    Five queries (posts, their channels, paused ones, restricted channels, campaigns with notes and key dates),
    whatever stands there.
    """
    start = first.replace(day=1) - timedelta(days=first.replace(day=1).weekday())
    end = start + timedelta(days=7 * WEEKS - 1)
    rows = _capped(posts_between(by, start, end, zone, wanted), zone, agenda)
    idents = [row["id"] for row in rows]
    held, channels = held_among(by, idents), _channels_of(idents, hidden_channel_ids(by))
    cells = {
        day: Cell(day, day.month != first.month, day == today)
        for day in (start + timedelta(days=number) for number in range(7 * WEEKS))
    }
    _fill(cells, rows, channels, held, zone)
    campaigns = _furnish(cells, start, end)
    for event in outside_between(by, start, end):
        _place_outside(cells, event)
    _mark_gaps(list(cells.values()), today)
    days = list(cells.values())
    weeks = tuple(_week(tuple(days[at : at + 7]), campaigns) for at in range(0, len(days), 7))
    return Month(first.replace(day=1), weeks, sum(cell.total for cell in days))


def day_rows(by: Actor, day: date, zone: str, wanted: PostFilter) -> QuerySet[Any]:
    """Return the posts of one day, by time."""
    rows = posts_between(by, day, day, zone, wanted).select_related("campaign", "author__user")
    return rows.order_by("scheduled_at", "id")


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
    fields = ("id", "headline", "state", "scheduled_at", "day", "total")
    return list(numbered.filter(limit).order_by("scheduled_at", "id").values(*fields))


def _channels_of(idents: Sequence[UUID], hidden: frozenset[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    """Return channel and network of posts, in the order of their tabs."""
    rows = PostChannel.objects.filter(post__in=idents).exclude(channel__in=hidden)
    found: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    fields = ("post_id", "channel_id", "channel__kind")
    for post_id, channel_id, kind in rows.order_by("post", "position", "pk").values_list(*fields):
        found[post_id].append((channel_id, kind))
    return found


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
        local = row["scheduled_at"].astimezone(clock)
        channels = tuple(channel for channel, _kind in places.get(row["id"], ()))
        clash = any(
            (row["scheduled_at"] - chip.at) < timedelta(minutes=CLASH_MINUTES)
            and not set(channels).isdisjoint(chip.channels)
            for chip in cell.chips
        )
        cell.chips.append(
            Chip(
                id=row["id"],
                words=row["headline"],
                state=row["state"],
                time=f"{local:%H:%M}",
                at=row["scheduled_at"],
                networks=tuple(kind for _channel, kind in places.get(row["id"], ())),
                channels=channels,
                held=row["id"] in held,
                clash=clash,
            )
        )


def _furnish(cells: dict[date, Cell], start: date, end: date) -> list[dict[str, Any]]:
    """Read campaigns, notes and key dates in one query; put the days' ones into cells, return the campaigns."""
    campaigns = Campaign.objects.filter(is_archived=False, starts_on__lte=end, ends_on__gte=start)
    notes = Note.objects.filter(on_date__range=(start, end))
    dates = KeyDate.objects.filter(on_date__range=(start, end))
    rows = _as_days(
        campaigns, "campaign", words="name", first="starts_on", last="ends_on", extra=F("colour")
    ).union(
        _as_days(notes, "note", words="text", first="on_date", last="on_date", extra=Value("")),
        _as_days(dates, "key_date", words="name", first="on_date", last="on_date", extra=F("kind")),
        all=True,
    )
    found = sorted(rows, key=lambda row: (row["from_day"], row["words"], str(row["ident"])))
    for row in found:
        if row["what"] == "note":
            cells[row["from_day"]].notes.append(row["words"])
        elif row["what"] == "key_date":
            cells[row["from_day"]].key_dates.append(row["words"])
    return [row for row in found if row["what"] == "campaign"]


def _as_days(
    rows: QuerySet[Any], what: str, *, words: str, first: str, last: str, extra: Any
) -> QuerySet[Any]:
    found: QuerySet[Any] = (
        rows.order_by()
        .annotate(
            what=Value(what),
            ident=F("id"),
            words=Cast(words, CharField()),
            from_day=Cast(first, DateField()),
            to_day=Cast(last, DateField()),
            extra=Cast(extra, CharField()),
        )
        .values("what", "ident", "words", "from_day", "to_day", "extra")
    )
    return found


def _place_outside(cells: dict[date, Cell], event: OutsideEvent) -> None:
    day = max(event.first, next(iter(cells)))
    while day <= event.last and day in cells:
        cells[day].outside.append(event.title)
        day += timedelta(days=1)


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


def _week(cells: tuple[Cell, ...], campaigns: Sequence[dict[str, Any]]) -> Week:
    first, last = cells[0].day, cells[6].day
    lanes: list[list[Bar]] = []
    for row in campaigns:
        if row["from_day"] > last or row["to_day"] < first:
            continue
        begin, end = max(row["from_day"], first), min(row["to_day"], last)
        bar = Bar(
            id=str(row["ident"]),
            name=row["words"],
            colour=row["extra"],
            first=(begin - first).days + 1,
            last=(end - first).days + 2,
            comes_from_before=row["from_day"] < first,
            goes_on=row["to_day"] > last,
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


def first_of(text: str, today: date) -> date:
    """Read a month as in 2026-03, else take today's."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)


def step(first: date, months: int) -> date:
    """Return the first day some months away."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
