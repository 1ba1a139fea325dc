"""Which steps a submission takes, and which rule brought each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from approvals.models import Step, StepApprover, Workflow
from teams.models import Guest, Membership, Role, Team
from teams.standing import moderators_of

ROUTES = ("networks", "labels", "campaigns", "languages", "ratings", "authors", "risks")
"""What a route can look at, in the order in which reasons name it."""


@dataclass(frozen=True, slots=True)
class Target:
    """One channel that a subject goes to."""

    id: str
    network: str
    name: str


@dataclass(frozen=True, slots=True)
class SubmissionFacts:
    """What routing looks at: where a subject goes and what sort of thing it is.

    With `targets` each channel finds its own workflows and the path is their union; `networks` alone is for what
    has no channels.
    """

    networks: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    campaign_id: UUID | None = None
    language: str = ""
    rating: str = ""
    risk: str = ""
    authors: frozenset[UUID] = frozenset()
    targets: tuple[Target, ...] = ()

    def values_of(self, route: str) -> frozenset[str]:
        """Return the values to hold against one kind of route."""
        single = {
            "campaigns": str(self.campaign_id or ""),
            "languages": self.language,
            "ratings": self.rating,
            "risks": self.risk,
        }
        if route in single:
            return frozenset({single[route]} - {""})
        if route == "authors":
            return frozenset(str(ident) for ident in self.authors)
        return {"networks": self.networks, "labels": self.labels}.get(route, frozenset())

    def slices(self) -> list["SubmissionFacts"]:
        """Return the facts as each channel sees them; the facts themselves where there is none."""
        return [
            replace(self, networks=frozenset({target.network}), targets=(target,)) for target in self.targets
        ] or [self]


@dataclass(frozen=True, slots=True)
class Because:
    """Why a workflow is taken: a route that matched, a channel's default, the workspace's, or a choice."""

    kind: str
    workflow: str
    channels: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the reason as a request's step keeps it."""
        return {
            "kind": self.kind,
            "workflow": self.workflow,
            "channels": list(self.channels),
            "routes": list(self.routes),
        }


@dataclass(slots=True)
class PathStep:
    """A step that a submission would take: why, for which channels, and who moderates these where it asks for that."""

    step: Step
    name: str
    because: list[Because] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    moderator: Membership | None = None

    @property
    def seats(self) -> list[StepApprover]:
        """Return the seats as the workflow names them, the moderator's left out."""
        return [row for row in self.step.approvers.all() if not row.is_moderator]

    @property
    def asks_moderator(self) -> bool:
        """Tell whether whoever moderates the channel has a seat."""
        return any(row.is_moderator for row in self.step.approvers.all())

    @property
    def people(self) -> list[Membership | Role | Team | Guest]:
        """Return who is asked: those whom the workflow names, and the moderator."""
        named = [row.member or row.role or row.team or row.guest for row in self.seats]
        found = [one for one in named if one is not None]
        return found + ([self.moderator] if self.moderator and self.moderator not in found else [])


@dataclass(slots=True)
class _Taken:
    workflow: Workflow
    because: list[Because] = field(default_factory=list)
    slices: list[SubmissionFacts] = field(default_factory=list)


def path_among(
    rows: Sequence[Workflow], facts: SubmissionFacts, chosen: Workflow | None = None
) -> list[PathStep]:
    """Return the steps that a submission takes, in order: the union over its channels.

    A step that repeats an earlier one is taken once, with both reasons. A step for the channel's moderator is taken
    once for each set of moderators.
    """
    path: list[PathStep] = []
    known: dict[object, PathStep] = {}
    for taken in _taken(rows, facts, chosen):
        for step in taken.workflow.steps.all():
            fits = [each for each in taken.slices if not step.routes or matches(step.routes, each)]
            if not fits:
                continue
            found = known.get(_likeness(step))
            if found is None:
                found = known[_likeness(step)] = PathStep(step, step.name)
                path.append(found)
            found.because += [why for why in _merged(taken.because) if why not in found.because]
            targets = [target for each in fits for target in each.targets]
            found.targets += [target for target in targets if target not in found.targets]
    return [part for found in path for part in _moderated(found)]


def matches(routes: Mapping[str, Sequence[str]], facts: SubmissionFacts) -> bool:
    """Tell whether routes apply: each kind that is filled must share a value; no routes match nothing."""
    filled = {kind: values for kind, values in routes.items() if values}
    return bool(filled) and all(
        not facts.values_of(kind).isdisjoint(values) for kind, values in filled.items()
    )


