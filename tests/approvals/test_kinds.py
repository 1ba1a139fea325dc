"""What holds for every kind that is registered as approvable (issue line 10): the same tests over all of them."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activity.services.sealing import seal_everything
from approvals.certificates import certificate
from approvals.figures import figures
from approvals.models import Clearance, Decision, Request
from approvals.permissions import eligible, open_step
from approvals.queues import Asked, cards
from approvals.registry import approvables, live_refs
from approvals.selectors import clearance_for, request_of
from approvals.services.bulk import Outcome, decide_many
from approvals.services.decisions import decide, undo_decision
from approvals.services.requests import withdraw_request
from approvals.services.workflows import StepInput
from core.errors import Invalid, NotAllowed, Stale, WrongState
from teams.services.workspaces import configure_workspace
from teams.tenancy import workspace_scope
from tests.approvals.kinds import KINDS
from tests.approvals.paper import away, workflow_of
from tests.approvals.test_bulk import choice
from tests.approvals.test_certificates import behind_its_back
from tests.approvals.test_mail_links import PAGE, form_on, link_to
from tests.approvals.test_views import form_of, words
from tests.support.threads import at_once


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    return KINDS[request.param]


def say(cast, request: Request, who: str, verdict: str = "approve", note: str = "", **more) -> Decision:
    return decide(
        request=request,
        verdict=verdict,
        revision_id=request.revision_id,
        note=note,
        by=cast.actor(who),
        **more,
    )


def is_cleared(request: Request) -> bool:
    return clearance_for(request.ref, request.revision_id, request.content_hash) is not None


def test_every_kind_that_is_registered_is_tested():
    assert sorted(kind for kind, _of in approvables.items() if not kind.startswith("tests.")) == sorted(KINDS)


def test_it_goes_through_its_review_and_is_cleared(acme, kind):
    ref = kind.submitted(acme)
    asked = request_of(ref)
    assert (kind.state(acme, ref), is_cleared(asked)) == ("in_review", False)
    assert acme.cleo in eligible(asked, open_step(asked))
    say(acme, asked, "cleo")
    assert (kind.state(acme, ref), is_cleared(asked)) == ("approved", True)


@pytest.mark.parametrize(
    ("verdict", "state"), [("request_changes", "changes_requested"), ("reject", "rejected")]
)
def test_what_does_not_approve_needs_a_note_and_comes_back(acme, kind, verdict, state):
    ref = kind.submitted(acme)
    asked = request_of(ref)
    with pytest.raises(Invalid) as refused:
        say(acme, asked, "cleo", verdict, note=" ")
    assert (list(refused.value.fields), kind.state(acme, ref)) == (["note"], "in_review")
    say(acme, asked, "cleo", verdict, note="Say when.")
    assert (kind.state(acme, ref), is_cleared(asked)) == (state, False)
    kind.change(acme, "ben", ref, "Kopi Raya is back on Friday")
    kind.submit(acme, ref)
    assert kind.state(acme, ref) == "in_review"


def test_nobody_decides_on_his_own_nor_for_whom_he_covers(acme, kind):
    ref = kind.submitted(acme, by="ana")
    asked = request_of(ref)
    with pytest.raises(NotAllowed):
        say(acme, asked, "ana")
    away(acme, "cleo", "ana")
    with pytest.raises(NotAllowed):
        say(acme, asked, "ana", for_=acme.cleo.pk)
    assert (kind.state(acme, ref), Decision.objects.count()) == ("in_review", 0)


def test_whoever_changed_it_before_is_an_author_too(acme, kind):
    ref = kind.made(acme, "ben")
    kind.change(acme, "ana", ref, "Other words by Ana")
    kind.submit(acme, ref, "ben")
    with pytest.raises(NotAllowed):
        say(acme, request_of(ref), "ana")
    say(acme, request_of(ref), "cleo")
    assert kind.state(acme, ref) == "approved"


def test_an_edit_makes_a_review_stale_and_nobody_decides_on_what_was(acme, kind):
    ref = kind.submitted(acme)
    asked = request_of(ref)
    kind.change(acme, "ben", ref, "Changed behind the reviewer")
    assert (request_of(ref).state, kind.state(acme, ref)) == ("stale", "draft")
    with pytest.raises(WrongState) as late:
        say(acme, asked, "cleo")
    assert (late.value.code, is_cleared(asked)) == ("not_under_review", False)


def test_an_edit_after_the_approval_takes_it_back(acme, kind):
    ref = kind.submitted(acme)
    asked = request_of(ref)
    say(acme, asked, "cleo")
    kind.change(acme, "ben", ref, "One word more")
    assert (request_of(ref).state, kind.state(acme, ref), is_cleared(asked)) == ("stale", "draft", False)
    assert Clearance.objects.get().revoked_reason == "edited"


def test_the_same_words_again_change_nothing(acme, kind):
    ref = kind.submitted(acme)
    kind.change(acme, "ben", ref, "Kopi Raya is back")
    assert (request_of(ref).state, kind.state(acme, ref)) == ("open", "in_review")


def test_what_is_locked_once_approved_is_not_changed(acme, kind):
    configure_workspace(
        workspace=acme.acme, changes={"settings": {"lock_approved": True}}, by=acme.actor("ana")
    )
    ref = kind.submitted(acme)
    say(acme, request_of(ref), "cleo")
    with pytest.raises(WrongState) as refused:
        kind.change(acme, "ben", ref, "One word more")
    assert (refused.value.code, kind.state(acme, ref)) == ("locked", "approved")


def test_it_is_withdrawn_before_and_after_its_approval(acme, kind):
    ref = kind.submitted(acme)
    withdraw_request(request=request_of(ref), by=acme.actor("ben"))
    assert kind.state(acme, ref) == "draft"
    kind.submit(acme, ref)
    asked = request_of(ref)
    say(acme, asked, "cleo")
    withdraw_request(request=asked, by=acme.actor("ben"))
    assert (kind.state(acme, ref), is_cleared(asked)) == ("draft", False)


def test_a_decision_is_taken_back_within_ten_seconds(acme, kind):
    ref = kind.submitted(acme)
    made = say(acme, request_of(ref), "cleo")
    undo_decision(decision=made, by=acme.actor("cleo"))
    asked = request_of(ref)
    assert (kind.state(acme, ref), asked.state, is_cleared(asked)) == ("in_review", "open", False)


def test_where_no_approval_is_asked_for_it_is_cleared_by_policy_until_that_ends(acme, kind):
    configure_workspace(workspace=acme.acme, changes={"settings": {"approval": "off"}}, by=acme.actor("ana"))
    ref = kind.submitted(acme)
    assert (kind.state(acme, ref), request_of(ref)) == ("approved", None)
    configure_workspace(workspace=acme.acme, changes={"settings": {"approval": "on"}}, by=acme.actor("ana"))
    assert kind.state(acme, ref) == "draft"


def test_an_approver_whose_step_lets_him_edit_puts_it_up_again_for_the_others(acme, kind):
    workflow_of(
        acme,
        StepInput(name="Two", members=[acme.cleo, acme.ana], rule="any", changing="edit"),
        is_default=True,
    )
    ref = kind.submitted(acme)
    first = request_of(ref)
    kind.change(acme, "cleo", ref, "In Cleo's words")
    again = request_of(ref)
    assert (again.amends_id, again.state, kind.state(acme, ref)) == (first.pk, "open", "in_review")
    with pytest.raises(NotAllowed):
        say(acme, again, "cleo")
    say(acme, again, "ana")
    assert kind.state(acme, ref) == "approved"


def test_an_approver_whose_step_lets_him_decide_only_changes_nothing(acme, kind):
    workflow_of(
        acme, StepInput(name="Judge", members=[acme.cleo, acme.ana], changing="nothing"), is_default=True
    )
    ref = kind.submitted(acme)
    with pytest.raises(NotAllowed):
        kind.change(acme, "cleo", ref, "In Cleo's words")
    assert request_of(ref).state == "open"


def test_two_who_edit_at_once_do_not_overwrite_each_other(acme, kind):
    ref = kind.made(acme)
    seen = kind.standing_number(ref)
    kind.change(acme, "ben", ref, "First")
    with pytest.raises(Stale):
        kind.change(acme, "ana", ref, "Second", seen)
    assert kind.standing_number(ref) == seen + 1


def test_a_decider_and_an_editor_at_once_leave_one_truth(live_cast, kind):
    """Either the approval came first and was taken back, or the edit did and nothing was decided."""
    with workspace_scope(live_cast.acme.pk):
        ref = kind.submitted(live_cast)
        asked = request_of(ref)

    def approve() -> None:
        with workspace_scope(live_cast.acme.pk):
            say(live_cast, asked, "cleo")

    def edit() -> None:
        with workspace_scope(live_cast.acme.pk):
            kind.change(live_cast, "ben", ref, "Changed at the same time")

    at_once(approve, edit)
    with workspace_scope(live_cast.acme.pk):
        assert (request_of(ref).state, kind.state(live_cast, ref)) == ("stale", "draft")
        assert not is_cleared(asked)


def test_the_queue_shows_it_to_whom_it_waits_for_and_to_its_author(cast, client_as, api_as, kind):
    with workspace_scope(cast.acme.pk):
        ref = kind.submitted(cast)
    title = kind.title("Kopi Raya is back")
    page = client_as(cast.cleo).get("/w/acme/approvals/")
    assert title in words(page)
    assert "To decide 1" in words(page)
    assert f"{ref.type}:*" in re.search(r'id="queue-list" data-live-ref="([^"]+)"', page.content.decode())[1]
    assert title in words(client_as(cast.ben).get("/w/acme/approvals/?tab=others"))
    [card] = api_as(cast.cleo).get("/api/v1/w/acme/approvals/").json()["results"]
    assert (card["subject"], card["title"]) == ({"type": ref.type, "id": str(ref.id)}, title)
    assert title in words(client_as(cast.cleo).get("/w/acme/work/")), "My work lists it"


def test_narrowed_to_its_author_the_queue_keeps_it(acme, client_as, kind):
    kind.submitted(acme)
    browser, title = client_as(acme.cleo), kind.title("Kopi Raya is back")
    assert title in words(browser.get(f"/w/acme/approvals/?author={acme.ben.pk}"))
    assert title not in words(browser.get(f"/w/acme/approvals/?author={acme.jun.pk}"))


def test_the_review_page_shows_it_and_decides(acme, client_as, kind):
    ref = kind.submitted(acme)
    asked = request_of(ref)
    browser = client_as(acme.cleo)
    page = browser.get(f"/w/acme/approvals/{asked.pk}/")
    assert "Kopi Raya is back" in words(page)
    answer = browser.post(f"/w/acme/approvals/{asked.pk}/decision/", form_of(asked, "request_changes"))
    assert answer.status_code == 422
    answer = browser.post(f"/w/acme/approvals/{asked.pk}/decision/", form_of(asked, "approve"))
    assert (answer.status_code, kind.state(acme, ref)) == (302, "approved")


def test_what_changed_since_the_reviewer_looked_stands_on_the_page(acme, client_as, kind):
    ref = kind.submitted(acme, words="Kopi Raya is back")
    browser = client_as(acme.cleo)
    browser.get(f"/w/acme/approvals/{request_of(ref).pk}/")
    kind.change(acme, "ben", ref, "Kopi Raya is gone")
    kind.submit(acme, ref)
    page = browser.get(f"/w/acme/approvals/{request_of(ref).pk}/").content.decode()
    assert "Changed since you looked" in page
    assert re.search(r"<del>back</del>\s*<ins>gone</ins>", page)


def test_several_are_decided_at_once_each_shown_first(acme, client_as, kind):
    first, second = kind.submitted(acme, words="One of two"), kind.submitted(acme, words="Two of two")
    page = words(client_as(acme.cleo).get("/w/acme/approvals/several/?all=1"))
    assert "One of two" in page
    assert "Two of two" in page
    answers = decide_many(
        choices=[choice(request_of(ref)) for ref in (first, second)],
        verdict="approve",
        note="",
        by=acme.actor("cleo"),
    )
    assert [answer.outcome for answer in answers] == [Outcome.DONE, Outcome.DONE]
    assert {kind.state(acme, ref) for ref in (first, second)} == {"approved"}


def test_a_program_decides_with_the_card_that_it_read(acme, api_as, kind):
    ref = kind.submitted(acme)
    program = api_as(acme.cleo)
    [card] = program.get("/api/v1/w/acme/approvals/").json()["results"]
    item = {name: card[name] for name in ("request", "revision", "step")}
    answer = program.post("/api/v1/w/acme/approvals/decisions/", {"verdict": "approve", "items": [item]})
    assert answer.json()["results"][0]["outcome"] == "done"
    assert kind.state(acme, ref) == "approved"


def test_the_mail_leads_to_a_page_that_shows_it_and_needs_one_tap(acme, tell_all, kind):
    ref = kind.submitted(acme)
    tell_all(acme.acme)
    assert any(kind.title("Kopi Raya is back") in message.body for message in mail.outbox)
    browser = Client()
    page = browser.get(link_to("cleo@acme.test"), follow=True)
    assert "Kopi Raya is back" in words(page)
    assert kind.state(acme, ref) == "in_review"
    browser.post(PAGE, form_on(page))
    assert kind.state(acme, ref) == "approved"


def test_the_certificate_holds_and_sees_content_changed_behind_its_back(live_cast, kind):
    with workspace_scope(live_cast.acme.pk):
        ref = kind.submitted(live_cast)
        asked = request_of(ref)
        say(live_cast, asked, "cleo", note="Well poured.")
    seal_everything()
    with workspace_scope(live_cast.acme.pk):
        paper = certificate(live_cast.actor("ana"), asked.pk)
        assert (paper.holds, paper.description.title) == (True, kind.title("Kopi Raya is back"))
    behind_its_back(kind.tamper, asked.revision_id)
    with workspace_scope(live_cast.acme.pk):
        assert not certificate(live_cast.actor("ana"), asked.pk).content_is_true


def test_a_step_over_is_recorded_in_the_figures(acme, kind):
    ref = kind.submitted(acme)
    say(acme, request_of(ref), "cleo")
    assert [row.member for row in figures(acme.actor("ana"), 28).people] == [acme.cleo]


def test_more_of_them_cost_the_queue_no_more_statements(acme, kind):
    costs = []
    for number in (1, 3):
        while len(cards(acme.actor("cleo"), Asked())[0]) < number:
            kind.submitted(acme)
        with CaptureQueriesContext(connection) as found:
            cards(acme.actor("cleo"), Asked())
        costs.append(len(found))
    assert costs[0] == costs[1]


def test_comments_point_at_its_words(acme, client_as, kind):
    ref = kind.submitted(acme)
    asked = request_of(ref)
    browser = client_as(acme.cleo)
    said = {"subject": str(ref), "revision": str(asked.revision_id), "body": "Which one?", "quote": "Raya"}
    browser.post("/w/acme/comments/", said)
    page = browser.get(f"/w/acme/approvals/{asked.pk}/").content.decode()
    assert re.search(r"<mark[^>]*>Raya</mark>", page)


def test_pages_that_list_what_is_judged_listen_to_every_kind():
    assert set(live_refs().split()) == {f"{kind}:*" for kind, _of in approvables.items()}
