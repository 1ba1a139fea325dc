"""Questions about requests, clearances and the path that a submission takes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Exists,
    F,
    Func,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from approvals.models import (
    Amendment,
    Clearance,
    Decision,
    LastSeen,
    Request,
    RequestApprover,
    RequestStep,
    Step,
    StepApprover,
    Workflow,
)
from approvals.paths import PathStep, SubmissionFacts, path_among
from approvals.permissions import DECIDE, SEE, people_rows, seats_of, team_rows
from approvals.registry import Description, approvables
from approvals.states import ClearanceSource, RequestState, StepState
from core.errors import NotFound
from core.refs import Ref
from core.written import Written, written
from teams.actors import Actor
from teams.alike import ids_of, is_plain
from teams.limits import limits_on, within
from teams.models import Membership
from teams.permissions import require, selves
from teams.places import subjects_within
from teams.subjects import load_subject

MOST = 200
SENT_BACK = (RequestState.CHANGES_REQUESTED, RequestState.REJECTED)
MOST_ASKED = 1000
SWITCHED_ON = "switched_on"


@dataclass(frozen=True, slots=True)
class Uncleared:
    """Something that was cleared by policy until approval was switched on."""

    subject: Ref
    revision_id: UUID
    content_hash: str
    description: Description


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for somebody's decision, and in whose place he would decide."""

    request: Request
    description: Description
    standings: tuple[Actor, ...] = ()

    @property
    def covered(self) -> list[str]:
        """Return the names of the absent members for whom it waits."""
        return [standing.covered.user.name for standing in self.standings if standing.covered]

    @property
    def absent(self) -> Membership | None:
        """Return the member in whose place the reader would decide; None where he does so for himself."""
        return None if self.is_mine or not self.standings else self.standings[0].covered

    @property
    def is_mine(self) -> bool:
        """Tell whether it waits for the reader himself."""
        return any(standing.covered is None for standing in self.standings)

    @property
    def step(self) -> RequestStep | None:
        """Return the step that waits."""
        return next((step for step in self.request.steps.all() if step.state == StepState.OPEN), None)


def request_rows() -> QuerySet[Request]:
    """Return requests with what judging and showing them needs, in a fixed number of queries."""
    seats = RequestApprover.objects.filter(ended_at=None)
    approvers = seats.select_related("member__user", "role", "team", "guest").order_by("pk")
    decisions = Decision.objects.select_related(
        "member__user", "member__role", "on_behalf_of__user", "on_behalf_of__role", "guest"
    ).order_by("at", "pk")
    steps = RequestStep.objects.select_related("kept_from__request").order_by("position")
    steps = steps.prefetch_related(
        Prefetch("approvers", approvers),
        Prefetch("decisions", decisions),
        Prefetch("kept_from__decisions", decisions),
    )
    people = ("submitted_by__user", "on_behalf_of__user", "amends")
    return Request.objects.select_related(*people).prefetch_related(Prefetch("steps", steps))


def request_of(subject: Ref) -> Request | None:
    """Return the latest request about a subject."""
    rows = request_rows().filter(subject_type=subject.type, subject_id=subject.id)
    return rows.order_by("-submitted_at", "-pk").first()


def get_request(by: Actor, pk: UUID, verb: str = SEE) -> Request:
    """Return a request for a purpose, where its subject may be seen. Raises: NotFound, NotAllowed."""
    request = request_rows().filter(pk=pk).first()
    if request is None:
        raise NotFound(_("There is no such request."))
    load_subject(by, request.ref)
    require(by, verb, request)
    return request


def amendments_of(request: Request) -> list[Amendment]:
    """Return what was changed while a request was running, oldest first."""
    rows = Amendment.objects.filter(request=request).order_by("at", "pk")
    return list(
        rows.select_related("request_step", "member__user", "on_behalf_of__user", "newcomer__user")[:MOST]
    )


def get_decision(by: Actor, pk: UUID) -> Decision:
    """Return a decision, where the subject of its request may be seen. Raises: NotFound, NotAllowed."""
    found = Decision.objects.select_related("request").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such decision."))
    get_request(by, found.request_id)
    return found


def member_id_of(text: str) -> UUID | None:
    """Read a member from an id, which may be anybody's, or from the e-mail address of a member here."""
    try:
        return UUID(text)
    except ValueError:
        return Membership.objects.filter(user__email__iexact=text).values_list("pk", flat=True).first()


def clearance_for(subject: Ref, revision_id: UUID, content_hash: str) -> Clearance | None:
    """Return the leave to publish exactly this revision, None without."""
    return Clearance.objects.filter(
        subject_type=subject.type,
        subject_id=subject.id,
        revision_id=revision_id,
        content_hash=content_hash,
        revoked_at=None,
    ).first()


