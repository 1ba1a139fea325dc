"""Rights: the verbs, who holds them, and the one policy that answers both "may I?" and "which ones may I?"."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import now
from core.errors import Ambiguous, NotAllowed
from core.registry import Registry
from teams.actors import Actor
from teams.cover import Cover, covers_of, holds_still
from teams.limit_words import hours_in_words, in_words
from teams.limits import Limit, closed_verbs, is_within, limits_of, limits_on, rows_limited
from teams.models import Membership, Role
from teams.places import placed_verbs, places_of, rows_within
from teams.states import ActorKind, MemberStatus, RoleKey

M = TypeVar("M", bound=models.Model)

EVERYBODY = tuple(RoleKey)
WRITERS = (RoleKey.OWNER, RoleKey.ADMIN, RoleKey.LEAD, RoleKey.MANAGER, RoleKey.CONTRIBUTOR)
MANAGERS = (RoleKey.OWNER, RoleKey.ADMIN, RoleKey.LEAD, RoleKey.MANAGER)
LEADS = (RoleKey.OWNER, RoleKey.ADMIN, RoleKey.LEAD)
ADMINS = (RoleKey.OWNER, RoleKey.ADMIN)
OWNERS = (RoleKey.OWNER,)
SEEING = frozenset({"see"})
"""Last words of the rights that only look."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A right `app.noun.action`: its label, the built-in roles that hold it, whether cover extends to it."""

    name: str
    label: "str | Promise"
    roles: Sequence[RoleKey]
    covers: bool
    asks_again: bool = False
    """Whether a person must have shown lately who he is to use it from a page."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a sentence, the missing right, and who can help."""

    message: str
    missing: str
    ask: tuple[str, ...] = ()
    is_of_role: bool = False
    """Whether another role would help, so that who assigns roles is named."""


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
    seeing_verbs.cache_clear()


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


@cache
def seeing_verbs() -> frozenset[str]:
    """Return the names of the rights that only look."""
    return frozenset(verb.name for verb in verbs.values() if verb.name.rpartition(".")[2] in SEEING)


def actor_of(member: Membership) -> Actor:
    """Return the member acting in person."""
    limits = limits_of(member.role)
    held = held_at(member, limits, now()) if member.is_active else frozenset()
    return Actor(ActorKind.MEMBER, member.workspace_id, member.pk, member, held, limits=limits)


def held_at(member: Membership, limits: tuple[Limit, ...], moment: datetime) -> frozenset[str]:
    """Return the rights that a member's role gives at this hour."""
    held = verbs_of(member.role)
    return held - closed_verbs(member, limits, moment) if limits else held


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
    if actor.member is None or actor.on_behalf_of is not None or actor.is_preview:
        return []
    if "covers" not in actor.cache:
        coverable = frozenset(verb.name for verb in verbs.values() if verb.covers)
        limit = actor.verbs if actor.kind == ActorKind.TOKEN else coverable
        at = now()
        found = covers_of(actor.member, at)
        away = [cover for cover in found if cover.verbs is None]
        actor.cache["covers_until"] = {cover.absent.pk: cover.until for cover in away}
        actor.cache["covers"] = [
            actor.covering(
                cover.absent, _lent(cover, at) & coverable & limit, cover.bounds, limits_of(cover.absent.role)
            )
            for cover in found
        ]
    return list(actor.cache["covers"])


def covered_until(actor: Actor) -> dict[UUID, datetime | None]:
    """Return until when the actor covers each member whom he covers now, None while nobody knows."""
    covered_actors(actor)
    found: dict[UUID, datetime | None] = actor.cache.get("covers_until", {})
    return found


def _lent(cover: Cover, at: datetime) -> frozenset[str]:
    """Return the rights that a cover lends: the absent member's own, and of things waited for only those named.

    A cover bound to some things lends only rights that are about things whose places are known.
    """
    own = held_at(cover.absent, limits_of(cover.absent.role), at)
    if cover.verbs is not None:
        return own & cover.verbs
    is_narrow = cover.bounds is not None and cover.bounds.only is not None
    return own & placed_verbs.names() if is_narrow else own


def explain(actor: Actor, verb: str, obj: Any = None) -> Refusal | None:
    """Return None where the actor may, for himself or for somebody he covers; else the reason for himself."""
    refusal = _explain_one(actor, verb, obj)
    if refusal is None or all(_explain_one(self_, verb, obj) for self_ in selves(actor, verb)[1:]):
        return _with_names(refusal, actor, verb)
    return None


