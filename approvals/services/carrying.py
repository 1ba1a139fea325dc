"""What of an earlier review stands when something comes back changed, as its workflows say."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from approvals.models import Request, RequestStep
from approvals.permissions import same_people
from approvals.registry import approvables
from approvals.selectors import request_rows
from approvals.states import Reopen, RequestState, StepState, Verdict

ENDED = (RequestState.CHANGES_REQUESTED, RequestState.STALE)


def keep_steps(request: Request, steps: Sequence[RequestStep]) -> None:
    """Mark as kept, of the steps that are about to be written, those whose earlier approval their workflows let stand.

    Nothing is kept of a workflow that was edited since, of a step that somebody approved who is an author by now, nor
    the last step that would be left to decide. Part of the submitting service; the database holds the same.
    """
    earlier = _earlier(request)
    if earlier is None:
        return
    before = {(step.source_id, step.name): step for step in earlier.steps.all()}
    authors = same_people(UUID(ident) for ident in request.author_ids)
    changed = _changed_parts(earlier, request)
    asker = _asker(earlier)
    kept: list[RequestStep] = []
    for step in steps:
        old = before.get((step.source_id, step.name))
        if (
            step.source_id
            and old is not None
            and _stands(step, old, asker, changed)
            and not _by_author(old, authors)
        ):
            step.kept_from_id = old.kept_from_id or old.pk
            kept.append(step)
    if len(kept) == len(steps):
        kept.pop().kept_from = None
    for step in kept:
        step.state = StepState.KEPT


def _earlier(request: Request) -> Request | None:
    rows = request_rows().filter(subject_type=request.subject_type, subject_id=request.subject_id)
    found = rows.exclude(pk=request.pk).order_by("-submitted_at", "-pk").first()
    return found if found is not None and found.state in ENDED else None


def _asker(earlier: Request) -> int | None:
    """Return the position of the step that asked for changes, None where nobody did."""
    asked = [
        step.position
        for step in earlier.steps.all()
        for row in step.decisions.all()
        if row.undone_at is None and row.verdict == Verdict.REQUEST_CHANGES
    ]
    return min(asked, default=None)


def _changed_parts(earlier: Request, request: Request) -> set[str] | None:
    """Return the channels whose payload differs between two revisions; None where that is not known."""
    approvable = approvables.find(request.subject_type)
    if approvable is None or approvable.parts is None:
        return None
    was: Mapping[str, str] = approvable.parts(request.ref, earlier.revision_id)
    now: Mapping[str, str] = approvable.parts(request.ref, request.revision_id)
    return {part for part in {*was, *now} if was.get(part) != now.get(part)}


def _stands(step: RequestStep, old: RequestStep, asker: int | None, changed: set[str] | None) -> bool:
    if old.state not in (StepState.PASSED, StepState.KEPT) or set(step.parts) - set(old.parts):
        return False
    if step.reopen == Reopen.ASKER:
        return asker is not None and old.position < asker
    if step.reopen == Reopen.UNCHANGED:
        return changed is not None and bool(step.parts) and changed.isdisjoint(step.parts)
    return False


def _by_author(old: RequestStep, authors: frozenset[UUID]) -> bool:
    root = old.kept_from or old
    voices = [row for row in root.decisions.all() if row.undone_at is None]
    return any(row.member_id in authors or row.on_behalf_of_id in authors for row in voices)
