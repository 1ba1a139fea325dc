"""Which steps a submission takes, and which rule brought each (R1.4, R7.5)."""

from datetime import timedelta

import pytest

from activity.models import Entry
from approvals.models import Amendment, Clearance, RequestStep
from approvals.paths import SubmissionFacts, Target
from approvals.permissions import names_who_may
from approvals.selectors import path_for, request_of
from approvals.services.decisions import decide
from approvals.services.overdue import escalate_due
from approvals.services.workflows import StepInput, edit_workflow
from core.clock import now
from core.errors import NotAllowed
from core.ids import uuid7
from teams.models import Moderator
from teams.services.groups import create_team
from teams.tenancy import workspace_scope
from tests.approvals.paper import role, submit, workflow_of
from tests.factories.posts import make_channel

LINKEDIN, FACEBOOK = (
    Target(str(uuid7()), "linkedin", "Acme LinkedIn"),
    Target(str(uuid7()), "facebook", "Acme Facebook"),
)


def facts(*targets: Target, **further) -> SubmissionFacts:
    return SubmissionFacts(networks=frozenset(t.network for t in targets), targets=targets, **further)


def whys(path) -> dict[str, list[tuple[str, str, tuple[str, ...]]]]:
    return {part.name: [(why.kind, why.workflow, why.channels) for why in part.because] for part in path}


def test_several_channels_give_the_union_and_each_step_says_which_rule_brought_it(acme):
    workflow_of(acme, StepInput("Brand", members=[acme.jun]), name="B2B", routes={"networks": ["linkedin"]})
    assert whys(path_for(facts(LINKEDIN))) == {"Brand": [("route", "B2B", ("Acme LinkedIn",))]}
    assert whys(path_for(facts(LINKEDIN, FACEBOOK))) == {
        "Approval": [("default", "Approval", ("Acme Facebook",))],
        "Brand": [("route", "B2B", ("Acme LinkedIn",))],
    }, "the channel that no route asks for is not let through on the other's approval"


def test_a_repeated_step_is_taken_once_with_both_reasons(acme):
    step = StepInput("Brand", members=[acme.jun])
    workflow_of(acme, step, name="A", routes={"networks": ["linkedin"]})
    workflow_of(acme, step, name="B", routes={"networks": ["facebook"], "risks": ["high"]})
    (part,) = path_for(facts(LINKEDIN, FACEBOOK, risk="high"))
    assert [(why.workflow, why.routes) for why in part.because] == [
        ("A", ("networks",)),
        ("B", ("networks", "risks")),
    ]
    assert part.targets == [LINKEDIN, FACEBOOK]


def test_the_default_of_a_channel_stands_before_that_of_the_workspace_and_belongs_to_one_workflow(acme):
    channel = make_channel(acme, "mastodon")
    target = Target(str(channel.pk), channel.kind, channel.name)
    step = StepInput("Toots", members=[acme.jun])
    first = workflow_of(acme, step, name="First", default_for=[str(channel.pk)])
    assert whys(path_for(facts(target))) == {"Toots": [("channel", "First", ("Mastodon",))]}
    second = workflow_of(acme, StepInput("Other", members=[acme.cleo]), name="Second")
    edit_workflow(workflow=second, default_for=[str(channel.pk)], by=acme.actor("ana"))
    first.refresh_from_db()
    assert first.default_for == []
    assert [part.name for part in path_for(facts(target))] == ["Other"]
    chosen = path_for(facts(target), first)
    assert [part.name for part in chosen] == ["Toots", "Other"], "a choice does not shake the default off"


@pytest.mark.parametrize(
    ("routes", "fit", "unfit"),
    [
        ({"authors": ["ben"]}, {"authors": "ben"}, {"authors": "jun"}),
        ({"risks": ["high"]}, {"risk": "high"}, {"risk": "low"}),
        ({"ratings": ["R", "PG-13"]}, {"rating": "R"}, {"rating": "G"}),
        ({"languages": ["ms"]}, {"language": "ms"}, {"language": "en"}),
        ({"labels": ["Promo"]}, {"labels": frozenset({"Promo", "x"})}, {"labels": frozenset()}),
    ],
)
def test_every_kind_of_route_and_condition_is_looked_at(acme, routes, fit, unfit):
    def said(values):
        return {k: frozenset({getattr(acme, v).pk}) if k == "authors" else v for k, v in values.items()}

    routes = {k: [str(acme.ben.pk)] if k == "authors" else v for k, v in routes.items()}
    routed = workflow_of(acme, StepInput("Routed", members=[acme.jun]), routes=routes)
    assert [part.name for part in path_for(facts(LINKEDIN, **said(fit)))] == ["Routed"]
    assert [part.name for part in path_for(facts(LINKEDIN, **said(unfit)))] == ["Approval"]
    always, sometimes = (
        StepInput("Always", members=[acme.jun]),
        StepInput("Legal", roles=[role("admin")], routes=routes),
    )
    edit_workflow(
        workflow=routed, steps=[always, sometimes], routes={}, is_default=True, by=acme.actor("ana")
    )
    assert [part.name for part in path_for(facts(LINKEDIN, **said(fit)))] == ["Always", "Legal"]
    assert [part.name for part in path_for(facts(LINKEDIN, **said(unfit)))] == ["Always"]