def takes(rows: Sequence[Workflow], workflow: Workflow, facts: SubmissionFacts) -> bool:
    """Tell whether a submission with these facts would take a workflow of these."""
    return any(found.workflow.pk == workflow.pk for found in _taken(rows, facts, None))


def reason_words(because: Iterable[Mapping[str, Any]]) -> str:
    """Say in the reader's language which rules brought a step."""
    return " ".join(_reason(each) for each in because)


def _taken(rows: Sequence[Workflow], facts: SubmissionFacts, chosen: Workflow | None) -> list[_Taken]:
    found: dict[UUID, _Taken] = {}
    for each in facts.slices():
        for row, kind in _hits(rows, each, chosen):
            taken = found.setdefault(row.pk, _Taken(row))
            routes = tuple(name for name in ROUTES if row.routes.get(name)) if kind == "route" else ()
            channels = tuple(target.name for target in each.targets)
            taken.because.append(Because(kind, row.name, channels, routes))
            taken.slices.append(each)
    first = chosen.pk if chosen else None
    order = {row.pk: (row.pk != first, index) for index, row in enumerate(rows)}
    return sorted(found.values(), key=lambda taken: order[taken.workflow.pk])


def _hits(
    rows: Sequence[Workflow], facts: SubmissionFacts, chosen: Workflow | None
) -> list[tuple[Workflow, str]]:
    """Return the workflows of one channel: what was chosen, and what its routes or else its defaults say."""
    asked = [(row, "chosen") for row in rows if chosen is not None and row.pk == chosen.pk]
    taken = {row.pk for row, _kind in asked}
    found = [(row, "route") for row in rows if row.pk not in taken and matches(row.routes, facts)]
    if not found:
        channels = {target.id for target in facts.targets}
        found = [
            (row, "channel")
            for row in rows
            if row.pk not in taken and not channels.isdisjoint(row.default_for)
        ]
    if not found and not asked:
        found = [(row, "default") for row in rows if row.is_default]
    return asked + found


def _likeness(step: Step) -> object:
    who = frozenset(
        (row.member_id, row.role_id, row.team_id, row.guest_id, row.is_moderator)
        for row in step.approvers.all()
    )
    return (step.rule, step.needed, step.is_optional, step.changing, who)


def _merged(reasons: Sequence[Because]) -> list[Because]:
    """Say one reason once for all the channels that share it."""
    channels: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for why in reasons:
        channels.setdefault((why.kind, why.workflow, why.routes), []).extend(why.channels)
    return [
        Because(kind, name, tuple(dict.fromkeys(names)), routes)
        for (kind, name, routes), names in channels.items()
    ]


def _moderated(found: PathStep) -> list[PathStep]:
    """Split a step by who moderates its channels, so that each channel's own moderator is asked."""
    if not found.asks_moderator:
        return [found]
    named = moderators_of([UUID(target.id) for target in found.targets])
    groups: dict[Membership | None, list[Target]] = {}
    for target in found.targets:
        groups.setdefault(named.get(UUID(target.id)), []).append(target)
    parts = []
    for moderator, targets in (groups or {None: []}).items():
        names = ", ".join(target.name for target in targets)
        name = f"{found.name}: {names}"[:80] if len(groups) > 1 else found.name
        parts.append(PathStep(found.step, name, list(found.because), targets, moderator))
    return parts


def _reason(why: Mapping[str, Any]) -> str:
    values = {"workflow": why["workflow"], "channels": ", ".join(why.get("channels", ()))}
    if why["kind"] == "chosen":
        return _("“%(workflow)s” was chosen.") % values
    if why["kind"] == "default":
        found = (
            _("“%(workflow)s” is the default.")
            if not values["channels"]
            else _("“%(workflow)s” is the default, for %(channels)s.")
        )
        return found % values
    if why["kind"] == "channel":
        return _("“%(workflow)s” is the default of %(channels)s.") % values
    values["routes"] = ", ".join(str(_route_word(name)) for name in why.get("routes", ()))
    found = (
        _("“%(workflow)s” is asked for by %(routes)s.")
        if not values["channels"]
        else _("“%(workflow)s” is asked for by %(routes)s, for %(channels)s.")
    )
    return found % values


def _route_word(route: str) -> str:
    return {
        "networks": _("network"),
        "labels": _("label"),
        "campaigns": _("campaign"),
        "languages": _("language"),
        "ratings": _("content rating"),
        "authors": _("author"),
        "risks": _("risk"),
    }[route]
