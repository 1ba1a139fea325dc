"""Year, quarter and board (R4.6): what stands in them, by filters in the address, at a fixed cost."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calendar_app.board import board_of
from calendar_app.models import Post
from calendar_app.saved import address_of
from calendar_app.selectors import PostFilter, get_post
from calendar_app.services.campaigns import create_campaign
from calendar_app.services.days import add_key_date
from calendar_app.services.reviews import submit_post
from calendar_app.timeline import quarter_parts, year_parts
from core.clock import now
from teams.tenancy import workspace_scope
from tests.factories.posts import make_channel, make_post, newsroom_of, soon

YEAR, QUARTER = "/w/acme/calendar/years/2031-03-19/", "/w/acme/calendar/quarters/2031-03-19/"
BOARD = "/w/acme/calendar/board/"
AT = datetime(2031, 3, 31, 17, tzinfo=UTC)
"""The first of April, one in the morning, where the workspace is."""


@pytest.fixture
def planned(cast):
    """A campaign over New Year and one in March, with posts, one of them on the edge of a month."""
    with workspace_scope(cast.acme.pk):
        ben = cast.actor("ben")
        for name, first, last in (
            ("Raya", (2031, 3, 10), (2031, 4, 2)),
            ("Winter", (2030, 11, 1), (2031, 1, 5)),
        ):
            create_campaign(
                workspace=cast.acme, name=name, starts_on=date(*first), ends_on=date(*last), by=ben
            )
        raya = Post._meta.get_field("campaign").related_model.objects.get(name="Raya")
        make_post(cast, "Edge", scheduled_at=AT, campaign=raya.pk)
        make_post(cast, "March", scheduled_at=AT - timedelta(days=5), campaign=raya.pk)
        add_key_date(workspace=cast.acme, on_date=date(2031, 3, 20), name="Nowruz", by=ben)
    return cast


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_weeks_of_a_quarter_hold_each_of_its_days_once():
    for year in range(2024, 2034):
        for month in (1, 4, 7, 10):
            parts = quarter_parts(date(year, month, 15))
            first, last = parts[0][0], parts[-1][1]
            assert first <= date(year, month, 1)
            assert last >= date(year, month + 2, 30)
            assert len(parts) in (13, 14)
            assert all(after[0] - before[1] == timedelta(days=1) for before, after in pairwise(parts))
        assert len(year_parts(date(year, 6, 1))) == 12


def test_a_year_counts_posts_by_the_workspaces_clock(planned, client_as):
    page = client_as(planned.ben).get(YEAR)

    counts = re.search(r"Posts ((?:\d+ ){12})", words_of(page))[1].split()
    assert counts == ["0", "0", "1", "1", *["0"] * 8]
    bars = dict(re.findall(r'data-from="(\d+)" data-to="(\d+)"', page.content.decode()))
    assert bars == {"3": "5", "1": "2"}
    assert "Nowruz" in page.content.decode()
    assert "2 posts" in words_of(page)


def test_a_quarter_narrows_as_its_address_says(planned, client_as):
    ben = client_as(planned.ben)
    with workspace_scope(planned.acme.pk):
        channel = make_channel(planned)
    everything = ben.get(QUARTER)
    narrowed = ben.get(f"{QUARTER}?channel={channel.pk}")

    assert "2 posts" in words_of(everything)
    assert "0 posts" in words_of(narrowed)
    assert f"/w/acme/calendar/years/2031-03-19/?channel={channel.pk}" in narrowed.content.decode()
    assert ben.get("/w/acme/calendar/quarters/9000-12-01/").status_code == 302
    assert ben.get("/w/acme/calendar/years/nonsense/").status_code == 302


def test_the_board_puts_posts_under_what_they_wait_for(acme, client_as):
    ben = acme.actor("ben")
    late, early = (
        make_post(acme, text, scheduled_at=soon(days=n)) for text, n in (("Late", 9), ("Early", 2))
    )
    make_post(acme, "Idea")
    submit_post(post=get_post(ben, late.pk), by=ben)
    columns = {column.state: [card.words for card in column.cards] for column in board_of(ben, PostFilter())}

    assert columns["draft"] == ["Early", "Idea"]
    assert columns["in_review"] == ["Late"]
    page = client_as(acme.ben).get(f"{BOARD}?state=in_review").content.decode()
    assert "Late" in page
    assert "Early" not in page
    assert early.pk


def test_a_long_column_is_capped_and_leads_to_its_list(acme, client_as):
    for number in range(27):
        make_post(acme, f"Kopi {number}", scheduled_at=soon(days=2))
    page = client_as(acme.ben).get(BOARD)

    assert page.content.decode().count('class="board-card"') == 25
    assert 'href="/w/acme/posts/?state=draft"' in page.content.decode()
    assert "2 more" in words_of(page)


def test_what_one_may_not_see_is_on_no_board(acme, client_as):
    secret = make_channel(acme, name="Secret", is_restricted=True)
    make_post(acme, "Hidden words", by="ana", channels=[secret])
    make_post(acme, "Open words", by="ana", channels=[newsroom_of(acme)])
    page = client_as(acme.farah).get(BOARD).content.decode()

    assert "Open words" in page
    assert "Hidden words" not in page


@pytest.mark.parametrize("path", [YEAR, QUARTER, BOARD])
def test_a_span_costs_the_same_however_much_there_is(planned, client_as, path):
    client = client_as(planned.farah)
    client.get(path)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len([query for query in queries if query["sql"].startswith(("SELECT", "WITH"))]))
        with workspace_scope(planned.acme.pk):
            for number in range(6):
                make_post(planned, f"More {number}", scheduled_at=AT - timedelta(days=number))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("page", ["year", "quarter", "board"])
def test_a_span_can_be_saved_as_a_view(planned, client_as, page):
    ben = client_as(planned.ben)
    answer = ben.post("/w/acme/calendar/views/", {"name": "Mine", "page": page, "query": "state=draft"})

    shown = ben.get(answer["Location"])
    assert shown.status_code == 200
    assert "Mine" in shown.content.decode()
    assert address_of("acme", "x", page, {}, now().date().isoformat()).startswith("/w/acme/calendar/")
