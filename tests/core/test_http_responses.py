"""How long the other side asks to wait, and what its headers say."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import Headers, Response, retry_after

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
DAY = 86_400


def answer(*pairs: tuple[str, str]) -> Response:
    return Response(429, Headers(pairs), b"", 1, "https://example.com/")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0), ("7", 7), (" 120 ", 120), ("86401", DAY), ("9" * 40, DAY),
        ("Mon, 23 Nov 2026 09:01:30 GMT", 90), ("Mon, 23 Nov 2026 08:00:00 GMT", 0),
        ("Monday, 23-Nov-26 09:00:10 GMT", 10),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY), ("Mon, 23 Nov 2026 17:00:30 +0800", 30),
        ("", None), ("-5", None), ("1.5", None), ("soon", None), ("٣", None), ("1e9", None), ("0x10", None),
        ("Mon, 99 Nov 2026 09:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_reads_seconds_and_dates_and_nothing_else(value: str, seconds: int | None):
    assert retry_after(answer(("Retry-After", value)), NOW) == seconds


def test_retry_after_is_none_when_absent_and_obeys_the_callers_cap():
    assert retry_after(answer(), NOW) is None
    assert retry_after(answer(("RETRY-AFTER", "600")), NOW, cap_seconds=300) == 300


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_retry_after_never_asks_for_less_than_the_date_says(wait: timedelta):
    moment = (NOW + wait).replace(microsecond=0)
    expected = max(0, min(DAY, round((moment - NOW).total_seconds())))
    assert retry_after(answer(("Retry-After", format_datetime(moment, usegmt=True))), NOW) == expected


@given(st.text(max_size=60))
def test_retry_after_survives_any_text(text: str):
    seconds = retry_after(answer(("Retry-After", text)), NOW)
    assert seconds is None or 0 <= seconds <= DAY


def test_headers_are_read_in_any_case_and_keep_repeats():
    headers = Headers([("Link", "a"), ("LINK", "b"), ("X-Id", "1")])
    assert (headers["link"], headers.get_all("Link"), headers.get("x-ID")) == ("a, b", ["a", "b"], "1")
    assert ("X-ID" in headers, "y" in headers, len(headers)) == (True, False, 2)
