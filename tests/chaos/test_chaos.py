"""The chaos run of the suite: 2,000 deliveries of all classes, 100 faults, eleven invariants (issue 6, Proof 3)."""

import os
import time

import pytest

from tests.chaos.checking import check
from tests.chaos.report import lines
from tests.chaos.running import Plan, run
from tests.fakes.fake_networks import register_fakes

pytestmark = pytest.mark.final

SEED = 20261127


@pytest.mark.chaos
def test_no_invariant_breaks_under_a_hundred_faults(live_cast, settings, tmp_path):
    register_fakes()
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    plan = Plan(
        deliveries=int(os.environ.get("DELIVERIES") or 2000),
        faults=int(os.environ.get("FAULTS") or 100),
        seed=int(os.environ.get("SEED") or SEED),
    )
    began = time.monotonic()

    history = run(plan, [live_cast.acme, live_cast.other], tmp_path, print)

    verdicts = check(history)
    report = "\n".join(lines(history, verdicts, time.monotonic() - began))
    if any(verdict.broken for verdict in verdicts):
        history.save(tmp_path / "history.jsonl")
        pytest.fail(f"{report}\nhistory: {tmp_path / 'history.jsonl'}")
    print(report)
    assert len(history.rows) == plan.deliveries
    assert sum(history.faults.get(name, 0) for name in ("kill_process", "kill_worker")) > 0
