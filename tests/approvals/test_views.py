"""The queue and the review page, as people use them (R7.5, R7.14)."""

import re

import pytest

from approvals.models import Decision, Request
from approvals.selectors import request_of
from calendar_app.content import VariantInput
from calendar_app.models import Post
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from core.refs import Ref
from networks.models import Channel
from teams.tenancy import workspace_scope
from tests.approvals.paper import away
from tests.approvals.test_api import submit_for


def open_request(cast, post) -> Request:
    with workspace_scope(cast.acme.pk):
        return request_of(Ref("calendar_app.post", post.pk))


def form_of(request: Request, verdict: str, **fields) -> dict[str, str]:
    with workspace_scope(request.workspace_id):
        step = request.steps.get(state="open")
    return {
        "verdict": verdict,
        "revision": str(request.revision_id),
        "step": str(step.pk),
        "note": "",
        "whose": "all",
        **fields,
    }


def address(request: Request, further: str = "") -> str:
    return f"/w/acme/approvals/{request.pk}/{further}"


@pytest.fixture
def under_review(cast) -> Request:
    """Ben's post, in review."""
    return open_request(cast, submit_for(cast, "ben"))


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_queue_shows_what_waits_for_the_reader(cast, client_as, under_review):
    page = words(client_as(cast.cleo).get("/w/acme/approvals/"))
    assert "First pour" in page
    assert "To decide 1" in page
    assert "Nothing waits for you" in words(client_as(cast.jun).get("/w/acme/approvals/"))
    assert "First pour" in words(client_as(cast.ben).get("/w/acme/approvals/?tab=others"))


def test_approving_goes_on_to_the_next_with_undo(cast, client_as, under_review):
    following = open_request(cast, submit_for(cast, "jun", "Another."))
    client = client_as(cast.cleo)
    response = client.post(address(under_review, "decision/"), form_of(under_review, "approve"))
    assert (response.status_code, response.url) == (302, address(following))
    page = client.get(response.url).content.decode()
    assert "Approved “First pour”" in page
    undo = re.search(r'action="(/w/acme/approvals/decisions/[^"]+/undo/)"', page)[1]
    client.post(undo)
    assert open_request(cast, _post(cast, under_review)).is_open
    assert "It waits for a decision again." in words(client.get(address(under_review)))


def test_after_the_last_one_comes_the_queue(cast, client_as, under_review):
    response = client_as(cast.cleo).post(address(under_review, "decision/"), form_of(under_review, "approve"))
    assert response.url == "/w/acme/approvals/"


@pytest.mark.parametrize("verdict", ["request_changes", "reject"])
def test_a_missing_note_is_asked_for_on_the_same_page(cast, client_as, under_review, verdict):
    client = client_as(cast.cleo)
    response = client.post(address(under_review, "decision/"), form_of(under_review, verdict))
    assert response.status_code == 422
    assert "Say what should change" in words(response)
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.count() == 0
    client.post(address(under_review, "decision/"), form_of(under_review, verdict, note="Nine, not ten."))
    page = words(client_as(cast.ben).get("/w/acme/approvals/?tab=back"))
    assert "First pour" in page


def test_an_author_sees_who_may_decide_and_no_buttons(cast, client_as):
    request = open_request(cast, submit_for(cast, "cleo"))
    client = client_as(cast.cleo)
    page = client.get(address(request))
    assert "You made or submitted this, so somebody else decides on it." in words(page)
    assert "Ana Rahman" in words(page)
    assert 'value="approve"' not in page.content.decode()
    refused = client.post(address(request, "decision/"), form_of(request, "approve"))
    assert refused.status_code == 403
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.count() == 0


def test_under_cover_the_button_says_for_whom(cast, client_as, under_review):
    with workspace_scope(cast.acme.pk):
        away(cast, "cleo", "jun")
    client = client_as(cast.jun)
    page = words(client.get(address(under_review)))
    assert "Approve for Cleo" in page
    assert "Recorded as “Jun Wong for Cleo Marchetti”." in page
    assert "for Cleo" in words(client.get("/w/acme/approvals/"))
    client.post(
        address(under_review, "decision/"), form_of(under_review, "approve", **{"for": str(cast.cleo.pk)})
    )
    with workspace_scope(cast.acme.pk):
        decision = Decision.objects.get()
        assert (decision.member_id, decision.on_behalf_of_id) == (cast.jun.pk, cast.cleo.pk)
    assert "Jun Wong for Cleo Marchetti approved" in words(client_as(cast.ben).get(address(under_review)))


