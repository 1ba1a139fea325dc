"""Deadlines by working hours, the ladder of reminders, and what happens before a slot is lost (issue 4, line 7)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from activity.models import Entry
from approvals.models import RequestApprover, RequestStep, Rung
from approvals.selectors import count_waiting, request_of
from approvals.services.climbing import climb_due
from approvals.services.decisions import decide
from approvals.services.overdue import escalate_due
from approvals.services.workflows import StepInput
from approvals.states import RungKind, Verdict
from calendar_app.models import Post
from calendar_app.services.moves import move_post
from core.clock import as_of, now
from core.errors import NotAllowed
from notifications.models import Notice
from teams.services.groups import create_team
from teams.services.hours import set_hours
from teams.tenancy import workspace_scope
from tests.approvals.paper import role, submit, workflow_of
from tests.approvals.test_api import submit_for
from tests.teams.test_absences import back

HOUR = timedelta(hours=1)
WEEKDAYS = [[540, 1080]] * 5 + [[], []]
FRIDAY = datetime(2026, 11, 27, 8, tzinfo=UTC)  # four in the afternoon in Kuala Lumpur


def rungs(request) -> dict[str, datetime]:
    return dict(Rung.objects.filter(request_step__request=request).values_list("kind", "due_at"))


def make_due(request, *kinds: str) -> None:
    Rung.objects.filter(request_step__request=request, kind__in=kinds).update(due_at=now() - HOUR)


def verbs(request) -> list[str]:
    rows = Entry.objects.filter(subject_id=request.subject_id, verb__startswith="approvals.request.")
    return [verb.rpartition(".")[2] for verb in rows.order_by("pk").values_list("verb", flat=True)]


def say(acme, request, name, verdict=Verdict.APPROVE):
    return decide(request=request, verdict=verdict, revision_id=request.revision_id, by=acme.actor(name))


@pytest.fixture
def hours(acme):
    """Acme works nine to six on weekdays, by the clock of Kuala Lumpur."""
    return set_hours(zone="Asia/Kuala_Lumpur", days=WEEKDAYS, by=acme.actor("ana"))


@pytest.fixture
def waiting(acme):
    """Ben's paper waits for Jun alone, who has four hours."""
    return submit(
        acme, "ben", workflow=workflow_of(acme, StepInput("Facts", members=[acme.jun], due_hours=4))
    )


@pytest.fixture
def slotted(cast, acme):
    """Ben's post, which goes out tomorrow, waits for a lead or an admin."""
    post = submit_for(cast, "ben")
    move_post(post=Post.objects.get(pk=post.pk), scheduled_at=now() + 24 * HOUR, by=acme.actor("ben"))
    return request_of(_ref(post))


def _ref(post):
    from calendar_app.selectors import ref_of

    return ref_of(post)


def test_hours_of_a_step_are_working_hours_and_leave_out_the_weekend(acme, hours):
    """R7.5: four hours from Friday four o'clock end on Monday at eleven."""
    with as_of(FRIDAY):
        workflow = workflow_of(acme, StepInput("Facts", members=[acme.jun], due_hours=4))
        request = submit(acme, "ben", workflow=workflow)
    step = RequestStep.objects.get(request=request)
    assert step.due_at == datetime(2026, 11, 30, 3, tzinfo=UTC)
    found = rungs(request)
    assert found[RungKind.HALFWAY] == datetime(2026, 11, 27, 10, tzinfo=UTC)
    assert found[RungKind.NEAR] == datetime(2026, 11, 30, 2, 20, tzinfo=UTC)
    assert found[RungKind.AGAIN] == datetime(2026, 12, 1, 2, tzinfo=UTC)


def test_a_step_may_count_every_hour(acme, hours):
    with as_of(FRIDAY):
        step = StepInput("Facts", members=[acme.jun], due_hours=4, is_working_time=False)
        request = submit(acme, "ben", workflow=workflow_of(acme, step))
    assert RequestStep.objects.get(request=request).due_at == FRIDAY + 4 * HOUR


