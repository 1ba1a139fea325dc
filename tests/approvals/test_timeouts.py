"""Time-outs (R1.6): an overdue approval of somebody who is not seen goes to the backup, until the person is seen."""

from datetime import timedelta

import pytest

from activity.models import Entry
from approvals.models import RequestStep
from approvals.selectors import count_waiting, waiting_for
from approvals.services.decisions import decide
from approvals.services.timeouts import time_out_due
from approvals.services.workflows import StepInput
from approvals.states import Verdict
from core.clock import now
from core.errors import NotAllowed
from notifications.models import Notice
from teams.models import Membership, TimeOut
from teams.permissions import can, covered_actors
from teams.services.workspaces import configure_workspace
from tests.approvals.paper import submit, workflow_of
from tests.teams.test_absences import back, fresh
from tests.teams.test_handovers import settle

DAY = timedelta(days=1)


@pytest.fixture
def late(acme):
    """Ben's paper waits for Cleo past its limit; she was last here two days ago; Farah is her backup."""
    back(acme, "cleo", "farah")
    workflow = workflow_of(acme, StepInput("Brand", members=[acme.cleo], due_hours=1))
    request = submit(acme, "ben", workflow=workflow)
    RequestStep.objects.filter(request=request).update(due_at=now() - timedelta(minutes=1))
    Membership.objects.update(joined_at=now() - 9 * DAY, last_seen_at=now())
    Membership.objects.filter(pk=acme.cleo.pk).update(last_seen_at=now() - 2 * DAY)
    return request


def say(acme, request, name="farah"):
    return decide(
        request=request,
        verdict=Verdict.APPROVE,
        revision_id=request.revision_id,
        by=acme.actor(name),
    )


def test_the_backup_may_decide_on_what_is_overdue_and_on_nothing_else(acme, late):
    """R1.6: recorded, told, for that work only; both names on the decision."""
    other = submit(acme, "ben", workflow=workflow_of(acme, StepInput("Else", members=[acme.cleo]), name="B"))
    farah = acme.actor("farah")
    assert (count_waiting(farah), covered_actors(farah)) == (0, [])
    assert (time_out_due(), time_out_due()) == (1, 0)
    settle()
    farah = acme.actor("farah")
    assert [row.request.pk for row in waiting_for(farah)] == [late.pk]
    assert count_waiting(farah) == 1
    assert not can(farah, "teams.team.edit")  # a lead's right, not lent by a time-out
    with pytest.raises(NotAllowed):
        say(acme, other)
    assert say(acme, late).on_behalf_of_id == acme.cleo.pk
    [notice] = Notice.objects.filter(type="approvals.timed_out")
    assert (notice.member_id, notice.for_member_id) == (acme.farah.pk, acme.cleo.pk)
    assert Entry.objects.filter(verb="teams.timeout.started").count() == 1
    assert time_out_due() == 1  # nothing waits any more
    assert TimeOut.objects.filter(ended_at=None).count() == 0


def test_it_goes_back_when_the_person_is_seen(cast, client_as, acme, late):
    time_out_due()
    assert count_waiting(acme.actor("farah")) == 1
    assert client_as(cast.cleo).get("/w/acme/absences/").status_code == 200
    assert TimeOut.objects.get().ended_at is not None
    assert count_waiting(acme.actor("farah")) == 0
    with pytest.raises(NotAllowed):
        say(acme, late)
    assert time_out_due() == 0
    assert fresh(acme.cleo).last_seen_at > now() - timedelta(minutes=1)


@pytest.mark.parametrize("why", ["seen", "switched off", "no backup", "not overdue", "away"])
def test_nothing_times_out_without_every_reason(acme, late, why):
    if why == "seen":
        Membership.objects.filter(pk=acme.cleo.pk).update(last_seen_at=now() - timedelta(hours=20))
    if why == "switched off":
        configure_workspace(
            workspace=acme.acme, changes={"settings": {"time_out_hours": 0}}, by=acme.actor("ana")
        )
    if why == "no backup":
        back(acme, "cleo")
    if why == "not overdue":
        RequestStep.objects.update(due_at=now() + timedelta(hours=1))
    if why == "away":
        fresh(acme.cleo).absences.create(workspace=acme.acme, starts_at=now() - DAY)
    assert time_out_due() == 0
    assert not TimeOut.objects.exists()


def test_the_author_gains_nothing_by_a_time_out(acme, late):
    """R1.6: Ben wrote it; were he Cleo's backup, it would wait for a third."""
    back(acme, "cleo", "ben")
    assert time_out_due() == 1
    settle()
    with pytest.raises(NotAllowed):
        say(acme, late, "ben")
    assert not Notice.objects.filter(type="approvals.timed_out").exists()


def test_a_token_at_work_is_not_a_person_seen(cast, acme, late, client):
    from teams.services.keys import create_token

    _key, secret = create_token(member=acme.cleo, purpose="script", by=acme.actor("cleo"))
    before = fresh(acme.cleo).last_seen_at
    answer = client.get("/api/v1/w/acme/members/", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    assert fresh(acme.cleo).last_seen_at == before
