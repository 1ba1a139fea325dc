"""Pieces: revisions cut, put up for approval, and moved as their requests move."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from approvals.changing import changed_request, undecidable
from approvals.models import Request, Workflow
from approvals.paths import SubmissionFacts
from approvals.pieces import PIECE_STEPS, Piece, PieceRevision, PieceState
from approvals.registry import Standing
from approvals.selectors import request_of, request_rows, workflow_chosen
from approvals.services.requests import asks_no_approval, mark_stale, submit_request, withdraw_request
from approvals.states import RequestState
from core.clock import now
from core.errors import Invalid, Locked, Stale, WrongState
from core.record import record
from core.refs import Ref
from core.transitions import transition
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class PieceKind:
    """A kind of piece: how others name it, its two tables, and what routing looks at."""

    key: str
    piece: type[Piece]
    revision: type[PieceRevision]
    facts: Callable[[Any, frozenset[UUID]], SubmissionFacts]

    def ref(self, piece: Piece) -> Ref:
        """Return the reference under which other apps know a piece."""
        return Ref(self.key, piece.pk)

    def revision_of(self, piece_id: UUID, number: int) -> PieceRevision | None:
        """Return a revision by its number."""
        found: PieceRevision | None = self._rows(piece_id).filter(number=number).first()
        return found

    def revision_by_id(self, ref: Ref, revision_id: UUID) -> PieceRevision | None:
        """Return a revision of a piece by its id."""
        found: PieceRevision | None = self._rows(ref.id).filter(pk=revision_id).first()
        return found

    def writers(self, piece_id: UUID) -> frozenset[UUID]:
        """Return the memberships that made what stands: each who cut a revision, each for whom."""
        rows = self._rows(piece_id).values_list("created_by_id", "on_behalf_of")
        return frozenset(ident for row in rows for ident in row if ident is not None)

    def on_state(self, ref: Ref, state: str, *, request: Request | None, by: Actor) -> None:
        """Move a piece as its request moved. Records: <key>.followed_request."""
        piece = self.piece._default_manager.select_for_update().get(pk=ref.id)
        if state != RequestState.OPEN or piece.state != PieceState.IN_REVIEW:
            transition(piece, PIECE_STEPS, state, updated_at=now())
        record(f"{self.key}.followed_request", by=by, subject=ref, state=piece.state)

    def standing(self, ref: Ref) -> Standing | None:
        """Return which revision stands, and who made it."""
        piece = self.piece._default_manager.filter(pk=ref.id).first()
        revision = self.revision_of(ref.id, piece.version) if piece else None
        if revision is None:
            return None
        return Standing(revision.pk, revision.number, revision.content_hash, self.writers(ref.id))

    def hash_of(self, ref: Ref, revision_id: UUID) -> str:
        """Compute a revision's hash anew from what is kept of it."""
        revision = self.revision_by_id(ref, revision_id)
        return revision.fresh_hash() if revision else ""

    def parts_of(self, ref: Ref, revision_id: UUID) -> Mapping[str, str]:
        """Return the hash of a revision: a piece is one part."""
        revision = self.revision_by_id(ref, revision_id)
        return {str(ref.id): revision.content_hash} if revision else {}

    def lock(self, ref: Ref) -> None:
        """Lock a piece before its request is, in the order that edits take."""
        self.piece._default_manager.select_for_update(of=("self",)).filter(pk=ref.id).first()

    def _rows(self, piece_id: UUID) -> Any:
        manager: Any = self.revision._default_manager
        return manager.filter(piece=piece_id)


def lock_piece(kind: PieceKind, piece: Piece, expected_number: int | None = None) -> None:
    """Lock a piece until the commit and take over where it stands.

    Raises: Stale when another revision stands than the one the caller worked on.
    """
    rows = kind.piece._default_manager.select_for_update(of=("self",))
    row = rows.values("state", "version").get(pk=piece.pk)
    if row["version"] != (piece.version if expected_number is None else expected_number):
        raise Stale(
            _("Somebody saved revision %(number)d in the meantime. Nothing of yours was overwritten.")
            % {"number": row["version"]}
        )
    piece.state, piece.version = row["state"], row["version"]


