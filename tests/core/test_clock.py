"""The clock: it runs by itself unless an instant is told, and then for the length of the block only."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.clock import as_of, now, told

INSTANT = datetime(2026, 3, 19, 9, 0, tzinfo=timezone(timedelta(hours=8)))


def test_the_clock_runs_by_itself():
    assert told() is None
    assert abs(datetime.now(UTC) - now()) < timedelta(seconds=1)


def test_a_told_instant_stands_in_utc_for_the_block_and_no_longer():
    with as_of(INSTANT):
        assert now() == told() == INSTANT
        assert now().tzinfo == UTC
        with as_of(INSTANT - timedelta(days=1)):
            assert now() == INSTANT - timedelta(days=1)
        assert now() == INSTANT
    assert told() is None


def test_the_clock_runs_again_after_an_error():
    with pytest.raises(LookupError), as_of(INSTANT):
        raise LookupError
    assert told() is None


def test_an_instant_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="offset"), as_of(datetime(2026, 3, 19, 9, 0)):
        pass
