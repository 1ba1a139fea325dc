"""Counting by working hours: nights, weekends, holidays, zones and changes of the clock (issue 4, line 7)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teams.working_time import Week, earlier, later, week_for, worked

KL = Week("Asia/Kuala_Lumpur", ((540, 1080),) * 5 + (None, None), "MY", frozenset({date(2026, 12, 31)}))
BERLIN = Week("Europe/Berlin", ((540, 1080),) * 5 + (None, None))
NIGHT = Week("Europe/Berlin", ((0, 1440),) * 7)
HOUR = timedelta(hours=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (utc(2026, 11, 26, 1), 8, utc(2026, 11, 26, 9)),  # Thursday 9:00 to 17:00 in Kuala Lumpur
        (utc(2026, 11, 27, 8), 4, utc(2026, 11, 30, 3)),  # Friday 16:00: two hours today, two on Monday
        (utc(2026, 11, 28, 4), 1, utc(2026, 11, 30, 2)),  # Saturday: from Monday nine o'clock
        (utc(2026, 12, 24, 9), 2, utc(2026, 12, 28, 2)),  # Christmas is a holiday there
        (utc(2026, 12, 30, 9), 2, utc(2027, 1, 1, 2)),  # 31 December is a further day off
    ],
)
def test_hours_run_while_somebody_works(start, hours, end):
    assert later(KL, start, hours * HOUR) == end


def test_a_day_on_which_the_clock_changes_is_as_long_as_it_is():
    spring = utc(2026, 3, 28, 23)  # Sunday 29 March, midnight in Berlin: the day has 23 hours
    assert worked(NIGHT, spring, utc(2026, 3, 29, 22)) == 23 * HOUR
    assert later(BERLIN, utc(2026, 3, 27, 16), 2 * HOUR) == utc(
        2026, 3, 30, 8
    )  # nine o'clock is 7:00 UTC then


def test_without_a_week_every_hour_counts():
    start = utc(2026, 11, 28, 4)
    assert later(None, start, 5 * HOUR) == start + 5 * HOUR
    assert earlier(None, start, 5 * HOUR) == start - 5 * HOUR
    assert worked(None, start, start + HOUR) == HOUR


def test_back_from_a_morning_leads_to_the_working_day_before():
    monday = utc(2026, 11, 30, 1)  # nine o'clock in Kuala Lumpur
    assert earlier(KL, monday, 2 * HOUR) == utc(2026, 11, 27, 8)  # Friday 16:00


@given(
    start=st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: utc(2026, 1, 1) + timedelta(minutes=minutes)),
    minutes=st.integers(1, 20_000),
    week=st.sampled_from([KL, BERLIN, NIGHT]),
)
def test_there_and_back_is_the_same_working_time(start, minutes, week):
    span = timedelta(minutes=minutes)
    end = later(week, start, span)
    assert worked(week, start, end) == span
    assert worked(week, earlier(week, end, span), end) == span


def test_one_team_alone_has_its_own_hours():
    known = {None: KL, "design": BERLIN}
    assert week_for(known, {"design"}) is BERLIN
    assert week_for(known, {"design", "legal"}) is KL
    assert week_for(known, {"legal"}) is KL
    assert week_for({}, set()) is None
