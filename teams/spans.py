"""Spans of time, half open: pure arithmetic of overlapping absences."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From a first instant up to, and without, an end; None while nobody knows the end."""

    starts_at: datetime
    ends_at: datetime | None

    def holds(self, instant: datetime) -> bool:
        """Tell whether an instant lies in the span: the first does, the end does not."""
        return self.starts_at <= instant and (self.ends_at is None or instant < self.ends_at)

    def meets(self, other: "Span") -> bool:
        """Tell whether both overlap or touch, so that nobody is back between them."""
        return (self.ends_at is None or other.starts_at <= self.ends_at) and (
            other.ends_at is None or self.starts_at <= other.ends_at
        )

    def joined(self, other: "Span") -> "Span":
        """Return the span from the earlier start to the later end."""
        ends = None if self.ends_at is None or other.ends_at is None else max(self.ends_at, other.ends_at)
        return Span(min(self.starts_at, other.starts_at), ends)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as the fewest spans, in order: several that overlap or touch are one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.starts_at):
        if found and found[-1].meets(span):
            found[-1] = found[-1].joined(span)
        else:
            found.append(span)
    return found


def span_at(spans: Iterable[Span], instant: datetime) -> Span | None:
    """Return the whole time around an instant, with everything that overlaps or touches it; None outside."""
    return next((span for span in merged(spans) if span.holds(instant)), None)
