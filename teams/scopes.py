"""What duties can be about and what work weighs: told by the apps above, which own channels, posts and campaigns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.registry import Registry
from teams.actors import Actor
from teams.models import Membership

NETWORK = "network"
CHANNEL = "networks.channel"
CAMPAIGN = "calendar_app.campaign"


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """Something that a duty can be about, as the actor may see it.

    `network` is the kind of network that it belongs to; `owner_id` who answers for it in its own app, where that
    app keeps somebody; `has_owner` whether it keeps one at all; `is_restricted` that a role alone does not open it.
    """

    type: str
    key: str
    label: str
    network: str = ""
    has_owner: bool = False
    owner_id: UUID | None = None
    is_restricted: bool = False


scope_choices: Registry[Callable[[Actor], Iterable[ScopeChoice]]] = Registry("teams.scopes.scope_choices")
"""Upper apps add `(actor) -> choices` here."""


@dataclass(frozen=True, slots=True)
class LoadFact:
    """Work of one kind that waits for a member in one of the weeks asked for."""

    member_id: UUID
    week: int
    kind: str
    count: int
    minutes: int


load_facts: Registry[Callable[[Actor, Sequence[Membership], Sequence[datetime]], Iterable[LoadFact]]] = (
    Registry("teams.scopes.load_facts")
)
"""Upper apps add `(actor, members, bounds) -> facts` here; week n lies between bounds n and n + 1."""

coverage_facts: Registry[
    Callable[[Sequence[Membership], Sequence[ScopeChoice]], Iterable[tuple[UUID, str]]]
] = Registry("teams.scopes.coverage_facts")
"""Upper apps add `(members, choices) -> (member, network)` here: who has the right to write for which network."""


def choices_for(by: Actor) -> list[ScopeChoice]:
    """Return everything that a duty can be about, network by network, then what else there is."""
    return [choice for gather in scope_choices.values() for choice in gather(by)]
