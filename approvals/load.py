"""What waiting approvals weigh for those who may decide them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from approvals.models import Decision, RequestApprover
from approvals.states import RequestState, Rule, StepState
from teams.actors import Actor
from teams.models import Membership, TeamMember
from teams.scopes import LoadFact

APPROVAL_MINUTES = 10
"""What a decision takes, with looking at what changed."""


def approval_load(by: Actor, members: Sequence[Membership], bounds: Sequence[datetime]) -> Iterator[LoadFact]:
    """Yield the approvals that wait now for each member, as work of the first week.

    Where one of several may decide, each carries his share; where all must, each carries it whole. Nobody carries
    his own post. One statement, two where a team is asked.
    """
    holders: dict[UUID, list[UUID]] = defaultdict(list)
    for member in members:
        holders[member.role_id].append(member.pk)
    known = {member.pk for member in members}
    minutes: dict[UUID, float] = defaultdict(float)
    counts: dict[UUID, int] = defaultdict(int)
    for step, seats in _open_steps(holders, known).items():
        share = APPROVAL_MINUTES if step[1] == Rule.ALL else APPROVAL_MINUTES / len(seats)
        for member_id in seats:
            minutes[member_id] += share
            counts[member_id] += 1
    for member_id, total in minutes.items():
        yield LoadFact(member_id, 0, "approvals", counts[member_id], round(total))


def _open_steps(holders: dict[UUID, list[UUID]], known: set[UUID]) -> dict[tuple[UUID, str], set[UUID]]:
    decided = Decision.objects.filter(
        request_step=OuterRef("request_step"), member=OuterRef("member"), undone_at=None
    )
    rows = RequestApprover.objects.filter(
        ~Exists(decided),
        ended_at=None,
        request_step__state=StepState.OPEN,
        request_step__request__state=RequestState.OPEN,
    )
    seats = list(
        rows.values_list(
            "request_step",
            "request_step__rule",
            "request_step__request__author_ids",
            "member",
            "role",
            "team",
        )
    )
    teams = _teams({row[5] for row in seats if row[5]})
    found: dict[tuple[UUID, str], set[UUID]] = defaultdict(set)
    for step_id, rule, authors, member_id, role_id, team_id in seats:
        people = [member_id] if member_id else teams.get(team_id) or holders.get(role_id) or []
        own = set(authors)
        found[step_id, rule] |= {pk for pk in people if pk in known and str(pk) not in own}
    return {step: seats for step, seats in found.items() if seats}


def _teams(ids: set[UUID]) -> dict[UUID, list[UUID]]:
    """Return who is in each of these teams; no statement where no team is asked."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    if ids:
        for team_id, member_id in TeamMember.objects.filter(team__in=ids).values_list("team_id", "member_id"):
            found[team_id].append(member_id)
    return found
