"""Roles of a workspace's own making, beside the built-in ones (R7.10)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.errors import Invalid, NotAllowed, NotFound, WrongState
from core.ids import uuid7
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.limit_words import choices
from teams.limits import MOST, Hours, Limit, as_json, limitable_by
from teams.models import Role, Team
from teams.permissions import require, unlimited_verbs, verbs
from teams.services.members import require_right_over_role

MOST_ROLES = 50
_KIND = re.compile(r"[a-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class LimitInput:
    """To what some rights of a role are to be limited; what is empty limits to nothing in particular."""

    rights: Sequence[str]
    networks: Sequence[str] = ()
    teams: Sequence[UUID] = ()
    states: Sequence[str] = ()
    hours: Hours | None = None


def create_role(*, name: str, rights: Sequence[str], limits: Sequence[LimitInput] = (), by: Actor) -> Role:
    """Create a role from rights that its maker holds, with limits to some of them.

    Raises: NotAllowed for a right that the maker has not, or has within limits; Invalid. Records: teams.role.created.
    """
    require(by, "teams.role.edit")
    if Role.objects.count() >= MOST_ROLES:
        raise Invalid(_("A workspace has at most %(count)s roles.") % {"count": MOST_ROLES})
    role = Role(workspace_id=by.workspace_id, key=f"own-{uuid7().hex[-12:]}", name=_fit(name))
    role.verbs = _held(rights, by)
    role.limits = [_fitting(limit, role) for limit in _few(limits)]
    _save(role)
    record("teams.role.created", by=by, subject=Ref("teams.role", role.pk), rights=role.verbs)
    return role


def change_role(
    *,
    role: Role,
    name: str | None = None,
    rights: Sequence[str] | None = None,
    limits: Sequence[LimitInput] | None = None,
    by: Actor,
) -> Role:
    """Rename a role, set its rights or all its limits; who holds it acts by them from the next request on.

    A right that is taken away leaves the limits that name it.

    Raises: NotAllowed; WrongState for a built-in role; Invalid. Records: teams.role.changed.
    """
    require(by, "teams.role.edit", role)
    _require_own(role)
    require_right_over_role(by, role)
    if name is not None:
        role.name = _fit(name)
    if rights is not None:
        role.verbs = _held(rights, by)
        role.limits = _without_lost(role)
    if limits is not None:
        _require_beyond_limits(by, role)
        role.limits = [_fitting(limit, role) for limit in _few(limits)]
    _save(role)
    record("teams.role.changed", by=by, subject=Ref("teams.role", role.pk), rights=role.verbs)
    return role


def add_limit(*, role: Role, limit: LimitInput, by: Actor) -> Role:
    """Limit some rights of a role further. Raises: as change_role. Records: teams.role.limited. Locks: the role."""
    locked = _to_limit(role, by)
    row = _fitting(limit, locked)
    locked.limits = [*locked.limits, row]
    _few(locked.limits)
    locked.save(update_fields=["limits"])
    record("teams.role.limited", by=by, subject=Ref("teams.role", role.pk), rights=row["rights"])
    return locked


def change_limit(*, role: Role, limit_id: str, limit: LimitInput, by: Actor) -> Role:
    """Put another limit in the place of one that stands; who holds the role acts by it from the next request on.

    One that stands as it should already is left, without a record.

    Raises: as change_role; NotFound for one that is gone. Records: teams.role.limit_changed. Locks: the role.
    """
    locked = _to_limit(role, by)
    if all(row["id"] != limit_id for row in locked.limits):
        raise NotFound(_("The role has no such limit any more."))
    wanted = {**_fitting(limit, locked), "id": limit_id}
    changed = [wanted if row["id"] == limit_id else row for row in locked.limits]
    if changed != locked.limits:
        locked.limits = changed
        locked.save(update_fields=["limits"])
        subject = Ref("teams.role", role.pk)
        record("teams.role.limit_changed", by=by, subject=subject, rights=wanted["rights"])
    return locked


def remove_limit(*, role: Role, limit_id: str, by: Actor) -> Role:
    """Take a limit away from a role; one that is gone already stays gone.

    Raises: as change_role. Records: teams.role.unlimited. Locks: the role.
    """
    locked = _to_limit(role, by)
    gone = [row for row in locked.limits if row["id"] == limit_id]
    if gone:
        locked.limits = [row for row in locked.limits if row["id"] != limit_id]
        locked.save(update_fields=["limits"])
        record("teams.role.unlimited", by=by, subject=Ref("teams.role", role.pk), rights=gone[0]["rights"])
    return locked


def _to_limit(role: Role, by: Actor) -> Role:
    require(by, "teams.role.edit", role)
    _require_own(role)
    require_right_over_role(by, role)
    _require_beyond_limits(by, role)
    return Role.objects.select_for_update().get(pk=role.pk)


def _require_beyond_limits(by: Actor, role: Role) -> None:
    """Let nobody loosen limits who is bound by such himself. Raises: NotAllowed."""
    limited = {right for row in role.limits for right in row["rights"]}
    if not by.is_system and (beyond := sorted(limited - unlimited_verbs(by))):
        message = _("You have some of these rights within limits yourself.")
        raise NotAllowed(message, verb="teams.role.edit", missing=_label(beyond[0]))


def _label(right: str) -> str:
    return str(verbs.get(right).label) if right in verbs else right


def _few(limits: Sequence[Any]) -> Sequence[Any]:
    if len(limits) > MOST:
        raise Invalid(_("A role has at most %(count)s limits.") % {"count": MOST})
    return limits


def _without_lost(role: Role) -> list[dict[str, Any]]:
    """Return the limits without rights that the role has no longer, those of no right left out."""
    kept = set(role.verbs)
    rows = [{**row, "rights": [right for right in row["rights"] if right in kept]} for row in role.limits]
    return [row for row in rows if row["rights"]]


def _fitting(limit: LimitInput, role: Role) -> dict[str, Any]:
    """Return a limit as a role keeps it. Raises: Invalid with the fields that do not fit."""
    made = Limit(
        id=uuid7().hex[-12:],
        verbs=frozenset(limit.rights),
        networks=frozenset(limit.networks),
        teams=frozenset(limit.teams),
        states=frozenset(limit.states),
        hours=limit.hours,
    )
    fields: dict[str, list[str]] = {}
    if not made.verbs or made.verbs - set(role.verbs):
        fields["rights"] = [_("Choose rights that the role has.")]
    if not made.dimensions:
        fields["networks"] = [_("Say to what the rights are limited: networks, teams, states or hours.")]
    beyond = sorted(verb for verb in made.verbs if verb in verbs and made.dimensions - limitable_by(verb))
    if beyond and "rights" not in fields:
        words = ", ".join(str(verbs.get(verb).label) for verb in beyond[:5])
        message = _("These rights are not about such things, so they cannot be limited so: %(rights)s.")
        fields["rights"] = [message % {"rights": words}]
    if made.states - {key for key, _label in choices()}:
        fields["states"] = [_("Choose states of the list.")]
    if Team.objects.filter(pk__in=made.teams).count() != len(made.teams):
        fields["teams"] = [_("Choose teams of this workspace.")]
    if not all(_KIND.fullmatch(kind) for kind in made.networks):
        fields["networks"] = [_("Choose networks of this workspace.")]
    if made.hours and (not made.hours.days or made.hours.days - set(range(7))):
        fields["days"] = [_("Choose the days.")]
    if made.hours and made.hours.since == made.hours.until:
        fields["until"] = [_("The end is another time than the beginning.")]
    if fields:
        raise Invalid(_("The limit was not saved."), fields=fields)
    return as_json(made)


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
    beyond = sorted(set(rights) - unlimited_verbs(by)) if not by.is_system else []
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