def test_a_step_that_asks_one_team_alone_goes_by_its_hours(acme, hours):
    team = create_team(name="Night desk", members=[acme.jun], by=acme.actor("ana"))
    set_hours(team=team, zone="Asia/Kuala_Lumpur", days=[[0, 1440]] * 7, by=acme.actor("cleo"))
    with as_of(FRIDAY):
        workflow = workflow_of(acme, StepInput("Facts", teams=[team], due_hours=4))
        alone = submit(acme, "ben", workflow=workflow)
        both = StepInput("Facts", teams=[team], members=[acme.cleo], due_hours=4)
        mixed = submit(acme, "ben", workflow=workflow_of(acme, both, name="Mixed"))
    assert RequestStep.objects.get(request=alone).due_at == FRIDAY + 4 * HOUR
    assert RequestStep.objects.get(request=mixed).due_at == datetime(2026, 11, 30, 3, tzinfo=UTC)


def test_reminders_come_in_order_and_each_is_one_mail_however_often_beat_looks(acme, waiting, tell_all):
    """Line 7: beat three times makes no second mail."""
    assert climb_due() == 0
    tell_all(acme.acme)
    for kind, count in ((RungKind.HALFWAY, 1), (RungKind.NEAR, 2)):
        make_due(waiting, kind)
        assert [climb_due(), climb_due(), climb_due()] == [1, 0, 0]
        tell_all(acme.acme)
        tell_all(acme.acme)
        sent = [message.subject for message in mail.outbox if "Still waits" in message.subject]
        assert sent == ["Still waits for your approval: Paper"] * count
    assert verbs(waiting) == ["submitted", "reminded", "reminded"]
    assert {notice.member_id for notice in Notice.objects.filter(type="approvals.reminded")} == {acme.jun.pk}


def test_after_a_standstill_only_the_last_reminder_is_given(acme, waiting):
    make_due(waiting, RungKind.HALFWAY, RungKind.NEAR)
    climb_due()
    assert verbs(waiting) == ["submitted", "reminded"]
    assert Rung.objects.filter(request_step__request=waiting, done_at=None).count() == 1


def test_nobody_is_reminded_of_what_is_decided(acme, waiting):
    say(acme, waiting, "jun")
    make_due(waiting, *RungKind.values)
    assert climb_due() == 0
    assert "reminded" not in verbs(waiting)


def test_sweepers_at_once_climb_a_rung_once(live_cast):
    from tests.notifications.test_mails import _at_once

    with workspace_scope(live_cast.acme.pk):
        step = StepInput("Facts", members=[live_cast.jun], due_hours=4)
        request = submit(live_cast, "ben", workflow=workflow_of(live_cast, step))
        make_due(request, RungKind.HALFWAY)
    _at_once(3, climb_due)
    with workspace_scope(live_cast.acme.pk):
        assert verbs(request) == ["submitted", "reminded"]


def test_before_a_slot_backups_then_others_then_the_author_in_time(acme, slotted):
    """Line 7: backup, escalation, warning, each with time left to act."""
    found, slot = rungs(slotted), slot_of(slotted)
    assert found[RungKind.BACKUP] == slot - 8 * HOUR
    assert found[RungKind.ESCALATE] == slot - 4 * HOUR
    assert found[RungKind.WARN] == slot - 2 * HOUR


def slot_of(request):
    return Post.objects.get(pk=request.subject_id).scheduled_at


def test_what_goes_out_on_monday_morning_is_warned_of_on_friday(acme, hours):
    from approvals.ladders import down_to_slot
    from teams.working_time import weeks

    monday = datetime(2026, 11, 30, 1, tzinfo=UTC)
    found = down_to_slot(weeks()[None], datetime(2026, 11, 27, 2, tzinfo=UTC), monday)
    assert found[RungKind.WARN] == datetime(
        2026, 11, 27, 9, tzinfo=UTC
    )  # Friday five o'clock, one of eight hours left
    saturday = datetime(2026, 11, 28, 4, tzinfo=UTC)
    found = down_to_slot(weeks()[None], saturday - HOUR, saturday)
    assert found[RungKind.WARN] == saturday - timedelta(minutes=7, seconds=30)


