"""Planned times, as posts keep them, and the days that can be asked for."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.times import Moment, moment_at, moment_of, wall_of

__all__ = ["FIRST_DAY", "LAST_DAY", "Moment", "day_of", "moment_at", "moment_of", "pass_at", "wall_of"]

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9000, 12, 31)
"""Beyond these lie the ends of what dates can hold."""


def day_of(text: str) -> date:
    """Read a day as in 2026-03-19. Raises: ValueError, also for one so far off that reckoning with it would break."""
    day = date.fromisoformat(text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(text)
    return day


def pass_at(wall: datetime, zone: str, fold: int) -> Moment:
    """Return the moment of a wall time; of one that comes twice the pass that is asked for."""
    if fold:
        found = moment_of(wall.replace(tzinfo=ZoneInfo(zone), fold=1), zone)
        if found.fold:
            return found
    return moment_at(wall, zone)
