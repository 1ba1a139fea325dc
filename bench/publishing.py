"""Rows about publishing: the due scan against bare SKIP LOCKED, deliveries end to end, one post on time."""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg2

from bench.crew import Crew, come_due, crew, drain, lateness, plan
from bench.crew import workspace as make_workspace
from bench.harness import Figure, compare, median
from tests.support.services import Cluster

BATCH = 100
CLAIMS = 20
CLAIM_ROUNDS = 15
CLAIM_WORKSPACES = 5
CLAIM_CHANNELS = 4
FUTURE_ROWS = 1_000_000
DELIVERIES = 1_000
BURST = 1_000
BURST_LATENCY = 0.2
TOWN_WORKSPACES = 10
TOWN_CHANNELS = 5
IDLE_POSTS = 12
CROWD_POSTS = 1_000
CROWD_ROWS = 50_000

BARE_CLAIM = """
UPDATE bench_bare SET state = 'claimed' WHERE id IN (
    SELECT id FROM bench_bare WHERE state = 'scheduled' AND run_at <= now() ORDER BY run_at LIMIT %s
    FOR UPDATE SKIP LOCKED
) RETURNING id
"""


def rows(cluster: Cluster, database: str, wants: Callable[..., bool]) -> list[Figure]:
    """Return the rows 9 to 13; `database` is migrated and empty, and the present one."""
    figures: list[Figure] = []
    if wants("9"):
        figures += claim_rate(cluster.admin_dsn(database))
    if wants("10", "11", "12", "13"):
        figures += end_to_end(cluster, database, wants)
    return figures


def claim_rate(admin_dsn: str) -> list[Figure]:
    """Compare claiming with fair shares, leases and tokens to the least statement that could claim at all.

    Both run over the same number of due rows and by the same connection's role, with and without a backlog of
    rows that are not due.
    """
    from core.clock import now

    count = BATCH * CLAIMS // (CLAIM_WORKSPACES * CLAIM_CHANNELS)
    for _ in range(CLAIM_WORKSPACES):
        workspace, *channels = make_workspace(channels=CLAIM_CHANNELS)
        for channel in channels:
            posts = plan(workspace, channel, [f"Due {n}" for n in range(count)])
            come_due(workspace, posts, now() - timedelta(seconds=1))
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
        with crew(cluster, database) as members:
            workspace, channel = make_workspace(net.url)
            _late(net, [(workspace, channel, [f"Warm {n}" for n in range(60)])], ahead=0.5)
            if wants("10"):
                figures += throughput(net, members)
            if wants("11"):
                figures += burst(net)
            if wants("12", "13"):
                alone = idle(net)
                figures += _late_figures("12 One post at an idle moment", alone, p50=0.5, p99=1.5)
            if wants("13"):
                figures += crowded(net, cluster.admin_dsn(database), alone)
    finally:
        net.close()
    return figures


