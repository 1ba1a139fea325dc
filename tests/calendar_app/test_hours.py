"""Week and day by their hours (R4.6): posts at their time on the wall, moves to a time, right across clock changes."""

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from calendar_app.calendar import midnight
from calendar_app.hours import STEP, hours_of
from calendar_app.models import Post
from calendar_app.times import pass_at
from core.clock import now
from teams.models import Workspace
from teams.tenancy import workspace_scope
from tests.factories.posts import make_channel, make_post

ROOT = "/w/acme"
AT = datetime(2030, 3, 19, 1, tzinfo=UTC)
YEARS = 3


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def cell(response, day, hour, fold=0):
    """Return what stands in one hour of one day."""
    start = f'data-drop-date="{day}" data-hour="{hour}" data-fold="{fold}"'
    return response.content.decode().split(start)[1].split("</td>")[0]


@pytest.fixture
def here(cast):
    """The workspace's scope."""
    return lambda: workspace_scope(cast.acme.pk)


@pytest.fixture
def in_berlin(cast, here):
    """Acme with a clock that changes: on 31 March 2030 two o'clock is skipped, on 27 October it comes twice."""
    with here():
        Workspace.objects.filter(pk=cast.acme.pk).update(timezone="Europe/Berlin")
    return cast


def changes(zone):
    """Return the instants of a zone's next changes of the clock, to the minute, with the day on which each falls."""
    clock, begin = ZoneInfo(zone), now().replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for number in range(366 * YEARS):
        low, high = begin + timedelta(days=number), begin + timedelta(days=number + 1)
        before, after = low.astimezone(clock).utcoffset(), high.astimezone(clock).utcoffset()
        while before != after and high - low > timedelta(minutes=1):
            middle = low + (high - low) // 2
            is_before = middle.astimezone(clock).utcoffset() == before
            low, high = (middle, high) if is_before else (low, middle)
        if before != after:
            found.append((low.replace(second=0), (low.astimezone(clock)).date(), before, after))
    return tuple(found)


def test_every_zone_shows_every_quarter_of_an_hour_once_around_its_next_changes():
    """All IANA zones, three years ahead: nothing lost, nothing doubled, each quarter leads back to its instant."""
    seen = {changes(zone): zone for zone in sorted(available_timezones())}
    assert len(seen) > 25
    lengths = Counter()
    for found, zone in seen.items():
        for _at, day, _before, _after in found:
            days = [day + timedelta(days=number) for number in range(-1, 3)]
            rows = hours_of(days, zone)
            assert len({(row.hour, row.fold) for row in rows}) == len(rows)
            shown = [
                (at, pass_at(datetime.combine(at.day, time(at.hour, minute)), zone, at.fold))
                for row in rows
                for at in row.cells
                for minute in at.quarters
            ]
            instants = sorted(moment.instant for _hour, moment in shown)
            begin, end = midnight(days[0], zone), midnight(days[-1] + timedelta(days=1), zone)
            assert instants == [begin + STEP * number for number in range(int((end - begin) / STEP))], zone
            assert not any(moment.is_shifted or moment.fold != hour.fold for hour, moment in shown), zone
            lengths.update(sum(len(row.cells[n].quarters) for row in rows) / 4 for n in range(4))
    assert {23.0, 23.5, 24.0, 24.5, 25.0} <= set(lengths)


def test_a_post_stands_at_its_hour_on_its_day_by_the_workspaces_clock(cast, client_as, here):
    with here():
        make_post(cast, "Kopi Raya is back", scheduled_at=AT + timedelta(minutes=20))
        make_post(cast, "Past midnight", scheduled_at=datetime(2030, 3, 19, 16, 30, tzinfo=UTC))

    page = client_as(cast.vera).get(f"{ROOT}/calendar/weeks/2030-03-21/")

    assert "<time>09:20</time>" in cell(page, "2030-03-19", "09")
    assert "Kopi Raya is back" in cell(page, "2030-03-19", "09")
    assert "Past midnight" in cell(page, "2030-03-20", "00")
    assert "18 Mar – 24 Mar 2030" in text_of(page)
    assert "/calendar/move/" not in page.content.decode()


