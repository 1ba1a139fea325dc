"""How long things may take and how often they are tried. Units: seconds, unless a name says otherwise."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, Func
from django.db.models.expressions import Combinable, CombinedExpression, Value

from core.clock import told

CLAIM_LEASE = 30
UPLOAD_LEASE = 300
CALL_MARGIN = 10.0
SETTLE_LEASE = 90
PREPARE_AHEAD = timedelta(minutes=15)
GRACE = timedelta(hours=24)
LATE_AFTER_PAUSE = timedelta(minutes=15)
REMIND_AFTER = timedelta(minutes=30)
ESCALATE_AFTER = timedelta(hours=2)
LOOK_AGAIN = 30.0
RESCUE_AFTER = 3
MOST_ATTEMPTS = 6
LOCK_WAIT_MS = 500
BATCH = 100
MOST_SLOTS = 256
MOST_IN_A_MESSAGE = 8
BUNDLE_SECONDS = 2.0


class DatabaseClock(Func):
    """The database's clock at the very moment, the only clock that decides about deliveries."""

    template = "clock_timestamp()"
    output_field = DateTimeField()


def clock(offset_seconds: float = 0) -> Func | CombinedExpression | Value:
    """Return the database's clock, `offset_seconds` later; while history is loaded, the instant that was told."""
    instant = told()
    if instant is not None:
        return Value(instant + timedelta(seconds=offset_seconds), output_field=DateTimeField())
    at = DatabaseClock()
    if not offset_seconds:
        return at
    later = CombinedExpression(at, Combinable.ADD, Value(timedelta(seconds=offset_seconds)))
    later.output_field = DateTimeField()
    return later


def late_after(settings: Mapping[str, Any]) -> timedelta:
    """Return how late a post may be and still go out unasked when a pause ends, by the workspace's settings."""
    minutes = settings.get("ask_when_late_minutes")
    return timedelta(minutes=minutes) if minutes else LATE_AFTER_PAUSE


def back_off(failures: int, *, first: float, most: float) -> float:
    """Return how long to wait after so many failures: doubled each time, up to `most`."""
    return float(min(most, first * 2.0 ** min(failures, 12)))
