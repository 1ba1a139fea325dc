"""Posts as a calendar that other programs read: plain facts in, iCalendar out. Knows no database.

Source: RFC 5545 (iCalendar), RFC 5546 3.2.5 (cancelling), RFC 7986 (NAME, REFRESH-INTERVAL), read 2026-11-27.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import icalendar

LASTS = timedelta(minutes=15)
REFRESH = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Event:
    """One post at its time; `status` is CONFIRMED, TENTATIVE or CANCELLED."""

    post_id: UUID
    starts_at: datetime
    words: str
    status: str
    says: str = ""
    address: str = ""
    sequence: int = 0
    changed_at: datetime | None = None

    @property
    def mark(self) -> str:
        """Return what tells one state of the event from the next."""
        facts = (self.starts_at.isoformat(), self.words, self.status, self.says, self.address)
        return sha256("\0".join(facts).encode()).hexdigest()


def written(name: str, zone: str, events: Iterable[Event]) -> bytes:
    """Return the calendar as text, the same bytes for the same facts; instants in UTC, the zone named beside."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Collab//Content calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for event in events:
        calendar.add_component(_component(event))
    text: bytes = calendar.to_ical()
    return text


def _component(event: Event) -> icalendar.Event:
    found = icalendar.Event()
    found.add("uid", f"post-{event.post_id}@collab")
    found.add("dtstamp", event.changed_at or event.starts_at)
    found.add("last-modified", event.changed_at or event.starts_at)
    found.add("sequence", event.sequence)
    found.add("dtstart", event.starts_at)
    found.add("duration", LASTS)
    found.add("summary", event.words)
    found.add("status", event.status)
    found.add("transp", "TRANSPARENT")
    if event.says:
        found.add("description", event.says)
    if event.address:
        found.add("url", event.address)
    return found
