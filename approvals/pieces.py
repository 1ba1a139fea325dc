"""What is judged on its own, apart from posts: kept in revisions that never change, moved as its request moves."""

import hashlib
import json
from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.transitions import Transition
from teams.models import Membership
from teams.states import ActorKind
from teams.tenancy import WorkspaceOwned


class PieceState(models.TextChoices):
    """Where a piece stands."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    CHANGES_REQUESTED = "changes_requested", _("changes requested")
    REJECTED = "rejected", _("rejected")
    APPROVED = "approved", _("approved")


S = PieceState
SUBMITTABLE = (S.DRAFT, S.CHANGES_REQUESTED, S.REJECTED)


def _steps(starts: Iterable[str], verb: str, to: str) -> tuple[Transition, ...]:
    return tuple(Transition(start, verb, to) for start in starts)


PIECE_STEPS: tuple[Transition, ...] = (
    *_steps((*SUBMITTABLE, S.APPROVED), "open", S.IN_REVIEW),
    *_steps((*SUBMITTABLE, S.IN_REVIEW), "approved", S.APPROVED),
    *_steps((S.IN_REVIEW,), "changes_requested", S.CHANGES_REQUESTED),
    *_steps((S.IN_REVIEW,), "rejected", S.REJECTED),
    *_steps((S.IN_REVIEW, S.APPROVED), "withdrawn", S.DRAFT),
    *_steps((S.IN_REVIEW, S.APPROVED), "stale", S.DRAFT),
)
"""How a piece follows its request; the verbs are the states of requests."""


class Piece(WorkspaceOwned):
    """Something that is put up for approval by itself; `version` is the number of the revision that stands."""

    state = models.CharField(max_length=20, choices=PieceState, default=PieceState.DRAFT)
    version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        abstract = True

    @property
    def can_be_submitted(self) -> bool:
        """Tell whether there is something to submit that is not in review or approved."""
        return self.version > 0 and self.state in SUBMITTABLE


class PieceRevision(WorkspaceOwned):
    """What a piece was at one moment; never changes. Each kind adds its `piece`, and names what of it is judged."""

    JUDGED: ClassVar[tuple[str, ...]] = ()

    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    on_behalf_of = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        abstract = True

    def fresh_hash(self) -> str:
        """Compute the hash of what is judged anew."""
        said = {name: getattr(self, name) for name in self.JUDGED}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
