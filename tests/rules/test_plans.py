"""No page and no scan reads a big table from end to end (issue 2, gate 5: index use).

PostgreSQL counts what it reads by sequential scan, inside its functions too: so what is judged is the plan that
ran, with the values and policies of the run, and not one that was asked for besides.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from django.db import connection

from bench.data import fill_posts
from publishing import ledger
from publishing.models import Delivery
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, plan_many
from tests.factories.posts import newsroom_of
from tests.support import plugin

pytestmark = pytest.mark.crawl

BIG = ("calendar_app_post", "calendar_app_postchannel", "calendar_app_revision", "publishing_delivery")
MONTH = "2030-03"
OWN, IN_MONTH, OF_ANOTHER = 2_000, 100, 20_000
LATER = 20_000


@pytest.fixture
def full(live_cast) -> Iterator[psycopg2.extensions.cursor]:
    """Two workspaces full of posts, and a ledger full of deliveries that come due some day; as the administrator."""
    dsn = plugin.cluster.admin_dsn(plugin.database)
    with workspace_scope(live_cast.acme.pk):
        allow_policy(live_cast.acme)
        list(plan_many(live_cast.acme, [newsroom_of(live_cast)], ["Due now", "Due some day"]))
        later = Delivery.objects.order_by("-pk").values_list("pk", flat=True)[0]
    fill_posts(dsn, live_cast.acme.pk, posts=OWN, in_month=IN_MONTH, month=f"{MONTH}-01T00:00:00Z")
    fill_posts(dsn, live_cast.other.pk, posts=OF_ANOTHER, in_month=300, month=f"{MONTH}-01T00:00:00Z")
    link = psycopg2.connect(dsn)
    link.autocommit = True
    with link.cursor() as cursor:
        fill_ledger(cursor, str(later))
        cursor.execute("ANALYZE")
        yield cursor
    link.close()


def fill_ledger(cursor: psycopg2.extensions.cursor, pk: str) -> None:
    """Make very many of one delivery, due in a month, past the triggers."""
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("UPDATE publishing_delivery SET run_at = now() + interval '30 days' WHERE id = %s", [pk])
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ',') FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        " AND attrelid = 'publishing_delivery'::regclass AND attname NOT IN ('id', 'post_id')"
    )
    (columns,) = cursor.fetchone()
    cursor.execute(
        f"INSERT INTO publishing_delivery (id, post_id, {columns}) SELECT gen_random_uuid(), gen_random_uuid(),"
        f" {columns} FROM publishing_delivery, generate_series(1, %s) WHERE id = %s",
        [LATER, pk],
    )
    cursor.execute("SET session_replication_role = origin")


def test_the_month_the_lists_and_the_due_scan_read_no_big_table_from_end_to_end(full, live_cast, client_as):
    client = client_as(live_cast.ben)
    asked: dict[str, Callable[[], object]] = {
        "month": lambda: client.get(f"/w/acme/calendar/?month={MONTH}").content,
        "posts": lambda: client.get("/w/acme/posts/").content,
        "api posts": lambda: client.get("/api/v1/w/acme/posts/").content,
        "due scan": ledger.claim_due,
    }
    answers, scanned = {}, {}
    for name, ask in asked.items():
        with reading(full) as scanned[name]:
            answers[name] = ask()

    assert answers["month"].count(b'class="post-chip') >= IN_MONTH // 2
    assert b"Harvest" in answers["posts"]
    assert answers["api posts"].startswith(b'{"results":[{')
    assert len(answers["due scan"]) == 1
    assert scanned == {name: {} for name in asked}


def test_the_counter_sees_a_table_that_is_read_from_end_to_end(full, live_cast):
    with reading(full) as scanned, workspace_scope(live_cast.acme.pk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off; SELECT count(*) FROM calendar_app_post")
    assert scanned == {"calendar_app_post": OWN + OF_ANOTHER + 2}


@contextmanager
def reading(cursor: psycopg2.extensions.cursor) -> Iterator[dict[str, int]]:
    """Collect how many rows of each big table were read by sequential scan meanwhile."""
    before = read_rows(cursor)
    found: dict[str, int] = {}
    yield found
    after = read_rows(cursor)
    found.update({table: rows - before[table] for table, rows in after.items() if rows != before[table]})


def read_rows(cursor: psycopg2.extensions.cursor) -> dict[str, int]:
    with connection.cursor() as own:
        own.execute("SELECT pg_stat_force_next_flush()")
    cursor.execute("SELECT pg_stat_clear_snapshot()")
    cursor.execute(
        "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE relname = ANY(%s) AND schemaname = 'public'",
        [list(BIG)],
    )
    return dict(cursor.fetchall())
