"""When something is to be done about a meeting, or an action: asked for, reminded of, called overdue."""

from datetime import date, datetime, time, timedelta

from checkins.models import Meeting
from core.times import moment_at

NUDGED_BEFORE = timedelta(hours=2)
REMINDED_BEFORE = timedelta(minutes=15)
OVERDUE_AFTER = timedelta(hours=1)
UNHELD_AFTER = timedelta(days=3)
ACTION_AGAIN = timedelta(days=7)
ACTION_HOUR = time(9)
DAY_ENDS = time(18)


def ask_at(meeting: Meeting) -> datetime:
    """Return when updates are asked for."""
    return meeting.starts_at - timedelta(hours=meeting.series.ask_hours)


def first_due(meeting: Meeting) -> datetime:
    """Return when there is next something to do about a planned meeting, by what was done already."""
    if meeting.asked_at is None:
        return ask_at(meeting)
    if meeting.nudged_at is None:
        return max(meeting.starts_at - NUDGED_BEFORE, meeting.asked_at)
    if meeting.reminded_at is None:
        return meeting.starts_at if meeting.series.is_async else meeting.starts_at - REMINDED_BEFORE
    if meeting.overdue_at is None:
        return meeting.ends_at + OVERDUE_AFTER
    return meeting.ends_at + UNHELD_AFTER


def end_of(day: date, zone: str) -> datetime:
    """Return the end of a working day, when an action is due."""
    return moment_at(datetime.combine(day, DAY_ENDS), zone).instant


def morning_of(day: date, zone: str) -> datetime:
    """Return the morning of a day, when an action is called to mind."""
    return moment_at(datetime.combine(day, ACTION_HOUR), zone).instant
