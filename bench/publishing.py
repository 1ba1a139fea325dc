"""Rows about publishing: the due scan against bare SKIP LOCKED, deliveries end to end, one post on time."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2

from bench.harness import Figure, compare, median
from tests.support.services import Cluster

BATCH = 100
CLAIMS = 20
CLAIM_ROUNDS = 15
FUTURE_ROWS = 200_000
DELIVERIES = 1_000
BURST = 1_000
BURST_LATENCY = 0.2
IDLE_POSTS = 12
PROCESSES = 2
DRAIN_SECONDS = 180

BARE_CLAIM = """
UPDATE bench_bare SET state = 'claimed' WHERE id IN (
    SELECT id FROM bench_bare WHERE state = 'scheduled' AND run_at <= now() ORDER BY run_at LIMIT %s
    FOR UPDATE SKIP LOCKED
) RETURNING id
"""


def rows(cluster: Cluster, database: str, wants: Callable[..., bool]) -> list[Figure]:
    """Return the rows 9 to 12; `database` is migrated and empty, and the present one."""
    figures: list[Figure] = []
    if wants("9"):
        figures += claim_rate(cluster.admin_dsn(database))
    if wants("10", "11", "12"):
        figures += end_to_end(cluster, database, wants)
    return figures


def claim_rate(admin_dsn: str) -> list[Figure]:
    """Compare claiming with fair shares, leases and tokens to the least statement that could claim at all.

    Both run over the same number of due rows and by the same connection's role, with and without a backlog of
    rows that are not due.
    """
    workspace, channel = _workspace()
    _plan(workspace, channel, [f"Due {n}" for n in range(BATCH * CLAIMS)])
    figures = []
    with psycopg2.connect(admin_dsn) as link, link.cursor() as admin:
        _bare(admin)
        near = _claim_times(admin)
        figures.append(_rate("9 Due-scan claim", near, target=">= 50 % of the limit", least=0.5))
        _backlog(admin, FUTURE_ROWS)
        far = _claim_times(admin)
        ratio = median(far["ours"]) / median(near["ours"])
        figures.append(
            Figure(
                f"9 Claim with {FUTURE_ROWS:,} future rows",
                round(median(far["ours"]) * 1000, 3),
                None,
                round(median(near["ours"]) * 1000, 3),
                round(ratio, 3),
                "ms per 100",
                "< 1.10x",
                ratio < 1.10,
            )
        )
        _forget(admin)
    link.close()
    return figures


def end_to_end(cluster: Cluster, database: str, wants: Callable[..., bool]) -> list[Figure]:
    """Run real workers and a real dispatcher over a fake network on real sockets."""
    from tests.support.fakenet import FakeNet

    net = FakeNet().serve()
    figures: list[Figure] = []
    try:
        with crew(cluster, database):
            if wants("10"):
                figures.append(throughput(net))
            if wants("11"):
                figures += burst(net)
            if wants("12"):
                figures += idle(net)
    finally:
        net.close()
    return figures


def throughput(net: Any) -> Figure:
    """Deliveries a second with everything due at once, against a bare loop of HTTP posts to the same network."""
    workspace, channel = _workspace(net.url)
    _plan(workspace, channel, [f"Warm {n}" for n in range(50)])
    _drain(net, 50)
    limit = _bare_posts(net, DELIVERIES // 2)
    texts = [f"Rate {n}" for n in range(DELIVERIES)]
    posts = _plan(workspace, channel, texts, ahead=5.0)
    before = len(net.calls)
    _drain(net, before - len(net.live) + len(posts) + len(net.live))
    calls = sorted(call.at for call in net.calls[before:])
    rate = len(calls) / (calls[-1] - calls[0])
    assert all(net.copies(text) == 1 for text in texts[:: DELIVERIES // 50]), "a delivery was lost or doubled"
    return Figure(
        "10 Deliveries end to end",
        round(rate, 1),
        None,
        round(limit, 1),
        round(rate / limit, 3),
        "per s",
        ">= 100/s on 2 cores",
        rate >= 100,
    )


def burst(net: Any) -> list[Figure]:
    """Lateness of posts that are all due in the same second, on a network that takes 200 ms to answer."""
    workspace, channel = _workspace(net.url)
    net.latency = BURST_LATENCY
    lateness = _lateness(net, workspace, channel, [f"Burst {n}" for n in range(BURST)], ahead=6.0)
    net.latency = 0.0
    return _late_figures(f"11 {BURST} posts at once, 200 ms network", lateness, p50=2, p99=6)


def idle(net: Any) -> list[Figure]:
    """Lateness of single posts at an idle moment."""
    workspace, channel = _workspace(net.url)
    lateness = [
        _lateness(net, workspace, channel, [f"Idle {n} {workspace.pk}"], ahead=1.0 + n * 0.07)[0]
        for n in range(IDLE_POSTS)
    ]
    return _late_figures("12 One post at an idle moment", lateness, p50=0.5, p99=1.5)


@contextmanager
def crew(cluster: Cluster, database: str) -> Iterator[None]:
    """Run the product's workers and dispatcher with their own times, until the end of the block."""
    from publishing.services import heartbeats
    from tests.support.workers import Fleet

    with tempfile.TemporaryDirectory(prefix="collab-bench-crew-") as folder:
        fleet = Fleet(Path(folder), extra={**cluster.environment(database), "COLLAB_TEST_TIMES": "product"})
        try:
            for _ in range(PROCESSES):
                fleet.start("publish")
            fleet.start("dispatcher")
            fleet.wait_for(lambda: heartbeats.live_count("worker") == PROCESSES, 60, "workers")
            yield
        finally:
            fleet.stop()


