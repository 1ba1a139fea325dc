"""Workspaces: made with their built-in roles and first owner."""

import re
import zoneinfo
from collections.abc import Callable, Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.errors import Invalid, NotFound
from core.record import record
from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor
from teams.models import LANGUAGES, Membership, Role, User, Workspace
from teams.permissions import actor_of, require
from teams.states import RoleKey
from teams.tenancy import workspace_scope

RESERVED_SLUGS = frozenset(
    "admin api accounts static media live n w app apps auth demo dev docs health help login logout mail me new null"
    " operator owner public root settings signup staff status styleguide support system team test www".split()
)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")

SETTINGS: dict[str, tuple[object, ...]] = {
    "approval": ("on", "off"),
    "lock_approved": (True, False),
    "time_out_hours": (0, 4, 8, 24, 48, 72),
}
"""What a workspace can set, with the values allowed."""

furnishers: Registry[Callable[[Workspace, Actor], object]] = Registry("teams.services.workspaces.furnishers")
"""Upper apps add `(workspace, actor) -> None` here to give each new workspace what it starts with."""


Configured = Callable[[Workspace, Mapping[str, object], Actor], object]
configured: Registry[Configured] = Registry("teams.services.workspaces.configured")
"""Upper apps add `(workspace, settings before, actor) -> None`: called in the transaction that changed settings."""


def create_workspace(
    *, slug: str, name: str, owner: User, timezone: str = "UTC", language: str = "en"
) -> tuple[Workspace, Membership]:
    """Create a workspace with the built-in roles, and make `owner` its first owner.

    Raises: Invalid for a taken, reserved or malformed slug and for an unknown zone.
    Records: teams.workspace.created.
    """
    _check(slug, name, timezone)
    try:
        with transaction.atomic():
            workspace = Workspace.objects.create(
                slug=slug, name=name.strip(), timezone=timezone, language=language
            )
    except IntegrityError:
        message = _("“%(slug)s” is taken; choose another address.") % {"slug": slug}
        raise Invalid(message, fields={"slug": [message]}) from None
    with workspace_scope(workspace.pk):
        for key in RoleKey:
            Role.objects.create(workspace=workspace, key=key, name=str(key.label), is_builtin=True)
        role = Role.objects.get(key=RoleKey.OWNER)
        member = Membership.objects.create(workspace=workspace, user=owner, role=role)
        actor = actor_of(member)
        for furnish in furnishers.values():
            furnish(workspace, actor)
        record("teams.workspace.created", by=actor, subject=Ref("teams.workspace", workspace.pk))
    return workspace, member


@transaction.atomic
def configure_workspace(*, workspace: Workspace, changes: dict[str, object], by: Actor) -> Workspace:
    """Change name, zone, language or settings of the workspace, and let upper apps follow in the same transaction.

    Records: teams.workspace.configured. Locks: the workspace's row.
    """
    require(by, "teams.workspace.configure")
    if workspace.pk != by.workspace_id:
        raise NotFound(_("There is no such workspace."))
    before = Workspace.objects.select_for_update().values_list("settings", flat=True).get(pk=workspace.pk)
    workspace.settings = dict(before)
    zone = changes.get("timezone", workspace.timezone)
    _check(workspace.slug, str(changes.get("name", workspace.name)), str(zone))
    _check_choices(changes)
    for field in ("name", "timezone", "language", "settings"):
        if field in changes:
            value = changes[field]
            setattr(workspace, field, {**workspace.settings, **value} if isinstance(value, dict) else value)
    workspace.save()
    for follow in configured.values():
        follow(workspace, before, by)
    record(
        "teams.workspace.configured",
        by=by,
        subject=Ref("teams.workspace", workspace.pk),
        fields=sorted(changes),
    )
    return workspace


def _check_choices(changes: Mapping[str, object]) -> None:
    fields: dict[str, list[str]] = {}
    if changes.get("language", "en") not in dict(LANGUAGES):
        fields["language"] = [_("Choose one of the list.")]
    given = changes.get("settings", {})
    known = isinstance(given, dict) and all(
        name in SETTINGS and value in SETTINGS[name] for name, value in given.items()
    )
    if not known:
        fields["settings"] = [_("Unknown setting.")]
    if fields:
        raise Invalid(_("The workspace could not be saved."), fields=fields)


def _check(slug: str, name: str, timezone: str) -> None:
    fields: dict[str, list[str]] = {}
    if not _SLUG.fullmatch(slug) or slug in RESERVED_SLUGS:
        fields["slug"] = [_("Use 1 to 48 lower-case letters, digits and hyphens; a few words are reserved.")]
    if not 1 <= len(name.strip()) <= 120:
        fields["name"] = [_("Give a name of 1 to 120 characters.")]
    if timezone not in zoneinfo.available_timezones():
        fields["timezone"] = [_("This time zone is not known.")]
    if fields:
        raise Invalid(_("The workspace could not be saved."), fields=fields)
