"""What several requests say and what changed in each since the reader looked, in a fixed number of statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from approvals.models import LastSeen, Request
from approvals.pictures import pictures_between
from approvals.registry import Contents, approvables
from approvals.review import Since
from approvals.wording import changes_between
from core.refs import Ref
from teams.actors import Actor

_NOTHING = Contents({}, {})


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands under review, and what is new in it for the reader."""

    texts: Mapping[str, str]
    since: Since


def shown_of(by: Actor, requests: Collection[Request]) -> dict[UUID, Shown]:
    """Return by request what its revision says and what is new since the actor looked; does not note that he looks."""
    before = {request.pk: _before(request, seen) for request, seen in _seen(by, requests)}
    wanted = [(request.ref, request.revision_id) for request in requests]
    wanted += [(request.ref, old.id) for request in requests if (old := before.get(request.pk)) is not None]
    found = _contents(by, wanted)
    return {request.pk: _shown(request, before.get(request.pk), found) for request in requests}


@dataclass(frozen=True, slots=True)
class _Before:
    id: UUID
    number: int | None
    seen: LastSeen


def _seen(by: Actor, requests: Collection[Request]) -> list[tuple[Request, LastSeen]]:
    if by.member_id is None:
        return []
    rows = LastSeen.objects.filter(
        member_id=by.member_id, subject_id__in=[request.subject_id for request in requests]
    )
    found = {(row.subject_type, row.subject_id): row for row in rows}
    pairs = [(request, found.get((request.subject_type, request.subject_id))) for request in requests]
    return [(request, seen) for request, seen in pairs if seen is not None]


def _before(request: Request, seen: LastSeen) -> _Before | None:
    """Return the revision to compare with: the one seen last, or the one before where that is still under review."""
    if seen.revision_id != request.revision_id:
        return _Before(seen.revision_id, seen.revision_number, seen)
    return _Before(seen.before_id, seen.before_number, seen) if seen.before_id else None


def _shown(request: Request, before: _Before | None, found: Mapping[UUID, Contents]) -> Shown:
    now = found.get(request.revision_id, _NOTHING)
    if before is None:
        return Shown(now.texts, Since())
    at = before.seen.seen_at if before.id == before.seen.revision_id else before.seen.before_at
    was = found.get(before.id, _NOTHING)
    words, pictures = changes_between(was.texts, now.texts), pictures_between(was.pictures, now.pictures)
    return Shown(now.texts, Since(before.number, at, words, pictures))


def _contents(by: Actor, wanted: Sequence[tuple[Ref, UUID]]) -> dict[UUID, Contents]:
    found: dict[UUID, Contents] = {}
    for kind in approvables.values():
        own = [(ref, revision_id) for ref, revision_id in wanted if ref.type == kind.type]
        if kind.contents is not None and own:
            found.update(kind.contents(by, own))
            continue
        for ref, revision_id in own:
            pictures = kind.pictures(by, ref, revision_id) if kind.pictures else {}
            found[revision_id] = Contents(kind.texts(by, ref, revision_id), pictures)
    return found
