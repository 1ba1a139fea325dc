"""My work: one list, in groups, with what is done for whom (R7.1, R7.2)."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.formats import date_format

from approvals.models import Request, RequestStep
from approvals.services.decisions import decide
from calendar_app.models import Post
from core.clock import now
from core.refs import Ref
from home.selectors import Number, Work, group_of, grouped
from networks.models import Channel
from teams.services.backups import set_backups
from teams.tenancy import workspace_scope
from teams.work import WorkItem
from tests.approvals.paper import away
from tests.approvals.test_api import submit_for
from tests.teams.test_absences import fresh

ZONE = ZoneInfo("Asia/Kuala_Lumpur")


def short(when) -> str:
    return date_format(when.astimezone(ZONE), "j M")


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
    work = Work([item], None, [Number(group, None, 3)])
    assert [(part.key, part.size) for part in grouped(work, at, ZONE)] == [(group, 3)]


def test_overdue_stands_first_and_own_submissions_wait(cast, client_as):
    post = submit_for(cast, "ben")
    with workspace_scope(cast.acme.pk):
        RequestStep.objects.filter(request__subject_id=post.pk).update(due_at=now() - timedelta(hours=1))
    page = words(client_as(cast.cleo).get("/w/acme/work/"))
    assert "Overdue 1" in page
    assert "approve, Ben Tan asked" in page
    assert "Waiting for others 1" in words(client_as(cast.ben).get("/w/acme/work/"))
    assert "Nothing waits for you" in words(client_as(cast.vera).get("/w/acme/work/"))


def test_each_row_says_its_time_and_since_when_it_waits(cast, client_as):
    """R7.1: when it is due; else when the post goes out, or how soon; without a due time, since when it waits."""
    at = now().replace(second=0, microsecond=0)
    ahead, due = at + timedelta(days=30), at + timedelta(days=20)

    def row(who: str) -> str:
        return words(client_as(getattr(cast, who)).get("/w/acme/work/"))

    post = submit_for(cast, "ben")
    submitted = date_format(now().astimezone(ZONE), "H:i")[:2]
    with workspace_scope(cast.acme.pk):
        Post.objects.filter(pk=post.pk).update(
            scheduled_at=ahead, wall_time=ahead.isoformat()[:16], zone=ZONE.key
        )
    assert re.search(rf"in review: \w+ · since {submitted}:\d\d .*goes out {short(ahead)}", row("ben"))
    assert re.search(rf"Ben Tan asked · since .*goes out {short(ahead)}", row("cleo"))
    with workspace_scope(cast.acme.pk):
        RequestStep.objects.filter(request__subject_id=post.pk).update(due_at=due)
    assert re.search(rf"Ben Tan asked (?!· since).*{short(due)}", row("cleo"))
    assert "goes out" not in row("cleo")
    with workspace_scope(cast.acme.pk):
        Post.objects.filter(pk=post.pk).update(
            state="needs_attention", scheduled_at=now() - timedelta(days=1)
        )
    assert re.search(r"say whether it is live · since \d\d:\d\d Look now", row("ben"))
    with workspace_scope(cast.acme.pk):
        Post.objects.filter(pk=post.pk).update(state="partly_published")
    assert re.search(r"not on every channel · since \d\d:\d\d Look today", row("ben"))


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


def test_what_came_back_to_the_absent_waits_for_the_backup(cast, client_as):
    """R7.1: sent-back and failed posts of who is away stand on the backup's list, within what he covers."""
    post = submit_for(cast, "jun")
    with workspace_scope(cast.acme.pk):
        request = Request.objects.get(subject_id=post.pk)
        decide(
            request=request,
            verdict="request_changes",
            revision_id=request.revision_id,
            note="Why.",
            by=cast.actor("cleo"),
        )
        away(cast, "jun", "farah")
    page = words(client_as(cast.farah).get("/w/acme/work/"))
    assert re.search(r"came back: changes are asked for · since \d\d:\d\d J? ?for Jun", page), page
    assert "came back: changes" not in words(client_as(cast.ben).get("/w/acme/work/"))
    with workspace_scope(cast.acme.pk):
        Post.objects.filter(pk=post.pk).update(state="needs_attention")
        channel = Ref("networks.channel", Channel.objects.get(kind="newsroom").pk)
        set_backups(member=fresh(cast.jun), backups=[fresh(cast.vera)], by=cast.actor("ana"), scope=channel)
    assert "say whether it is live" in words(client_as(cast.vera).get("/w/acme/work/"))
    assert "say whether it is live" not in words(client_as(cast.farah).get("/w/acme/work/"))


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
