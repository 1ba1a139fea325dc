"""Days and times as people type them into files: ISO, day before month or month before day, 24 hours or am and pm."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time

from calendar_app.times import FIRST_DAY, LAST_DAY

ORDERS = ("dmy", "mdy")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_SHORT = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2})(?::\d{2})?)?\s*([ap]\.?m\.?)?", re.IGNORECASE)


def order_in(texts: Iterable[str]) -> str:
    """Return which comes first in the days of a file: `dmy`, `mdy`, or "" where all could be either."""
    votes = {"dmy": 0, "mdy": 0}
    for text in texts:
        found = _SHORT.match(text.strip())
        if found and int(found[1]) > 12:
            votes["dmy"] += 1
        elif found and int(found[2]) > 12:
            votes["mdy"] += 1
    if votes["dmy"] == votes["mdy"] == 0:
        return ""
    return "mdy" if votes["mdy"] > votes["dmy"] else "dmy"


def is_either(text: str) -> bool:
    """Tell whether a day reads differently in the two orders."""
    found = _SHORT.match(text.strip())
    return bool(found and int(found[1]) <= 12 and int(found[2]) <= 12 and found[1] != found[2])


def read_day(text: str, order: str) -> date | None:
    """Read a day; None where it is none."""
    text = text.strip()
    found = _ISO.fullmatch(text)
    parts = (found[1], found[2], found[3]) if found else None
    if parts is None and (found := _SHORT.fullmatch(text)):
        first, second = (found[1], found[2]) if order != "mdy" else (found[2], found[1])
        year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
        parts = (year, second, first)
    if parts is None:
        return None
    try:
        day = date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def read_time(text: str) -> time | None:
    """Read a time of the day; None where it is none, or a bare number that could be anything."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None or (found[2] is None and found[3] is None):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    half = (found[3] or "").lower()[:1]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None


def read_when(text: str, order: str) -> datetime | None:
    """Read a day and a time out of one cell; None where it is neither."""
    words = text.strip().replace("T", " ", 1) if _ISO.match(text.strip()) else text.strip()
    day_text, _space, clock = words.partition(" ")
    day = read_day(day_text.rstrip(","), order)
    at = read_time(clock) if clock.strip() else None
    return datetime.combine(day, at) if day and at else None
