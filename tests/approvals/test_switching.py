"""Approval switched on again (R7.5): nothing goes out that nobody approved, and each post is asked about."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import Clearance, Decision, Request
from approvals.selectors import uncleared
from approvals.services.decisions import decide
from approvals.services.switching import keep_cleared, settle_uncleared
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from core.errors import CollabError, NotAllowed, NotFound, WrongState
from publishing.models import Delivery
from teams.models import Workspace
from teams.services.workspaces import configure_workspace
from teams.tenancy import workspace_scope
from tests.approvals.test_api import Program
from tests.approvals.test_views import words
from tests.factories.posts import make_post, soon

PAGE = "/w/acme/approvals/uncleared/"


def switch(cast, value: str) -> None:
    workspace = Workspace.objects.get(pk=cast.acme.pk)
    configure_workspace(workspace=workspace, changes={"settings": {"approval": value}}, by=cast.actor("ana"))


def posted(cast, text: str, by: str = "ben") -> Post:
    post = make_post(cast, text, by=by, scheduled_at=soon())
    return submit_post(post=post, by=cast.actor(by))


def states() -> dict[str, tuple[str, str]]:
    live = dict(Delivery.objects.order_by("created_at").values_list("post_id", "state"))
    return {post.headline: (post.state, live.get(post.pk, "")) for post in Post.objects.order_by("pk")}


@pytest.fixture
def switched(acme):
    """Two posts of Ben's and one of Ana's, scheduled without approval; then approval is switched on."""
    switch(acme, "off")
    posts = [posted(acme, "One"), posted(acme, "Two"), posted(acme, "Hers", "ana")]
    assert states() == dict.fromkeys(("One", "Two", "Hers"), ("scheduled", "scheduled"))
    switch(acme, "on")
    return posts


def test_nothing_stays_planned_and_all_of_it_is_listed_with_its_time(acme, switched):
    assert states() == dict.fromkeys(("One", "Two", "Hers"), ("draft", "cancelled"))
    assert Clearance.objects.filter(revoked_at=None).count() == 0
    assert {row.description.title for row in uncleared(acme.actor("ana"))} == {"One", "Two", "Hers"}
    assert {row.description.goes_out_at for row in uncleared(acme.actor("ana"))} == {soon()}


def test_an_admin_keeps_by_a_decision_and_no_author_keeps_his_own(acme, switched):
    one, two, hers = switched
    ana = acme.actor("ana")
    decision = keep_cleared(subject=ref_of(one), note="Checked by phone", by=ana)
    assert (decision.verdict, decision.note, decision.member_id) == (
        "approve",
        "Checked by phone",
        acme.ana.pk,
    )
    assert states()["One"] == ("scheduled", "scheduled")
    assert Clearance.objects.get(revoked_at=None).source == "approval"
    with pytest.raises(NotAllowed):
        keep_cleared(subject=ref_of(hers), note="", by=ana)
    with pytest.raises(NotAllowed):
        keep_cleared(subject=ref_of(two), note="", by=acme.actor("cleo"))
    with pytest.raises(NotFound):
        keep_cleared(subject=ref_of(one), note="", by=ana)
    save_post(
        post=Post.objects.get(pk=two.pk),
        expected_number=two.version,
        text="Two, changed",
        by=acme.actor("ben"),
    )
    with pytest.raises(WrongState):
        keep_cleared(subject=ref_of(two), note="", by=ana)
    assert Decision.objects.count() == 1


def test_submitting_some_leaves_the_rest_asked_and_approval_schedules_again(acme, switched):
    one, _two, _hers = switched
    done = settle_uncleared(
        subjects=[ref_of(one), ref_of(one)], action="submit", note="", by=acme.actor("ben")
    )
    assert [type(error) for _ref, error in done] == [type(None), NotFound], "each is submitted once"
    assert {row.description.title for row in uncleared(acme.actor("ben"))} == {"Two", "Hers"}
    assert states()["One"] == ("in_review", "cancelled")
    asked = Request.objects.get(subject_id=one.pk)
    decide(request=asked, verdict="approve", revision_id=asked.revision_id, by=acme.actor("cleo"))
    assert states()["One"] == ("scheduled", "scheduled")


def test_the_page_and_programs_settle_by_the_same_rules(cast, client_as):
    with workspace_scope(cast.acme.pk):
        switch(cast, "off")
        posted(cast, "One")
        posted(cast, "Two")
        hers = posted(cast, "Hers", "ana")
        switch(cast, "on")
    ana = client_as(cast.ana)
    page = words(ana.get(PAGE))
    assert "One" in page
    assert "Keep as approved by me" in page
    assert "3 posts wait uncleared" in words(ana.get("/w/acme/work/"))
    assert "Keep as approved by me" not in words(client_as(cast.ben).get(PAGE))
    told = words(ana.post(PAGE, {"which": "all", "action": "keep"}, follow=True))
    assert "2 kept." in told
    assert "You made or submitted this, so somebody else decides on it." in told
    found = Program(cast, "ben").get("approvals/uncleared/").json()["results"]
    assert [row["title"] for row in found] == ["Hers"]
    sent = Program(cast, "ana").post("approvals/uncleared/", {"action": "submit", "posts": [str(hers.pk)]})
    assert sent.json()["results"] == [{"post": str(hers.pk), "settled": True, "why": ""}]
    assert "Nothing is left to settle" in words(ana.get(PAGE))
    with workspace_scope(cast.acme.pk):
        assert {name: state for name, (state, _delivery) in states().items()} == {
            "One": "scheduled",
            "Two": "scheduled",
            "Hers": "in_review",
        }


def test_raw_sql_does_not_bring_a_policy_clearance_back(acme, switched):
    old = Clearance.objects.first()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE approvals_clearance SET revoked_at = NULL WHERE id = %s", [old.pk])
    with pytest.raises(DatabaseError, match="asks for approval"), transaction.atomic():
        Clearance(
            workspace_id=acme.acme.pk,
            subject_type=old.subject_type,
            subject_id=old.subject_id,
            revision_id=old.revision_id,
            content_hash=old.content_hash,
            source="policy",
        ).save()


@pytest.mark.parametrize("round_", range(3))
def test_a_submission_against_the_switch_never_leaves_something_cleared_by_policy(live_cast, round_):
    with workspace_scope(live_cast.acme.pk):
        switch(live_cast, "off")
        post = make_post(live_cast, scheduled_at=soon())
    gate = threading.Barrier(2)

    def run(body) -> None:
        try:
            with workspace_scope(live_cast.acme.pk):
                gate.wait(5)
                body()
        except CollabError:
            pass
        finally:
            connection.close()

    def submission() -> None:
        submit_post(post=Post.objects.get(pk=post.pk), by=live_cast.actor("ben"))

    both = [
        threading.Thread(target=run, args=[lambda: switch(live_cast, "on")]),
        threading.Thread(
            target=run,
            args=[lambda: submit_post(post=Post.objects.get(pk=post.pk), by=live_cast.actor("ben"))],
        ),
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)
    with workspace_scope(live_cast.acme.pk):
        assert Clearance.objects.filter(revoked_at=None).count() == 0
        assert Post.objects.get(pk=post.pk).state in ("draft", "in_review")
        assert set(Delivery.objects.values_list("state", flat=True)) <= {"cancelled"}
