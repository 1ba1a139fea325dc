"""The certificate of an approval: who decided what on which revision, checked against the sealed record (R7.5)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from activity.models import Entry
from activity.services.sealing import Link, links_of
from approvals.models import Amendment, Clearance, Decision, Override, Request, RequestStep
from approvals.overrides import override_of
from approvals.registry import Description, approvables
from approvals.selectors import amendments_of, described, get_request
from approvals.states import RequestState
from core.clock import now
from core.errors import WrongState
from teams.actors import Actor

MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class Statement:
    """A decision and the entry of the record that tells of it."""

    decision: Decision
    link: Link | None
    is_true: bool

    @property
    def role(self) -> str:
        """Return the role of whose seat was used; empty for a guest."""
        seat = self.decision.on_behalf_of or self.decision.member
        return str(seat.role) if seat else ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A step with what was said in it."""

    step: RequestStep
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was approved, by whom, and whether content, decisions and record still agree.

    `digest` is the SHA-256 of all that, in hexadecimal, so that a printed copy can be compared.
    """

    request: Request
    description: Description
    clearance: Clearance | None
    stages: tuple[Stage, ...]
    amendments: tuple[Amendment, ...]
    links: tuple[Link, ...]
    content_is_true: bool
    drawn_up_at: datetime
    digest: str
    override: Override | None = None

    @property
    def unsealed(self) -> int:
        """Return how many entries the chain has not taken up yet."""
        return sum(not link.is_sealed for link in self.links)

    @property
    def broken(self) -> int:
        """Return how many entries do not fit their link any more."""
        return sum(link.is_sealed and not link.holds for link in self.links)

    @property
    def decisions_are_true(self) -> bool:
        """Tell whether each decision is told by the record, on this revision and this hash."""
        return all(row.is_true for stage in self.stages for row in stage.statements)

    @property
    def holds(self) -> bool:
        """Tell whether nothing was changed since: content, decisions and record."""
        return self.content_is_true and self.decisions_are_true and not self.broken and not self.unsealed


def certificate(by: Actor, pk: UUID) -> Certificate:
    """Return the certificate of an approved request. Raises: NotFound, NotAllowed; WrongState before approval."""
    request = get_request(by, pk)
    if request.state != RequestState.APPROVED:
        raise WrongState(_("Only what was approved has a certificate."), code="not_approved")
    links = links_of(_entries(request))
    by_decision = {
        link.entry.facts.get("decision"): link for link in links if link.entry.facts.get("decision")
    }
    stages = tuple(_stage(step, request, by_decision) for step in request.steps.all())
    facts = _facts(request, stages, links)
    override = override_of(request)
    if override is not None:
        who = [str(override.member_id), str(override.on_behalf_of_id or "")]
        facts["override"] = [str(override.pk), *who, override.reason, override.at.isoformat()]
    approvable = approvables.find(request.subject_type)
    hash_of = approvable.hash_of if approvable else None
    return Certificate(
        request=request,
        description=described(by, [request])[request.pk],
        clearance=request.clearances.order_by("-pk").first(),
        stages=stages,
        amendments=tuple(amendments_of(request)),
        links=tuple(links),
        content_is_true=hash_of is None or hash_of(request.ref, request.revision_id) == request.content_hash,
        drawn_up_at=now(),
        digest=hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest(),
        override=override,
    )


def _entries(request: Request) -> list[Entry]:
    """Return what the record tells of a request, oldest first; a decision kept from an earlier one is told there."""
    ids = {str(request.pk)} | {
        str(step.kept_from.request_id) for step in request.steps.all() if step.kept_from is not None
    }
    rows = Entry.objects.filter(
        subject_type=request.subject_type,
        subject_id=request.subject_id,
        verb__startswith="approvals.request.",
        facts__request__in=sorted(ids),
    )
    return list(rows.order_by("pk")[:MOST_ENTRIES])


def _stage(step: RequestStep, request: Request, links: dict[str, Link]) -> Stage:
    said = (step.kept_from or step).decisions.all()
    rows = [row for row in said if row.undone_at is None]
    return Stage(step, tuple(_statement(row, step, request, links.get(str(row.pk))) for row in rows))


def _statement(decision: Decision, step: RequestStep, request: Request, link: Link | None) -> Statement:
    """Hold a decision beside its entry: the same person, the same seat, the revision that the request is about."""
    is_own = step.kept_from is not None or (
        decision.content_hash == request.content_hash and decision.revision_id == request.revision_id
    )
    is_told = link is not None and (
        link.entry.actor_kind == decision.actor_kind
        and link.entry.member_id == decision.member_id
        and link.entry.on_behalf_of == decision.on_behalf_of_id
    )
    return Statement(decision, link, is_own and is_told)


def _facts(request: Request, stages: Sequence[Stage], links: Sequence[Link]) -> dict[str, Any]:
    return {
        "request": str(request.pk),
        "workspace": str(request.workspace_id),
        "subject": [request.subject_type, str(request.subject_id)],
        "revision": [str(request.revision_id), request.revision_number],
        "content_hash": request.content_hash,
        "decisions": [
            [
                stage.step.position,
                str(row.decision.pk),
                row.decision.verdict,
                row.decision.content_hash,
                str(row.decision.member_id or row.decision.guest_id),
                str(row.decision.on_behalf_of_id or ""),
                row.decision.at.isoformat(),
            ]
            for stage in stages
            for row in stage.statements
        ],
        "record": [str(link.entry.pk) for link in links],
    }
