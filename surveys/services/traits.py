"""What members tell of themselves: entered, opened for others, taken back; always by the person concerned."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid
from core.record import record
from surveys.fitting import fit_value
from surveys.imports import Found
from surveys.models import Trait
from surveys.permissions import EDIT_TRAITS
from surveys.personality import Audience, TraitKind
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import require

MOST_OTHERS = 10
MOST_NAME = 60


@transaction.atomic
def tell_trait(
    *, kind: str, value: Mapping[str, Any], audience: str | None = None, name: str = "", by: Actor
) -> Trait:
    """Enter a result of one's own, or change it; a new one is open to nobody unless `audience` says so.

    The record keeps that something was entered, never what or for whom. Locks: the actor's membership.
    Raises: NotAllowed; Invalid. Records: surveys.trait.told.
    """
    require(by, EDIT_TRAITS)
    member = _own(by)
    _check(kind, audience)
    is_other = kind == TraitKind.OTHER
    name = name.strip() if is_other else ""
    if is_other and not 1 <= len(name) <= MOST_NAME:
        raise _invalid("name", _("Name the result, in at most 60 characters."))
    fit = fit_value(TraitKind(kind), value)
    Membership.objects.select_for_update().get(pk=member.pk)
    own = Trait.objects.filter(member=member, kind=kind)
    trait = own.filter(name=name).first() or Trait(
        workspace_id=by.workspace_id, member=member, kind=kind, name=name
    )
    if trait._state.adding and own.count() >= MOST_OTHERS:
        raise _invalid("name", _("Enter at most %(count)s other results.") % {"count": MOST_OTHERS})
    require(by, EDIT_TRAITS, trait)
    trait.value, trait.updated_at = fit, now()
    trait.audience = audience or trait.audience
    trait.save()
    record("surveys.trait.told", by=by, subject=trait.ref)
    return trait


@transaction.atomic
def take_results(*, found: Found, by: Actor) -> list[Trait]:
    """Enter all that a file held, or nothing. Raises: NotAllowed; Invalid. Records: surveys.trait.told for each."""
    told = []
    if found.type:
        told.append(tell_trait(kind=TraitKind.MBTI, value={"type": found.type}, by=by))
    if found.themes:
        told.append(tell_trait(kind=TraitKind.STRENGTHS, value={"themes": found.themes}, by=by))
    for name, words in found.others.items():
        told.append(tell_trait(kind=TraitKind.OTHER, name=name, value={"text": words}, by=by))
    return told


@transaction.atomic
def open_trait(*, trait: Trait, audience: str, by: Actor) -> Trait:
    """Say for whom a result is open; who is left out no longer sees it with the next page that anybody opens.

    Raises: NotAllowed; Invalid. Records: surveys.trait.shared.
    """
    require(by, EDIT_TRAITS, trait)
    _check(trait.kind, audience)
    trait.audience = audience
    trait.save(update_fields=["audience"])
    record("surveys.trait.shared", by=by, subject=trait.ref)
    return trait


@transaction.atomic
def withdraw_trait(*, trait: Trait, by: Actor) -> None:
    """Delete a result of one's own. Raises: NotAllowed. Records: surveys.trait.withdrawn."""
    require(by, EDIT_TRAITS, trait)
    ref = trait.ref
    Trait.objects.filter(pk=trait.pk).delete()
    record("surveys.trait.withdrawn", by=by, subject=ref)


def forget_member(member: Membership) -> None:
    """Delete what a leaver told of himself, in the transaction that ends the membership."""
    Trait.objects.filter(member=member).delete()


def _own(by: Actor) -> Membership:
    if by.member is None:
        raise _invalid("member", _("Only a member can tell something of himself."))
    return by.member


def _check(kind: str, audience: str | None) -> None:
    if kind not in TraitKind.values:
        raise _invalid("kind", _("There is no such kind of result."))
    if audience is not None and audience not in Audience.values:
        raise _invalid("audience", _("Choose for whom it is open."))


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, fields={field: [message]})
