"""Two at once, on connections of their own: exactly one outcome stands."""

from collections.abc import Callable

import pytest

from approvals.models import Clearance, Decision, Request
from approvals.selectors import clearance_for, request_of
from approvals.services.decisions import decide
from approvals.services.requests import mark_stale
from approvals.services.workflows import StepInput
from approvals.states import Verdict
from core.errors import CollabError
from teams.permissions import actor_of
from teams.tenancy import workspace_scope
from tests.approvals.paper import HASH, Paper, states_of, submit, workflow_of
from tests.support.threads import at_once

pytestmark = pytest.mark.final

ROUNDS = 8


def _say(request, actor, verdict) -> Callable[[], object]:
    return lambda: decide(
        request=request, verdict=verdict, revision_id=request.revision_id, note="Why.", by=actor
    )


def test_of_two_deciders_at_once_one_decides(live_cast):
    for _round in range(ROUNDS):
        with workspace_scope(live_cast.acme.pk):
            paper = Paper()
            request = submit(live_cast, "ben", paper)
            ana, cleo = live_cast.actor("ana"), live_cast.actor("cleo")
        outcomes = at_once(
            live_cast.acme.pk, _say(request, ana, Verdict.APPROVE), _say(request, cleo, Verdict.REJECT)
        )
        with workspace_scope(live_cast.acme.pk):
            (decision,) = Decision.objects.filter(request=request)
            assert sum(isinstance(outcome, CollabError) for outcome in outcomes) == 1
            cleared = clearance_for(paper.ref, paper.revision_id, HASH) is not None
            state = Request.objects.get(pk=request.pk).state
            assert (decision.verdict, state, cleared) in {
                ("approve", "approved", True),
                ("reject", "rejected", False),
            }
            assert len(states_of(paper)) == 2


def test_a_decider_against_an_editor_leaves_nothing_cleared(live_cast):
    for _round in range(ROUNDS):
        with workspace_scope(live_cast.acme.pk):
            paper = Paper()
            request = submit(live_cast, "ben", paper)
            cleo, ben = live_cast.actor("cleo"), live_cast.actor("ben")
        at_once(
            live_cast.acme.pk,
            _say(request, cleo, Verdict.APPROVE),
            lambda ref=paper.ref, by=ben: mark_stale(subject=ref, by=by),
        )
        with workspace_scope(live_cast.acme.pk):
            assert request_of(paper.ref).state == "stale"
            assert clearance_for(paper.ref, paper.revision_id, HASH) is None
            assert states_of(paper)[-1] == "stale"


def test_one_person_twice_at_once_is_one_voice(live_cast):
    """Four eyes of two: the same approver in two tabs does not make two."""
    with workspace_scope(live_cast.acme.pk):
        step = StepInput("Board", members=[live_cast.ana, live_cast.cleo], rule="n", needed=2)
        workflow = workflow_of(live_cast, step)
    for _round in range(ROUNDS):
        with workspace_scope(live_cast.acme.pk):
            request = submit(live_cast, "ben", workflow=workflow)
            member = live_cast.actor("cleo").member
        outcomes = at_once(
            live_cast.acme.pk, *[_say(request, actor_of(member), Verdict.APPROVE) for _tab in range(3)]
        )
        with workspace_scope(live_cast.acme.pk):
            assert Decision.objects.filter(request=request).count() == 1
            assert sum(isinstance(outcome, CollabError) for outcome in outcomes) == 2
            assert request_of(request.ref).is_open
            assert Clearance.objects.filter(request=request).count() == 0


def test_two_pairs_of_eyes_at_once_clear_once(live_cast):
    with workspace_scope(live_cast.acme.pk):
        step = StepInput("Board", members=[live_cast.ana, live_cast.cleo], rule="n", needed=2)
        workflow = workflow_of(live_cast, step)
    for _round in range(ROUNDS):
        with workspace_scope(live_cast.acme.pk):
            request = submit(live_cast, "ben", workflow=workflow)
            both = [live_cast.actor(name) for name in ("ana", "cleo")]
        at_once(live_cast.acme.pk, *[_say(request, one, Verdict.APPROVE) for one in both])
        with workspace_scope(live_cast.acme.pk):
            assert request_of(request.ref).state == "approved"
            assert Clearance.objects.filter(request=request).count() == 1


def test_of_two_submissions_at_once_one_stands(live_cast):
    for _round in range(ROUNDS):
        with workspace_scope(live_cast.acme.pk):
            paper = Paper()
            live_cast.actor("ben")
        outcomes = at_once(
            live_cast.acme.pk, *[lambda paper=paper: submit(live_cast, "ben", paper) for _tab in range(2)]
        )
        with workspace_scope(live_cast.acme.pk):
            assert Request.objects.filter(subject_id=paper.ref.id).count() == 1
            assert sum(isinstance(outcome, CollabError) for outcome in outcomes) == 1
