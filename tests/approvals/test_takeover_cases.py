"""Deciding under cover, as generated cases (R1.6): author × named approvers × phase; nobody on one's own, ever."""

from datetime import UTC, datetime, timedelta

import pytest

from approvals.models import Decision
from approvals.permissions import DECIDE
from approvals.selectors import count_waiting, request_rows, waiting_for
from approvals.services.decisions import decide
from approvals.services.workflows import StepInput
from approvals.states import Verdict
from core.clock import as_of
from core.errors import NotAllowed
from teams.models import Absence
from teams.permissions import standing_for
from tests.approvals.paper import away, submit, workflow_of

START = datetime(2026, 3, 9, 8, tzinfo=UTC)
END = START + timedelta(hours=4)
PHASES = [
    (START - timedelta(microseconds=1), False),
    (START, True),
    (END - timedelta(microseconds=1), True),
    (END, False),
]
AUTHORS = ["ben", "cleo", "farah", "ana"]
SEATS = [("cleo",), ("farah",), ("cleo", "farah"), ("ana", "cleo"), ("ana",)]


@pytest.fixture
def absent(acme):
    """Cleo is away for four hours and Farah, who holds fewer rights, stands in for her."""
    away(acme, "cleo", "farah")
    Absence.objects.update(starts_at=START, ends_at=END)
    return acme


def test_the_backup_decides_for_the_absent_exactly_where_both_may(absent):
    """R1.6: in Cleo's place: where a step names her, during the absence, and neither of both is an author."""
    cast, cases = absent, {}
    for seats in SEATS:
        steps = StepInput("Step", members=[getattr(cast, name) for name in seats])
        workflow = workflow_of(cast, steps, name="+".join(seats))
        for author in AUTHORS:
            cases[seats, author] = request_rows().get(pk=submit(cast, author, workflow=workflow).pk)
    for instant, is_away in PHASES:
        with as_of(instant):
            farah, expected_list = cast.actor("farah"), set()
            for (seats, author), request in cases.items():
                own = "farah" in seats and author != "farah"
                covered = is_away and "cleo" in seats and author not in ("cleo", "farah")
                expected = ([cast.farah] if own else []) + ([cast.cleo] if covered else [])
                as_whom = [member for member in (cast.farah, cast.cleo) if _may(farah, request, member)]
                assert as_whom == expected, (seats, author, instant)
                if expected:
                    expected_list.add(request.pk)
            assert {row.request.pk for row in waiting_for(farah)} == expected_list
            assert count_waiting(farah) == len(expected_list)


def _may(actor, request, member) -> bool:
    try:
        standing = standing_for(actor, DECIDE, request, member_id=member.pk)
    except NotAllowed:
        return False
    return (standing.on_behalf_of or standing.member_id) == member.pk


@pytest.mark.parametrize(
    ("author", "seats"), [("farah", ("cleo", "farah", "ana")), ("cleo", ("cleo", "ana"))]
)
def test_the_only_other_approver_is_away_and_nobody_but_a_third_may(absent, author, seats):
    """R1.6: the backup's own post with the absent member as its only other approver waits for a third."""
    cast = absent
    workflow = workflow_of(cast, StepInput("Step", members=[getattr(cast, name) for name in seats]))
    request = submit(cast, author, workflow=workflow)
    with as_of(START + timedelta(hours=1)):
        for chosen in (None, cast.cleo.pk, cast.farah.pk):
            with pytest.raises(NotAllowed) as refused:
                decide(
                    request=request,
                    verdict=Verdict.APPROVE,
                    revision_id=request.revision_id,
                    by=cast.actor("farah"),
                    for_=chosen,
                )
            if chosen is None:
                assert "Ana Rahman" in refused.value.ask
    assert not Decision.objects.exists()


def test_both_names_stand_on_the_decision(absent):
    cast = absent
    workflow = workflow_of(cast, StepInput("Step", members=[cast.cleo]))
    request = submit(cast, "ben", workflow=workflow)
    with as_of(START):
        made = decide(
            request=request,
            verdict=Verdict.APPROVE,
            revision_id=request.revision_id,
            by=cast.actor("farah"),
        )
    assert (made.member_id, made.on_behalf_of_id) == (cast.farah.pk, cast.cleo.pk)
    other = submit(cast, "ben", workflow=workflow)
    with as_of(END), pytest.raises(NotAllowed):
        decide(request=other, verdict=Verdict.APPROVE, revision_id=other.revision_id, by=cast.actor("farah"))