def can(actor: Actor, verb: str, obj: Any = None) -> bool:
    """Tell whether the actor may apply the verb, to `obj` where given; whom to ask is not looked up."""
    if _explain_one(actor, verb, obj) is None:
        return True
    return any(_explain_one(self_, verb, obj) is None for self_ in selves(actor, verb)[1:])


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
        return _held(named[0], verb)
    if not fits:
        require(actor, verb, obj)
    if len(fits) > 1:
        raise Ambiguous(
            _("You can do this for yourself or for somebody you cover. Say for whom."),
            choices=[_choice(self_) for self_ in fits],
        )
    return _held(fits[0], verb)


def _held(standing: Actor, verb: str) -> Actor:
    """Return the standing, with its cover held until the commit. Raises: NotAllowed where it has just ended."""
    if standing.on_behalf_of is None or standing.member is None or not connection.in_atomic_block:
        return standing
    if not holds_still(standing.on_behalf_of, standing.member, now()):
        raise NotAllowed(_("You are not covering this person now."), verb=verb, missing=_label(verb))
    return standing


def in_own_right(actor: Actor, verb: str, obj: Any = None) -> Actor:
    """Return the actor to record: himself where he may, else in the place of a member he covers.

    Raises: NotAllowed.
    """
    fits = [self_ for self_ in selves(actor, verb) if _explain_one(self_, verb, obj) is None]
    return _held(fits[0], verb) if fits else standing_for(actor, verb, obj)


def visible(actor: Actor, verb: str, queryset: models.QuerySet[M]) -> models.QuerySet[M]:
    """Narrow a queryset to the rows to which the actor may apply the verb, himself or by cover."""
    if actor.is_system:
        return queryset
    rule = _scopers.get(verb)
    if rule is None and verb in actor.verbs and not limits_on(actor.limits, verb):
        return queryset
    holders = [self_ for self_ in selves(actor, verb) if verb in self_.verbs]
    if not holders:
        return queryset.none()
    if rule is None and any(_is_free(self_, verb) for self_ in holders):
        return queryset
    narrowed: models.QuerySet[M] = _rows_of(holders[0], verb, rule, queryset)
    for self_ in holders[1:]:
        narrowed = narrowed | _rows_of(self_, verb, rule, queryset)
    return narrowed


def _is_free(actor: Actor, verb: str) -> bool:
    return actor.bounds is None and not limits_on(actor.limits, verb)


def _rows_of(
    actor: Actor, verb: str, rule: Scoper | None, queryset: models.QuerySet[M]
) -> models.QuerySet[M]:
    rows: models.QuerySet[M] = rule(actor, queryset) if rule else queryset
    rows = rows_limited(actor.limits, verb, rows) if actor.limits else rows
    return rows if actor.bounds is None else rows_within(actor.bounds, rows)


def unlimited_verbs(actor: Actor) -> frozenset[str]:
    """Return the rights that the actor holds without limits: those that he may hand on."""
    return actor.verbs.difference(*(limit.verbs for limit in actor.limits))


def holds(actor: Actor, verb: str, thing: Any) -> bool:
    """Tell whether the actor's own role gives a right over a thing, its limits considered, its conditions not."""
    return verb in actor.verbs and is_within(actor.limits, verb, thing)


def refuse(verb: str, message: "str | Promise", *, ask: Sequence[str] = ()) -> Refusal:
    """Build the refusal of a condition."""
    return Refusal(str(message), _label(verb), tuple(ask))


def members_holding(verb: str) -> list[Membership]:
    """Return up to 200 active members whose role holds the verb, longest here first."""
    members = Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "role")
    return [m for m in members.order_by("joined_at", "pk")[:200] if verb in verbs_of(m.role)]


def names_holding(verb: str, *, besides: UUID | None = None, most: int = 3) -> tuple[str, ...]:
    """Return the names of up to `most` active members whose role holds the verb."""
    holding = [m for m in members_holding(verb) if m.pk != besides]
    return tuple(m.user.name for m in holding[:most])


