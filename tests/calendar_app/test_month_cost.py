"""What month, week and day cost (issue 2, gate 5; row 1 of the performance list): at most eight statements."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calendar_app.models import Post
from calendar_app.services.campaigns import create_campaign
from calendar_app.services.days import add_key_date, write_note
from calendar_app.services.reviews import submit_post
from core.clock import now
from publishing.services.holds import start_hold
from teams.models import Absence, Backup
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, plan
from tests.factories.posts import make_channel, make_post, newsroom_of

MONTH = "/w/acme/calendar/?month=2030-03"
WEEK, DAY = "/w/acme/calendar/weeks/2030-03-19/", "/w/acme/calendar/days/2030-03-19/"
AT = datetime(2030, 3, 19, 1, tzinfo=UTC)
MOST = 8


def working(queries: list[dict[str, str]]) -> list[str]:
    """Return the statements but for begin, commit, savepoints and bare bindings."""
    frames = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return [
        query["sql"]
        for query in queries
        if not query["sql"].startswith(frames)
        and not (query["sql"].startswith("SELECT set_config") and " FROM " not in query["sql"])
    ]


@pytest.fixture
def busy(cast):
    """A month in which everything is shown that can be: campaigns, a pause, covers, restricted channels, requests."""
    with workspace_scope(cast.acme.pk):
        by = cast.actor("ben")
        make_channel(cast, name="Closed", is_restricted=True)
        for number in range(6):
            make_post(cast, f"Kopi {number}", scheduled_at=AT + timedelta(days=number))
        days = {"starts_on": AT.date(), "ends_on": AT.date() + timedelta(days=9)}
        create_campaign(workspace=cast.acme, name="Raya open house", **days, by=by)
        write_note(workspace=cast.acme, on_date=AT.date(), text="Stock count", by=by)
        add_key_date(workspace=cast.acme, on_date=AT.date(), name="Nuzul", by=by)
        submit_post(post=Post.objects.earliest("id"), by=by)
        allow_policy(cast.acme)
        plan(cast.acme, [newsroom_of(cast)], "Planned", at=AT, by=cast.actor("ana"))
        start_hold(workspace=cast.acme, text="Storm warning", by=cast.actor("ana"))
        for absent, backup in ((cast.jun, cast.ben), (cast.cleo, cast.ana), (cast.ben, cast.farah)):
            Backup(workspace=cast.acme, member=absent, backup=backup, position=0).save()
        for absent in (cast.jun, cast.cleo):
            begun = now() - timedelta(hours=1)
            Absence(member=absent, kind="sick", starts_at=begun, recorded_by=cast.ana).save()
    return cast


@pytest.mark.parametrize("name", ["ana", "ben", "farah", "vera"])
@pytest.mark.parametrize(("view", "posts"), [(MONTH, 6), (WEEK, 6), (DAY, 1)])
def test_a_view_costs_at_most_eight_statements(busy, client_as, name, view, posts):
    client = client_as(getattr(busy, name))
    client.get(view)
    with CaptureQueriesContext(connection) as found:
        page = client.get(view)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))
    assert len(set(re.findall(r'data-id="([^"]+)"', page.content.decode()))) >= posts
    for shown in ("Raya open house", "Nuzul", "Outgoing posts are paused. Ana Rahman", "Channel"):
        assert shown in words
    statements = working(found.captured_queries)
    assert len(statements) <= MOST, "\n".join(statements)


def test_one_statement_brings_all_that_the_shell_shows(busy, client_as):
    words = {
        name: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client_as(member).get(MONTH).content.decode()))
        for name, member in (("ana", busy.ana), ("ben", busy.ben), ("vera", busy.vera))
    }
    assert "Approvals 1 waiting" in words["ana"]
    assert "Approvals 1 waiting" not in words["ben"]
    assert "Covering Cleo" in words["ana"]
    assert "Covering Jun" in words["ben"]
    assert "“Storm warning” 1 post waits." in words["ana"]
    assert "A team lead, an admin or the owner can resume." in words["vera"]
    assert "Acme Kopi" in words["vera"]
    assert "Other Tea" not in words["vera"]


def test_a_right_that_is_missing_costs_no_statement_until_somebody_reads_why(cast, client_as):
    """Vera's role lacks four of the rights the month asks for; who could give them is looked up for a refusal only."""
    client = client_as(cast.vera)
    client.get(MONTH)
    with CaptureQueriesContext(connection) as found:
        client.get(MONTH)
    asked = [sql for sql in working(found.captured_queries) if '"teams_role"' in sql and " LIMIT 200" in sql]
    assert asked == []
