"""The parts of what is judged, each with whether the reader has ticked it off as it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from approvals.looks import Reviewed
from approvals.models import Request
from approvals.registry import approvables
from comments.registry import body_of
from core.refs import Ref
from teams.actors import Actor
from teams.states import ActorKind


@dataclass(frozen=True, slots=True)
class PartView:
    """A part by its name: ticked off as it stands, or ticked off before and changed since."""

    key: str
    label: str
    digest: str
    is_reviewed: bool = False
    is_changed: bool = False


def parts_for(by: Actor, request: Request) -> list[PartView]:
    """Return the parts of the revision under review that the actor may see, in their order."""
    return parts_of_revision(by, request.ref, request.revision_id)


def parts_of_revision(by: Actor, ref: Ref, revision_id: UUID | None) -> list[PartView]:
    """Return the parts of a revision that the actor may see; a mark holds only for the very content it was set on."""
    approvable = approvables.find(ref.type)
    if approvable is None or approvable.parts is None or revision_id is None:
        return []
    hashes = approvable.parts(ref, revision_id)
    marks = {row.part: row.part_hash for row in marks_of(by, ref)}
    return [
        PartView(
            key=part.key,
            label=part.label,
            digest=hashes[part.key],
            is_reviewed=marks.get(part.key) == hashes[part.key],
            is_changed=part.key in marks and marks[part.key] != hashes[part.key],
        )
        for part in body_of(by, ref, revision_id).parts
        if part.key in hashes
    ]


def marks_of(by: Actor, ref: Ref) -> Sequence[Reviewed]:
    """Return what a person has ticked off of a subject; covering somebody shows none of his."""
    rows = Reviewed.objects.filter(subject_type=ref.type, subject_id=ref.id)
    if by.kind == ActorKind.GUEST:
        return list(rows.filter(guest=by.id))
    return list(rows.filter(member=by.member_id)) if by.member_id else []
