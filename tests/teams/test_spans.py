"""Overlapping absences are one (R1.6): pure arithmetic of half-open spans."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from teams.spans import Span, merged, span_at

START = datetime(2026, 3, 2, tzinfo=UTC)


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


def span(first: int, last: int | None) -> Span:
    return Span(hour(first), None if last is None else hour(last))


SPANS = st.builds(
    lambda first, length: span(first, None if length is None else first + length),
    st.integers(0, 40),
    st.one_of(st.none(), st.integers(1, 12)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(SPANS, max_size=6))
def test_merging_keeps_exactly_the_same_instants(spans):
    one = merged(spans)
    for number in range(-1, 60):
        assert any(s.holds(hour(number)) for s in spans) == any(s.holds(hour(number)) for s in one)
    for earlier, later in pairwise(one):
        assert earlier.ends_at is not None
        assert earlier.ends_at < later.starts_at


def test_spans_that_overlap_or_touch_are_one():
    assert merged([span(4, 8), span(0, 5), span(8, 9), span(12, 13)]) == [span(0, 9), span(12, 13)]
    assert merged([span(0, None), span(5, 6)]) == [span(0, None)]


def test_the_first_instant_belongs_and_the_end_does_not():
    assert span_at([span(0, 5)], hour(0)) == span(0, 5)
    assert span_at([span(0, 5)], hour(5)) is None
    assert span_at([span(0, 5), span(5, 7)], hour(5)) == span(0, 7)
