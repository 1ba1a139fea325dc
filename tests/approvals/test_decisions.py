"""Deciding: steps in order, rules, notes, the revision under review, undo."""

from datetime import timedelta

import pytest

from activity.models import Entry
from approvals.models import Clearance, Decision, Request
from approvals.paths import SubmissionFacts
from approvals.permissions import names_who_may
from approvals.selectors import clearance_for, path_for, request_of
from approvals.services.decisions import decide, undo_decision
from approvals.services.requests import mark_stale, withdraw_request
from approvals.services.workflows import StepInput
from approvals.states import Verdict
from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from core.ids import uuid7
from teams.services.workspaces import configure_workspace
from tests.approvals.paper import HASH, Paper, refusing, role, states_of, submit, workflow_of


def approve(cast, request, by, **fields):
    return decide(
        request=request,
        verdict=Verdict.APPROVE,
        revision_id=fields.pop("revision_id", request.revision_id),
        by=cast.actor(by),
        **fields,
    )


def test_a_new_workspace_asks_a_lead_an_admin_or_an_owner(acme):
    (part,) = path_for(SubmissionFacts())
    assert (part.step.rule, part.step.needed) == ("any", 1)
    assert {row.role.key for row in part.seats} == {"lead", "admin", "owner"}


def test_approval_clears_exactly_the_revision(acme):
    paper = Paper()
    request = submit(acme, "ben", paper)
    assert clearance_for(paper.ref, paper.revision_id, HASH) is None
    decision = approve(acme, request, "cleo")
    cleared = clearance_for(paper.ref, paper.revision_id, HASH)
    assert (cleared.source, cleared.request_id) == ("approval", request.pk)
    assert clearance_for(paper.ref, uuid7(), HASH) is None
    assert clearance_for(paper.ref, paper.revision_id, "b" * 64) is None
    assert (decision.member_id, decision.on_behalf_of_id) == (acme.cleo.pk, None)
    assert states_of(paper) == ["open", "approved"]
    assert Request.objects.get(pk=request.pk).closed_at is not None
    assert Entry.objects.filter(subject_id=paper.ref.id, verb="approvals.request.approved").count() == 1


def test_a_writer_whom_no_step_names_is_told_who_may(acme):
    request = submit(acme, "ben")
    with pytest.raises(NotAllowed) as refused:
        approve(acme, request, "jun")
    assert refused.value.verb == "approvals.request.decide"
    assert set(refused.value.ask) == {"Ana Rahman", "Cleo Marchetti"}
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("verdict", [Verdict.REQUEST_CHANGES, Verdict.REJECT])
def test_changes_and_a_no_need_a_note(acme, verdict):
    request = submit(acme, "ben")
    with pytest.raises(Invalid) as invalid:
        decide(
            request=request,
            verdict=verdict,
            revision_id=request.revision_id,
            note="  ",
            by=acme.actor("cleo"),
        )
    assert list(invalid.value.fields) == ["note"]
    decide(
        request=request, verdict=verdict, revision_id=request.revision_id, note="No", by=acme.actor("cleo")
    )
    assert Decision.objects.get(request=request).note == "No"
    assert Clearance.objects.count() == 0


def test_another_revision_than_the_one_under_review_is_refused(acme):
    request = submit(acme, "ben")
    with pytest.raises(WrongState) as refused:
        approve(acme, request, "cleo", revision_id=uuid7())
    assert refused.value.code == "not_under_review"
    approve(acme, request, "cleo")


def test_an_edited_subject_cannot_be_approved_by_its_old_revision(acme):
    paper = Paper()
    request = submit(acme, "ben", paper)
    mark_stale(subject=paper.ref, by=acme.actor("ben"))
    with pytest.raises(WrongState) as refused:
        approve(acme, request, "cleo")
    assert refused.value.code == "not_under_review"
    assert states_of(paper) == ["open", "stale"]