def _workspace(url: str = "http://127.0.0.1:9") -> tuple[Any, Any]:
    from bench.data import make_workspaces
    from teams.models import Workspace
    from teams.tenancy import workspace_scope
    from tests.factories.deliveries import allow_policy, fake_channel
    from tests.fakes.fake_networks import register_fakes

    register_fakes()
    workspace = Workspace.objects.get(pk=make_workspaces(1)[0])
    allow_policy(workspace)
    with workspace_scope(workspace.pk):
        return workspace, fake_channel(workspace, "D", url)


def _plan(workspace: Any, channel: Any, texts: list[str], *, ahead: float = -1.0) -> list[Any]:
    """Write scheduled posts that come due `ahead` seconds after the last of them is committed."""
    from core.clock import now
    from publishing.models import Delivery
    from publishing.timing import clock
    from teams.tenancy import workspace_scope
    from tests.factories.deliveries import plan_many

    with workspace_scope(workspace.pk):
        posts = list(plan_many(workspace, [channel], texts, at=now() + timedelta(days=1)))
        at = clock(ahead)
        Delivery.objects.filter(post__in=posts).update(scheduled_at=at, run_at=at)
    return posts


def _drain(net: Any, count: int) -> None:
    until = time.monotonic() + DRAIN_SECONDS
    while len(net.calls) < count:
        assert time.monotonic() < until, f"{len(net.calls)} of {count} calls within {DRAIN_SECONDS} s"
        time.sleep(0.05)


def _lateness(net: Any, workspace: Any, channel: Any, texts: list[str], *, ahead: float) -> list[float]:
    """Return by how many seconds each call was late, by the network's and the database's clock of one machine."""
    from publishing.models import Delivery
    from teams.tenancy import workspace_scope

    before = len(net.calls)
    posts = _plan(workspace, channel, texts, ahead=ahead)
    _drain(net, before + len(texts))
    with workspace_scope(workspace.pk):
        due = dict(Delivery.objects.filter(post__in=posts).values_list("post__title", "scheduled_at"))
    return [call.at - due[call.text].timestamp() for call in net.calls[before:]]


