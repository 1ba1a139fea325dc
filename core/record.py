"""The port through which every service writes down what was done."""

from typing import Any, Protocol

from core.refs import Ref
from core.registry import Port


class Recorder(Protocol):
    """Writes one activity entry, and its outbox rows, in the caller's transaction."""

    def __call__(self, verb: str, *, by: Any, subject: Ref, facts: dict[str, Any]) -> None: ...


recorder: Port[Recorder] = Port("core.record.recorder")


def record(verb: str, *, by: Any, subject: Ref, **facts: Any) -> None:
    """Record that `by` did `verb` to `subject`, as part of the transaction that did it.

    `facts` are ids, numbers and enumerations only: never names, addresses, tokens or text, so that a person
    can be erased without breaking the sealed chain.
    """
    recorder.impl(verb, by=by, subject=subject, facts=facts)
