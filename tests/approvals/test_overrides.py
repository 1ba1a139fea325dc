"""The emergency path: for who has the right, with a reason, recorded, looked at afterwards (issue 4, line 7)."""

import pytest
from django.db import DatabaseError, transaction

from activity.models import Entry
from approvals.models import Decision, Override, RequestStep
from approvals.selectors import clearance_for, request_of
from approvals.services.decisions import decide, undo_decision
from approvals.services.overrides import override_request, review_override
from approvals.services.workflows import StepInput
from approvals.states import Verdict
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.moves import move_post
from core.clock import now
from core.errors import Invalid, NotAllowed, WrongState
from core.ids import uuid7
from notifications.models import Notice
from publishing.models import Delivery
from tests.approvals.paper import HASH, Paper, away, role, submit, workflow_of
from tests.approvals.test_api import submit_for
from tests.approvals.test_ladders import HOUR
from tests.approvals.test_views import address, words
from tests.home.test_list import list_of

LIST = "/w/acme/approvals/overrides/"


def go_past(acme, request, name="ana", **fields):
    said = {"revision_id": request.revision_id, "reason": "The recall is due now.", **fields}
    return override_request(request=request, by=acme.actor(name), **said)


def emergencies(acme, name: str) -> list:
    return [item for item in list_of(acme, name).items if item.kind == "override"]


def look(acme, row, name="cleo", verdict="right", note=""):
    return review_override(override=row, verdict=verdict, note=note, by=acme.actor(name))


@pytest.fixture
def paper():
    return Paper()


@pytest.fixture
def waiting(acme, paper):
    """Ben's paper waits for Jun, then for a lead."""
    steps = StepInput("Facts", members=[acme.jun]), StepInput("Brand", roles=[role("lead")])
    return submit(acme, "ben", paper, workflow=workflow_of(acme, *steps))


def test_who_has_the_right_goes_past_what_still_waits_with_a_reason(acme, waiting, paper, tell_all):
    """Recorded: actor, reason, in activity; everybody who was passed over, the leads and the author are told."""
    made = go_past(acme, waiting)
    assert (made.member_id, made.on_behalf_of_id, made.reason) == (
        acme.ana.pk,
        None,
        "The recall is due now.",
    )
    assert request_of(paper.ref).state == "approved"
    assert clearance_for(paper.ref, paper.revision_id, HASH).request_id == waiting.pk
    assert set(RequestStep.objects.values_list("state", flat=True)) == {"skipped"}
    assert Decision.objects.count() == 0
    [entry] = Entry.objects.filter(verb="approvals.request.overridden")
    assert (entry.member_id, entry.facts["override"]) == (acme.ana.pk, str(made.pk))
    tell_all(acme.acme)
    told = Notice.objects.filter(type="approvals.overridden").values_list("member_id", flat=True)
    assert set(told) == {acme.jun.pk, acme.cleo.pk}
    assert Notice.objects.filter(type="approvals.decided", member=acme.ben.pk).count() == 1


def test_under_cover_both_names_are_kept(acme, waiting):
    away(acme, "ana", "cleo")
    made = go_past(acme, waiting, "cleo")
    assert (made.member_id, made.on_behalf_of_id) == (acme.cleo.pk, acme.ana.pk)


@pytest.mark.parametrize("name", ["ben", "jun", "cleo", "vera"])
def test_nobody_else_goes_past_a_review(acme, waiting, name):
    with pytest.raises(NotAllowed):
        go_past(acme, waiting, name)
    assert request_of(waiting.ref).is_open


def test_an_author_never_does_in_service_or_database(acme):
    request = submit(acme, "ana")
    with pytest.raises(NotAllowed):
        go_past(acme, request)
    row = Override(workspace=acme.acme, request=request, reason="Now", actor_kind="member", member=acme.ana)
    with pytest.raises(DatabaseError, match="own review"), transaction.atomic():
        row.save(force_insert=True)


