"""What a guest sees and does: R7.5, R7.14, R12.3 for people without an account."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import Clearance, Decision
from approvals.services.decisions import decide as decide_as_member
from approvals.services.workflows import StepInput
from calendar_app.models import Post
from calendar_app.selectors import get_post
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post, withdraw_post
from comments.models import Comment
from core.clock import now
from guests.models import GuestLink, LinkEvent
from guests.services.links import revoke_link
from teams.tenancy import workspace_scope
from tests.guests.linking import ask_dev, home, link_to, opened, page, request_on, submitted


@pytest.fixture
def asked(cast):
    """A post that waits for Dev, and his link to it."""
    ask_dev(cast)
    post = submitted(cast)
    return cast, post, link_to(cast, post)


def decide(browser, link, post, verdict="approve", **fields):
    request = fields.pop("revision", None)
    return browser.post(
        f"{page(link, post)}decision/",
        {"verdict": verdict, "revision": request or post.current_revision_id, **fields},
    )


def test_a_guest_approves_on_the_phone_without_an_account(asked, mailed):
    """R7.14: from the mail to the decision in three pages; the record names the guest."""
    cast, post, link = asked
    browser = opened(mailed(link))
    front = browser.get(home(link)).content.decode()
    assert "1 post waits for you" in front
    assert "Kopi Raya is back" in front
    seen = browser.get(page(link, post)).content.decode()
    assert "As it will look" in seen
    response = decide(browser, link, post)
    assert response["Location"] == home(link)
    with workspace_scope(cast.acme.pk):
        decision = Decision.objects.get()
        assert (decision.guest_id, decision.member_id, decision.actor_kind) == (cast.dev.pk, None, "guest")
        assert decision.content_hash == post.current_revision.content_hash
        assert Post.objects.get(pk=post.pk).state == "approved"
        assert Clearance.objects.filter(subject_id=post.pk, revoked_at=None).count() == 1
        kinds = list(LinkEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["made", "mailed", "opened", "seen", "approve"]
    assert "Nothing waits for you" in browser.get(home(link)).content.decode()


def undo_of(browser, link) -> str:
    """Return the address that the page offers to take the decision back."""
    return re.search(r'action="(/g/[^"]+/undo/)"', browser.get(home(link)).content.decode())[1]


@pytest.mark.parametrize("verdict", ["approve", "request_changes"])
def test_a_guest_takes_his_decision_back_as_members_do(asked, mailed, verdict):
    """Line 6: within ten seconds, and it waits for him again; the log says both."""
    cast, post, link = asked
    browser = opened(mailed(link))
    decide(browser, link, post, verdict, note="Nine.")
    undone = browser.post(undo_of(browser, link))
    assert undone["Location"] == page(link, post)
    assert 'value="approve"' in browser.get(page(link, post)).content.decode()
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.filter(undone_at=None).count() == 0
        assert Clearance.objects.filter(subject_id=post.pk, revoked_at=None).count() == 0
        assert Post.objects.get(pk=post.pk).state == "in_review"
        assert LinkEvent.objects.order_by("-pk").first().kind in ("undone", "seen")
    assert decide(browser, link, post).status_code == 302


def later(cast, post, link, monkeypatch) -> None:
    moment = now() + timedelta(seconds=11)
    monkeypatch.setattr("approvals.services.decisions.now", lambda: moment)


def next_step_decided(cast, post, link, monkeypatch) -> None:
    request = request_on(cast, post)
    with workspace_scope(cast.acme.pk):
        decide_as_member(
            request=request, verdict="approve", revision_id=request.revision_id, by=cast.actor("cleo")
        )


def edited(cast, post, link, monkeypatch) -> None:
    with workspace_scope(cast.acme.pk):
        row = Post.objects.get(pk=post.pk)
        save_post(post=row, expected_number=row.version, text="Other words", by=cast.actor("ben"))


def withdrawn(cast, post, link, monkeypatch) -> None:
    with workspace_scope(cast.acme.pk):
        withdraw_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))


def link_revoked(cast, post, link, monkeypatch) -> None:
    with workspace_scope(cast.acme.pk):
        revoke_link(link=link, by=cast.actor("ben"))


@pytest.mark.parametrize("follows", [later, next_step_decided, edited, withdrawn, link_revoked])
def test_what_something_has_followed_on_is_not_taken_back(cast, mailed, monkeypatch, follows):
    first = StepInput(name="Client", guests=[cast.dev])
    ask_dev(cast, first, StepInput(name="Inside", members=[cast.cleo]))
    post = submitted(cast)
    link = link_to(cast, post)
    browser = opened(mailed(link))
    decide(browser, link, post)
    address = undo_of(browser, link)
    follows(cast, post, link, monkeypatch)
    before = request_on(cast, post).state
    assert browser.post(address).status_code in (409, 410)
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.filter(guest=cast.dev, undone_at=None).count() == 1
    assert request_on(cast, post).state == before


def test_nobody_takes_back_what_another_decided(asked, mailed):
    cast, post, link = asked
    other = link_to(cast, post, name="Mei", email="mei@client.test")
    browser = opened(mailed(link))
    decide(browser, link, post)
    address = undo_of(browser, link)
    stranger = opened(mailed(other))
    assert stranger.post(address.replace(str(link.pk), str(other.pk))).status_code == 404
    assert stranger.post(address).status_code == 404
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.get().undone_at is None


def test_changes_need_a_note_and_what_was_typed_stays(asked, mailed):
    """R12.3: without a note nothing is decided; with one the post comes back to its author with it."""
    cast, post, link = asked
    browser = opened(mailed(link))
    refused = decide(browser, link, post, "request_changes", note="   ")
    assert refused.status_code == 422
    assert "Say what should change" in refused.content.decode()
    too_long = decide(browser, link, post, "request_changes", note="x" * 4001)
    assert too_long.status_code == 422
    assert decide(browser, link, post, "request_changes", note="Say “free refill”.").status_code == 302
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.get().note == "Say “free refill”."
        assert Post.objects.get(pk=post.pk).state == "changes_requested"


def test_after_a_decision_the_next_post_that_waits_is_shown(cast, mailed):
    ask_dev(cast)
    first, second = submitted(cast, "First."), submitted(cast, "Second.")
    link = link_to(cast, first, second)
    browser = opened(mailed(link))
    assert decide(browser, link, first)["Location"] == page(link, second)
    assert decide(browser, link, second)["Location"] == home(link)


def test_a_verdict_that_guests_do_not_have_is_refused(asked, mailed):
    cast, post, link = asked
    browser = opened(mailed(link))
    assert decide(browser, link, post, "reject", note="No.").status_code == 422
    with workspace_scope(cast.acme.pk):
        assert not Decision.objects.exists()


def test_an_older_revision_is_not_decided_on_and_the_note_is_kept(asked, mailed):
    """R12.3: what was edited meanwhile is not approved by an old page."""
    cast, post, link = asked
    browser = opened(mailed(link))
    browser.get(page(link, post))
    stale = post.current_revision_id
    edit(cast, post, "Now something else")
    resubmit(cast, post)
    answer = decide(browser, link, post, revision=stale, note="Looks right to me")
    assert answer.status_code == 409
    assert "Looks right to me" in answer.content.decode()
    with workspace_scope(cast.acme.pk):
        assert not Decision.objects.exists()


def test_what_is_being_changed_is_not_shown_before_it_is_submitted(asked, mailed):
    """Neither the new words nor the headline made of them reach the guest."""
    cast, post, link = asked
    browser = opened(mailed(link))
    browser.get(page(link, post))
    edit(cast, post, "Unfinished words of ours")
    for path in (home(link), page(link, post)):
        assert "Unfinished" not in browser.get(path).content.decode()
    assert "The team is changing this post" in browser.get(page(link, post)).content.decode()
    resubmit(cast, post)
    again = browser.get(page(link, post)).content.decode()
    assert "Changed since you looked" in again
    assert "<del>" in again
    assert "Unfinished words of ours" in again


def test_a_guest_comments_and_answers_and_the_team_is_told_who(asked, mailed):
    """R7.5: the comment is the guest's, on the post itself."""
    cast, post, link = asked
    browser = opened(mailed(link))
    said = {"body": "Which branches?"}
    assert browser.post(f"{page(link, post)}comments/", said)["Location"] == page(link, post)
    with workspace_scope(cast.acme.pk):
        comment = Comment.objects.get()
        assert (comment.guest_id, comment.is_internal) == (cast.dev.pk, False)
    answer = {"body": "And when?", "parent": str(comment.pk)}
    browser.post(f"{page(link, post)}comments/", answer)
    seen = browser.get(page(link, post)).content.decode()
    assert "Which branches?" in seen
    assert "And when?" in seen
    empty = browser.post(f"{page(link, post)}comments/", {"body": " "})
    assert empty.status_code == 422
    assert "Write something first." in empty.content.decode()
    odd = browser.post(f"{page(link, post)}comments/", {"body": "x", "parent": "no-id"})
    assert odd.status_code == 404


