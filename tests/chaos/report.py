"""The words of a run: faults done, invariants with their counts, lateness."""

from collections import Counter

from tests.chaos.checking import Verdict
from tests.chaos.history import History

SHOWN = 10


def lines(history: History, verdicts: list[Verdict], seconds: float) -> list[str]:
    """Return the report of a run."""
    states = Counter(f"{row.capability} {row.state}" for row in history.rows)
    late = sorted(row.published_at - row.scheduled_at for row in history.rows if row.published_at is not None)
    said = [
        f"seed {history.seed}: {len(history.rows)} deliveries, {len(history.calls)} calls, {seconds:.0f} s",
        "faults: " + ", ".join(f"{name} {count}" for name, count in sorted(history.faults.items())),
        "ended: " + ", ".join(f"{name} {count}" for name, count in sorted(states.items())),
    ]
    if late:
        points = [late[min(len(late) - 1, int(len(late) * part))] for part in (0.5, 0.99, 1)]
        said.append("lateness: p50 {:.2f} s, p99 {:.2f} s, most {:.2f} s".format(*points))
    for verdict in verdicts:
        words = f"{len(verdict.broken)} VIOLATIONS" if verdict.broken else "holds"
        said.append(f"{verdict.name:<58} {verdict.looked_at:>7} looked at   {words}")
        said += [f"    {each}" for each in verdict.broken[:SHOWN]]
    return said
