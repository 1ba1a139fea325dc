"""Planned times: the instant in UTC and what the clock on the wall shows, right across changes of the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Moment:
    """A planned time; `is_shifted` tells that the wall time asked for does not exist on that day."""

    instant: datetime
    wall: str
    zone: str
    fold: int
    is_shifted: bool = False


def moment_of(instant: datetime, zone: str) -> Moment:
    """Return the moment of an aware instant in a zone."""
    local = instant.astimezone(ZoneInfo(zone))
    wall = local.replace(tzinfo=None, microsecond=0).isoformat()
    return Moment(instant.astimezone(UTC).replace(microsecond=0), wall, zone, local.fold)


def moment_at(wall: datetime, zone: str) -> Moment:
    """Return the moment of a wall time.

    A wall time that the clock jumps over is moved forward by the length of the jump; of one that comes twice the
    first is meant. Source: PEP 495 (fold=0 takes the offset before the change in both cases).
    """
    asked = wall.replace(microsecond=0, tzinfo=ZoneInfo(zone), fold=0)
    found = moment_of(asked.astimezone(UTC), zone)
    shifted = found.wall != wall.replace(microsecond=0, tzinfo=None).isoformat()
    return Moment(found.instant, found.wall, zone, found.fold, shifted)


def wall_of(text: str) -> datetime:
    """Read a wall time as a form sends it (2026-03-19T09:00). Raises: ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError(f"a wall time has no offset: {text!r}")
    return found
