"""Changing a review while it runs (R7.5): by right and reason, recorded, never towards a decision by an author."""

import pytest
from django.db import DatabaseError, connection, transaction

from activity.models import Entry
from approvals.models import Amendment, Clearance
from approvals.permissions import names_who_may
from approvals.selectors import request_of
from approvals.services.amendments import add_reviewer, amend, delegate_seat, reassign_seat, skip_step
from approvals.services.decisions import decide
from approvals.services.requests import withdraw_request
from approvals.services.workflows import StepInput
from core.errors import Invalid, NotAllowed, WrongState
from core.refs import Ref
from notifications.models import Notice
from teams.tenancy import workspace_scope
from tests.approvals.paper import away, role, submit, workflow_of
from tests.approvals.test_api import Program, submit_for
from tests.approvals.test_views import words


@pytest.fixture
def running(acme):
    """Ben's paper: Jun, then Cleo."""
    steps = StepInput("Facts", members=[acme.jun]), StepInput("Brand", members=[acme.cleo])
    return submit(acme, "ben", workflow=workflow_of(acme, *steps))


def steps(request) -> list:
    return list(request_of(request.ref).steps.all())


def approve(cast, request, name: str):
    return decide(request=request, verdict="approve", revision_id=request.revision_id, by=cast.actor(name))


def test_one_more_another_one_and_handing_on_each_ask_and_say_why(acme, running):
    first, _second = steps(running)
    add_reviewer(
        request=running, step_id=first.pk, member=acme.ana, reason="Legal question", by=acme.actor("cleo")
    )
    assert names_who_may(request_of(running.ref)) == ("Ana Rahman", "Jun Wong")
    seat = next(row for row in steps(running)[0].approvers.all() if row.member_id == acme.ana.pk)
    reassign_seat(
        request=running, seat_id=seat.pk, member=acme.farah, reason="Ana travels", by=acme.actor("cleo")
    )
    assert names_who_may(request_of(running.ref)) == ("Farah Aziz", "Jun Wong")
    delegate_seat(request=running, member=acme.ana, reason="She knows", by=acme.actor("jun"))
    assert names_who_may(request_of(running.ref)) == ("Ana Rahman", "Farah Aziz")
    with pytest.raises(NotAllowed):
        approve(acme, running, "jun")
    approve(acme, running, "ana")
    assert [step.state for step in steps(running)] == ["passed", "open"]
    kept = Amendment.objects.order_by("at").values_list("kind", "reason", "member", "newcomer")
    assert list(kept) == [
        ("add", "Legal question", acme.cleo.pk, acme.ana.pk),
        ("reassign", "Ana travels", acme.cleo.pk, acme.farah.pk),
        ("delegate", "She knows", acme.jun.pk, acme.ana.pk),
    ]
    verbs = Entry.objects.filter(subject_id=running.subject_id).order_by("id").values_list("verb", flat=True)
    assert [verb.rpartition(".")[2] for verb in verbs][1:4] == ["reviewer_added", "reassigned", "delegated"]


def test_passing_over_needs_the_right_a_reason_and_another_approval(acme, running):
    first, second = steps(running)
    with pytest.raises(NotAllowed):
        skip_step(request=running, step_id=first.pk, reason="Late", by=acme.actor("cleo"))
    with pytest.raises(Invalid):
        skip_step(request=running, step_id=first.pk, reason=" ", by=acme.actor("ana"))
    skip_step(request=running, step_id=first.pk, reason="Jun is ill", by=acme.actor("ana"))
    assert [step.state for step in steps(running)] == ["skipped", "open"]
    with pytest.raises(WrongState):
        skip_step(request=running, step_id=second.pk, reason="Late", by=acme.actor("ana"))
    approve(acme, running, "cleo")
    assert request_of(running.ref).state == "approved"
    assert Clearance.objects.filter(request=running, revoked_at=None).count() == 1


def test_passing_over_the_last_step_approves_what_was_approved_before(acme, running):
    approve(acme, running, "jun")
    skip_step(request=running, step_id=steps(running)[1].pk, reason="Cleo left", by=acme.actor("ana"))
    assert request_of(running.ref).state == "approved"
    assert Entry.objects.get(verb="approvals.request.approved").facts["step"] == 2


def _ways(cast, request, target):
    """Return every change of a review, each asking `target`."""
    step = steps(request)[0]
    seat = step.approvers.all()[0]
    return {
        "add": lambda by: add_reviewer(request=request, step_id=step.pk, member=target, reason="x", by=by),
        "reassign": lambda by: reassign_seat(
            request=request, seat_id=seat.pk, member=target, reason="x", by=by
        ),
        "delegate": lambda by: delegate_seat(request=request, member=target, reason="x", by=by),
        "skip": lambda by: skip_step(request=request, step_id=step.pk, reason="x", by=by),
    }


