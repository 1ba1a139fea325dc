"""Rights: the verbs, who holds them, and the one policy that answers both "may I?" and "which ones may I?"."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import now
from core.errors import Ambiguous, NotAllowed
from core.registry import Registry
from teams.actors import Actor
from teams.cover import acting_for
from teams.models import Membership, Role
from teams.states import ActorKind, MemberStatus, RoleKey

M = TypeVar("M", bound=models.Model)

EVERYBODY = tuple(RoleKey)
WRITERS = (RoleKey.OWNER, RoleKey.ADMIN, RoleKey.LEAD, RoleKey.MANAGER, RoleKey.CONTRIBUTOR)
MANAGERS = (RoleKey.OWNER, RoleKey.ADMIN, RoleKey.LEAD, RoleKey.MANAGER)
LEADS = (RoleKey.OWNER, RoleKey.ADMIN, RoleKey.LEAD)
ADMINS = (RoleKey.OWNER, RoleKey.ADMIN)
OWNERS = (RoleKey.OWNER,)


@dataclass(frozen=True, slots=True)
class Verb:
    """A right `app.noun.action`: its label, the built-in roles that hold it, whether cover extends to it."""

    name: str
    label: "str | Promise"
    roles: Sequence[RoleKey]
    covers: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a sentence, the missing right, and who can help."""

    message: str
    missing: str
    ask: tuple[str, ...] = ()


Condition = Callable[[Actor, Any], "Refusal | None"]
Scoper = Callable[[Actor, Any], Any]

verbs: Registry[Verb] = Registry("teams.permissions.verbs")
_conditions: dict[str, list[Condition]] = {}
_scopers: dict[str, Scoper] = {}


def register_verbs(declared: Iterable[Verb]) -> None:
    """Declare the rights of an app, at start."""
    for verb in declared:
        verbs.register(verb.name, verb)
    _builtin_verbs.cache_clear()


def condition(*names: str) -> Callable[[Condition], Condition]:
    """Attach a rule about the object (its state, its author, its channels) to verbs."""

    def attach(rule: Condition) -> Condition:
        for name in names:
            _conditions.setdefault(name, []).append(rule)
        return rule

    return attach


def scoper(*names: str) -> Callable[[Scoper], Scoper]:
    """Attach the rule that narrows a queryset to what the actor may apply the verbs to."""

    def attach(rule: Scoper) -> Scoper:
        for name in names:
            _scopers[name] = rule
        return rule

    return attach


def verbs_of(role: Role) -> frozenset[str]:
    """Return the names of the rights that a role gives."""
    if role.is_builtin:
        return _builtin_verbs(role.key)
    return frozenset(name for name in role.verbs if name in verbs)


@cache
def _builtin_verbs(key: str) -> frozenset[str]:
    return frozenset(verb.name for verb in verbs.values() if key in verb.roles)


def actor_of(member: Membership) -> Actor:
    """Return the member acting in person."""
    held = verbs_of(member.role) if member.is_active else frozenset()
    return Actor(ActorKind.MEMBER, member.workspace_id, member.pk, member, held)


def selves(actor: Actor, verb: str) -> list[Actor]:
    """Return everybody as whom the actor may try the verb: first himself, then each member he covers now."""
    found = [actor]
    if (
        actor.kind in (ActorKind.MEMBER, ActorKind.TOKEN)
        and actor.on_behalf_of is None
        and verbs.get(verb).covers
    ):
        found += covered_actors(actor)
    return found


def covered_actors(actor: Actor) -> list[Actor]:
    """Return the actor in the place of each absent member for whom he is the first available backup.

    A token covers nobody beyond its own scopes: each cover is cut to the rights that the token carries.
    """
    if actor.member is None or actor.on_behalf_of is not None:
        return []
    if "covers" not in actor.cache:
        coverable = frozenset(verb.name for verb in verbs.values() if verb.covers)
        limit = actor.verbs if actor.kind == ActorKind.TOKEN else coverable
        actor.cache["covers"] = [
            actor.covering(absent, verbs_of(absent.role) & coverable & limit)
            for absent in acting_for(actor.member, now())
        ]
    return list(actor.cache["covers"])


def explain(actor: Actor, verb: str, obj: Any = None) -> Refusal | None:
    """Return None where the actor may, for himself or for somebody he covers; else the reason for himself."""
    refusal = _explain_one(actor, verb, obj)
    if refusal is None or all(_explain_one(self_, verb, obj) for self_ in selves(actor, verb)[1:]):
        return refusal
    return None


def can(actor: Actor, verb: str, obj: Any = None) -> bool:
    """Tell whether the actor may apply the verb, to `obj` where given."""
    return explain(actor, verb, obj) is None


