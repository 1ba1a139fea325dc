"""make chaos: DELIVERIES, FAULTS and SEED say how much; exit 1 on a violation, with the history kept."""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.support import plugin


def main() -> int:
    """Run, check, report."""
    import django

    plugin.make_database()
    django.setup()
    from django.conf import settings

    from tests.chaos.checking import check
    from tests.chaos.report import lines
    from tests.chaos.running import Plan, run
    from tests.factories.people import make_cast
    from tests.fakes.fake_networks import register_fakes

    register_fakes()
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    seed = int(os.environ.get("SEED") or time.time())
    plan = Plan(int(os.environ.get("DELIVERIES") or 2000), int(os.environ.get("FAULTS") or 100), seed)
    folder = Path(tempfile.mkdtemp(prefix=f"collab-chaos-{seed}-"))
    print(f"{plan.deliveries} deliveries, {plan.faults} faults, seed {seed}; logs in {folder}", flush=True)
    cast = make_cast()
    began = time.monotonic()
    history = run(plan, [cast.acme, cast.other], folder, lambda words: print(words, flush=True))
    verdicts = check(history)
    print("\n".join(lines(history, verdicts, time.monotonic() - began)), flush=True)
    if any(verdict.broken for verdict in verdicts):
        history.save(folder / "history.jsonl")
        print(f"The history is kept: {folder / 'history.jsonl'}. Again: make chaos SEED={seed}")
        return 1
    return 0


if __name__ == "__main__":
    try:
        status = main()
    finally:
        plugin.pytest_unconfigure(None)
    sys.exit(status)
