"""How long approvals take, and where and with whom they wait (R7.5).

Times are working hours of the workspace, hours of the clock where it has none; what lies in somebody's absence is
nobody's time. A step's time is from its opening to the next step's, or to the end of the request.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from approvals.models import Decision, Request, RequestStep
from approvals.permissions import FIGURES
from approvals.states import RequestState, StepState
from core.clock import now
from teams.actors import Actor
from teams.models import Absence, Membership
from teams.permissions import require
from teams.working_time import Week, weeks, worked

MOST_REQUESTS = 2000
PERIODS = (28, 90, 365)


@dataclass(frozen=True, slots=True)
class StepFigures:
    """How a step, by its name, does: times in hours, how many were late, how many wait now."""

    name: str
    count: int
    median_hours: float
    slow_hours: float
    late: int
    waiting: int


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """How long a person takes to decide, in hours without absences; `for_others` counts decisions under cover."""

    member: Membership
    count: int
    for_others: int
    median_hours: float
    slow_hours: float
    late: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The approvals of a period. Shares are of 1, None where there is nothing to take a share of."""

    days: int
    submitted: int
    approved: int
    sent_back: int
    rejected: int
    open: int
    median_hours: float | None
    rounds: float | None
    first_time: float | None
    on_time: float | None
    steps: tuple[StepFigures, ...]
    people: tuple[PersonFigures, ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Ran:
    """A step that was opened: from when to when, and its time."""

    step: RequestStep
    ended_at: datetime | None
    time: timedelta

    def is_late(self, at: datetime) -> bool:
        """Tell whether it ended after its time, or still waits then."""
        return self.step.due_at is not None and (self.ended_at or at) > self.step.due_at


def figures(by: Actor, days: int) -> Figures:
    """Return the figures of what was submitted in the last `days`. Raises: NotAllowed."""
    require(by, FIGURES)
    at = now()
    rows = list(_requests(at - timedelta(days=days))[: MOST_REQUESTS + 1])
    requests = rows[:MOST_REQUESTS]
    week = weeks().get(None)
    ran = {request.pk: list(ran_steps(request, week, at)) for request in requests}
    states = Counter(request.state for request in requests)
    approved = [
        request for request in requests if request.state == RequestState.APPROVED and request.closed_at
    ]
    rounds = _rounds(approved)
    timed = [one for found in ran.values() for one in found if one.step.due_at is not None and one.ended_at]
    spent = [_hours(worked(week, request.submitted_at, request.closed_at or at)) for request in approved]
    return Figures(
        days=days,
        submitted=len(requests),
        approved=len(approved),
        sent_back=states[RequestState.CHANGES_REQUESTED],
        rejected=states[RequestState.REJECTED],
        open=states[RequestState.OPEN],
        median_hours=median(spent) if spent else None,
        rounds=sum(rounds) / len(rounds) if rounds else None,
        first_time=_share(rounds, lambda count: count == 1),
        on_time=_share(timed, lambda one: not one.is_late(at)),
        steps=_step_figures([one for found in ran.values() for one in found], at),
        people=_people_figures(requests, ran, week, at),
        is_cut=len(rows) > MOST_REQUESTS,
    )


def figures_table(found: Figures) -> list[list[str]]:
    """Return the figures as a table that leaves the product."""
    head = [
        _("What"),
        _("Name"),
        _("Number"),
        _("Median hours"),
        _("Slowest tenth, hours"),
        _("Late"),
        _("Waiting"),
    ]
    return [
        head,
        *(_line(_("Step"), row.name, row) for row in found.steps),
        *(_line(_("Person"), row.member.user.name, row) for row in found.people),
    ]


def _line(kind: str, name: str, row: StepFigures | PersonFigures) -> list[str]:
    numbers = [
        str(row.count),
        f"{row.median_hours:.1f}",
        f"{row.slow_hours:.1f}",
        str(row.late),
        str(row.waiting),
    ]
    return [kind, name, *numbers]


def _requests(since: datetime) -> Any:
    rows = Request.objects.filter(submitted_at__gte=since).order_by("-submitted_at", "-pk")
    return rows.prefetch_related(
        "steps", "steps__approvers", "steps__decisions__member__user", "steps__decisions__member__role"
    )


def ran_steps(request: Request, week: Week | None, at: datetime) -> Iterator[Ran]:
    """Yield the steps of a request that were opened, each with its working time until now or its end."""
    steps = sorted((step for step in request.steps.all() if step.opened_at), key=lambda step: step.position)
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if following is not None:
            ended_at = following.opened_at
        else:
            ended_at = request.closed_at
        yield Ran(step, ended_at, worked(week, step.opened_at or at, ended_at or at))


def _rounds(approved: Sequence[Request]) -> list[int]:
    """Return how many submissions each approved subject took, those before the period too."""
    ids = {request.subject_id for request in approved}
    rows = Request.objects.filter(subject_id__in=ids).exclude(state=RequestState.WITHDRAWN)
    counts = Counter(rows.values_list("subject_id", flat=True))
    return [counts[ident] for ident in ids]


def _step_figures(ran: Sequence[Ran], at: datetime) -> tuple[StepFigures, ...]:
    by_name: dict[str, list[Ran]] = defaultdict(list)
    for one in ran:
        by_name[one.step.name].append(one)
    found = []
    for name, rows in by_name.items():
        hours = sorted(_hours(one.time) for one in rows)
        found.append(
            StepFigures(
                name=name,
                count=len(rows),
                median_hours=median(hours),
                slow_hours=_slow(hours),
                late=sum(one.is_late(at) for one in rows),
                waiting=sum(one.ended_at is None for one in rows),
            )
        )
    return tuple(sorted(found, key=lambda row: (-row.median_hours, row.name)))


def _people_figures(
    requests: Iterable[Request], ran: Mapping[UUID, Sequence[Ran]], week: Week | None, at: datetime
) -> tuple[PersonFigures, ...]:
    people: dict[Membership, list[tuple[Decision, Ran]]] = defaultdict(list)
    for request in requests:
        for one in ran[request.pk]:
            for decision in one.step.decisions.all():
                if decision.undone_at is None and decision.member is not None:
                    people[decision.member].append((decision, one))
    away = _absences({member.pk for member in people})
    waiting = _waiting(ran)
    found = []
    for member, rows in people.items():
        hours = sorted(
            _hours(_without(away[member.pk], week, one.step.opened_at or decision.at, decision.at))
            for decision, one in rows
        )
        found.append(
            PersonFigures(
                member=member,
                count=len(rows),
                for_others=sum(decision.on_behalf_of_id is not None for decision, _one in rows),
                median_hours=median(hours),
                slow_hours=_slow(hours),
                late=sum(
                    one.step.due_at is not None and decision.at > one.step.due_at for decision, one in rows
                ),
                waiting=waiting[member.pk],
            )
        )
    return tuple(sorted(found, key=lambda row: (-row.median_hours, row.member.user.name)))


def _waiting(ran: Mapping[UUID, Sequence[Ran]]) -> Counter[UUID]:
    """Count for each member the open steps that name him and in which he has said nothing."""
    found: Counter[UUID] = Counter()
    for one in (one for rows in ran.values() for one in rows if one.step.state == StepState.OPEN):
        spoke = {row.seat_id for row in one.step.decisions.all() if row.undone_at is None}
        named = {row.member_id for row in one.step.approvers.all() if row.member_id and row.ended_at is None}
        found.update(named - spoke)
    return found


def _absences(member_ids: set[UUID]) -> Mapping[UUID, list[tuple[datetime, datetime | None]]]:
    found: dict[UUID, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for row in Absence.objects.filter(member__in=member_ids).order_by("member", "starts_at", "pk"):
        found[row.member_id].append((row.starts_at, row.ends_at))
    return found


def _without(
    away: Sequence[tuple[datetime, datetime | None]], week: Week | None, start: datetime, end: datetime
) -> timedelta:
    """Return the working time between two instants without absences, which may overlap."""
    total = timedelta()
    for starts, ends in away:
        if starts > start:
            total += worked(week, start, min(starts, end))
        start = max(start, min(ends or end, end))
    return total + worked(week, start, end)


def _share(rows: Sequence[Any], is_so: Any) -> float | None:
    return sum(1 for row in rows if is_so(row)) / len(rows) if rows else None


def _slow(ordered: Sequence[float]) -> float:
    """Return the time that nine of ten stay under."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.9))]


def _hours(span: timedelta) -> float:
    return span.total_seconds() / 3600
