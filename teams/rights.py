"""Why somebody may or may not: each right with where it comes from, what narrows it, and whom to ask (R7.10)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from django.apps import apps

from core.clock import now
from core.registry import Registry
from teams.actors import Actor
from teams.limit_words import in_words
from teams.limits import limits_of
from teams.models import Membership, Role
from teams.permissions import actor_of, covered_actors, held_at, names_holding, verbs, verbs_of

ASK = "teams.role.assign"


@dataclass(frozen=True, slots=True)
class Remark:
    """What an app adds to a right of somebody: a thing that a grant opens, or one that stays shut without."""

    verb: str
    kind: Literal["grant", "limit"]
    about: str


remarks: Registry[Callable[[Actor], Iterable[Remark]]] = Registry("teams.rights.remarks")
"""Upper apps add `(actor) -> remarks` here."""


@dataclass(frozen=True, slots=True)
class Right:
    """A right as its bearer has it: by role, for whom he covers, by grants; where it stops; whom to ask without it.

    `limited` tells that an API token carries less than its owner's role, `partly` that a cover is for some things,
    `within` to what the role limits it, `is_closed` that it is not held at this hour.
    """

    verb: str
    label: str
    role: str
    covers: tuple[str, ...]
    limited: bool
    partly: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    is_closed: bool = False

    @property
    def is_held(self) -> bool:
        """Tell whether it is held at all."""
        return bool(self.role or self.covers)


def rights_of(by: Actor, *, search: str = "") -> list[Right]:
    """Return each right of the installation and where the actor has it from: the role, or whom he covers now."""
    own = verbs_of(by.member.role) if by.member else frozenset()
    role = str(by.member.role) if by.member else ""
    covered = covered_actors(by)
    said = [remark for gather in remarks.values() for remark in gather(by)]
    ask = names_holding(ASK, besides=by.member_id)
    said_limits = [(limit, in_words(limit)) for limit in by.limits]
    at_this_hour = held_at(by.member, by.limits, now()) if by.member else own
    found = []
    for verb in sorted(verbs.values(), key=lambda verb: verb.name):
        if search.casefold() not in f"{verb.name} {verb.label}".casefold():
            continue
        lending = [cover for cover in covered if cover.covered and verb.name in cover.verbs]
        held = verb.name in by.verbs
        about = [remark for remark in said if remark.verb == verb.name]
        found.append(
            Right(
                verb=verb.name,
                label=str(verb.label),
                role=role if held else "",
                covers=tuple(cover.covered.user.name for cover in lending if cover.covered),
                limited=verb.name in at_this_hour and not held,
                within=tuple(words for limit, words in said_limits if verb.name in limit.verbs),
                is_closed=verb.name in own and verb.name not in at_this_hour,
                partly=tuple(c.covered.user.name for c in lending if c.covered and c.bounds is not None),
                grants=tuple(remark.about for remark in about if remark.kind == "grant"),
                limits=tuple(remark.about for remark in about if remark.kind == "limit"),
                ask=() if held or lending else ask,
            )
        )
    return found


def grouped_rights(names: Iterable[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return rights as choices of a form, under what the app that declares them is called; unknown ones left out."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(name for name in names if name in verbs):
        heading = str(apps.get_app_config(name.partition(".")[0]).verbose_name)
        groups.setdefault(heading, []).append((name, str(verbs.get(name).label)))
    return list(groups.items())


def rights_of_member(member: Membership, *, search: str = "") -> list[Right]:
    """Return the rights of somebody else as he has them at this instant."""
    return rights_of(actor_of(member), search=search)


@dataclass(frozen=True, slots=True)
class Difference:
    """A right in two roles side by side."""

    verb: str
    label: str
    in_first: bool
    in_second: bool
    first_within: tuple[str, ...] = ()
    second_within: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Tell whether the roles differ in it, by having it or by its limits."""
        return self.in_first != self.in_second or self.first_within != self.second_within


def compared(first: Role, second: Role) -> list[Difference]:
    """Return the rights in which two roles differ, then those that both give."""
    one, other = verbs_of(first), verbs_of(second)
    limits, others = ([(limit, in_words(limit)) for limit in limits_of(role)] for role in (first, second))
    rows = [
        Difference(
            verb.name,
            str(verb.label),
            verb.name in one,
            verb.name in other,
            tuple(words for limit, words in limits if verb.name in limit.verbs),
            tuple(words for limit, words in others if verb.name in limit.verbs),
        )
        for verb in sorted(verbs.values(), key=lambda verb: verb.name)
        if verb.name in one | other
    ]
    return sorted(rows, key=lambda row: not row.differs)
