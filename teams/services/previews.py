"""Looking as another role: what somebody with it sees, for a quarter of an hour, with nothing that can be changed."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.clock import now
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.limits import limits_of
from teams.models import Membership, Role
from teams.permissions import actor_of, held_at, require
from teams.states import ActorKind, RoleKey

PREVIEW = "preview"
"""Where a session notes that its person looks as another role."""

LASTS = timedelta(minutes=15)
MAKES = "teams.role.edit"


def may_look_as(by: Actor, role: Role) -> bool:
    """Tell whether the actor may look as a role: he makes roles, and it is no owner's unless he makes owners."""
    return MAKES in by.verbs and (role.key != RoleKey.OWNER or "teams.role.assign_owner" in by.verbs)


def begin_preview(*, role: Role, by: Actor) -> dict[str, str]:
    """Begin to look as a role; return what the session is to note.

    Raises: NotAllowed, for an owner's role without the right to make owners. Records: teams.role.previewed.
    """
    require(by, MAKES, role)
    if not may_look_as(by, role):
        require(by, "teams.role.assign_owner")
    record("teams.role.previewed", by=by, subject=Ref("teams.role", role.pk))
    until = now() + LASTS
    return {"workspace": str(by.workspace_id), "role": str(role.pk), "until": until.isoformat()}


def end_preview(*, note: Mapping[str, Any], by: Actor) -> None:
    """End a look before its time. Records: teams.role.preview_ended."""
    if note_holds(note, by.workspace_id, now()):
        record("teams.role.preview_ended", by=by, subject=Ref("teams.role", UUID(note["role"])))


def note_holds(note: Mapping[str, Any] | None, workspace_id: UUID, at: datetime) -> bool:
    """Tell whether a session's note is about this workspace and its time is not over."""
    if not note or note.get("workspace") != str(workspace_id):
        return False
    return at < datetime.fromisoformat(note["until"])


def preview_actor(member: Membership, note: Mapping[str, Any] | None, at: datetime) -> Actor | None:
    """Return the member as somebody with the role would look; None where no look goes on.

    It sees at most what the member himself may, covers nobody, and ends when he may not make roles any more or the
    role is gone. Whoever lets it in refuses writes and takes back whatever was written all the same.
    """
    if not note or not note_holds(note, member.workspace_id, at):
        return None
    own = actor_of(member)
    role = Role.objects.filter(pk=note["role"]).first() if MAKES in own.verbs else None
    if role is None:
        return None
    shown = copy(member)
    shown.role = role
    limits = limits_of(role)
    return Actor(
        ActorKind.MEMBER,
        member.workspace_id,
        member.pk,
        shown,
        held_at(shown, limits, at) & own.verbs,
        limits=(*limits, *own.limits),
        is_preview=True,
    )