def test_the_hour_that_comes_twice_has_two_rows_and_counts_apart(in_berlin, client_as, here):
    first = datetime(2030, 10, 27, 0, 30, tzinfo=UTC)
    with here():
        for number in range(6):
            make_post(in_berlin, f"First {number}", scheduled_at=first)
        make_post(in_berlin, "Second pass", scheduled_at=first + timedelta(hours=1))

    page = client_as(in_berlin.ben).get(f"{ROOT}/calendar/weeks/2030-10-27/")
    day = client_as(in_berlin.ben).get(f"{ROOT}/calendar/days/2030-10-27/")

    assert cell(page, "2030-10-27", "02").count("post-chip-words") == 4
    assert "+2 more" in cell(page, "2030-10-27", "02")
    assert "Second pass" in cell(page, "2030-10-27", "02", 1)
    assert "more" not in cell(page, "2030-10-27", "02", 1)
    for found in (page, day):
        assert "02:00 again" in text_of(found)
    assert 'data-drop-date="2030-10-26" data-hour="02" data-fold="1"' not in page.content.decode()


def test_the_hour_that_is_skipped_takes_nothing(in_berlin, client_as):
    page = client_as(in_berlin.ben).get(f"{ROOT}/calendar/weeks/2030-03-31/")
    day = client_as(in_berlin.ben).get(f"{ROOT}/calendar/days/2030-03-31/")

    assert text_of(page).count("skipped") == 1
    for found in (page, day):
        assert 'data-drop-date="2030-03-31" data-hour="02"' not in found.content.decode()
        assert 'data-drop-date="2030-03-31" data-hour="03"' in found.content.decode()


def test_a_move_goes_to_a_day_and_a_time_also_in_the_second_pass(in_berlin, client_as, here):
    with here():
        post = make_post(in_berlin, scheduled_at=AT)
    ben, where = client_as(in_berlin.ben), {"post": post.pk, "date": "2030-10-27", "time": "02:15"}
    found = []
    for fold in ("0", "1"):
        ben.post(f"{ROOT}/calendar/move/", {**where, "fold": fold})
        with here():
            found.append(Post.objects.get().scheduled_at)

    first = datetime(2030, 10, 27, 0, 15, tzinfo=UTC)
    assert found == [first, first + timedelta(hours=1)]


def test_a_refused_move_says_why_where_the_chip_was_dropped(cast, client_as, here):
    with here():
        post = make_post(cast, scheduled_at=AT)

    answer = client_as(cast.ben).post(
        f"{ROOT}/calendar/move/",
        {"post": post.pk, "date": "2020-01-01", "time": "09:15"},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 422
    assert 'data-toast-text="This time is over. Choose a later one."' in answer.content.decode()
    with here():
        assert Post.objects.get().scheduled_at == AT


def test_the_filters_of_the_month_hold_in_week_and_day_and_lead_on(cast, client_as, here):
    with here():
        mastodon = make_channel(cast)
        make_post(cast, "For the newsroom", scheduled_at=AT)
        make_post(cast, "For Mastodon", scheduled_at=AT, channels=[mastodon])
    ben = client_as(cast.ben)

    for path in ("weeks/2030-03-19/", "days/2030-03-19/"):
        page = ben.get(f"{ROOT}/calendar/{path}?channel={mastodon.pk}")
        assert "For Mastodon" in text_of(page)
        assert "For the newsroom" not in text_of(page)
        assert "Channel: Mastodon" in text_of(page)
        for way in ("calendar/", "calendar/weeks/2030-03-19/", "calendar/days/2030-03-19/", "posts/"):
            assert f'href="{ROOT}/{way}?channel={mastodon.pk}"' in page.content.decode()


def test_a_day_of_more_posts_than_a_page_shows_no_hour_as_free_that_is_not(cast, client_as, here):
    with here():
        for number in range(102):
            make_post(cast, f"Post {number}", channels=[], scheduled_at=AT + timedelta(minutes=number))
    ben = client_as(cast.ben)

    first = ben.get(f"{ROOT}/calendar/days/2030-03-19/")
    older = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
    second = ben.get(f"{ROOT}/calendar/days/2030-03-19/{older}")

    assert 'data-hour="11"' not in first.content.decode()
    assert 'data-hour="10"' in second.content.decode()
    assert 'data-hour="09"' not in second.content.decode()
    assert 'data-hour="23"' in second.content.decode()


@pytest.mark.parametrize("path", ["weeks/1900-01-01/", "weeks/9000-12-31/", "days/9000-12-31/"])
def test_the_ends_of_time_break_nothing(cast, client_as, path):
    assert client_as(cast.ben).get(f"{ROOT}/calendar/{path}").status_code == 200


def test_no_day_leads_to_the_month(cast, client_as):
    answer = client_as(cast.ben).get(f"{ROOT}/calendar/weeks/{date.min}x/")

    assert answer["Location"] == f"{ROOT}/calendar/"
