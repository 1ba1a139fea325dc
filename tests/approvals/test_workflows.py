"""Keeping workflows, and what happens to steps that wait too long."""

from datetime import timedelta

import pytest

from activity.models import Entry
from approvals.models import RequestStep, Workflow
from approvals.permissions import names_who_may
from approvals.selectors import request_of
from approvals.services.overdue import escalate_due
from approvals.services.workflows import StepInput, archive_workflow, create_workflow, edit_workflow
from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from teams.tenancy import workspace_scope
from tests.approvals.paper import role, submit, workflow_of


def test_each_workspace_starts_with_its_own_default(cast):
    for workspace in (cast.acme, cast.other):
        with workspace_scope(workspace.pk):
            assert [(row.name, row.is_default) for row in Workflow.objects.all()] == [("Approval", True)]


def test_a_manager_does_not_change_workflows(acme):
    with pytest.raises(NotAllowed) as refused:
        create_workflow(name="Mine", steps=[StepInput("Me", members=[acme.ben])], by=acme.actor("ben"))
    assert refused.value.verb == "approvals.workflow.edit"


@pytest.mark.parametrize(
    ("field", "step"),
    [
        ("steps.0.name", {"name": " "}),
        ("steps.0.approvers", {"members": []}),
        ("steps.0.rule", {"rule": "most"}),
        ("steps.0.rule", {"rule": "n", "needed": 2}),
        ("steps.0.rule", {"needed": 0}),
        ("steps.0.due_hours", {"due_hours": 0}),
    ],
)
def test_a_step_that_could_never_pass_is_refused(acme, field, step):
    values = {"name": "Brand", "members": [acme.cleo], **step}
    with pytest.raises(Invalid) as invalid:
        create_workflow(name="Path", steps=[StepInput(**values)], by=acme.actor("ana"))
    assert list(invalid.value.fields) == [field]


def test_names_are_taken_once_and_free_again_after_archiving(acme):
    first = workflow_of(acme, StepInput("Brand", members=[acme.cleo]))
    with pytest.raises(Invalid):
        workflow_of(acme, StepInput("Brand", members=[acme.cleo]))
    archive_workflow(workflow=first, by=acme.actor("ana"))
    workflow_of(acme, StepInput("Brand", members=[acme.cleo]))


def test_there_is_always_one_default(acme):
    old = Workflow.objects.get(is_default=True)
    with pytest.raises(WrongState):
        archive_workflow(workflow=old, by=acme.actor("ana"))
    with pytest.raises(WrongState):
        edit_workflow(workflow=old, is_default=False, by=acme.actor("ana"))
    new = workflow_of(acme, StepInput("Brand", members=[acme.cleo]), is_default=True)
    assert Workflow.objects.get(is_default=True).pk == new.pk


def test_an_overdue_step_asks_one_more_person_once(live_cast):
    with workspace_scope(live_cast.acme.pk):
        step = StepInput("Brand", roles=[role("lead")], due_hours=2, escalate_to=live_cast.jun)
        request = submit(live_cast, "ben", workflow=workflow_of(live_cast, step))
    assert escalate_due() == 0
    with workspace_scope(live_cast.acme.pk):
        RequestStep.objects.filter(request=request).update(due_at=now() - timedelta(seconds=1))
    assert escalate_due() == 1
    assert escalate_due() == 0
    with workspace_scope(live_cast.acme.pk):
        assert names_who_may(request_of(request.ref)) == ("Cleo Marchetti", "Jun Wong")
        assert Entry.objects.filter(verb="approvals.request.step_overdue").count() == 1
