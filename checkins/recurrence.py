"""When a series meets: its rule, read and run. Pure: knows no database.

Source: RFC 5545, 3.3.10. The rule counts days on the wall of the series' zone, so that a meeting at nine stays at nine
when the clock changes.
"""

from datetime import date, datetime, time, timedelta
from itertools import islice

from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _

from core.errors import Invalid

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PARTS = frozenset("FREQ INTERVAL COUNT UNTIL BYDAY BYMONTHDAY BYMONTH BYSETPOS WKST".split())
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
LONGEST_RULE = 200
MOST = 1000
FAR = timedelta(days=3 * 366)


def weekly_on(day: date) -> str:
    """Return the rule of a meeting that comes every week on the weekday of a day."""
    return f"FREQ=WEEKLY;BYDAY={WEEKDAYS[day.weekday()]}"


def checked(rule: str, starts_on: date) -> str:
    """Return a rule as it is kept. Raises: Invalid for what is none, repeats within a day, or never comes to a day."""
    text = rule.strip().upper().removeprefix("RRULE:")
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    if len(text) > LONGEST_RULE or not parts.keys() <= PARTS or parts.get("FREQ") not in FREQUENCIES:
        raise _unfit(_("This is no rule by which days repeat. Such a rule reads FREQ=WEEKLY;BYDAY=MO."))
    if any(not 1 <= _number(parts[name]) <= MOST for name in ("INTERVAL", "COUNT") if name in parts):
        raise _unfit(_("How often and how many are numbers from 1 to 1,000."))
    if "UNTIL" in parts and len(parts["UNTIL"]) != len("20261231"):
        raise _unfit(_("Give the last day as UNTIL=20261231."))
    try:
        found = days_of(text, starts_on, after=starts_on - timedelta(days=1), most=1)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        raise _unfit(
            _("This is no rule by which days repeat. Such a rule reads FREQ=WEEKLY;BYDAY=MO.")
        ) from None
    if not found:
        raise _unfit(_("By this rule there is no meeting within three years."))
    return text


def days_of(rule: str, starts_on: date, *, after: date, most: int, until: date | None = None) -> list[date]:
    """Return the next days on which a rule puts a meeting, after a day, up to and with `until`.

    A rule that never comes to a day would run for thousands of years: nothing beyond three is looked at.
    """
    last = min(until, after + FAR) if until else after + FAR
    bare = ";".join(part for part in rule.split(";") if not part.startswith(("COUNT=", "UNTIL=")))
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if "UNTIL" in parts:
        last = min(last, datetime.strptime(parts["UNTIL"], "%Y%m%d").date())  # noqa: DTZ007  # a day has no zone
    run = rrulestr(bare, dtstart=datetime.combine(starts_on, time()))
    run = run.replace(until=datetime.combine(last, time()))
    counted = islice(run, int(parts["COUNT"])) if "COUNT" in parts else iter(run)
    return list(islice((at.date() for at in counted if at.date() > after), most))


def in_words(rule: str) -> str:
    """Return how often a series meets, in words for the usual rules, else the rule itself."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    every = int(parts.get("INTERVAL", "1"))
    if parts.keys() - {"FREQ", "INTERVAL", "BYDAY", "WKST", "UNTIL", "COUNT"}:
        return rule
    found = {
        "WEEKLY": _("every week") if every == 1 else _("every %(n)d weeks") % {"n": every},
        "MONTHLY": _("every month") if every == 1 else _("every %(n)d months") % {"n": every},
    }
    if "BYDAY" not in parts:
        found["DAILY"] = _("every day") if every == 1 else _("every %(n)d days") % {"n": every}
    return found.get(parts["FREQ"], rule)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= len(str(MOST)) else 0


def _unfit(message: str) -> Invalid:
    return Invalid(message, fields={"rule": [message]})
