"""Roles of a workspace's own making, beside the built-in ones (R7.10)."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.errors import Invalid, NotAllowed, WrongState
from core.ids import uuid7
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Role
from teams.permissions import require, verbs
from teams.services.members import require_right_over_role

MOST_ROLES = 50


def create_role(*, name: str, rights: Sequence[str], by: Actor) -> Role:
    """Create a role from rights that its maker holds.

    Raises: NotAllowed for a right that the maker has not; Invalid. Records: teams.role.created.
    """
    require(by, "teams.role.edit")
    if Role.objects.count() >= MOST_ROLES:
        raise Invalid(_("A workspace has at most %(count)s roles.") % {"count": MOST_ROLES})
    role = Role(workspace_id=by.workspace_id, key=f"own-{uuid7().hex[-12:]}", name=_fit(name))
    role.verbs = _held(rights, by)
    _save(role)
    record("teams.role.created", by=by, subject=Ref("teams.role", role.pk), rights=role.verbs)
    return role


def change_role(
    *, role: Role, name: str | None = None, rights: Sequence[str] | None = None, by: Actor
) -> Role:
    """Rename a role or set its rights; who holds it acts by them from the next request on.

    Raises: NotAllowed; WrongState for a built-in role; Invalid. Records: teams.role.changed.
    """
    require(by, "teams.role.edit", role)
    _require_own(role)
    require_right_over_role(by, role)
    if name is not None:
        role.name = _fit(name)
    if rights is not None:
        role.verbs = _held(rights, by)
    _save(role)
    record("teams.role.changed", by=by, subject=Ref("teams.role", role.pk), rights=role.verbs)
    return role


def delete_role(*, role: Role, by: Actor) -> None:
    """Delete a role that nobody holds or held. Raises: NotAllowed; WrongState. Records: teams.role.deleted."""
    require(by, "teams.role.edit", role)
    _require_own(role)
    try:
        with transaction.atomic():
            Role.objects.filter(pk=role.pk).delete()
    except IntegrityError:  # ProtectedError derives from it
        raise WrongState(_("Members or invitations have this role. Give them another one first.")) from None
    record("teams.role.deleted", by=by, subject=Ref("teams.role", role.pk))


def _require_own(role: Role) -> None:
    if role.is_builtin:
        raise WrongState(_("Built-in roles stay as they are. Make a role of your own."))


def _fit(name: str) -> str:
    if not 1 <= len(name.strip()) <= 80:
        message = _("Give a name of 1 to 80 characters.")
        raise Invalid(message, fields={"name": [message]})
    return name.strip()


def _held(rights: Sequence[str], by: Actor) -> list[str]:
    unknown = [right for right in rights if right not in verbs]
    if unknown:
        message = _("There is no such right: %(name)s.") % {"name": unknown[0]}
        raise Invalid(message, fields={"rights": [message]})
    beyond = sorted(set(rights) - by.verbs) if not by.is_system else []
    if beyond:
        label = str(verbs.get(beyond[0]).label)
        raise NotAllowed(
            _("You can give only rights that you have yourself."), verb="teams.role.edit", missing=label
        )
    return sorted(set(rights))


def _save(role: Role) -> None:
    if Role.objects.filter(name__iexact=role.name).exclude(pk=role.pk).exists():
        message = _("Another role has this name.")
        raise Invalid(message, fields={"name": [message]})
    role.save()
