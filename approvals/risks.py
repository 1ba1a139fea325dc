"""What will hardly be approved before it goes out (R7.5)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from approvals.figures import MOST_REQUESTS, ran_steps
from approvals.models import Request, RequestStep
from approvals.registry import Description
from approvals.selectors import described
from approvals.states import RequestState, StepState
from core.clock import now
from teams.actors import Actor
from teams.working_time import Week, later, weeks, worked

MOST_AT_RISK = 200
WITHOUT_HISTORY = timedelta(hours=24)
"""What a step is taken to need of which nothing is known, not even how long it may take."""


@dataclass(frozen=True, slots=True)
class Risk:
    """A request that will hardly be approved before its subject goes out."""

    request: Request
    description: Description
    step: RequestStep | None
    expected_at: datetime
    goes_out_at: datetime

    @property
    def is_lost(self) -> bool:
        """Tell whether the time has passed already."""
        return self.goes_out_at <= now()

    @property
    def late_by(self) -> timedelta:
        """Return how much later than its time it is expected."""
        return self.expected_at - self.goes_out_at


def at_risk(by: Actor) -> list[Risk]:
    """Return open requests that will miss the time of their subject, the next to go out first.

    What a step still needs is the median of the last 90 days, else its time limit; what it has waited counts, but for
    a quarter: what has waited for long already will not be decided this minute.
    """
    at = now()
    week = weeks().get(None)
    known = _typical(week, at)
    waiting = list(
        Request.objects.filter(state=RequestState.OPEN)
        .prefetch_related("steps")
        .order_by("submitted_at", "pk")[:MOST_REQUESTS]
    )
    words = described(by, waiting)
    found = [risk for request in waiting if (risk := _risk(request, words.get(request.pk), known, week, at))]
    return sorted(found, key=lambda risk: (risk.goes_out_at, risk.request.pk))[:MOST_AT_RISK]


def _typical(week: Week | None, at: datetime) -> Mapping[str, timedelta]:
    times: dict[str, list[float]] = defaultdict(list)
    closed = Request.objects.filter(submitted_at__gte=at - timedelta(days=90)).exclude(
        state=RequestState.OPEN
    )
    for request in closed.prefetch_related("steps").order_by("-submitted_at", "-pk")[:MOST_REQUESTS]:
        for one in ran_steps(request, week, at):
            times[one.step.name].append(one.time.total_seconds())
    return {name: timedelta(seconds=median(found)) for name, found in times.items()}


def _risk(
    request: Request,
    description: Description | None,
    known: Mapping[str, timedelta],
    week: Week | None,
    at: datetime,
) -> Risk | None:
    if description is None or description.goes_out_at is None:
        return None
    left, current = timedelta(), None
    for step in sorted(request.steps.all(), key=lambda step: step.position):
        if step.state not in (StepState.OPEN, StepState.WAITING):
            continue
        limit = timedelta(hours=step.due_hours) if step.due_hours else WITHOUT_HISTORY
        needs = known.get(step.name, limit)
        if step.state == StepState.OPEN:
            current = step
            needs = max(needs / 4, needs - worked(week, step.opened_at or at, at))
        left += needs
    expected = later(week, at, left)
    goes_out_at = description.goes_out_at
    return Risk(request, description, current, expected, goes_out_at) if expected > goes_out_at else None