def test_editing_what_is_approved_takes_the_clearance_back(acme):
    paper = Paper()
    approve(acme, submit(acme, "ben", paper), "cleo")
    mark_stale(subject=paper.ref, by=acme.actor("ben"))
    assert clearance_for(paper.ref, paper.revision_id, HASH) is None
    assert Clearance.objects.get().revoked_reason == "edited"
    assert request_of(paper.ref).state == "stale"


def test_withdrawing_takes_the_clearance_back(acme):
    paper = Paper()
    request = submit(acme, "ben", paper)
    approve(acme, request, "cleo")
    withdraw_request(request=request, by=acme.actor("ben"))
    assert Clearance.objects.get().revoked_reason == "withdrawn"
    assert states_of(paper) == ["open", "approved", "withdrawn"]


def test_contributors_withdraw_only_their_own(acme):
    request = submit(acme, "ben")
    with pytest.raises(NotAllowed):
        withdraw_request(request=request, by=acme.actor("farah"))
    own = submit(acme, "farah")
    withdraw_request(request=own, by=acme.actor("farah"))
    assert Request.objects.get(pk=own.pk).state == "withdrawn"


def test_steps_follow_each_other_and_only_the_last_clears(acme):
    workflow = workflow_of(
        acme,
        StepInput("Facts", members=[acme.jun]),
        StepInput("Brand", roles=[role("lead")], due_hours=24),
    )
    paper = Paper()
    request = submit(acme, "ben", paper, workflow=workflow)
    with pytest.raises(NotAllowed) as refused:
        approve(acme, request, "cleo")
    assert refused.value.ask == ("Jun Wong",)
    approve(acme, request, "jun")
    assert Clearance.objects.count() == 0
    assert states_of(paper) == ["open"]
    facts, brand = request_of(paper.ref).steps.all()
    assert (facts.state, brand.state) == ("passed", "open")
    assert brand.due_at - brand.opened_at == timedelta(hours=24)
    approve(acme, request, "cleo")
    assert clearance_for(paper.ref, paper.revision_id, HASH) is not None


def test_two_of_three_needs_two_people(acme):
    step = StepInput("Board", members=[acme.ana, acme.cleo, acme.jun], rule="n", needed=2)
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    approve(acme, request, "jun")
    with pytest.raises(NotAllowed) as refused:
        approve(acme, request, "jun")
    assert set(refused.value.ask) == {"Ana Rahman", "Cleo Marchetti"}
    assert request_of(request.ref).is_open
    approve(acme, request, "ana")
    assert request_of(request.ref).state == "approved"


def test_all_needs_every_named_member_and_role(acme):
    step = StepInput("Everybody", members=[acme.jun, acme.farah], roles=[role("lead")], rule="all")
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    for name in ("jun", "farah"):
        approve(acme, request, name)
        assert request_of(request.ref).is_open
    approve(acme, request, "cleo")
    assert request_of(request.ref).state == "approved"


def test_all_does_not_wait_for_the_author(acme):
    step = StepInput("Everybody", members=[acme.jun, acme.ben], rule="all")
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    approve(acme, request, "jun")
    assert request_of(request.ref).state == "approved"


def test_a_later_edit_of_the_workflow_does_not_disturb_what_was_submitted(acme):
    from approvals.services.workflows import edit_workflow

    workflow = workflow_of(acme, StepInput("Facts", members=[acme.jun]))
    request = submit(acme, "ben", workflow=workflow)
    edit_workflow(workflow=workflow, steps=[StepInput("Facts", members=[acme.farah])], by=acme.actor("ana"))
    assert names_who_may(request_of(request.ref)) == ("Jun Wong",)


def test_several_matching_workflows_give_the_union_of_their_steps(acme):
    legal = StepInput("Legal", members=[acme.farah])
    workflow_of(acme, StepInput("Brand", members=[acme.jun]), name="A", routes={"networks": ["bluesky"]})
    workflow_of(
        acme, StepInput("Brand again", members=[acme.jun]), legal, name="B", routes={"languages": ["ms"]}
    )
    workflow_of(acme, legal, name="C", routes={"networks": ["mastodon"]})
    facts = SubmissionFacts(networks=frozenset({"bluesky"}), language="ms")
    assert [part.name for part in path_for(facts)] == ["Brand", "Legal"]
    assert [part.name for part in path_for(SubmissionFacts(language="ta"))] == ["Approval"]
    request = submit(acme, "ben", facts=facts)
    assert [step.name for step in request.steps.order_by("position")] == ["Brand", "Legal"]