@transaction.atomic
def cut_revision(
    *, kind: PieceKind, piece: Piece, revision: PieceRevision, expected_number: int, by: Actor
) -> Piece:
    """Cut the next revision; what says the same cuts none. A review of what stood goes stale, an approval is lost.

    What an approver changes in review, where his step lets him, is put up again at once for the others to see. The
    caller has checked the right. Raises: Stale; Locked; WrongState where nobody would be left to decide.
    Records: <key>.saved.
    """
    lock_piece(kind, piece, expected_number)
    before = kind.revision_of(piece.pk, piece.version)
    revision.content_hash = revision.fresh_hash()
    if before is not None and before.content_hash == revision.content_hash:
        return piece
    if piece.state == PieceState.APPROVED and piece.workspace.settings.get("lock_approved"):
        raise Locked(_("This workspace locks what is approved. Withdraw the approval first."))
    reviewed = changed_request(by, kind.ref(piece)) if piece.state == PieceState.IN_REVIEW else None
    mark_stale(subject=kind.ref(piece), by=by)
    revision.number = piece.version + 1
    revision.created_by, revision.on_behalf_of = by.member, by.on_behalf_of
    revision.actor_kind, revision.actor_id = by.kind, by.id
    revision.save(force_insert=True)
    kind.piece._default_manager.filter(pk=piece.pk).update(version=revision.number, updated_at=now())
    piece.refresh_from_db()
    record(f"{kind.key}.saved", by=by, subject=kind.ref(piece), revision=piece.version)
    if reviewed is not None:
        _put_up_again(kind, piece, reviewed, by)
    return piece


@transaction.atomic
def submit_piece(
    *,
    kind: PieceKind,
    piece: Piece,
    note: str = "",
    workflow: Workflow | None = None,
    expected_number: int | None = None,
    by: Actor,
) -> Piece:
    """Put the revision that stands up for approval; where the workspace asks for none, it is approved at once.

    The caller has checked the right. Raises: NotAllowed; Stale; WrongState; Invalid without any step to take.
    Records: approvals.request.submitted or approvals.clearance.given.
    """
    lock_piece(kind, piece, expected_number)
    if not piece.can_be_submitted:
        raise WrongState(_not_submittable(piece))
    _submit(kind, piece, by, note=note, workflow=workflow)
    return piece


def withdraw_piece(*, kind: PieceKind, piece: Piece, by: Actor) -> Piece:
    """Take a piece back from review, or its approval back; it is a draft again. Raises: NotAllowed; WrongState."""
    request = request_of(kind.ref(piece))
    if request is None or request.state not in (RequestState.OPEN, RequestState.APPROVED):
        raise WrongState(_("This is not in review."))
    withdraw_request(request=request, by=by)
    piece.refresh_from_db()
    return piece


def _put_up_again(kind: PieceKind, piece: Piece, amends: Request, by: Actor) -> None:
    if asks_no_approval(piece.workspace_id):
        return
    made = _submit(kind, piece, by, note=amends.note, workflow=workflow_chosen(amends), amends=amends)
    left = undecidable(request_rows().get(pk=made.pk)) if made else None
    if left is not None:
        raise WrongState(
            _(
                "After your change nobody would be left to decide in “%(step)s”. Suggest the words, or ask for changes."
            )
            % {"step": left.name}
        )


def _submit(kind: PieceKind, piece: Piece, by: Actor, **more: Any) -> Request | None:
    revision = kind.revision_of(piece.pk, piece.version)
    if revision is None:
        raise Invalid(_("There is nothing to submit yet."))
    writers = kind.writers(piece.pk)
    made = submit_request(
        subject=kind.ref(piece),
        revision_id=revision.pk,
        revision_number=revision.number,
        content_hash=revision.content_hash,
        author_ids=writers,
        facts=kind.facts(piece, writers),
        by=by,
        **more,
    )
    piece.refresh_from_db()
    return made


def _not_submittable(piece: Piece) -> str:
    if not piece.version:
        return _("There is nothing to submit yet.")
    return _("This is “%(state)s” already.") % {"state": PieceState(piece.state).label}
