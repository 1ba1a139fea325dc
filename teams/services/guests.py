"""Guests: named people outside the workspace, known by their address."""

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core.errors import Invalid
from teams.actors import Actor
from teams.models import Guest, Membership
from teams.states import MemberStatus


def guest_of(*, name: str, email: str, by: Actor) -> Guest:
    """Return the guest with an address, made where there is none; a name given anew is kept.

    Raises: Invalid for a name or address that cannot be used, and for an address of a member: two ways in would
    give one person two voices.
    """
    address, called = email.strip().lower(), " ".join(name.split())
    if not 1 <= len(called) <= 120:
        raise _invalid("name", _("Give the name of the person."))
    try:
        validate_email(address)
    except ValidationError:
        raise _invalid("email", _("Give an e-mail address.")) from None
    own = Q(user__email__iexact=address) | Q(
        user__in=EmailAddress.objects.filter(email__iexact=address, verified=True).values("user")
    )
    if Membership.objects.filter(own, status=MemberStatus.ACTIVE).exists():
        raise _invalid("email", _("This person is a member and needs no link."))
    guest = Guest.objects.filter(email__iexact=address).first()
    if guest is None:
        try:
            with transaction.atomic():
                guest = Guest(workspace_id=by.workspace_id, name=called, email=address)
                guest.save(force_insert=True)
        except IntegrityError:  # somebody else named the same person a moment ago
            guest = Guest.objects.get(email=address)
    elif guest.name != called:
        Guest.objects.filter(pk=guest.pk).update(name=called)
        guest.name = called
    return guest


def _invalid(name: str, message: str) -> Invalid:
    return Invalid(message, fields={name: [message]})