@pytest.fixture
def moderated(acme):
    """Jun moderates LinkedIn, Cleo Facebook."""
    for target, member in ((LINKEDIN, acme.jun), (FACEBOOK, acme.cleo)):
        Moderator(workspace=acme.acme, channel_id=target.id, member=member).save()


def test_each_channels_own_moderator_is_asked(acme, moderated):
    step = StepInput("Moderator", is_moderator=True)
    workflow_of(acme, step, name="M", is_default=True)
    request = submit(acme, "ben", facts=facts(LINKEDIN, FACEBOOK))
    rows = list(request_of(request.ref).steps.all())
    assert [(row.name, [seat.member_id for seat in row.approvers.all()]) for row in rows] == [
        ("Moderator: Acme LinkedIn", [acme.jun.pk]),
        ("Moderator: Acme Facebook", [acme.cleo.pk]),
    ]
    with pytest.raises(NotAllowed):
        decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("cleo"))
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("jun"))
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("cleo"))
    assert request_of(request.ref).state == "approved"


def test_where_nobody_moderates_the_leads_stand_in(acme):
    workflow_of(acme, StepInput("Moderator", is_moderator=True), name="M", is_default=True)
    assert path_for(facts(LINKEDIN))[0].moderator is None
    request = submit(acme, "ben", facts=facts(LINKEDIN))
    assert names_who_may(request_of(request.ref)) == ("Ana Rahman", "Cleo Marchetti")


def test_a_team_decides_by_any_of_its_members_and_counts_once_with_all(acme):
    team = create_team(name="Legal", members=[acme.jun, acme.farah], by=acme.actor("ana"))
    step = StepInput("Both", teams=[team], members=[acme.cleo], rule="all")
    request = submit(acme, "ben", workflow=workflow_of(acme, step))
    assert names_who_may(request_of(request.ref)) == ("Cleo Marchetti", "Farah Aziz", "Jun Wong")
    for name in ("farah", "cleo"):
        assert request_of(request.ref).is_open
        decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor(name))
    assert request_of(request.ref).state == "approved"


def test_a_review_goes_on_without_an_optional_step_but_never_without_any_approval(live_cast):
    with workspace_scope(live_cast.acme.pk):
        brand = StepInput("Brand", members=[live_cast.jun])
        extra = StepInput("Extra", members=[live_cast.cleo], due_hours=1, is_optional=True)
        request = submit(
            live_cast, "ben", workflow=workflow_of(live_cast, extra, brand, extra_last(live_cast))
        )
    _late(live_cast, request)
    assert escalate_due() == 1
    with workspace_scope(live_cast.acme.pk):
        assert [s.state for s in request_of(request.ref).steps.all()] == ["skipped", "open", "waiting"]
        decide(request=request, verdict="approve", revision_id=request.revision_id, by=live_cast.actor("jun"))
    _late(live_cast, request)
    assert escalate_due() == 1
    assert escalate_due() == 0
    with workspace_scope(live_cast.acme.pk):
        assert request_of(request.ref).state == "approved"
        assert Clearance.objects.filter(request=request, revoked_at=None).count() == 1
        assert [(a.kind, a.actor_kind) for a in Amendment.objects.order_by("at")] == [("lapse", "system")] * 2
        assert Entry.objects.filter(verb="approvals.request.approved").count() == 1


def extra_last(cast) -> StepInput:
    return StepInput("Last", roles=[role("admin")], due_hours=1, is_optional=True)


def _late(cast, request) -> None:
    with workspace_scope(cast.acme.pk):
        RequestStep.objects.filter(request=request, state="open").update(due_at=now() - timedelta(seconds=1))
