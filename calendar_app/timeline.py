"""Campaigns over a quarter or a year: bars over weeks or months, with posts counted and key dates above."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncMonth, TruncWeek
from django.utils.formats import date_format

from calendar_app.calendar import outside_between, posts_between
from calendar_app.month import step
from calendar_app.selectors import PostFilter
from core.together import Rows
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class Part:
    """A week or a month of the span: its days, how many posts are planned in it, what else stands there."""

    first: date
    last: date
    name: str
    posts: int = 0
    key_dates: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    is_now: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One campaign; `start` to `end` are grid lines from 1 on."""

    id: str
    name: str
    colour: str
    first: date
    last: date
    start: int
    end: int
    posts: int
    comes_from_before: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole span."""

    first: date
    last: date
    parts: tuple[Part, ...]
    lanes: tuple[Lane, ...]

    @property
    def has_key_dates(self) -> bool:
        """Tell whether any key date stands in the span."""
        return any(part.key_dates for part in self.parts)

    @property
    def has_outside(self) -> bool:
        """Tell whether other calendars say anything in the span."""
        return any(part.outside for part in self.parts)


def quarter_parts(day: date) -> list[tuple[date, date]]:
    """Return the weeks that touch the quarter of a day, Monday to Sunday."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    last = step(first, 3) - timedelta(days=1)
    monday = first - timedelta(days=first.weekday())
    count = (last - monday).days // 7 + 1
    return [(monday + timedelta(weeks=n), monday + timedelta(weeks=n, days=6)) for n in range(count)]


def year_parts(day: date) -> list[tuple[date, date]]:
    """Return the months of the year of a day."""
    firsts = [date(day.year, month, 1) for month in range(1, 13)]
    return [(first, step(first, 1) - timedelta(days=1)) for first in firsts]


def timeline_of(
    by: Actor,
    spans: Sequence[tuple[date, date]],
    zone: str,
    wanted: PostFilter,
    *,
    today: date,
    furnished: Mapping[str, Rows],
) -> Timeline:
    """Return campaigns over weeks or months; posts are counted by campaign and part in one statement."""
    first, last = spans[0][0], spans[-1][1]
    is_weekly = spans[0][1] - spans[0][0] < timedelta(days=7)
    bucket = (TruncWeek if is_weekly else TruncMonth)("scheduled_at", tzinfo=ZoneInfo(zone))
    rows = posts_between(by, first, last, zone, wanted).order_by().annotate(part=bucket)
    in_part, of_campaign = Counter[date](), Counter[str]()
    for part, campaign, count in rows.values_list("part", "campaign").annotate(n=Count("pk")).order_by():
        in_part[part.date()] += count
        of_campaign[str(campaign)] += count
    stands = _stands(by, spans, furnished)
    parts = tuple(
        Part(
            *span,
            name=date_format(span[0], "j M" if is_weekly else "M"),
            posts=in_part[span[0]],
            key_dates=tuple(stands["key_dates"][at]),
            outside=tuple(stands["outside"][at]),
            is_now=span[0] <= today <= span[1],
        )
        for at, span in enumerate(spans)
    )
    lanes = [_lane(row, spans, of_campaign) for row in furnished["campaigns"]]
    chosen = wanted.campaigns
    return Timeline(
        first, last, parts, tuple(lane for lane in lanes if not chosen or UUID(lane.id) in chosen)
    )


def _stands(
    by: Actor, spans: Sequence[tuple[date, date]], furnished: Mapping[str, Rows]
) -> dict[str, dict[int, list[str]]]:
    found: dict[str, dict[int, list[str]]] = {"key_dates": defaultdict(list), "outside": defaultdict(list)}
    for row in furnished["key_dates"]:
        found["key_dates"][_place(spans, date.fromisoformat(row["on_date"]))].append(row["name"])
    for event in outside_between(by, spans[0][0], spans[-1][1]):
        found["outside"][_place(spans, max(event.first, spans[0][0]))].append(event.title)
    return found


def _place(spans: Sequence[tuple[date, date]], day: date) -> int:
    return next((at for at, (first, last) in enumerate(spans) if first <= day <= last), len(spans) - 1)


def _lane(row: Mapping[str, Any], spans: Sequence[tuple[date, date]], counts: Counter[str]) -> Lane:
    first, last = (date.fromisoformat(row[name]) for name in ("starts_on", "ends_on"))
    return Lane(
        id=row["id"],
        name=row["name"],
        colour=row["colour"],
        first=first,
        last=last,
        start=_place(spans, max(first, spans[0][0])) + 1,
        end=_place(spans, min(last, spans[-1][1])) + 2,
        posts=counts[row["id"]],
        comes_from_before=first < spans[0][0],
        goes_on=last > spans[-1][1],
    )
