"""Who acts: the one argument that every service takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from teams.states import ActorKind

if TYPE_CHECKING:
    from teams.limits import Limit
    from teams.models import Membership


@dataclass(frozen=True, slots=True)
class Bounds:
    """To which things a cover is bound: `only` these, or everything but what others cover (`but`, one set each)."""

    only: frozenset[str] | None = None
    but: tuple[frozenset[str], ...] = ()

    def hold(self, places: Sequence[frozenset[str]]) -> bool:
        """Tell whether a thing lies within the bounds.

        `places` are the sets of scopes in which it lies: its channels, its campaign, itself. It lies in a bound where
        all of one set do, so a post on two channels belongs to the backup of one channel only if he has both.
        """
        filled = [place for place in places if place]
        if self.only is not None:
            return any(place <= self.only for place in filled)
        return not any(place <= taken for place in filled for taken in self.but)


@dataclass(frozen=True, slots=True)
class Actor:
    """A party in one workspace: what kind, who exactly, with which rights, and for whom.

    `limits` are those of the role (`teams.limits`); `is_preview` tells that somebody looks as another role would.
    """

    kind: ActorKind
    workspace_id: UUID
    id: UUID | None
    member: "Membership | None" = None
    verbs: frozenset[str] = frozenset()
    on_behalf_of: UUID | None = None
    covered: "Membership | None" = None
    bounds: Bounds | None = None
    limits: "tuple[Limit, ...]" = ()
    is_preview: bool = False
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

    def covering(
        self,
        absent: "Membership",
        verbs: frozenset[str],
        bounds: Bounds | None = None,
        limits: "tuple[Limit, ...]" = (),
    ) -> "Actor":
        """Return this actor in the place of an absent member, with that member's coverable rights and limits only."""
        return replace(
            self,
            on_behalf_of=absent.pk,
            covered=absent,
            verbs=verbs,
            bounds=bounds,
            limits=limits,
            cache={},
        )
