"""What a delivery costs, in exact counts: statements, commits and calls (issue 6, rows 9 to 11)."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from publishing import ledger
from publishing.models import Delivery
from publishing.services.delivering import deliver_bundle
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, fake_channel, plan_many

pytestmark = pytest.mark.services
READING = ["BEGIN", "bind", "publishing_delivery", "networks_channelsecret", "COMMIT"]
ONE = [
    *("BEGIN", "bind", "publishing_look", "publishing_announce", "calendar_app_post", "COMMIT"),
    *("BEGIN", "bind", "publishing_accept", "activity_entry", "calendar_app_post", "COMMIT"),
]


def word(sql: str) -> str:
    """Return what a statement is about, in one word."""
    if sql in ("BEGIN", "COMMIT"):
        return sql
    if "app.workspace" in sql:
        return "bind"
    names = ("publishing_look", "publishing_announce", "publishing_accept", "activity_entry")
    tables = ("networks_channelsecret", "publishing_delivery", "calendar_app_post")
    return next(name for name in (*names, *tables) if name in sql)


@pytest.mark.parametrize("count", [1, 4])
def test_row_10_a_delivery_costs_two_commits_ten_statements_and_one_call(live_cast, net, count):
    allow_policy(live_cast.acme)
    texts = [f"Kopi {n}" for n in range(count)]
    with workspace_scope(live_cast.acme.pk):
        channel = fake_channel(live_cast.acme, "N", net.url)
        list(plan_many(live_cast.acme, [channel], texts))
    claims = ledger.claim_due()

    with CaptureQueriesContext(connection) as ran:
        deliver_bundle(claims)

    assert [word(query["sql"]) for query in ran.captured_queries] == READING + ONE * count
    assert Counter(call.text for call in net.calls) == Counter(texts)
    assert net.reads == 0
    with workspace_scope(live_cast.acme.pk):
        assert set(Delivery.objects.values_list("state", flat=True)) == {"published"}


def test_row_9_a_full_batch_is_claimed_in_one_statement_and_one_commit(live_cast):
    allow_policy(live_cast.acme)
    with workspace_scope(live_cast.acme.pk):
        channel = fake_channel(live_cast.acme, "N", "http://127.0.0.1:9")
        list(plan_many(live_cast.acme, [channel], [f"Kopi {n}" for n in range(20)]))

    with CaptureQueriesContext(connection) as ran:
        claims = ledger.claim_due()

    assert len(claims) == 20
    assert [query["sql"].partition("(")[0] for query in ran.captured_queries] == [
        "BEGIN",
        "SELECT * FROM publishing_claim_due",
        "COMMIT",
    ]