def require(actor: Actor, verb: str, obj: Any = None) -> None:
    """Pass, or raise NotAllowed with the missing right and whom to ask."""
    refusal = explain(actor, verb, obj)
    if refusal is not None:
        raise NotAllowed(refusal.message, verb=verb, missing=refusal.missing, ask=refusal.ask)


def standing_for(actor: Actor, verb: str, obj: Any = None, *, member_id: UUID | None = None) -> Actor:
    """Return as whom the actor applies the verb: himself, or on behalf of the covered `member_id`.

    Raises: NotAllowed; Ambiguous when both roles fit and none was named.
    """
    fits = [self_ for self_ in selves(actor, verb) if _explain_one(self_, verb, obj) is None]
    if member_id is not None:
        own = actor.member_id == member_id
        named = [self_ for self_ in fits if self_.on_behalf_of == (None if own else member_id)]
        if not named:
            raise NotAllowed(_("You are not covering this person now."), verb=verb, missing=_label(verb))
        return named[0]
    if not fits:
        require(actor, verb, obj)
    if len(fits) > 1:
        raise Ambiguous(
            _("You can do this for yourself or for somebody you cover. Say for whom."),
            choices=[_choice(self_) for self_ in fits],
        )
    return fits[0]


def visible(actor: Actor, verb: str, queryset: models.QuerySet[M]) -> models.QuerySet[M]:
    """Narrow a queryset to the rows to which the actor may apply the verb, himself or by cover."""
    if actor.is_system:
        return queryset
    rule = _scopers.get(verb)
    if rule is None and verb in actor.verbs:
        return queryset
    holders = [self_ for self_ in selves(actor, verb) if verb in self_.verbs]
    if not holders:
        return queryset.none()
    if rule is None:
        return queryset
    narrowed: models.QuerySet[M] = rule(holders[0], queryset)
    for self_ in holders[1:]:
        narrowed = narrowed | rule(self_, queryset)
    return narrowed


def refuse(verb: str, message: "str | Promise", *, ask: Sequence[str] = ()) -> Refusal:
    """Build the refusal of a condition."""
    return Refusal(str(message), _label(verb), tuple(ask))


def names_holding(verb: str, *, besides: UUID | None = None, most: int = 3) -> tuple[str, ...]:
    """Return the names of up to `most` active members whose role holds the verb."""
    members = Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "role")
    holding = [
        m for m in members.order_by("joined_at", "pk")[:200] if verb in verbs_of(m.role) and m.pk != besides
    ]
    return tuple(m.user.name for m in holding[:most])


def _explain_one(actor: Actor, verb: str, obj: Any) -> Refusal | None:
    if actor.is_system:
        return None
    declared = verbs.get(verb)
    if getattr(obj, "workspace_id", actor.workspace_id) != actor.workspace_id:
        return Refusal(_("This belongs to another workspace."), str(declared.label))
    if verb not in actor.verbs:
        message = _("Your role does not include the right “%(right)s”.") % {"right": declared.label}
        return Refusal(message, str(declared.label), names_holding("teams.role.assign"))
    if obj is None:
        return None
    return next((found for rule in _conditions.get(verb, ()) if (found := rule(actor, obj))), None)


def _label(verb: str) -> str:
    return str(verbs.get(verb).label)


def _choice(actor: Actor) -> dict[str, str]:
    person = actor.covered or actor.member
    return {"for": str(person.pk) if person else "", "name": person.user.name if person else ""}


VERBS = [
    Verb("teams.workspace.see", gettext_lazy("see the workspace"), EVERYBODY, covers=True),
    Verb("teams.workspace.configure", gettext_lazy("change workspace settings"), ADMINS, covers=False),
    Verb("teams.member.see", gettext_lazy("see members"), EVERYBODY, covers=True),
    Verb("teams.member.invite", gettext_lazy("invite members"), ADMINS, covers=False),
    Verb("teams.member.end", gettext_lazy("end memberships"), ADMINS, covers=False),
    Verb("teams.role.assign", gettext_lazy("assign roles"), ADMINS, covers=False),
    Verb("teams.role.assign_owner", gettext_lazy("make somebody an owner"), OWNERS, covers=False),
    Verb("teams.role.edit", gettext_lazy("make roles"), ADMINS, covers=False),
    Verb("teams.team.edit", gettext_lazy("edit teams"), LEADS, covers=True),
    Verb("teams.backup.edit", gettext_lazy("set backups"), LEADS, covers=True),
    Verb("teams.absence.record", gettext_lazy("record own absences"), EVERYBODY, covers=False),
    Verb("teams.absence.record_others", gettext_lazy("record absences of others"), LEADS, covers=True),
    Verb("teams.token.create", gettext_lazy("create own API tokens"), WRITERS, covers=False),
    Verb("teams.guest.invite", gettext_lazy("give links to guests"), MANAGERS, covers=True),
]
register_verbs(VERBS)