def test_a_link_for_looking_only_takes_neither_decision_nor_comment(cast, mailed):
    ask_dev(cast)
    post = submitted(cast)
    link = link_to(cast, post, may_decide=False, may_comment=False)
    browser = opened(mailed(link))
    seen = browser.get(page(link, post)).content.decode()
    assert 'name="verdict"' not in seen
    assert 'name="body"' not in seen
    assert decide(browser, link, post).status_code == 403
    assert browser.post(f"{page(link, post)}comments/", {"body": "Hello"}).status_code == 403
    with workspace_scope(cast.acme.pk):
        assert not Decision.objects.exists()
        assert not Comment.objects.exists()


def test_a_guest_whom_no_step_asks_does_not_decide(cast, mailed):
    """R12.3: a link shows; only a workflow asks."""
    post = submitted(cast)
    link = link_to(cast, post)
    browser = opened(mailed(link))
    assert "Nothing waits for your decision here." in browser.get(page(link, post)).content.decode()
    answer = decide(browser, link, post)
    assert answer.status_code == 403
    assert "Cleo" not in answer.content.decode()
    with workspace_scope(cast.acme.pk):
        assert not Decision.objects.exists()


def test_a_guest_with_the_address_of_an_author_is_that_author(asked, mailed):
    """R12.3: a second way in under the same verified address is no second pair of eyes."""
    cast, post, link = asked
    browser = opened(mailed(link))
    EmailAddress.objects.create(user=cast.ben.user, email="Dev@client.test", verified=True)
    assert 'name="verdict"' not in browser.get(page(link, post)).content.decode()
    assert decide(browser, link, post).status_code == 403
    with workspace_scope(cast.acme.pk):
        assert not Decision.objects.exists()