def live_clearances(subject: Ref) -> QuerySet[Clearance]:
    """Return what clears a subject now, of whichever revision."""
    return Clearance.objects.filter(subject_type=subject.type, subject_id=subject.id, revoked_at=None)


def policy_clearances() -> list[Clearance]:
    """Return what is cleared by the workspace's policy and not by a decision."""
    return list(Clearance.objects.filter(source=ClearanceSource.POLICY, revoked_at=None).order_by("pk"))


def uncleared(by: Actor) -> list[Uncleared]:
    """Return what lost its clearance when approval was switched on and was neither submitted nor kept since.

    What the actor may not see is left out; what goes out first comes first.
    """
    rows = lost_clearances().order_by("revoked_at", "pk")[:MOST_ASKED]
    latest = {(row.subject_type, row.subject_id): row for row in rows}
    found = [(Ref(kind, ident), row) for (kind, ident), row in latest.items()]
    words = _described_refs(by, [ref for ref, _row in found])
    listed = [
        Uncleared(ref, row.revision_id, row.content_hash, words[ref]) for ref, row in found if ref in words
    ]
    timed = [row for row in listed if row.description.goes_out_at is not None]
    timed.sort(key=lambda row: (row.description.goes_out_at, row.subject.id))
    return timed + [row for row in listed if row.description.goes_out_at is None]


def lost_clearances() -> QuerySet[Clearance]:
    """Return what the switch to approval left uncleared and nobody has submitted or kept since."""
    same = {"subject_type": OuterRef("subject_type"), "subject_id": OuterRef("subject_id")}
    later = Request.objects.filter(**same, submitted_at__gte=OuterRef("revoked_at"))
    rows = Clearance.objects.filter(source=ClearanceSource.POLICY, revoked_reason=SWITCHED_ON)
    return rows.filter(~Exists(later), ~Exists(Clearance.objects.filter(**same, revoked_at=None)))


def last_seen(member_id: UUID, subject: Ref) -> LastSeen | None:
    """Return which revision a member looked at last."""
    rows = LastSeen.objects.filter(member_id=member_id, subject_type=subject.type, subject_id=subject.id)
    return rows.first()


def waiting_for(by: Actor, only: Collection[UUID] | None = None) -> list[Waiting]:
    """Return what waits for the actor's decision, of some requests or of all: what is due first comes first."""
    wanted = Q() if only is None else Q(pk__in=only)
    standings: dict[UUID, list[Actor]] = {}
    rows: dict[UUID, Request] = {}
    for standing in selves(by, DECIDE):
        if DECIDE not in standing.verbs or standing.member is None:
            continue
        for request in (
            request_rows().filter(wanted, open_for(standing)).order_by("submitted_at", "pk")[:MOST]
        ):
            rows.setdefault(request.pk, request)
            standings.setdefault(request.pk, []).append(standing)
    seen = described(by, rows.values())
    found = [
        Waiting(request, seen[request.pk], tuple(standings[request.pk]))
        for request in rows.values()
        if request.pk in seen
    ]
    return sorted(found, key=_urgency)


def count_waiting(by: Actor) -> int:
    """Return how many requests wait for the actor, his own and by cover."""
    return waiting_requests(by).count()


def waiting_requests(by: Actor) -> QuerySet[Request]:
    """Return the requests that wait for the actor, his own and by cover, in no order."""
    wanted = Q(pk__in=[])
    for standing in selves(by, DECIDE):
        if DECIDE in standing.verbs and standing.member is not None:
            wanted |= open_for(standing)
    return Request.objects.filter(wanted).order_by()


def waiting_rows(by: Actor) -> "QuerySet[Request, Any] | Written":
    """Return the same, to be counted: compiled once for all who ask alike."""
    if not is_plain(by) or DECIDE not in by.verbs:
        return waiting_requests(by)
    key = ("approvals.waiting", by.kind, by.verbs)
    return written(key, ids_of(by), lambda: waiting_requests(by).values("pk"))


def made_by(by: Actor, persons: frozenset[UUID] | None = None) -> Q:
    """Build the condition: the actor, by whichever of his accounts, made it; `persons` are these, where known."""
    return Q(_names_one_of(_behind(by) if persons is None else persons))


def is_latest() -> Q:
    """Build the condition: nothing was submitted for the subject since."""
    newer = Request.objects.filter(
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
        submitted_at__gt=OuterRef("submitted_at"),
    )
    return Q(~Exists(newer))