def test_the_slot_moves_its_ladder_along(acme, slotted):
    post = Post.objects.get(pk=slotted.subject_id)
    make_due(slotted, RungKind.BACKUP)
    climb_due()
    move_post(post=post, scheduled_at=slot_of(slotted) + 48 * HOUR, by=acme.actor("ben"))
    found = rungs(slotted)
    assert found[RungKind.BACKUP] == slot_of(slotted) - 8 * HOUR
    assert not Rung.objects.exclude(done_at=None).exists()
    move_post(post=Post.objects.get(pk=post.pk), scheduled_at=None, by=acme.actor("ben"))
    assert rungs(slotted) == {}


def test_backups_are_asked_and_may_decide(acme, waiting, tell_all):
    """Line 7: the backup of whoever is silent gets a seat of his own; the authors and their accounts never."""
    back(acme, "jun", "farah")
    _add(waiting, RungKind.BACKUP)
    with pytest.raises(NotAllowed):
        say(acme, waiting, "farah")
    assert climb_due() == 1
    tell_all(acme.acme)
    told = Notice.objects.filter(type="approvals.slot").values_list("member_id", flat=True)
    assert set(told) == {acme.jun.pk, acme.farah.pk}
    assert count_waiting(acme.actor("farah")) == 1
    made = say(acme, waiting, "farah")
    assert (made.member_id, made.on_behalf_of_id) == (acme.farah.pk, None)
    assert request_of(waiting.ref).state == "approved"


def test_an_author_is_no_backup_of_his_judge(acme, waiting):
    back(acme, "jun", "ben")
    _add(waiting, RungKind.BACKUP)
    assert climb_due() == 1
    assert RequestApprover.objects.filter(request_step__request=waiting).count() == 1


@pytest.mark.parametrize("named", ["nobody", "member", "role"])
def test_then_others_are_asked_the_named_ones_else_the_leads(acme, named):
    fields = {
        "nobody": {},
        "member": {"escalate_to": acme.farah},
        "role": {"escalate_role": role("contributor")},
    }[named]
    step = StepInput("Facts", members=[acme.jun], due_hours=4, **fields)
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    _add(request, RungKind.ESCALATE)
    assert climb_due() == 1
    helper = "cleo" if named == "nobody" else "farah"
    other = "farah" if named == "nobody" else "cleo"
    with pytest.raises(NotAllowed):
        say(acme, request, other)
    say(acme, request, helper)
    assert request_of(request.ref).state == "approved"


def test_a_stand_in_fills_one_place_where_all_are_asked(acme):
    """Nobody waits for stand-ins; two who are silent need two."""
    step = StepInput("All", members=[acme.jun, acme.farah], rule="all", due_hours=4)
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    _add(request, RungKind.ESCALATE)
    climb_due()
    say(acme, request, "cleo")
    assert request_of(request.ref).is_open
    say(acme, request, "jun")
    assert request_of(request.ref).state == "approved"


def test_those_who_are_named_need_no_stand_in(acme):
    step = StepInput("All", members=[acme.jun, acme.farah], rule="all", due_hours=4)
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    _add(request, RungKind.ESCALATE)
    climb_due()
    say(acme, request, "farah")
    say(acme, request, "jun")
    assert request_of(request.ref).state == "approved"


def test_last_the_author_is_warned_with_names_and_time(acme, slotted, tell_all):
    make_due(slotted, RungKind.WARN)
    assert climb_due() == 1
    tell_all(acme.acme)
    [notice] = Notice.objects.filter(type="approvals.slot_at_risk")
    assert notice.member_id == acme.ben.pk
    [message] = [one for one in mail.outbox if one.to == ["ben@acme.test"]]
    assert message.subject == "About to lose its time, nobody has approved it: First pour"
    assert "Cleo Marchetti" in message.body
    assert "It goes out" in message.body


def test_a_step_that_is_over_time_asks_the_named_role_once(acme):
    step = StepInput("Facts", members=[acme.jun], due_hours=4, escalate_role=role("contributor"))
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    RequestStep.objects.filter(request=request).update(due_at=now() - HOUR)
    assert [escalate_due(), escalate_due()] == [1, 0]
    assert count_waiting(acme.actor("farah")) == 1
    assert count_waiting(acme.actor("cleo")) == 0


def _add(request, kind) -> None:
    """Let a rung of the slot be due for a paper, which has no time of its own."""
    step = request.steps.get(state="open")
    Rung(workspace_id=request.workspace_id, request_step=step, kind=kind, due_at=now() - HOUR).save()
