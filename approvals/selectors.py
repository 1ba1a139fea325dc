"""Questions about requests, clearances and the path that a submission takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from approvals.models import (
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
from approvals.permissions import DECIDE, SEE, persons_of
from approvals.registry import Description, approvables
from approvals.states import RequestState, StepState
from core.errors import NotFound
from core.refs import Ref
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import require, selves
from teams.subjects import load_subject

MOST = 200


@dataclass(frozen=True, slots=True)
class SubmissionFacts:
    """What routing looks at: where a subject goes and what sort of thing it is."""

    networks: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    campaign_id: UUID | None = None
    language: str = ""
    rating: str = ""

    def values_of(self, route: str) -> frozenset[str]:
        """Return the values to hold against one kind of route."""
        single = {
            "campaigns": str(self.campaign_id or ""),
            "languages": self.language,
            "ratings": self.rating,
        }
        if route in single:
            return frozenset({single[route]} - {""})
        return {"networks": self.networks, "labels": self.labels}.get(route, frozenset())


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
    def is_mine(self) -> bool:
        """Tell whether it waits for the reader himself."""
        return any(standing.covered is None for standing in self.standings)

    @property
    def step(self) -> RequestStep | None:
        """Return the step that waits."""
        return next((step for step in self.request.steps.all() if step.state == StepState.OPEN), None)


def request_rows() -> QuerySet[Request]:
    """Return requests with what judging and showing them needs, in a fixed number of queries."""
    approvers = RequestApprover.objects.select_related("member__user", "role", "guest").order_by("pk")
    decisions = Decision.objects.select_related(
        "member__user", "member__role", "on_behalf_of__user", "on_behalf_of__role", "guest"
    ).order_by("at", "pk")
    steps = RequestStep.objects.order_by("position").prefetch_related(
        Prefetch("approvers", approvers), Prefetch("decisions", decisions)
    )
    people = ("submitted_by__user", "on_behalf_of__user")
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


def last_seen(member_id: UUID, subject: Ref) -> LastSeen | None:
    """Return which revision a member looked at last."""
    rows = LastSeen.objects.filter(member_id=member_id, subject_type=subject.type, subject_id=subject.id)
    return rows.first()


def waiting_for(by: Actor) -> list[Waiting]:
    """Return what waits for the actor's decision, his own and by cover: what is due first comes first."""
    standings: dict[UUID, list[Actor]] = {}
    rows: dict[UUID, Request] = {}
    for standing in selves(by, DECIDE):
        if DECIDE not in standing.verbs or standing.member is None:
            continue
        for request in request_rows().filter(_open_for(standing)).order_by("submitted_at", "pk")[:MOST]:
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
    if "approvals_waiting" not in by.cache:
        holders = [one for one in selves(by, DECIDE) if DECIDE in one.verbs and one.member is not None]
        wanted = Q(pk__in=[])
        for standing in holders:
            wanted |= _open_for(standing)
        by.cache["approvals_waiting"] = Request.objects.filter(wanted).count() if holders else 0
    count: int = by.cache["approvals_waiting"]
    return count


def waiting_for_others(by: Actor) -> list[Waiting]:
    """Return the open requests that the actor made or submitted, oldest first."""
    return _own(by, [RequestState.OPEN])


def sent_back(by: Actor) -> list[Waiting]:
    """Return the actor's own subjects whose latest request came back with changes or a no."""
    newer = Request.objects.filter(
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
        submitted_at__gt=OuterRef("submitted_at"),
    )
    states = [RequestState.CHANGES_REQUESTED, RequestState.REJECTED]
    return _own(by, states, Q(~Exists(newer)))


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


def workflows() -> QuerySet[Workflow]:
    """Return the workflows in use with their steps and approvers."""
    approvers = StepApprover.objects.select_related("member__user", "role", "guest").order_by("pk")
    steps = Step.objects.select_related("escalate_to__user").order_by("position")
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


def workflows_for(facts: SubmissionFacts, workflow: Workflow | None = None) -> list[Workflow]:
    """Return the workflows a submission takes: the chosen or else the default one, and all whose routes match.

    The default gives way where routes match and nothing was chosen.
    """
    rows = list(workflows())
    matched = [row for row in rows if matches(row.routes, facts)]
    if workflow is not None:
        chosen = [row for row in rows if row.pk == workflow.pk]
        return chosen + [row for row in matched if row.pk != workflow.pk]
    return matched or [row for row in rows if row.is_default]


def path_for(facts: SubmissionFacts, workflow: Workflow | None = None) -> list[Step]:
    """Return the steps a submission would take, in order; a step that repeats an earlier one is left out."""
    path: list[Step] = []
    known: set[object] = set()
    for row in workflows_for(facts, workflow):
        for step in row.steps.all():
            who = frozenset((one.member_id, one.role_id, one.guest_id) for one in step.approvers.all())
            if (step.rule, step.needed, who) not in known:
                known.add((step.rule, step.needed, who))
                path.append(step)
    return path


def matches(routes: Mapping[str, Sequence[str]], facts: SubmissionFacts) -> bool:
    """Tell whether routes apply: each kind that is filled must share a value; no routes match nothing."""
    filled = {kind: values for kind, values in routes.items() if values}
    return bool(filled) and all(
        not facts.values_of(kind).isdisjoint(values) for kind, values in filled.items()
    )


def _open_for(standing: Actor) -> Q:
    """Build the condition: the open step names this standing, nobody behind it is author or has decided."""
    seat = standing.covered or standing.member
    assert seat is not None
    persons = persons_of(standing)
    decided = Decision.objects.filter(Q(member__in=persons) | Q(on_behalf_of__in=persons))
    decided = decided.filter(request_step=OuterRef("pk"), undone_at=None)
    named = RequestApprover.objects.filter(request_step=OuterRef("pk")).filter(
        Q(member=seat.pk) | Q(role=seat.role_id)
    )
    step = RequestStep.objects.filter(request=OuterRef("pk"), state=StepState.OPEN)
    wanted = Q(Exists(step.filter(Exists(named), ~Exists(decided))), state=RequestState.OPEN)
    for ident in persons:
        wanted &= ~Q(author_ids__contains=[str(ident)])
    return wanted


def _own(by: Actor, states: Sequence[str], *further: Q) -> list[Waiting]:
    own = Q(pk__in=[])
    for ident in persons_of(by):
        own |= Q(author_ids__contains=[str(ident)])
    rows = list(
        request_rows().filter(own, *further, state__in=states).order_by("-submitted_at", "-pk")[:MOST]
    )
    seen = described(by, rows)
    return [Waiting(request, seen[request.pk]) for request in rows if request.pk in seen]


def _urgency(waiting: Waiting) -> tuple[bool, object, object, object]:
    due = waiting.step.due_at if waiting.step else None
    moment = due or waiting.description.goes_out_at
    return (
        moment is None,
        moment or waiting.request.submitted_at,
        waiting.request.submitted_at,
        waiting.request.pk,
    )