def test_where_both_roles_fit_the_page_asks_for_whom(cast, client_as, under_review):
    with workspace_scope(cast.acme.pk):
        away(cast, "cleo", "ana")
    client = client_as(cast.ana)
    assert "For whom do you decide?" in words(client.get(address(under_review)))
    unsure = client.post(address(under_review, "decision/"), form_of(under_review, "approve"))
    assert unsure.status_code == 422
    assert "Say for whom" in words(unsure)
    only = client.get(f"/w/acme/approvals/?whose={cast.cleo.pk}")
    assert "First pour" in words(only)


def test_what_changed_since_the_reader_looked_is_marked(cast, client_as, under_review):
    cleo = client_as(cast.cleo)
    assert "Changed since you looked" not in words(cleo.get(address(under_review)))
    with workspace_scope(cast.acme.pk):
        post = _post(cast, under_review)
        channel = Channel.objects.get(kind="newsroom")
        save_post(
            post=post,
            expected_number=post.version,
            variants=[VariantInput(channel=channel.pk, text="Pintu dibuka pukul sepuluh.")],
            by=cast.actor("ben"),
        )
        submit_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))
    again = open_request(cast, post)
    for _look in range(2):
        page = cleo.get(address(again)).content.decode()
        assert "<del>sembilan</del>" in page
        assert "<ins>sepuluh</ins>" in page
    assert "Changed since you looked" not in words(client_as(cast.ana).get(address(again)))


def test_a_page_that_is_out_of_date_decides_nothing(cast, client_as, under_review):
    form = form_of(under_review, "approve")
    with workspace_scope(cast.acme.pk):
        post = _post(cast, under_review)
        channel = Channel.objects.get(kind="newsroom")
        save_post(
            post=post,
            expected_number=post.version,
            variants=[VariantInput(channel=channel.pk, text="Changed meanwhile.")],
            by=cast.actor("ben"),
        )
    response = client_as(cast.cleo).post(address(under_review, "decision/"), form)
    assert response.status_code == 409
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.count() == 0


def test_comments_beside_the_post_work_as_plain_forms(cast, client_as, under_review):
    client = client_as(cast.cleo)
    fields = {"subject": f"calendar_app.post:{_post_id(under_review)}", "next": address(under_review)}
    assert client.post("/w/acme/comments/", {**fields, "body": "Which street?"}).url == address(under_review)
    assert "Which street?" in words(client.get(address(under_review)))
    empty = client.post("/w/acme/comments/", {**fields, "body": " "})
    assert (empty.status_code, "Write something first." in words(empty)) == (422, True)
    elsewhere = client.post("/w/acme/comments/", {**fields, "body": "x", "next": "https://evil.test/"})
    assert elsewhere.url.startswith("/w/acme/")


def test_a_text_of_somebody_else_is_not_markup(cast, client_as):
    request = open_request(cast, submit_for(cast, "ben", "<script>alert(1)</script>"))
    page = client_as(cast.cleo).get(address(request)).content.decode()
    assert "<script>alert(1)" not in page


def test_withdrawing_from_the_page(cast, client_as, under_review):
    client = client_as(cast.ben)
    assert "Withdraw from review" in words(client.get(address(under_review)))
    client.post(address(under_review, "withdrawal/"))
    with workspace_scope(cast.acme.pk):
        assert Request.objects.get(pk=under_review.pk).state == "withdrawn"
    assert client_as(cast.vera).post(address(under_review, "withdrawal/")).status_code == 403


def test_requests_of_another_workspace_are_not_there(cast, client_as, under_review):
    eve = client_as(cast.eve)
    assert eve.get(address(under_review)).status_code == 404
    assert eve.get(f"/w/other/approvals/{under_review.pk}/").status_code == 404


@pytest.mark.parametrize("path", ["/w/acme/approvals/", "/w/acme/work/", "/w/acme/notices/"])
def test_lists_ask_the_same_number_of_questions_for_one_row_and_for_four(cast, client_as, path, tell_all):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_as(cast.cleo)
    submit_for(cast, "ben")
    tell_all(cast.acme)
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for _number in range(3):
        submit_for(cast, "ben")
    tell_all(cast.acme)
    with CaptureQueriesContext(connection) as four:
        assert words(client.get(path)).count("First pour") >= 4
    assert len(four) == len(one), _difference(one, four)


def _difference(one, four) -> str:
    return f"{len(one)} and {len(four)}: " + "\n".join(row["sql"][:200] for row in four.captured_queries)


def _post_id(request: Request):
    return request.subject_id


def _post(cast, request: Request) -> Post:
    with workspace_scope(cast.acme.pk):
        return Post.objects.get(pk=request.subject_id)
