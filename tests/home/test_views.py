"""My work: one list, in groups, with what is done for whom (R7.1, R7.2)."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from approvals.models import RequestStep
from calendar_app.models import Post
from core.clock import now
from home.selectors import group_of, grouped
from teams.tenancy import workspace_scope
from teams.work import WorkItem
from tests.approvals.paper import away
from tests.approvals.test_api import submit_for

ZONE = ZoneInfo("Asia/Kuala_Lumpur")


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.parametrize(
    ("due", "is_waiting", "group"),
    [
        (None, False, "today"),
        ("2026-11-23T03:00:00+00:00", False, "overdue"),
        ("2026-11-23T15:59:00+00:00", False, "today"),
        ("2026-11-23T16:01:00+00:00", False, "later"),
        ("2026-11-20T00:00:00+00:00", True, "waiting"),
    ],
)
def test_an_item_stands_where_the_workspaces_day_puts_it(due, is_waiting, group):
    from datetime import datetime

    at = datetime.fromisoformat("2026-11-23T04:00:00+00:00")
    item = WorkItem("x", "X", "/", due_at=datetime.fromisoformat(due) if due else None, is_waiting=is_waiting)
    assert group_of(item, at, ZONE) == group
    assert [part.key for part in grouped([item], at, ZONE)] == [group]


def test_overdue_stands_first_and_own_submissions_wait(cast, client_as):
    post = submit_for(cast, "ben")
    with workspace_scope(cast.acme.pk):
        RequestStep.objects.filter(request__subject_id=post.pk).update(due_at=now() - timedelta(hours=1))
    page = words(client_as(cast.cleo).get("/w/acme/work/"))
    assert "Overdue 1" in page
    assert "approve, Ben Tan asked" in page
    assert "Waiting for others 1" in words(client_as(cast.ben).get("/w/acme/work/"))
    assert "Nothing waits for you" in words(client_as(cast.vera).get("/w/acme/work/"))


def test_covered_rows_say_for_whom_and_can_be_had_alone(cast, client_as):
    submit_for(cast, "jun")
    with workspace_scope(cast.acme.pk):
        away(cast, "cleo", "ben")
    client = client_as(cast.ben)
    page = words(client.get("/w/acme/work/"))
    assert "for Cleo" in page
    assert "All 1 Mine 0 For Cleo 1" in page
    assert "First pour" not in words(client.get("/w/acme/work/?whose=mine"))
    assert "First pour" in words(client.get(f"/w/acme/work/?whose={cast.cleo.pk}"))


def test_a_post_that_failed_wants_its_author(cast, client_as):
    post = submit_for(cast, "ben")
    with workspace_scope(cast.acme.pk):
        Post.objects.filter(pk=post.pk).update(state="needs_attention")
    page = words(client_as(cast.ben).get("/w/acme/work/"))
    assert "say whether it is live" in page
    assert "say whether" not in words(client_as(cast.jun).get("/w/acme/work/"))


def test_an_empty_workspace_shows_the_first_steps(cast, client_as):
    page = client_as(cast.eve).get("/w/other/work/")
    assert "Write the first post" in words(page)
    assert page.content.decode().count('data-is="now"') == 1
    assert "Write the first post" not in words(client_as(cast.vera).get("/w/acme/work/"))
