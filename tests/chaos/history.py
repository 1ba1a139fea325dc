"""What a run leaves behind: each delivery as the ledger ends with it, each call as the network saw it, what is live."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Row:
    """One delivery at the end of the run. Instants in seconds since 1970, by clocks of one machine."""

    text: str
    tenant: str
    capability: str
    state: str
    reason: str
    scheduled_at: float
    published_at: float | None
    remote_id: str
    is_intact: bool
    outcomes: list[str]
    entries: int
    is_held: bool = False


@dataclass
class Call:
    """One call that could publish, as the network of a tenant saw it."""

    text: str
    tenant: str
    at: float
    action: str


@dataclass
class Live:
    """One item that readers see."""

    ident: str
    text: str
    tenant: str


@dataclass
class History:
    """The whole run; `seal_breaks` is what verifying the activity's chains found.

    A published row may be late by `bound_seconds`, and by `settling_seconds` more for each call that was not answered
    for good: the wait until the network is asked, its looks, and the next try.
    """

    seed: int
    bound_seconds: float
    settling_seconds: float
    rows: list[Row] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    live: list[Live] = field(default_factory=list)
    seal_breaks: list[str] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write it as JSON lines: the head, then each row, call and item."""
        head = {
            "seed": self.seed,
            "bound_seconds": self.bound_seconds,
            "settling_seconds": self.settling_seconds,
            "faults": self.faults,
        }
        lines: Iterable[dict[str, object]] = [
            {"head": head | {"seal_breaks": self.seal_breaks}},
            *({"row": asdict(row)} for row in self.rows),
            *({"call": asdict(call)} for call in self.calls),
            *({"live": asdict(item)} for item in self.live),
        ]
        path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")

    @classmethod
    def load(cls, path: Path) -> "History":
        """Read what `save` wrote."""
        found = cls(0, 0, 0)
        kinds = {"row": (found.rows, Row), "call": (found.calls, Call), "live": (found.live, Live)}
        for line in path.read_text().splitlines():
            ((kind, values),) = json.loads(line).items()
            if kind == "head":
                found.seed = values["seed"]
                found.bound_seconds, found.settling_seconds = (
                    values["bound_seconds"],
                    values["settling_seconds"],
                )
                found.faults, found.seal_breaks = values["faults"], values["seal_breaks"]
            else:
                into, make = kinds[kind]
                into.append(make(**values))
        return found