def test_where_no_approval_is_asked_the_policy_clears_and_says_so(acme):
    configure_workspace(workspace=acme.acme, changes={"settings": {"approval": "off"}}, by=acme.actor("ana"))
    paper = Paper()
    assert submit(acme, "ben", paper) is None
    assert clearance_for(paper.ref, paper.revision_id, HASH).source == "policy"
    assert states_of(paper) == ["approved"]
    assert Entry.objects.get(verb="approvals.clearance.given").facts["source"] == "policy"
    mark_stale(subject=paper.ref, by=acme.actor("ben"))
    assert clearance_for(paper.ref, paper.revision_id, HASH) is None
    assert states_of(paper) == ["approved", "stale"]


def test_a_second_open_request_is_refused(acme):
    paper = Paper()
    submit(acme, "ben", paper)
    with pytest.raises(WrongState):
        submit(acme, "ben", paper)
    assert Request.objects.filter(subject_id=paper.ref.id).count() == 1


def test_when_the_subject_refuses_nothing_is_decided(acme):
    paper = Paper()
    request = submit(acme, "ben", paper)
    refusing.add(paper.ref.id)
    with pytest.raises(RuntimeError):
        approve(acme, request, "cleo")
    assert Decision.objects.count() == 0
    assert Clearance.objects.count() == 0
    assert Request.objects.get(pk=request.pk).is_open


def test_undo_within_ten_seconds_opens_the_request_again(acme):
    paper = Paper()
    request = submit(acme, "ben", paper)
    decision = approve(acme, request, "cleo")
    undo_decision(decision=decision, by=acme.actor("cleo"))
    assert request_of(paper.ref).is_open
    assert clearance_for(paper.ref, paper.revision_id, HASH) is None
    assert states_of(paper) == ["open", "approved", "open"]
    approve(acme, request, "cleo")
    assert clearance_for(paper.ref, paper.revision_id, HASH) is not None


def test_undo_closes_the_step_that_the_approval_opened(acme):
    steps = [StepInput("Facts", members=[acme.jun]), StepInput("Brand", members=[acme.cleo])]
    request = submit(acme, "ben", workflow=workflow_of(acme, *steps))
    first = approve(acme, request, "jun")
    undo_decision(decision=first, by=acme.actor("jun"))
    assert [step.state for step in request_of(request.ref).steps.all()] == ["open", "waiting"]
    first = approve(acme, request, "jun")
    approve(acme, request, "cleo")
    with pytest.raises(WrongState):
        undo_decision(decision=first, by=acme.actor("jun"))


def test_undo_is_refused_after_its_time_and_to_others(acme, monkeypatch):
    request = submit(acme, "ben")
    decision = approve(acme, request, "cleo")
    with pytest.raises(NotAllowed):
        undo_decision(decision=decision, by=acme.actor("ana"))
    later = now() + timedelta(seconds=11)
    monkeypatch.setattr("approvals.services.decisions.now", lambda: later)
    with pytest.raises(WrongState):
        undo_decision(decision=decision, by=acme.actor("cleo"))
    assert request_of(request.ref).state == "approved"


def test_a_decision_for_a_step_that_has_passed_meanwhile_is_refused(acme):
    steps = [StepInput("One", members=[acme.jun, acme.cleo]), StepInput("Two", members=[acme.cleo])]
    request = submit(acme, "ben", workflow=workflow_of(acme, *steps))
    looked_at = request.steps.get(position=1).pk
    approve(acme, request, "jun")
    with pytest.raises(WrongState):
        approve(acme, request, "cleo", step_id=looked_at)
    assert request_of(request.ref).is_open
