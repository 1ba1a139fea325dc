"""What upper apps tell of people between two meetings: what was published, missed, decided late."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise

from core.registry import Registry

MOST_HAPPENED = 12


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to somebody's work; `kind` is a key of the teller's words."""

    kind: str
    title: str
    at: datetime

    @property
    def row(self) -> dict[str, str]:
        """Return it as an update keeps it."""
        return {"kind": self.kind, "title": self.title[:120], "at": self.at.isoformat()}


Found = Mapping[UUID, Sequence[Happened]]


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells what happened to members' work in a span, in a fixed number of statements; `words` names its kinds.

    `wins` are the kinds that somebody may be glad of; the others are where help may be wanted.
    """

    find: Callable[[Collection[UUID], datetime, datetime], Found]
    words: "Mapping[str, str | Promise]"
    wins: frozenset[str]


tellers: Registry[Teller] = Registry("checkins.registry.tellers")
"""Upper apps add theirs at start."""


def happened_to(members: Collection[UUID], since: datetime, until: datetime) -> dict[UUID, list[Happened]]:
    """Return what happened to each of these members' work, oldest first, the latest twelve."""
    found: dict[UUID, list[Happened]] = {ident: [] for ident in members}
    for teller in tellers.values():
        for ident, things in teller.find(members, since, until).items():
            found[ident] += things
    return {ident: sorted(things, key=lambda one: one.at)[-MOST_HAPPENED:] for ident, things in found.items()}


def word_of(kind: str) -> str:
    """Return what a kind of happening is called."""
    return next((str(teller.words[kind]) for teller in tellers.values() if kind in teller.words), kind)


def is_win(kind: str) -> bool:
    """Tell whether somebody may be glad of it."""
    return any(kind in teller.wins for teller in tellers.values())
