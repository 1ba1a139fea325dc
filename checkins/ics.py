"""A series as an invitation that calendar programs take: plain facts in, iCalendar out. Knows no database.

One event that repeats, with what was moved beside it and what was left out taken off; a change counts its sequence
up, and a cancellation carries the same name. Source: RFC 5545 3.8.5, RFC 5546 3.2.2 and 3.2.5, read 2026-11-27.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar

from checkins.recurrence import days_of

REQUEST, CANCEL = "REQUEST", "CANCEL"


@dataclass(frozen=True, slots=True)
class Invited:
    """A series as one person's calendar holds it; `moved` are planned and actual instants, `off` planned ones."""

    series_id: UUID
    sequence: int
    title: str
    rule: str
    starts_on: date
    wall_time: time
    zone: str
    minutes: int
    organizer: str
    organizer_name: str
    attendee: str
    attendee_name: str
    says: str = ""
    address: str = ""
    off: Sequence[datetime] = ()
    moved: Sequence[tuple[datetime, datetime]] = field(default_factory=tuple)


def written(invited: Invited, *, method: str, at: datetime) -> bytes:
    """Return the invitation, or with CANCEL its withdrawal, as text."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Collab//Check-ins//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    zone = ZoneInfo(invited.zone)
    begins = datetime.combine(first_day(invited.rule, invited.starts_on), invited.wall_time, zone)
    master = _event(invited, begins, method, at)
    master.add("rrule", icalendar.vRecur.from_ical(_rule(invited.rule, zone)))
    for instant in invited.off:
        master.add("exdate", instant.astimezone(zone))
    calendar.add_component(master)
    if method == REQUEST:
        for planned, actual in invited.moved:
            other = _event(invited, actual.astimezone(zone), method, at)
            other.add("recurrence-id", planned.astimezone(zone))
            calendar.add_component(other)
    calendar.add_missing_timezones()
    text: bytes = calendar.to_ical()
    return text


def first_day(rule: str, starts_on: date) -> date:
    """Return the first day on which a rule puts a meeting: an event begins on one of its own days."""
    return days_of(rule, starts_on, after=starts_on - timedelta(days=1), most=1)[0]


def _rule(rule: str, zone: ZoneInfo) -> str:
    """Return a rule whose last day, where it names one, is an instant, as one with a zone must have it."""
    parts = []
    for part in rule.split(";"):
        name, _equals, value = part.partition("=")
        if name == "UNTIL":
            day = datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007  # a day has no zone
            ends = datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
            value = ends.strftime("%Y%m%dT%H%M%SZ")
        parts.append(f"{name}={value}")
    return ";".join(parts)


def _event(invited: Invited, begins: datetime, method: str, at: datetime) -> icalendar.Event:
    found = icalendar.Event()
    found.add("uid", f"checkin-{invited.series_id}@collab")
    found.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
    found.add("sequence", invited.sequence)
    found.add("dtstart", begins)
    found.add("duration", timedelta(minutes=invited.minutes))
    found.add("summary", invited.title)
    found.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    organizer = icalendar.vCalAddress(f"mailto:{invited.organizer}")
    organizer.params["CN"] = invited.organizer_name
    found.add("organizer", organizer)
    attendee = icalendar.vCalAddress(f"mailto:{invited.attendee}")
    attendee.params.update({"CN": invited.attendee_name, "ROLE": "REQ-PARTICIPANT", "RSVP": "FALSE"})
    found.add("attendee", attendee)
    if invited.says:
        found.add("description", invited.says)
    if invited.address:
        found.add("location", invited.address)
        found.add("url", invited.address)
    return found
