"""Every state and every verb, by enumeration, in the table and through the services."""

import pytest

from approvals import diagram
from approvals.models import Request
from approvals.services.decisions import decide, undo_decision
from approvals.services.overrides import override_request
from approvals.services.requests import mark_stale, withdraw_request
from approvals.states import ADVANCE, EDIT, OVERRIDE, REQUEST_TABLE, UNDO, WITHDRAW, RequestState, Verdict
from core.errors import WrongState
from core.transitions import target_of, transition
from tests.approvals.paper import HASH, KIND, Paper, submit

VERBS = sorted({step.verb for step in REQUEST_TABLE})
CLOSING = {
    RequestState.APPROVED: Verdict.APPROVE,
    RequestState.CHANGES_REQUESTED: Verdict.REQUEST_CHANGES,
    RequestState.REJECTED: Verdict.REJECT,
}


def _row(cast, state: str) -> Request:
    paper = Paper()
    row = Request(
        workspace_id=cast.acme.pk,
        subject_type=KIND,
        subject_id=paper.ref.id,
        revision_id=paper.revision_id,
        revision_number=1,
        content_hash=HASH,
        state=state,
        actor_kind="member",
    )
    row.save()
    return row


def _brought_to(cast, state: str) -> Request:
    """Bring a new request into a state by the services themselves."""
    request = submit(cast, "ben")
    if state in CLOSING:
        _say(cast, request, CLOSING[state])
    elif state == RequestState.WITHDRAWN:
        withdraw_request(request=request, by=cast.actor("ben"))
    elif state == RequestState.STALE:
        mark_stale(subject=request.ref, by=cast.actor("ben"))
    return Request.objects.get(pk=request.pk)


def _say(cast, request, verdict):
    return decide(
        request=request,
        verdict=verdict,
        revision_id=request.revision_id,
        note="Because.",
        by=cast.actor("cleo"),
    )


def _undo(cast, request):
    decision = request.decisions.filter(undone_at=None).first()
    if decision is None:
        raise WrongState("nothing was decided")
    return undo_decision(decision=decision, by=cast.actor("cleo"))


def _edit(cast, request):
    if mark_stale(subject=request.ref, by=cast.actor("ben")) is None:
        raise WrongState("nothing to put out of date")


def _override(cast, request):
    return override_request(
        request=request, revision_id=request.revision_id, reason="Now.", by=cast.actor("ana")
    )


SERVICES = {
    OVERRIDE: _override,
    Verdict.APPROVE: lambda cast, request: _say(cast, request, Verdict.APPROVE),
    Verdict.REQUEST_CHANGES: lambda cast, request: _say(cast, request, Verdict.REQUEST_CHANGES),
    Verdict.REJECT: lambda cast, request: _say(cast, request, Verdict.REJECT),
    WITHDRAW: lambda cast, request: withdraw_request(request=request, by=cast.actor("ben")),
    EDIT: _edit,
    UNDO: _undo,
}


@pytest.mark.parametrize("state", RequestState.values)
def test_transition_moves_as_the_table_says_and_no_other_way(acme, state):
    for verb in VERBS:
        row = _row(acme, state)
        goes_to = target_of(REQUEST_TABLE, state, verb)
        if goes_to is None:
            with pytest.raises(WrongState):
                transition(row, REQUEST_TABLE, verb)
        else:
            transition(row, REQUEST_TABLE, verb)
        assert Request.objects.get(pk=row.pk).state == (goes_to or state), verb


def test_services_cover_every_verb_of_the_table():
    assert {*SERVICES, ADVANCE} == set(VERBS)


@pytest.mark.parametrize("state", RequestState.values)
def test_services_move_as_the_table_says_and_no_other_way(acme, state):
    for verb, service in SERVICES.items():
        request = _brought_to(acme, state)
        assert request.state == state
        goes_to = target_of(REQUEST_TABLE, state, verb)
        if verb == UNDO and state == RequestState.OPEN:
            goes_to = None  # nothing was decided yet; undoing a step's approval is tested with the steps
        if goes_to is None:
            with pytest.raises(WrongState):
                service(acme, request)
        else:
            service(acme, request)
        assert Request.objects.get(pk=request.pk).state == (goes_to or state), verb


def test_no_state_is_left_that_the_table_does_not_reach():
    assert {step.to for step in REQUEST_TABLE} == set(RequestState.values)


def test_the_diagram_in_the_docs_is_drawn_from_the_table():
    page = diagram.PAGE.read_text()
    assert page == diagram.inserted(page), "run: python -m approvals.diagram"
    assert "open --> approved: approve" in page