def described(by: Actor, requests: Iterable[Request]) -> Mapping[UUID, Description]:
    """Return the descriptions, by request, of those whose subject the actor may see."""
    by_type: dict[str, dict[UUID, list[UUID]]] = {}
    for request in requests:
        by_type.setdefault(request.subject_type, {}).setdefault(request.subject_id, []).append(request.pk)
    found: dict[UUID, Description] = {}
    for kind, subjects in by_type.items():
        approvable = approvables.find(kind)
        if approvable is None:
            continue
        for subject_id, description in approvable.describe(by, list(subjects)).items():
            found.update(dict.fromkeys(subjects[subject_id], description))
    return found


def _described_refs(by: Actor, refs: Sequence[Ref]) -> dict[Ref, Description]:
    by_type: dict[str, list[UUID]] = {}
    for ref in refs:
        by_type.setdefault(ref.type, []).append(ref.id)
    found: dict[Ref, Description] = {}
    for kind, idents in by_type.items():
        approvable = approvables.find(kind)
        words = approvable.describe(by, idents) if approvable else {}
        found |= {Ref(kind, ident): description for ident, description in words.items()}
    return found


def workflows() -> QuerySet[Workflow]:
    """Return the workflows in use with their steps and approvers."""
    approvers = StepApprover.objects.select_related("member__user", "role", "team", "guest").order_by("pk")
    steps = Step.objects.select_related("escalate_to__user", "escalate_role").order_by("position")
    steps = steps.prefetch_related(Prefetch("approvers", approvers))
    rows = Workflow.objects.filter(is_archived=False).prefetch_related(Prefetch("steps", steps))
    return rows.order_by("name", "pk")


def get_workflow(by: Actor, pk: UUID, verb: str = "approvals.workflow.see") -> Workflow:
    """Return a workflow for a purpose. Raises: NotFound, NotAllowed."""
    found = workflows().filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such workflow."))
    require(by, verb, found)
    return found


def path_for(facts: SubmissionFacts, workflow: Workflow | None = None) -> list[PathStep]:
    """Return the steps a submission would take, in order, each with the rules that brought it.

    A workflow that was chosen stands in for the workspace's default, never for what a route or a channel asks for.
    """
    return path_among(list(workflows()), facts, workflow)


def workflow_chosen(request: Request) -> Workflow | None:
    """Return the workflow that was chosen when a request was submitted, None where none was or it is out of use."""
    reasons = [why for step in request.steps.all() for why in step.because]
    name = next((why["workflow"] for why in reasons if why["kind"] == "chosen"), None)
    return workflows().filter(name=name).first() if name else None


def open_for(standing: Actor, persons: frozenset[UUID] | None = None) -> Q:
    """Build the condition: the open step names this standing, nobody behind it is author or has decided.

    `persons` are those behind it, where a page has asked before; without, they are a part of the statement, which
    then names nobody but the standing itself and can be kept for all who ask alike.
    """
    seat = standing.covered or standing.member
    assert seat is not None
    behind = _behind(standing) if persons is None else persons
    decided = Decision.objects.filter(Q(member__in=behind) | Q(on_behalf_of__in=behind))
    decided = decided.filter(request_step=OuterRef("pk"), undone_at=None)
    named = RequestApprover.objects.filter(request_step=OuterRef("pk"), ended_at=None).filter(
        Q(member=seat.pk) | Q(role=seat.role_id) | Q(team__in=team_rows(seat.pk))
    )
    step = RequestStep.objects.filter(request=OuterRef("pk"), state=StepState.OPEN)
    wanted = Q(Exists(step.filter(Exists(named), ~Exists(decided))), state=RequestState.OPEN)
    wanted &= ~Q(_names_one_of(behind))
    if limits := limits_on(standing.limits, DECIDE):
        wanted &= within(limits, DECIDE, Request)
    return wanted if standing.bounds is None else wanted & subjects_within(standing.bounds)


class _NamesOneOf(Func):
    """Tells whether a list in JSON holds one of some texts; these are looked up once for all rows."""

    arg_joiner = " ?| "
    template = "(%(expressions)s)"
    output_field = BooleanField()


def _behind(by: Actor) -> QuerySet[Any, Any]:
    return people_rows(seats_of(by)).values("pk")


def _names_one_of(persons: frozenset[UUID] | QuerySet[Any, Any]) -> Func:
    if isinstance(persons, frozenset):
        texts: Any = Value(sorted(map(str, persons)), output_field=ArrayField(TextField()))
    else:
        texts = ArraySubquery(persons.values_list(Cast("pk", TextField())))
    return _NamesOneOf(F("author_ids"), texts)


def _urgency(waiting: Waiting) -> tuple[bool, object, object, object]:
    due = waiting.step.due_at if waiting.step else None
    moment = due or waiting.description.goes_out_at
    return (
        moment is None,
        moment or waiting.request.submitted_at,
        waiting.request.submitted_at,
        waiting.request.pk,
    )
