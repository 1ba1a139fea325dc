"""What members told of themselves, as far as each opened it for the reader; asked anew with every page."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from surveys.models import Trait
from surveys.permissions import SEE_TRAITS
from surveys.personality import DOMAIN_OF, Domain, Reward, TraitKind
from teams.actors import Actor
from teams.models import DutyKind, Membership
from teams.permissions import visible

FIRST = 5
MOST_TRAITS = 4000


@dataclass(slots=True)
class Told:
    """What one member told that the reader may see."""

    member: Membership
    type: str = ""
    themes: list[str] = field(default_factory=list)
    rewards: list[str] = field(default_factory=list)
    wants: list[str] = field(default_factory=list)
    note: str = ""
    others: list[Trait] = field(default_factory=list)

    @property
    def first_themes(self) -> list[tuple[str, str]]:
        """Return the first five themes, each with its domain."""
        return [(theme, DOMAIN_OF[theme]) for theme in self.themes[:FIRST] if theme in DOMAIN_OF]

    @property
    def reward_words(self) -> list[str]:
        """Return the rewards in words, the dearest first."""
        return [str(Reward(key).label) for key in self.rewards if key in Reward.values]

    @property
    def is_empty(self) -> bool:
        """Tell whether the reader may see nothing."""
        return not (self.type or self.themes or self.rewards or self.wants or self.others)


def traits_visible_to(by: Actor) -> QuerySet[Trait]:
    """Return one's own results and those that others opened for the reader, by name."""
    rows = Trait.objects.select_related("member__user")
    return visible(by, SEE_TRAITS, rows).order_by("member__user__name", "pk")


def own_traits(by: Actor) -> list[Trait]:
    """Return what the actor told of himself, kind by kind."""
    rows = traits_visible_to(by).filter(member=by.member_id)
    return sorted(rows, key=lambda trait: (TraitKind.values.index(trait.kind), trait.name))


def get_trait(by: Actor, pk: UUID) -> Trait:
    """Return a result that the reader may see. Raises: NotFound."""
    found = traits_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such result."))
    return found


def get_own_trait(by: Actor, pk: UUID) -> Trait:
    """Return a result of one's own. Raises: NotFound, also for what others opened."""
    found = traits_visible_to(by).filter(pk=pk, member=by.member_id).first()
    if found is None:
        raise NotFound(_("There is no such result."))
    return found


def told_by(by: Actor, members: Sequence[Membership]) -> dict[UUID, Told]:
    """Return for each member what the reader may see; one statement."""
    found = {member.pk: Told(member) for member in members}
    for trait in traits_visible_to(by).filter(member__in=list(found))[:MOST_TRAITS]:
        _add(found[trait.member_id], trait)
    return found


def _add(told: Told, trait: Trait) -> None:
    value: dict[str, Any] = trait.value
    if trait.kind == TraitKind.MBTI:
        told.type = value["type"]
    elif trait.kind == TraitKind.STRENGTHS:
        told.themes = list(value["themes"])
    elif trait.kind == TraitKind.MOTIVATION:
        told.rewards, told.wants, told.note = value["rewards"], value["wants"], value["note"]
    else:
        told.others.append(trait)


def domain_counts(told: Iterable[Told]) -> list[tuple[Domain, int]]:
    """Return how often each domain stands among the first five themes that the reader may see."""
    counts = Counter(domain for one in told for _theme, domain in one.first_themes)
    return [(domain, counts[domain]) for domain in Domain]


def reward_counts(told: Iterable[Told]) -> list[tuple[Reward, int]]:
    """Return how many named each reward, of what the reader may see, the dearest first."""
    counts = Counter(key for one in told for key in one.rewards)
    named = [(Reward(key), n) for key, n in counts.items() if key in Reward.values]
    return sorted(named, key=lambda row: (-row[1], Reward.values.index(row[0])))


def kind_names(by: Actor, told: Iterable[Told]) -> dict[UUID, list[str]]:
    """Return for each member the kinds of work that he would like more of, by name; one statement or none."""
    wanted: dict[UUID, list[UUID]] = defaultdict(list)
    for one in told:
        wanted[one.member.pk] = [UUID(key) for key in one.wants]
    ids = {key for keys in wanted.values() for key in keys}
    kinds = {kind.pk: str(kind) for kind in DutyKind.objects.filter(pk__in=ids)} if ids else {}
    return {pk: [kinds[key] for key in keys if key in kinds] for pk, keys in wanted.items()}