def test_without_reason_or_of_another_revision_nothing_happens(acme, waiting):
    with pytest.raises(Invalid):
        go_past(acme, waiting, reason="  ")
    with pytest.raises(WrongState):
        go_past(acme, waiting, revision_id=uuid7())
    assert not Override.objects.exists()


def test_it_happens_once_and_an_earlier_decision_is_not_taken_back(acme, waiting):
    made = decide(
        request=waiting, verdict=Verdict.APPROVE, revision_id=waiting.revision_id, by=acme.actor("jun")
    )
    go_past(acme, waiting)
    with pytest.raises(WrongState):
        go_past(acme, waiting)
    with pytest.raises(WrongState):
        undo_decision(decision=made, by=acme.actor("jun"))
    assert Override.objects.count() == 1


def test_a_post_with_its_time_ahead_is_planned(cast, acme):
    post = submit_for(cast, "ben")
    move_post(post=Post.objects.get(pk=post.pk), scheduled_at=now() + HOUR, by=acme.actor("ben"))
    go_past(acme, request_of(ref_of(post)))
    assert Post.objects.get(pk=post.pk).state == "scheduled"
    assert Delivery.objects.count() == 1


def test_it_waits_for_a_lead_who_says_once_whether_it_was_right(cast, acme):
    row = go_past(acme, request_of(ref_of(submit_for(cast, "ben"))))
    [item] = emergencies(acme, "cleo")
    assert "Ana Rahman went past its review" in item.why
    assert emergencies(acme, "ana") == []
    with pytest.raises(NotAllowed):
        look(acme, row, "ana")
    with pytest.raises(Invalid):
        look(acme, row, verdict="wrong", note=" ")
    look(acme, row, verdict="wrong", note="It could have waited.")
    with pytest.raises(WrongState):
        look(acme, row)
    row.refresh_from_db()
    assert (row.verdict, row.reviewed_by_id, row.review_note) == (
        "wrong",
        acme.cleo.pk,
        "It could have waited.",
    )
    assert Entry.objects.filter(verb="approvals.override.reviewed").count() == 1
    assert emergencies(acme, "cleo") == []


def test_the_database_keeps_reason_actor_and_verdict(acme, waiting):
    row = look(acme, go_past(acme, waiting))
    for changes in ({"reason": "x"}, {"member": acme.ben}, {"verdict": "wrong"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Override.objects.filter(pk=row.pk).update(**changes)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()


def test_the_certificate_says_that_nobody_approved_it(cast, client_as, acme):
    request = request_of(ref_of(submit_for(cast, "ben")))
    go_past(acme, request)
    page = words(client_as(cast.ana).get(address(request, "certificate/")))
    assert "Gone past in an emergency Ana Rahman" in page
    assert "The recall is due now." in page


def test_pages_ask_why_report_every_case_and_take_the_verdict(cast, client_as, acme):
    request = request_of(ref_of(submit_for(cast, "ben")))
    ana, cleo = client_as(cast.ana), client_as(cast.cleo)
    assert "Go past this review in an emergency" in words(ana.get(address(request)))
    assert "Go past this review" not in words(cleo.get(address(request)))
    form = {"revision": str(request.revision_id), "reason": ""}
    refused = ana.post(address(request, "override/"), form)
    assert refused.status_code == 422
    assert ana.post(address(request, "override/"), {**form, "reason": "Recall."}).status_code == 302
    page = words(ana.get(address(request)))
    assert "Gone past in an emergency" in page
    assert "“Recall.”" in page
    listed = words(cleo.get(LIST))
    assert "First pour" in listed
    assert "Ana Rahman" in listed
    assert "“Recall.”" in listed
    row = Override.objects.get()
    assert cleo.post(f"{LIST}{row.pk}/review/", {"verdict": "right", "note": ""}).status_code == 302
    assert "It was right" not in words(cleo.get(LIST + "?show=open"))
    assert "it was right" in words(cleo.get(LIST))
    assert client_as(cast.ben).get(LIST).status_code == 403
