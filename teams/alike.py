"""Who asks alike: members whose questions name nothing but themselves, kept once for all by `core.written`."""

from uuid import UUID

from teams.actors import Actor
from teams.permissions import covered_actors


def is_plain(by: Actor) -> bool:
    """Tell whether a member acts for himself only and without limits."""
    return by.member is not None and not by.limits and by.bounds is None and not covered_actors(by)


def ids_of(by: Actor) -> dict[str, UUID]:
    """Return the ids in which those who ask alike differ."""
    member = by.member
    if member is None:
        return {}
    return {
        "workspace": member.workspace_id,
        "member": member.pk,
        "role": member.role_id,
        "user": member.user_id,
    }
