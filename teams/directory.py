"""Questions about the directory: whom and which groups it names, and the keys by which it writes."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from teams.actors import Actor
from teams.identities import SECURE
from teams.models import AccessKey, DirectoryGroup, DirectoryUser, Membership
from teams.permissions import require
from teams.states import ActorKind, KeyKind


def directory_actor(key: AccessKey) -> Actor:
    """Return the directory as the one who acts: the product itself, by the key that it bears."""
    return Actor(ActorKind.SYSTEM, key.workspace_id, key.pk)


def hold_directory(workspace_id: UUID) -> None:
    """Let one write of the directory, or of what follows its groups, come after the other.

    Asked for before anything is read that is written back, and before any row is locked, so that nobody waits in a
    circle. Locks: one advisory lock for the workspace, until the commit.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [str(workspace_id)])


def minted_by(key: AccessKey) -> Membership | None:
    """Return who made the key; stands as the one who asks in invitations that it causes."""
    rows = Membership.objects.select_related("user", "role")
    return rows.filter(pk=key.created_by_id).first() if key.created_by_id else None


def people(condition: Q | None = None) -> QuerySet[DirectoryUser]:
    """Return whom the directory of the workspace in scope names, oldest first."""
    rows = DirectoryUser.objects.prefetch_related("groups").order_by("created_at", "pk")
    return rows.filter(condition).distinct() if condition is not None else rows


def groups(condition: Q | None = None) -> QuerySet[DirectoryGroup]:
    """Return the groups of the directory, oldest first."""
    rows = DirectoryGroup.objects.prefetch_related("people").order_by("created_at", "pk")
    return rows.filter(condition).distinct() if condition is not None else rows


def get_person(ident: str) -> DirectoryUser:
    """Return somebody by the directory's id for him here. Raises: NotFound."""
    found = people().filter(pk=_id(ident)).select_related("member").first()
    if found is None:
        raise NotFound(_("The directory names nobody by this id."))
    return found


def get_group(ident: str) -> DirectoryGroup:
    """Return a group. Raises: NotFound."""
    found = groups().filter(pk=_id(ident)).first()
    if found is None:
        raise NotFound(_("The directory has no group of this id."))
    return found


def people_by_id(wanted: Sequence[UUID]) -> list[DirectoryUser]:
    """Return those whom the ids name. Raises: NotFound for one that names nobody."""
    found = DirectoryUser.objects.select_related("member__user", "member__role", "member__workspace").in_bulk(
        wanted
    )
    missing = [ident for ident in wanted if ident not in found]
    if missing:
        raise NotFound(_("The directory names nobody by this id."))
    return [found[ident] for ident in wanted]


def directory_keys(by: Actor) -> QuerySet[AccessKey]:
    """Return the directory's keys that were not taken back. Raises: NotAllowed."""
    require(by, SECURE)
    rows = AccessKey.objects.filter(workspace_id=by.workspace_id, kind=KeyKind.SCIM, revoked_at=None)
    return rows.order_by("-created_at", "pk")


def get_directory_key(by: Actor, pk: UUID) -> AccessKey:
    """Return one of the directory's keys. Raises: NotFound."""
    found = directory_keys(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such key."))
    return found


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