def _explain_one(actor: Actor, verb: str, obj: Any) -> Refusal | None:
    if actor.is_system:
        return None
    declared = verbs.get(verb)
    if getattr(obj, "workspace_id", actor.workspace_id) != actor.workspace_id:
        return Refusal(_("This belongs to another workspace."), str(declared.label))
    if verb not in actor.verbs:
        return Refusal(_words_without(actor, declared), str(declared.label))
    return None if obj is None else _explain_about(actor, declared, obj)


def _explain_about(actor: Actor, declared: Verb, obj: Any) -> Refusal | None:
    """Return why a right that the actor holds does not reach this thing."""
    verb = declared.name
    if actor.bounds is not None and not actor.bounds.hold(places_of(obj)):
        return Refusal(_("Somebody else covers this meanwhile."), str(declared.label))
    if actor.limits and not is_within(actor.limits, verb, obj):
        return Refusal(_words_outside(actor, declared), str(declared.label), is_of_role=True)
    return next((found for rule in _conditions.get(verb, ()) if (found := rule(actor, obj))), None)


def _with_names(refusal: Refusal | None, actor: Actor, verb: str) -> Refusal | None:
    """Add who can give a right that the role lacks: only a refusal that somebody reads pays for the names."""
    if refusal is None or refusal.ask or (verb in actor.verbs and not refusal.is_of_role):
        return refusal
    return replace(refusal, ask=names_holding("teams.role.assign"))


def _words_without(actor: Actor, verb: Verb) -> str:
    for limit in actor.limits:
        if limit.hours and verb.name in limit.verbs:
            return _("Your role has the right “%(right)s” only at certain times: %(limit)s.") % {
                "right": verb.label,
                "limit": hours_in_words(limit.hours),
            }
    return _("Your role does not include the right “%(right)s”.") % {"right": verb.label}


def _words_outside(actor: Actor, verb: Verb) -> str:
    found = [in_words(limit) for limit in limits_on(actor.limits, verb.name)]
    return _("Your role has the right “%(right)s” only within limits: %(limit)s.") % {
        "right": verb.label,
        "limit": "; ".join(found),
    }


def _label(verb: str) -> str:
    return str(verbs.get(verb).label)


def _choice(actor: Actor) -> dict[str, str]:
    person = actor.covered or actor.member
    return {"for": str(person.pk) if person else "", "name": person.user.name if person else ""}


VERBS = [
    Verb("teams.workspace.see", gettext_lazy("see the workspace"), EVERYBODY, covers=True),
    Verb("teams.workspace.configure", gettext_lazy("change workspace settings"), ADMINS, covers=False),
    Verb(
        "teams.workspace.secure",
        gettext_lazy("decide how people log in"),
        ADMINS,
        covers=False,
        asks_again=True,
    ),
    Verb("teams.member.see", gettext_lazy("see members"), EVERYBODY, covers=True),
    Verb("teams.member.invite", gettext_lazy("invite members"), ADMINS, covers=False, asks_again=True),
    Verb("teams.member.end", gettext_lazy("end memberships"), ADMINS, covers=False, asks_again=True),
    Verb("teams.role.assign", gettext_lazy("assign roles"), ADMINS, covers=False, asks_again=True),
    Verb(
        "teams.role.assign_owner",
        gettext_lazy("make somebody an owner"),
        OWNERS,
        covers=False,
        asks_again=True,
    ),
    Verb("teams.role.edit", gettext_lazy("make roles"), ADMINS, covers=False, asks_again=True),
    Verb("teams.right.explain", gettext_lazy("see why others may or may not"), ADMINS, covers=True),
    Verb("teams.team.edit", gettext_lazy("edit teams"), LEADS, covers=True),
    Verb("teams.backup.edit", gettext_lazy("set backups"), LEADS, covers=True),
    Verb("teams.duty.see", gettext_lazy("see who looks after what"), EVERYBODY, covers=True),
    Verb("teams.duty.edit", gettext_lazy("edit and hand out duties"), LEADS, covers=True),
    Verb("teams.duty.moderate", gettext_lazy("name the moderator of a channel"), LEADS, covers=True),
    Verb("teams.absence.record", gettext_lazy("record own absences"), EVERYBODY, covers=False),
    Verb("teams.absence.record_others", gettext_lazy("record absences of others"), LEADS, covers=True),
    Verb("teams.token.create", gettext_lazy("create own API tokens"), WRITERS, covers=False, asks_again=True),
    Verb("teams.guest.invite", gettext_lazy("give links to guests"), MANAGERS, covers=True),
]
register_verbs(VERBS)
