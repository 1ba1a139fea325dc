"""The checker: the eleven invariants of the engine over a recorded history, each with what breaks it. Pure."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.history import History, Row

FINAL = {"published", "rejected", "failed", "expired", "cancelled", "needs_attention"}
NOT_LIVE = {"rejected", "failed", "expired", "cancelled"}
MAY_BE_LIVE = {"", "unknown", "accepted"}
DEFINITE = {"accepted", "rejected"}
CLOCK_SLACK = 0.05
"""Network and database read clocks of one machine, and the database rounds to microseconds."""


@dataclass(frozen=True)
class Verdict:
    """One invariant: how much was looked at, and what breaks it."""

    name: str
    looked_at: int
    broken: tuple[str, ...]


def check(history: History) -> list[Verdict]:
    """Return the verdict on each invariant, in order."""
    return [
        Verdict(f"{name} {words}", size(history), tuple(find(history)))
        for name, words, size, find in INVARIANTS
    ]


def _copies(history: History) -> Counter[str]:
    return Counter(item.text for item in history.live)


def _doubles(history: History) -> list[str]:
    return [f"{text}: {count} copies" for text, count in _copies(history).items() if count > 1]


def _unfinished(history: History) -> list[str]:
    return [f"{row.text}: {row.state}" for row in history.rows if row.state not in FINAL and not row.is_held]


def _untrue(history: History) -> list[str]:
    where = {(item.text, item.ident) for item in history.live}
    return [
        f"{row.text}: {row.remote_id!r} is not live"
        for row in history.rows
        if row.state == "published" and (row.text, row.remote_id) not in where
    ]


def _live_after_all(history: History) -> list[str]:
    copies = _copies(history)
    return [
        f"{row.text}: {row.state}, and live"
        for row in history.rows
        if row.state in NOT_LIVE and copies[row.text]
    ]


def _needless_questions(history: History) -> list[str]:
    return [f"{row.text}: {row.reason}" for row in history.rows if _is_asked(row) and not _is_ambiguous(row)]


def _is_asked(row: Row) -> bool:
    return row.state == "needs_attention"


def _is_ambiguous(row: Row) -> bool:
    """Tell whether people had to be asked: class N and a call without a definitive answer."""
    return row.capability == "N" and bool(MAY_BE_LIVE.intersection(row.outcomes))


def _changed(history: History) -> list[str]:
    known = {row.text for row in history.rows if row.is_intact}
    return [f"{item.text}: not what was approved" for item in history.live if item.text not in known]


def _early(history: History) -> list[str]:
    due = {row.text: row.scheduled_at for row in history.rows}
    return [
        f"{call.text}: {due[call.text] - call.at:.3f} s early"
        for call in history.calls
        if call.text in due and call.at < due[call.text] - CLOCK_SLACK
    ]


def _late(history: History) -> list[str]:
    return [
        f"{row.text}: {row.published_at - row.scheduled_at:.1f} s late after {', '.join(row.outcomes)}"
        for row in history.rows
        if row.published_at is not None and row.published_at - row.scheduled_at > _bound(row, history)
    ]


def _bound(row: Row, history: History) -> float:
    """Return how late a row may be: what the faults around it cost, and once more for each call left without a word."""
    vain = sum(outcome not in DEFINITE for outcome in row.outcomes)
    return history.bound_seconds + vain * history.settling_seconds


def _unrecorded(history: History) -> list[str]:
    wrong = [
        f"{row.text}: {row.entries} entries"
        for row in history.rows
        if row.entries != (row.state == "published")
    ]
    return wrong + [f"seal: {words}" for words in history.seal_breaks]


def _across(history: History) -> list[str]:
    owner = {row.text: row.tenant for row in history.rows}
    seen = [(each.text, each.tenant) for each in [*history.calls, *history.live]]
    return [f"{text}: at {tenant}'s network" for text, tenant in seen if owner.get(text) != tenant]


def _let_out(history: History) -> list[str]:
    held = {row.text: row for row in history.rows if row.is_held}
    went = [f"{each.text}: went out" for each in [*history.calls, *history.live] if each.text in held]
    return went + [f"{text}: {row.state}" for text, row in held.items() if row.state != "scheduled"]


def _all(history: History) -> int:
    return len(history.rows)


def _of_state(state: str) -> Callable[[History], int]:
    return lambda history: sum(row.state == state for row in history.rows)


INVARIANTS: tuple[tuple[str, str, Callable[[History], int], Callable[[History], list[str]]], ...] = (
    ("I1", "never live more than once", _all, _doubles),
    ("I2", "all that is due comes to its end", _all, _unfinished),
    ("I3", "published is live, under the id that we know", _of_state("published"), _untrue),
    (
        "I4",
        "what was turned away or given up is not live",
        lambda h: sum(row.state in NOT_LIVE for row in h.rows),
        _live_after_all,
    ),
    (
        "I5",
        "people are asked only where nobody else can know",
        _of_state("needs_attention"),
        _needless_questions,
    ),
    ("I6", "what is live is what was approved", lambda h: len(h.live), _changed),
    ("I7", "nothing before its time", lambda h: len(h.calls), _early),
    ("I8", "lateness within its bound", _of_state("published"), _late),
    ("I9", "each publication on record once, the seal whole", _all, _unrecorded),
    ("I10", "nothing of one tenant at another's", lambda h: len(h.calls) + len(h.live), _across),
    ("I11", "a held channel sends nothing", lambda h: sum(row.is_held for row in h.rows), _let_out),
)
