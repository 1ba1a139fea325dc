"""Calendars of absences, read: hostile text in, plain events out. Knows no database and no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import icalendar
import recurring_ical_events

from core.times import moment_at
from teams.spans import Span
from teams.states import AbsenceKind

MOST_EVENTS = 5000
MOST_REPEATING = 200
MOST_FOUND = 2000
AHEAD = timedelta(days=366)
BEHIND = timedelta(days=31)
TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
WORDS = {
    AbsenceKind.SICK: ("sick", "ill", "medical", "doctor", "hospital", "sakit", "cuti sakit", "mc"),
    AbsenceKind.LEAVE: ("leave", "vacation", "holiday", "pto", "annual", "parental", "cuti"),
}


class BadCalendar(ValueError):
    """What came is no calendar that can be followed; `code` says why, for people to be told in words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Event:
    """One event, or one of the times to which a repeating one comes; whole days by date, else by instant."""

    uid: str
    starts: date | datetime
    ends: date | datetime
    kind: AbsenceKind
    addresses: frozenset[str]

    def span_in(self, zone: str) -> Span:
        """Return from when to when by the clock of a zone; what names its own zone keeps it."""
        return Span(_instant(self.starts, zone), _instant(self.ends, zone))


def read_calendar(body: bytes, *, now: datetime, words: Sequence[str] = ()) -> list[Event]:
    """Return the events from a month ago to a year ahead: not cancelled, not merely marked as free.

    With `words`, only events of which a word stands in the title or a category. Whoever declined is not named.
    Raises: BadCalendar.
    """
    calendar = _parsed(body)
    components = list(calendar.walk("VEVENT"))
    repeating = _repeating(components)
    try:
        found = recurring_ical_events.of(calendar, skip_bad_series=True).between(now - BEHIND, now + AHEAD)
    except Exception as error:  # the library raises whatever a malformed rule runs into
        raise BadCalendar("unreadable") from error
    if len(found) > MOST_FOUND:
        raise BadCalendar("too_large")
    events = {}
    for component in found:
        event = _event(component, repeating, [word.casefold() for word in words])
        if event is not None:
            events[event.uid] = event
    return sorted(events.values(), key=lambda event: event.uid)


def _parsed(body: bytes) -> Any:
    try:
        calendar: Any = icalendar.Calendar.from_ical(body)
    except Exception as error:  # as above: ValueError, KeyError, IndexError and others
        raise BadCalendar("unreadable") from error
    if getattr(calendar, "name", "") != "VCALENDAR":
        raise BadCalendar("unreadable")
    return calendar


def _repeating(components: Sequence[Any]) -> set[str]:
    """Return the ids of the events that repeat. Raises: BadCalendar for more than can be followed."""
    if len(components) > MOST_EVENTS:
        raise BadCalendar("too_large")
    found = [one for one in components if any(name in one for name in ("RRULE", "RDATE", "RECURRENCE-ID"))]
    rules = [one["RRULE"] for one in found if "RRULE" in one]
    often = [rule for rule in rules if TOO_OFTEN & {str(part).upper() for part in _frequencies(rule)}]
    if often or len(found) > MOST_REPEATING:
        raise BadCalendar("too_large")
    return {str(one.get("UID", "")) for one in found}


def _frequencies(rule: Any) -> list[Any]:
    rules = rule if isinstance(rule, list) and not hasattr(rule, "get") else [rule]
    return [part for one in rules for part in one.get("FREQ", [])]


def _event(component: Any, repeating: set[str], words: Sequence[str]) -> Event | None:
    uid = str(component.get("UID", ""))[:300]
    title = " ".join([str(component.get("SUMMARY", "")), *_categories(component)]).casefold()
    is_out = str(component.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    if not uid or str(component.get("STATUS", "")).upper() == "CANCELLED":
        return None
    if str(component.get("TRANSP", "")).upper() == "TRANSPARENT" and is_out != "OOF":
        return None
    if words and not any(word in title for word in words):
        return None
    starts, ends = component.start, component.end
    if ends <= starts:
        return None
    if uid in repeating:
        uid = f"{uid}/{component['RECURRENCE-ID'].dt.isoformat()}"
    return Event(uid, starts, ends, _kind(title), _addresses(component))


def _categories(component: Any) -> list[str]:
    found = component.get("CATEGORIES", [])
    rows = found if isinstance(found, list) else [found]
    return [str(name) for row in rows for name in getattr(row, "cats", [row])]


def _kind(title: str) -> AbsenceKind:
    tokens = title.replace("-", " ").replace(":", " ").split()
    for kind, words in WORDS.items():
        if any(word in tokens or (" " in word and word in title) for word in words):
            return kind
    return AbsenceKind.OTHER


def _addresses(component: Any) -> frozenset[str]:
    """Return whom the event names: who attends and has not declined, else who organises."""
    given = component.get("ATTENDEE", [])
    attendees = [
        str(one)
        for one in (given if isinstance(given, list) else [given])
        if str(getattr(one, "params", {}).get("PARTSTAT", "")).upper() != "DECLINED"
    ]
    chosen = attendees if given else [str(component.get("ORGANIZER", ""))]
    return frozenset(one.lower().removeprefix("mailto:").strip() for one in chosen if "@" in one)


def _instant(moment: date | datetime, zone: str) -> datetime:
    if not isinstance(moment, datetime):
        return moment_at(datetime.combine(moment, time.min), zone).instant
    if moment.tzinfo is None:
        return moment_at(moment, zone).instant
    return moment.astimezone(UTC)