def test_no_author_changes_his_own_review_and_none_is_asked_in_it(acme):
    """Authors here hold every right, are covered or covering, and stand in the workflow themselves."""
    workflow = workflow_of(
        acme, StepInput("Facts", members=[acme.ana, acme.jun]), StepInput("B", members=[acme.cleo])
    )
    request = submit(acme, "ana", authors=["ana", "ben"], workflow=workflow)
    away(acme, "ana", "cleo")
    for way, do in _ways(acme, request, acme.farah).items():
        with pytest.raises(NotAllowed):
            do(acme.actor("ana"))
        if way == "skip":
            with pytest.raises(NotAllowed):  # Cleo may skip only in the place of Ana, who is an author
                do(acme.actor("cleo"))
    for author in (acme.ana, acme.ben):
        for way, do in _ways(acme, request, author).items():
            if way != "skip":
                with pytest.raises(Invalid):
                    do(acme.actor("jun" if way == "delegate" else "cleo"))
    assert Amendment.objects.count() == 0


def test_the_database_refuses_an_author_in_an_amendment_and_a_skip_without_one(acme, running):
    step = steps(running)[0]
    values = {"request": running, "request_step": step, "kind": "skip", "reason": "x", "actor_kind": "member"}
    for wrong in ({"member": acme.ben}, {"newcomer": acme.ben, "member": acme.ana}, {"reason": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Amendment(workspace_id=acme.acme.pk, **{**values, **wrong}).save()
    approve(acme, running, "jun")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE approvals_requeststep SET state = 'skipped' WHERE state = 'open'")
        cursor.execute("UPDATE approvals_request SET state = 'approved' WHERE id = %s", [running.pk])
    with pytest.raises(DatabaseError, match="no approved request"), transaction.atomic():
        Clearance(
            workspace_id=acme.acme.pk,
            subject_type=running.subject_type,
            subject_id=running.subject_id,
            revision_id=running.revision_id,
            content_hash=running.content_hash,
            source="approval",
            request=running,
        ).save()


def test_what_is_over_and_who_has_spoken_stays(acme):
    both = StepInput("Facts", members=[acme.jun, acme.cleo], rule="all")
    request = submit(acme, "ben", workflow=workflow_of(acme, both))
    approve(acme, request, "jun")
    seat = next(row for row in steps(request)[0].approvers.all() if row.member_id == acme.jun.pk)
    with pytest.raises(WrongState):
        reassign_seat(request=request, seat_id=seat.pk, member=acme.farah, reason="x", by=acme.actor("ana"))
    with pytest.raises(Invalid):
        add_reviewer(
            request=request, step_id=steps(request)[0].pk, member=acme.vera, reason="x", by=acme.actor("ana")
        )
    withdraw_request(request=request, by=acme.actor("ben"))
    for kind in ("add", "skip", "reassign", "delegate"):
        with pytest.raises(WrongState):
            amend(
                request=request_of(request.ref),
                kind=kind,
                member_id=acme.farah.pk,
                reason="x",
                by=acme.actor("ana"),
            )


def test_the_page_offers_what_one_may_and_tells_who_is_asked(cast, client_as, tell_all):
    post = submit_for(cast, "ben")
    with workspace_scope(cast.acme.pk):
        request = request_of(Ref("calendar_app.post", post.pk))
        step = request.steps.get()
    tell_all(cast.acme)
    url = f"/w/acme/approvals/{request.pk}/"
    assert "Change who decides" not in words(client_as(cast.ben).get(url))
    cleo = client_as(cast.cleo)
    page = words(cleo.get(url))
    assert "Ask one more" in page
    assert "Pass over" not in page
    form = {"what": f"add:{step.pk}", "member": str(cast.jun.pk), "reason": ""}
    assert "Vera" not in page, "people are named, not listed"
    unknown = cleo.post(url + "amendments/", {**form, "member": "Zorro", "reason": "He wrote the brief"})
    assert "Nobody here is called “Zorro”." in words(unknown)
    assert 'value="Zorro"' in unknown.content.decode()
    form["member"] = "Jun Wong"
    refused = cleo.post(url + "amendments/", form)
    assert (refused.status_code, "Give a reason" in words(refused)) == (422, True)
    assert cleo.post(url + "amendments/", {**form, "reason": "He wrote the brief"}).url == url
    page = words(cleo.get(url))
    assert "asked one more, Jun Wong. Cleo Marchetti," in page
    assert "He wrote the brief" in page
    tell_all(cast.acme)
    with workspace_scope(cast.acme.pk):
        assert Notice.objects.filter(member=cast.jun, type="approvals.submitted").count() == 1
    assert "First pour" in words(client_as(cast.jun).get("/w/acme/approvals/"))


def test_programs_change_a_review_by_the_same_rules(cast):
    post = submit_for(cast, "ben")
    path = f"posts/{post.pk}/amendments/"
    asked = {"kind": "add", "member": str(cast.jun.pk), "reason": "He wrote the brief"}
    assert Program(cast, "ben").post(path, asked).status_code == 403
    made = Program(cast, "cleo").post(path, asked)
    assert (made.status_code, made.json()["newcomer"]) == (201, str(cast.jun.pk))
    with workspace_scope(cast.acme.pk):
        lead = role("lead")
    swap = {
        "kind": "reassign",
        "seat": str(lead.pk),
        "member": str(cast.farah.pk),
        "reason": "Leads are away",
    }
    assert Program(cast, "ana").post(path, swap).status_code == 201
    assert Program(cast, "ana").post(path, {"kind": "skip", "reason": "x"}).status_code == 409
    found = Program(cast, "jun").get(path).json()["results"]
    assert [(row["kind"], row["by"]) for row in found] == [
        ("add", str(cast.cleo.pk)),
        ("reassign", str(cast.ana.pk)),
    ]