def _late_figures(name: str, lateness: list[float], *, p50: float, p99: float) -> list[Figure]:
    ordered = sorted(lateness)
    middle, high = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return [
        Figure(
            f"{name}: p50",
            round(middle, 3),
            None,
            p50,
            round(middle / p50, 3),
            "s late",
            f"<= {p50} s",
            middle <= p50,
        ),
        Figure(
            f"{name}: p99",
            round(high, 3),
            None,
            p99,
            round(high / p99, 3),
            "s late",
            f"<= {p99} s",
            high <= p99,
        ),
        Figure(
            f"{name}: earliest", round(ordered[0], 3), None, 0, None, "s late", "never early", ordered[0] >= 0
        ),
    ]


def _bare_posts(net: Any, count: int) -> float:
    """Return how many posts a second one loop makes over the same client, with nothing written down."""
    from core.http import OutboundClient

    client = OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))
    started = time.perf_counter()
    for number in range(count):
        client.request("PUT", f"{net.url}/posts/bare-{number}", json={"text": "bare"})
    return count / (time.perf_counter() - started)


def _bare(admin: Any) -> None:
    admin.execute(
        "DROP TABLE IF EXISTS bench_bare; CREATE TABLE bench_bare (id uuid PRIMARY KEY, state varchar(16), run_at"
        " timestamptz); INSERT INTO bench_bare SELECT id, state, run_at FROM publishing_delivery;"
        " CREATE INDEX ON bench_bare (run_at) WHERE state = 'scheduled'"
    )
    admin.execute("ANALYZE bench_bare; ANALYZE publishing_delivery; COMMIT")


def _backlog(admin: Any, count: int) -> None:
    """Copy one row many times, each due in a month and more, past the triggers."""
    admin.execute("SET session_replication_role = replica")
    admin.execute("CREATE TEMP TABLE one AS SELECT * FROM publishing_delivery LIMIT 1")
    admin.execute(
        "UPDATE one SET state = 'scheduled', scheduled_at = now() + interval '30 days',"
        " run_at = now() + interval '30 days', lease_token = NULL, lease_until = NULL"
    )
    admin.execute(
        "SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'publishing_delivery'::regclass AND attnum > 0 AND attname NOT IN ('id', 'post_id')"
    )
    columns = admin.fetchone()[0]
    sql = (
        f"INSERT INTO publishing_delivery (id, post_id, {columns})"  # noqa: S608  # names from the catalogue
        f" SELECT gen_random_uuid(), gen_random_uuid(), {columns} FROM one, generate_series(1, %s)"
    )
    admin.execute(sql, [count])
    admin.execute("SET session_replication_role = origin; ANALYZE publishing_delivery; COMMIT")


def _forget(admin: Any) -> None:
    """Take away what would still come due while later rows are measured."""
    admin.execute("SET session_replication_role = replica; TRUNCATE publishing_delivery CASCADE; COMMIT")


def _claim_times(admin: Any) -> dict[str, list[float]]:
    """Return seconds per claim of a hundred, in turns; what was claimed is put back outside the time."""
    from publishing import ledger, timing

    timing.MOST_UNDER_WAY = timing.MOST_OF_ONE_WORKSPACE = 1_000_000

    def ours() -> int:
        return len(ledger.claim_due(BATCH))

    def bare() -> int:
        admin.execute(BARE_CLAIM, [BATCH])
        found = len(admin.fetchall())
        admin.execute("COMMIT")
        return found

    times: dict[str, list[float]] = {"ours": [], "limit": []}
    for number in range(CLAIM_ROUNDS + 2):
        for name, claim, table in (("ours", ours, "publishing_delivery"), ("limit", bare, "bench_bare")):
            started = time.perf_counter()
            assert claim() == BATCH
            if number >= 2:
                times[name].append(time.perf_counter() - started)
            admin.execute(f"UPDATE {table} SET state = 'scheduled' WHERE state = 'claimed'; COMMIT")  # noqa: S608
    return times


def _rate(name: str, times: dict[str, list[float]], *, target: str, least: float) -> Figure:
    figure = compare(name, times, unit="ms per 100", target=target)
    share = median(times["limit"]) / median(times["ours"])
    return Figure(
        figure.name,
        figure.ours,
        None,
        figure.limit,
        round(share, 3),
        "ms per 100",
        target,
        share >= least,
        figure.spread,
    )
