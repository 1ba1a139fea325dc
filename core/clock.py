"""The one place that reads the wall clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_told: ContextVar[datetime | None] = ContextVar("told_instant", default=None)


def now() -> datetime:
    """Return the present instant, aware, in UTC; inside `as_of` the one that was told.

    The publishing scans use the database's clock instead, since clocks of worker machines differ.
    """
    return _told.get() or datetime.now(UTC)


def told() -> datetime | None:
    """Return the instant that `as_of` told, None while the clock runs by itself."""
    return _told.get()


@contextmanager
def as_of(instant: datetime) -> Iterator[None]:
    """Let services act as of an instant for the length of a block: to load history, and in tests.

    The database's own guards go by the database's clock all the same: nothing is sent early by telling a later
    time. Raises: ValueError for an instant without an offset.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant has an offset")
    token = _told.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _told.reset(token)