def test_a_step_of_guests_and_members_waits_for_both(cast, mailed):
    """R7.5: n of m counts a guest's voice as one."""
    ask_dev(cast, StepInput(name="Both", guests=[cast.dev], members=[cast.cleo], rule="all"))
    post = submitted(cast)
    link = link_to(cast, post)
    browser = opened(mailed(link))
    decide(browser, link, post)
    assert request_on(cast, post).state == "open"
    with workspace_scope(cast.acme.pk):
        decide_as_member(
            request=request_on(cast, post),
            verdict="approve",
            revision_id=post.current_revision_id,
            by=cast.actor("cleo"),
        )
    assert request_on(cast, post).state == "approved"


def test_few_statements_for_one_post_and_for_many(cast, mailed):
    """Row 4 of the budget: the list costs the same for many posts."""
    ask_dev(cast)
    posts = [submitted(cast, f"Post {number}") for number in range(3)]
    link = link_to(cast, posts[0])
    browser = opened(mailed(link))
    few = count(browser, home(link))
    with workspace_scope(cast.acme.pk):
        GuestLink.objects.filter(pk=link.pk).update(wanted={"posts": [str(post.pk) for post in posts]})
    assert count(browser, home(link)) == few
    assert few <= 24


def count(browser, path) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def edit(cast, post, text: str) -> None:
    with workspace_scope(cast.acme.pk):
        found = get_post(cast.actor("ben"), post.pk)
        save_post(post=found, text=text, expected_number=found.version, by=cast.actor("ben"))


def resubmit(cast, post) -> None:
    with workspace_scope(cast.acme.pk):
        submit_post(post=get_post(cast.actor("ben"), post.pk), by=cast.actor("ben"))
