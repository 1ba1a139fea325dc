"""Planned times are right where the clock jumps and where an hour comes twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.times import moment_at, moment_of, wall_of

ZONES = ["Asia/Kuala_Lumpur", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"]


@pytest.mark.parametrize(
    ("zone", "asked", "wall", "instant"),
    [
        (
            "Europe/Berlin",
            datetime(2026, 3, 29, 2, 30),
            "2026-03-29T03:30:00",
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        ),
        (
            "America/New_York",
            datetime(2026, 3, 8, 2, 0),
            "2026-03-08T03:00:00",
            datetime(2026, 3, 8, 7, 0, tzinfo=UTC),
        ),
        (
            "Africa/Cairo",
            datetime(2026, 4, 24, 0, 0),
            "2026-04-24T01:00:00",
            datetime(2026, 4, 23, 22, 0, tzinfo=UTC),
        ),
    ],
)
def test_a_time_that_does_not_exist_moves_forward(zone, asked, wall, instant):
    moment = moment_at(asked, zone)

    assert (moment.wall, moment.instant, moment.is_shifted) == (wall, instant, True)


def test_of_a_time_that_comes_twice_the_first_is_meant():
    moment = moment_at(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")

    assert moment.instant == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert (moment.fold, moment.is_shifted) == (0, False)


def test_an_instant_in_the_second_pass_keeps_its_fold():
    moment = moment_of(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin")

    assert (moment.wall, moment.fold) == ("2026-10-25T02:30:00", 1)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)),
    st.sampled_from(ZONES),
)
def test_every_wall_time_gives_one_instant_that_reads_back(asked, zone):
    asked = asked.replace(microsecond=0)
    moment = moment_at(asked, zone)

    read_back = moment.instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert read_back.isoformat() == moment.wall
    assert timedelta(0) <= read_back - asked <= timedelta(hours=1)
    assert moment.is_shifted == (read_back != asked)


def test_a_wall_time_has_no_offset():
    with pytest.raises(ValueError):
        wall_of("2026-03-19T09:00+08:00")
