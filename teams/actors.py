"""Who acts: the one argument that every service takes."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from teams.states import ActorKind

if TYPE_CHECKING:
    from teams.models import Membership


@dataclass(frozen=True, slots=True)
class Actor:
    """A party in one workspace: what kind, who exactly, with which rights, and for whom."""

    kind: ActorKind
    workspace_id: UUID
    id: UUID | None
    member: "Membership | None" = None
    verbs: frozenset[str] = frozenset()
    on_behalf_of: UUID | None = None
    covered: "Membership | None" = None
    cache: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def system(cls, workspace_id: UUID) -> "Actor":
        """Return the product itself, as in jobs; it passes no permission check and needs none."""
        return cls(ActorKind.SYSTEM, workspace_id, None)

    @property
    def member_id(self) -> UUID | None:
        """Return the membership that acts, for members and their tokens."""
        return self.member.pk if self.member else None

    @property
    def is_system(self) -> bool:
        """Tell whether the product itself acts."""
        return self.kind == ActorKind.SYSTEM

    def covering(self, absent: "Membership", verbs: frozenset[str]) -> "Actor":
        """Return this actor in the place of an absent member, with that member's coverable rights only."""
        return replace(self, on_behalf_of=absent.pk, covered=absent, verbs=verbs, cache={})
