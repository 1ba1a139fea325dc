"""Counting by working hours: what is due after so many of them, and how much of a span is worked.

Without a week everything is counted around the clock. Days begin and end by the clock on the wall of the week's zone,
so a day on which the clock changes is as long as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

import holidays

from core.times import moment_at
from teams.models import WorkingHours

DAY_MINUTES = 24 * 60
FARTHEST_DAYS = 3700
"""How many days are looked at before the rest is counted around the clock: a week has one working day at least."""


@dataclass(frozen=True, slots=True)
class Week:
    """A working week: seven pairs of minutes of the day from Monday, None for a day off."""

    zone: str
    days: tuple[tuple[int, int] | None, ...]
    country: str = ""
    days_off: frozenset[date] = frozenset()

    def span_of(self, day: date) -> tuple[datetime, datetime] | None:
        """Return from when to when is worked on a day."""
        hours = self.days[day.weekday()]
        if hours is None or self.is_holiday(day):
            return None
        return _at(day, hours[0], self.zone), _at(day, hours[1], self.zone)

    def is_holiday(self, day: date) -> bool:
        """Tell whether nobody works on a day, whatever day of the week it is."""
        return day in self.days_off or bool(self.country and day in _public(self.country, day.year))

    def day_of(self, at: datetime) -> date:
        """Return which day it is for this week at an instant."""
        return at.astimezone(ZoneInfo(self.zone)).date()


def later(week: Week | None, at: datetime, span: timedelta) -> datetime:
    """Return when so much working time after an instant is over."""
    if week is None or span <= timedelta():
        return at + span
    for opens, closes in _from(week, at):
        left = closes - max(opens, at)
        if left >= span:
            return max(opens, at) + span
        span -= left
    return at + timedelta(days=FARTHEST_DAYS) + span


def earlier(week: Week | None, at: datetime, span: timedelta) -> datetime:
    """Return the instant from which so much working time is left before another."""
    if week is None or span <= timedelta():
        return at - span
    day = week.day_of(at)
    for back in range(FARTHEST_DAYS):
        hours = week.span_of(day - timedelta(days=back))
        if hours is None or hours[0] >= at:
            continue
        ends = min(hours[1], at)
        if ends - hours[0] >= span:
            return ends - span
        span -= ends - hours[0]
    return at - timedelta(days=FARTHEST_DAYS) - span


def worked(week: Week | None, start: datetime, end: datetime) -> timedelta:
    """Return how much working time lies between two instants; none where the second is not after the first."""
    if end <= start:
        return timedelta()
    if week is None:
        return end - start
    total = timedelta()
    for opens, closes in _from(week, start):
        if opens >= end:
            break
        total += min(closes, end) - max(opens, start)
    return total


def weeks() -> dict[UUID | None, Week]:
    """Return the weeks of the workspace in scope: its own under None, and those of teams by id. One statement."""
    return {row.team_id: week_of(row) for row in WorkingHours.objects.order_by("pk")}


def week_for(known: Mapping[UUID | None, Week], team_ids: set[UUID]) -> Week | None:
    """Return by which week a thing is counted that waits for these teams.

    One team alone with hours of its own by these, everything else by the workspace's.
    """
    own = known.get(next(iter(team_ids))) if len(team_ids) == 1 else None
    return own or known.get(None)


def week_of(row: WorkingHours) -> Week:
    """Read a week from its row."""
    days = tuple((day[0], day[1]) if day else None for day in row.days)
    return Week(row.zone, days, row.country, frozenset(date.fromisoformat(text) for text in row.days_off))


def _from(week: Week, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working spans from an instant on, the first one perhaps under way."""
    day = week.day_of(at)
    for ahead in range(FARTHEST_DAYS):
        hours = week.span_of(day + timedelta(days=ahead))
        if hours is not None and hours[1] > at:
            yield hours


def _at(day: date, minutes: int, zone: str) -> datetime:
    if minutes == DAY_MINUTES:
        day, minutes = day + timedelta(days=1), 0
    return moment_at(datetime.combine(day, time(minutes // 60, minutes % 60)), zone).instant


@cache
def _public(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))
