"""Row 19: half an hour at half load; what grows, what drifts, what is left lying in the tables."""

import time
from datetime import timedelta
from typing import Any

import psycopg2

from bench.crew import Crew, come_due, crew, drain, plan
from bench.crew import workspace as make_workspace
from bench.harness import Figure
from tests.support.services import Cluster

HALF_HOUR = 1800
RATE_PER_SECOND = 20
STEP_SECONDS = 2.0
AHEAD_SECONDS = 3.0
WARM_SHARE = 0.2


def seconds(wish: str) -> int:
    """Return how long to run: half an hour for 1, else so many seconds."""
    return HALF_HOUR if wish == "1" else int(wish)


def soak(cluster: Cluster, database: str, for_seconds: int) -> list[Figure]:
    """Feed the crew steadily; compare memory and lateness after the warm-up with those at the end."""
    from tests.support.fakenet import FakeNet

    net = FakeNet(latency=0.05).serve()
    try:
        with crew(cluster, database) as members, psycopg2.connect(cluster.admin_dsn(database)) as link:
            due, sizes = _feed(net, members, for_seconds)
            with link.cursor() as admin:
                admin.execute(
                    "SELECT n_dead_tup, n_live_tup FROM pg_stat_user_tables WHERE relname = 'publishing_delivery'"
                )
                dead, live = admin.fetchone()
    finally:
        net.close()
    return _figures(net, due, sizes, for_seconds, dead / max(1, live))


def _feed(net: Any, members: Crew, for_seconds: int) -> tuple[dict[str, float], list[dict[str, int]]]:
    """Plan posts step by step; return when each was due, and the memory of everybody at each step."""
    from publishing.statements import read_clock

    workspace, channel = make_workspace(net.url)
    due: dict[str, float] = {}
    sizes = []
    began = time.monotonic()
    step = 0
    while time.monotonic() - began < for_seconds:
        texts = [f"Soak {step}-{n}" for n in range(int(RATE_PER_SECOND * STEP_SECONDS))]
        posts = plan(workspace, channel, texts)
        at = read_clock() + timedelta(seconds=AHEAD_SECONDS)
        come_due(workspace, posts, at)
        due |= dict.fromkeys(texts, at.timestamp())
        sizes.append(members.rss_bytes())
        step += 1
        time.sleep(max(0.0, began + step * STEP_SECONDS - time.monotonic()))
    drain(net, set(due))
    return due, sizes


def _figures(
    net: Any, due: dict[str, float], sizes: list[dict[str, int]], for_seconds: int, dead: float
) -> list[Figure]:
    warm = sizes[int(len(sizes) * WARM_SHARE)]
    growth = max(sizes[-1][name] / warm[name] - 1 for name in warm)
    late = [call.at - due[call.text] for call in net.calls]
    third = len(late) // 3
    first, last = _p99(late[:third]), _p99(late[-third:])
    name = f"19 Soak of {for_seconds} s"
    return [
        Figure(
            f"{name}: calls",
            float(len(late)),
            None,
            float(len(due)),
            None,
            "",
            "each once",
            len(late) == len(due),
        ),
        Figure(f"{name}: memory", round(growth * 100, 2), None, None, None, "% more", "< 2 %", growth < 0.02),
        Figure(
            f"{name}: p99",
            round(last, 3),
            None,
            round(first, 3),
            round(last / first, 3),
            "s late",
            "drifts < 10 %",
            last / first < 1.10,
        ),
        Figure(f"{name}: dead rows", round(dead, 3), None, None, None, "of live", "bounded: < 1", dead < 1),
    ]


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