def throughput(net: Any, members: Crew) -> list[Figure]:
    """Deliveries a second with everything due at once, against a bare loop of HTTP posts to the same network.

    The rate is that of a machine with whatever else it does; the processor time of workers, dispatcher, database
    and broker is not, and says what two cores could carry.
    """
    limit = _bare_posts(net, DELIVERIES // 2)
    before, spent = len(net.calls), members.cpu_seconds()
    late = _late(net, _town(net, "Rate", DELIVERIES), ahead=2.0)
    cost = (members.cpu_seconds() - spent) / DELIVERIES * 1000
    calls = sorted(call.at for call in net.calls[before:])
    assert len(calls) == len(late) == DELIVERIES, "a delivery was lost or doubled"
    rate = len(calls) / (calls[-1] - calls[0])
    return [
        Figure(
            "10 Deliveries end to end",
            round(rate, 1),
            None,
            round(limit, 1),
            round(rate / limit, 3),
            "per s",
            ">= 100/s on 2 cores",
            rate >= 100,
        ),
        Figure(
            "10 Processor time of a delivery",
            round(cost, 2),
            None,
            20.0,
            round(cost / 20.0, 3),
            "ms",
            "<= 20 ms: 100/s on 2 cores",
            cost <= 20,
        ),
    ]


def burst(net: Any) -> list[Figure]:
    """Lateness of posts that are all due in the same second, on a network that takes 200 ms to answer."""
    net.latency = BURST_LATENCY
    late = _late(net, _town(net, "Burst", BURST), ahead=3.0)
    net.latency = 0.0
    return _late_figures(f"11 {BURST} posts at once, 200 ms network", late, p50=2, p99=6)


def idle(net: Any, name: str = "Idle") -> list[float]:
    """Return the lateness of single posts of a workspace that plans nothing else."""
    workspace, channel = make_workspace(net.url)
    return [
        _late(net, [(workspace, channel, [f"{name} {n} {workspace.pk}"])], ahead=1.0 + n * 0.07)[0]
        for n in range(IDLE_POSTS)
    ]


def crowded(net: Any, admin_dsn: str, alone: list[float]) -> list[Figure]:
    """Lateness of single posts while another workspace has very many due, against the same at an idle moment."""
    workspace, channel = make_workspace(net.url)
    plan(workspace, channel, [f"Crowd {n}" for n in range(CROWD_POSTS)])
    with psycopg2.connect(admin_dsn) as link, link.cursor() as admin:
        _multiply(admin, workspace.pk, CROWD_ROWS // CROWD_POSTS)
        beside = idle(net, "Beside")
        admin.execute(
            "SELECT count(*) FROM publishing_delivery WHERE state = 'scheduled' AND run_at <= now()"
        )
        left = admin.fetchone()[0]
        _forget(admin)
    link.close()
    assert left > CROWD_ROWS / 2, "the crowd was gone before the posts beside it were measured"
    ratio = statistics.median(beside) / statistics.median(alone)
    return [
        Figure(
            f"13 One post beside {CROWD_ROWS:,} of another workspace",
            round(statistics.median(beside), 3),
            None,
            round(statistics.median(alone), 3),
            round(ratio, 3),
            "s late, p50",
            "<= 2x idle",
            ratio <= 2,
        )
    ]


def _town(net: Any, name: str, count: int) -> list[tuple[Any, Any, list[str]]]:
    """Spread posts over workspaces and channels, as a full hour of an agency has them."""
    town = []
    for n in range(TOWN_WORKSPACES):
        workspace, *channels = make_workspace(net.url, channels=TOWN_CHANNELS)
        share = count // (TOWN_WORKSPACES * TOWN_CHANNELS)
        for m, channel in enumerate(channels):
            town.append((workspace, channel, [f"{name} {n}-{m}-{i} {channel.pk}" for i in range(share)]))
    return town


def _late(net: Any, town: list[tuple[Any, Any, list[str]]], *, ahead: float) -> list[float]:
    """Plan posts, let all of them come due at one instant, return how late each call was."""
    from publishing.statements import read_clock

    planned = [(workspace, plan(workspace, channel, texts)) for workspace, channel, texts in town]
    due = read_clock() + timedelta(seconds=ahead)
    for workspace, posts in planned:
        come_due(workspace, posts, due)
    texts = {text for _workspace, _channel, own in town for text in own}
    drain(net, texts)
    return lateness(net, texts, due)


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


def _multiply(admin: Any, workspace_id: Any, times: int) -> None:
    """Let each delivery of a workspace be due at once, and so many more occurrences of it, past the triggers."""
    admin.execute("SET session_replication_role = replica")
    admin.execute(
        "UPDATE publishing_delivery SET run_at = now(), scheduled_at = now() WHERE workspace_id = %s",
        [str(workspace_id)],
    )
    admin.execute(
        "SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0"
        " AND attrelid = 'publishing_delivery'::regclass AND attname NOT IN ('id', 'occurrence_no')"
    )
    columns = admin.fetchone()[0]
    sql = (
        f"INSERT INTO publishing_delivery (id, occurrence_no, {columns})"  # noqa: S608  # names from the catalogue
        f" SELECT gen_random_uuid(), n, {columns} FROM publishing_delivery, generate_series(2, %s) AS n"
        " WHERE workspace_id = %s"
    )
    admin.execute(sql, [times, str(workspace_id)])
    admin.execute("SET session_replication_role = origin; ANALYZE publishing_delivery; COMMIT")


def _forget(admin: Any) -> None:
    """Take away what would still come due while later rows are measured."""
    admin.execute("SET session_replication_role = replica; TRUNCATE publishing_delivery CASCADE; COMMIT")


def _claim_times(admin: Any) -> dict[str, list[float]]:
    """Return seconds per claim of a hundred, in turns; what was claimed is put back outside the time."""
    from publishing import ledger

    def ours() -> int:
        return len(ledger.claim_due(BATCH, slots=64, most_in_message=5))

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
