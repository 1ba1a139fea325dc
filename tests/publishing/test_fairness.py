"""Shares of the scan: no workspace, network, application or channel has every slot (issue 6, "Speed and fairness")."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F

from core.clock import now
from networks.models import Channel
from networks.protocol import Pace
from publishing import ledger
from publishing.models import Delivery
from publishing.services.delivering import deliver_bundle
from publishing.timing import clock
from teams.models import Workspace
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, fake_channel, plan_many
from tests.fakes.fake_networks import FAKES

URL = "http://127.0.0.1:9"
BACKLOG = 4_000


@dataclass
class Town:
    """Two workspaces whose posts are due."""

    acme: Workspace
    other: Workspace

    def due(self, workspace: Workspace, count: int, *, capability: str = "D", **fields: object) -> Channel:
        """Make a channel with so many posts due."""
        facts = fields.pop("facts", {"url": URL})
        with workspace_scope(workspace.pk):
            channel = fake_channel(workspace, capability, URL)
            Channel.objects.filter(pk=channel.pk).update(facts=facts)
            list(plan_many(workspace, [channel], [f"{channel.pk} {n}" for n in range(count)]))
        return channel

    def become_slow(self, claims: Iterable[ledger.Claim]) -> None:
        """Let claims be calls that have been under way for a while."""
        idents = [claim.delivery_id for claim in claims]
        for workspace in (self.acme, self.other):
            with workspace_scope(workspace.pk):
                Delivery.objects.filter(pk__in=idents).update(
                    state="sending",
                    claimed_at=F("claimed_at") - timedelta(seconds=9),
                    settle_until=clock(60),
                    lease_until=clock(60),
                )


@pytest.fixture
def town(cast) -> Town:
    for workspace in (cast.acme, cast.other):
        with workspace_scope(workspace.pk):
            allow_policy(workspace)
    return Town(cast.acme, cast.other)


def channels_of(claims: Iterable[ledger.Claim]) -> Counter[object]:
    return Counter(claim.channel_id for claim in claims)


def test_a_workspace_gets_three_quarters_of_the_slots_and_another_what_is_left(town):
    own = [town.due(town.acme, 12, facts={"server": f"s{n}"}) for n in range(3)]
    first = ledger.claim_due(slots=16, most_in_message=1)
    assert len(first) == 12
    assert set(channels_of(first)) == {channel.pk for channel in own}

    last = town.due(town.other, 2, capability="N")

    assert channels_of(ledger.claim_due(slots=16, most_in_message=1)) == {last.pk: 2}


def test_a_slow_network_of_a_workspace_leaves_its_other_networks_theirs(town):
    for n in range(3):
        town.due(town.acme, 12, facts={"server": f"s{n}"})
    slow = ledger.claim_due(4, slots=16, most_in_message=1)
    town.become_slow(slow)
    quick = town.due(town.acme, 3, capability="N")

    assert channels_of(ledger.claim_due(slots=16, most_in_message=1)) == {quick.pk: 3}


@pytest.mark.parametrize(
    ("facts", "capability", "beside"),
    [
        ([{"server": "a"}, {"server": "b"}], "K", "N"),
        ([{"server": "a"}, {"server": "a"}], "F", "N"),
    ],
    ids=["network", "application"],
)
def test_a_slow_network_holds_a_quarter_and_others_go_on(town, facts, capability, beside):
    town.due(town.acme, 20, capability=capability, facts=facts[0])
    town.due(town.acme, 20, capability=capability, facts=facts[1])
    town.become_slow(ledger.claim_due(4, slots=16, most_in_message=1))
    assert ledger.claim_due(slots=16, most_in_message=1) == []

    quick = town.due(town.other, 3, capability=beside)

    assert channels_of(ledger.claim_due(slots=16, most_in_message=1)) == {quick.pk: 3}


def test_one_slow_server_of_a_network_leaves_the_others_theirs(town):
    town.due(town.acme, 20, facts={"server": "slow"})
    slow = ledger.claim_due(4, slots=32, most_in_message=1)
    town.become_slow(slow)
    well = town.due(town.other, 20, facts={"server": "well"})

    claims = ledger.claim_due(slots=32, most_in_message=1)

    assert channels_of(claims)[well.pk] == 4


def test_one_channel_never_has_more_than_three_eighths_of_the_slots(town):
    town.due(town.acme, 30)

    assert len(ledger.claim_due(slots=16, most_in_message=1)) == 6
    assert ledger.claim_due(slots=16, most_in_message=1) == []


def test_no_more_is_under_way_than_there_are_slots(town):
    for n in range(4):
        town.due(town.acme, 9, facts={"server": f"a{n}"})
        town.due(town.other, 9, capability="N", facts={"server": f"b{n}"})

    claims = ledger.claim_due(slots=8, most_in_message=1)

    assert len(claims) == 8
    assert Counter(claim.workspace_id for claim in claims) == {town.acme.pk: 4, town.other.pk: 4}
    assert ledger.claim_due(slots=8, most_in_message=1) == []


def test_what_is_carried_together_is_of_one_channel_and_takes_one_slot(town):
    one, two = (town.due(town.acme, 40, capability=kind) for kind in "DN")

    claims = ledger.claim_due(slots=8, most_in_message=4)

    bundles = ledger.bundles(claims)
    assert {(len(bundle), len({claim.channel_id for claim in bundle})) for bundle in bundles} == {(4, 1)}
    assert channels_of(claims) == {one.pk: 12, two.pk: 12}
    assert len(bundles) == 6
    assert ledger.claim_due(slots=6, most_in_message=4) == []


def test_claims_in_lost_messages_take_no_slots_from_others(town):
    for n in range(4):
        town.due(town.acme, 9, facts={"server": f"s{n}"})
    assert len(ledger.claim_due(slots=4, most_in_message=1)) == 3
    assert ledger.claim_due(slots=4, most_in_message=1) == []
    with workspace_scope(town.acme.pk):
        Delivery.objects.filter(state="claimed").update(claimed_at=F("claimed_at") - timedelta(seconds=6))

    assert len(ledger.claim_due(slots=4, most_in_message=1)) == 3


def test_row_13_a_long_line_hides_nobody(town):
    """A workspace with more due rows than are looked at, all of them earlier, delays no other."""
    channel = town.due(town.acme, 60)
    with workspace_scope(town.acme.pk):
        Delivery.objects.filter(channel=channel).update(run_at=clock(-3600))
    town.become_slow(ledger.claim_due(4, slots=16, most_in_message=1))
    late = town.due(town.other, 1, capability="N")

    assert ledger.claim_due(10, slots=16, most_in_message=1, is_far=False) == []
    assert channels_of(ledger.claim_due(10, slots=16, most_in_message=1)) == {late.pk: 1}


def test_a_channel_spends_its_tokens_and_gets_them_back_in_time(town, monkeypatch):
    monkeypatch.setattr(FAKES["D"], "pace", Pace(every_seconds=60.0, burst=3))
    channel = town.due(town.acme, 9)
    free = town.due(town.acme, 2, capability="N")

    assert channels_of(ledger.claim_due()) == {channel.pk: 3, free.pk: 2}
    assert ledger.claim_due() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE publishing_pace SET free_at = free_at - interval '121 seconds'")
    assert channels_of(ledger.claim_due()) == {channel.pk: 2}


@pytest.mark.parametrize("pace", [None, Pace(every_seconds=0.01, burst=5)])
def test_a_network_that_says_wait_is_heard_for_the_whole_channel(town, net, monkeypatch, pace):
    monkeypatch.setattr(FAKES["D"], "pace", pace)
    channel = town.due(town.acme, 5, facts={"url": net.url})
    texts = [f"{channel.pk} {n}" for n in range(5)]
    net.tell(texts[0], "limit:30")
    claims = ledger.claim_due(slots=1, most_in_message=5)
    assert len(ledger.bundles(claims)) == 1

    deliver_bundle(sorted(claims, key=lambda claim: claim.delivery_id))

    assert [call.text for call in net.calls] == texts[:1]
    assert ledger.claim_due() == []
    with workspace_scope(town.acme.pk):
        waiting = Delivery.objects.exclude(post__title=texts[0])
        assert set(waiting.values_list("state", "attempt_no")) == {("scheduled", 0)}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE publishing_pace SET free_at = free_at - interval '31 seconds'")
    assert len(ledger.claim_due()) == 4


def test_row_9_the_scan_touches_no_row_that_is_not_due(team):
    """A claim over a backlog reads the few rows that are due and not the table, whatever its size."""
    channel = fake_channel(team.acme, "D", URL)
    (row,) = plan_many(team.acme, [channel], ["Kopi"], at=now() + timedelta(days=3))
    list(plan_many(team.acme, [channel], ["Teh", "Milo"]))
    columns = [field.column for field in Delivery._meta.concrete_fields]
    kept = ", ".join(name for name in columns if name not in ("id", "occurrence_no"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO publishing_delivery (id, occurrence_no, {kept}) SELECT gen_random_uuid(), n, {kept}"
            " FROM publishing_delivery, generate_series(2, %s) AS n WHERE post_id = %s",
            [BACKLOG, str(row.pk)],
        )
        cursor.execute("ANALYZE publishing_delivery; DISCARD PLANS")
        before = _read(cursor)
        assert len(ledger.claim_due()) == 2
        after = _read(cursor)
    scans, rows, by_index = (b - a for a, b in zip(before, after, strict=True))
    assert (scans, rows) == (0, 0)
    assert 2 <= by_index <= 40


def _read(cursor: CursorWrapper) -> tuple[int, int, int]:
    """Return how often this transaction read the table through, the rows of that, and those found by an index.

    Only rows count: the entries that rolled-back tests leave in an index do not.
    """
    cursor.execute(
        "SELECT pg_stat_get_xact_numscans(t), pg_stat_get_xact_tuples_returned(t),"
        " (SELECT sum(pg_stat_get_xact_tuples_fetched(indexrelid))::integer FROM pg_index WHERE indrelid = t)"
        " FROM (SELECT 'publishing_delivery'::regclass::oid) AS of (t)"
    )
    found: tuple[int, int, int] = cursor.fetchone()
    return found
