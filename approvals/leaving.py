"""What a leaver holds of approvals: his seats in workflows and in requests that are open."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from approvals.models import RequestApprover, Step, StepApprover
from approvals.permissions import persons_of
from approvals.registry import approvables
from approvals.states import RequestState, Rule, StepState
from core.clock import now
from teams.actors import Actor
from teams.holdings import Holder, Holding, default_heir
from teams.models import Membership
from teams.states import MemberStatus

OPEN = (StepState.WAITING, StepState.OPEN)


def _find(by: Actor, member: Membership) -> Iterator[Holding]:
    heir = default_heir(member)
    for seat in _workflow_seats(member):
        title = _("%(workflow)s: %(step)s") % {"workflow": seat.step.workflow.name, "step": seat.step.name}
        others = seat.step.approvers.exclude(pk=seat.pk).exists()
        may_lapse = others and seat.step.rule == Rule.ANY
        yield Holding(f"seat:{seat.pk}", _("Approver"), title, heir, may_lapse=may_lapse)
    for step in _workflow_escalations(member):
        title = _("%(workflow)s: %(step)s") % {"workflow": step.workflow.name, "step": step.name}
        yield Holding(f"escalation:{step.pk}", _("Asked when it is late"), title, heir, may_lapse=True)
    yield from _open_requests(by, member, heir)


def _open_requests(by: Actor, member: Membership, heir: UUID | None) -> Iterator[Holding]:
    seats = list(_request_seats(member))
    wanted: dict[str, set[UUID]] = {}
    for seat in seats:
        wanted.setdefault(seat.request_step.request.subject_type, set()).add(
            seat.request_step.request.subject_id
        )
    names = {
        ident: found.title
        for kind, idents in wanted.items()
        for ident, found in approvables.get(kind).describe(by, sorted(idents)).items()
    }
    for seat in seats:
        request = seat.request_step.request
        title = names.get(request.subject_id) or _("something that you cannot see")
        barred = frozenset(UUID(ident) for ident in request.author_ids)
        if not persons_of(by).isdisjoint(barred):
            barred = _everybody()
        others = seat.request_step.approvers.exclude(pk=seat.pk).exists()
        may_lapse = (others and seat.request_step.rule == Rule.ANY) or by.member_id in barred
        own = heir if heir not in barred else None
        yield Holding(f"request:{seat.pk}", _("Approval that waits"), title, own, may_lapse, barred)


def _everybody() -> frozenset[UUID]:
    """Return all members: an author chooses nobody who decides on his own post."""
    return frozenset(Membership.objects.filter(status=MemberStatus.ACTIVE).values_list("pk", flat=True))


def _hand_over(member: Membership, key: str, heir: Membership | None, by: Actor) -> None:
    kind, _colon, ident = key.partition(":")
    pk = UUID(ident)
    if kind == "escalation":
        Step.objects.filter(pk=pk).update(escalate_to=heir)
    elif kind == "seat":
        _give_seat(StepApprover.objects.get(pk=pk), heir)
    elif heir is not None:
        _join_request(RequestApprover.objects.get(pk=pk), heir)


def _give_seat(seat: StepApprover, heir: Membership | None) -> None:
    if heir is None or StepApprover.objects.filter(step=seat.step_id, member=heir).exists():
        seat.delete()
        return
    seat.member = heir
    seat.save(update_fields=["member"])


def _join_request(seat: RequestApprover, heir: Membership) -> None:
    """Name the heir in the leaver's place: what stood at submission is never rewritten, the seat ends."""
    RequestApprover.objects.filter(pk=seat.pk).update(ended_at=now())
    step = seat.request_step_id
    if not RequestApprover.objects.filter(request_step=step, member=heir).exists():
        row = RequestApprover(workspace_id=seat.workspace_id, request_step_id=step, member=heir)
        row.is_stand_in = seat.is_stand_in
        row.save(force_insert=True)


def _workflow_seats(member: Membership) -> QuerySet[StepApprover]:
    rows = StepApprover.objects.filter(member=member, step__workflow__is_archived=False)
    return rows.select_related("step__workflow").order_by("step__workflow__name", "step__position", "pk")


def _workflow_escalations(member: Membership) -> QuerySet[Step]:
    rows = Step.objects.filter(escalate_to=member, workflow__is_archived=False)
    return rows.select_related("workflow").order_by("workflow__name", "position", "pk")


def _request_seats(member: Membership) -> QuerySet[RequestApprover]:
    rows = RequestApprover.objects.filter(
        member=member,
        ended_at=None,
        request_step__state__in=OPEN,
        request_step__request__state=RequestState.OPEN,
    )
    return rows.select_related("request_step__request").order_by("request_step__request__submitted_at", "pk")


APPROVALS_HOLDER = Holder(_find, _hand_over)
