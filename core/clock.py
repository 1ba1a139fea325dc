"""The one place that reads the wall clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC.

    The publishing scans use the database's clock instead, since clocks of worker machines differ.
    """
    return datetime.now(UTC)
