"""What nobody approved in time is never sent; a late approval asks for a new time (issue 4, line 7)."""

from datetime import timedelta

import pytest
from django.core import mail

from approvals.selectors import request_of
from approvals.services.decisions import decide
from approvals.states import Verdict
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.moves import move_post
from calendar_app.services.planning import expire_due, schedule_post
from core.clock import now
from notifications.models import Notice
from publishing.models import Delivery
from tests.approvals.test_api import submit_for
from tests.approvals.test_views import address, words
from tests.home.test_list import list_of

HOUR = timedelta(hours=1)


@pytest.fixture
def lost(cast, acme):
    """Ben's post, in review while its time passed."""
    post = submit_for(cast, "ben")
    move_post(post=Post.objects.get(pk=post.pk), scheduled_at=now() + HOUR, by=acme.actor("ben"))
    Post.objects.filter(pk=post.pk).update(scheduled_at=now() - timedelta(minutes=1))
    assert (expire_due(), expire_due()) == (1, 0)
    return post


def approve(acme, post):
    request = request_of(ref_of(post))
    return decide(
        request=request, verdict=Verdict.APPROVE, revision_id=request.revision_id, by=acme.actor("cleo")
    )


def posts_of(acme, name: str) -> list:
    return [item for item in list_of(acme, name).items if item.kind == "post"]


def state_of(post) -> str:
    return Post.objects.get(pk=post.pk).state


def test_what_nobody_approved_is_not_sent_and_its_author_is_told(acme, lost, tell_all):
    assert (state_of(lost), Delivery.objects.count()) == ("expired", 0)
    tell_all(acme.acme)
    [notice] = Notice.objects.filter(type="calendar_app.expired")
    assert notice.member_id == acme.ben.pk
    subjects = [message.subject for message in mail.outbox if message.to == ["ben@acme.test"]]
    assert subjects == ["Not sent, its time passed unapproved: First pour"]


def test_the_calendar_shows_it_as_expired(cast, client_as, lost):
    page = client_as(cast.vera).get("/w/acme/calendar/").content.decode()
    assert 'data-state="expired"' in page


def test_a_late_approval_sends_nothing_and_asks_for_a_new_time(acme, lost, tell_all):
    approve(acme, lost)
    assert (state_of(lost), Delivery.objects.count()) == ("approved", 0)
    tell_all(acme.acme)
    [notice] = Notice.objects.filter(type="approvals.decided", member=acme.ben.pk)
    assert notice.facts["is_late"]
    assert any("Approved after its time, give it a new one" in message.body for message in mail.outbox)
    [item] = posts_of(acme, "ben")
    assert item.why == "approved after its time, choose a new one"
    schedule_post(post=Post.objects.get(pk=lost.pk), scheduled_at=now() + HOUR, by=acme.actor("cleo"))
    assert state_of(lost) == "scheduled"
    assert Delivery.objects.count() == 1
    assert posts_of(acme, "ben") == []


def test_the_pages_say_that_its_time_is_over(cast, client_as, acme, lost):
    request = request_of(ref_of(lost))
    review = words(client_as(cast.cleo).get(address(request)))
    assert "Its time is over, so it was not sent." in review
    page = client_as(cast.ben).get(f"/w/acme/posts/{lost.pk}/")
    assert "its review goes on where it stands" in words(page)
    assert "Submit for approval" not in words(page)
    approve(acme, lost)
    assert "Choose a new time; the approval stands." in words(
        client_as(cast.ben).get(f"/w/acme/posts/{lost.pk}/")
    )


def test_the_queue_has_a_place_for_what_lost_its_time(cast, client_as, lost):
    for member in (cast.cleo, cast.ben):
        page = words(client_as(member).get("/w/acme/approvals/?tab=expired"))
        assert "Expired 1" in page
        assert "First pour" in page
    assert "Nothing lost its time" in words(client_as(cast.jun).get("/w/acme/approvals/?tab=expired"))


def test_a_new_time_before_the_approval_puts_it_back_in_review(acme, lost):
    move_post(post=Post.objects.get(pk=lost.pk), scheduled_at=now() + HOUR, by=acme.actor("ben"))
    assert state_of(lost) == "in_review"
    approve(acme, lost)
    assert state_of(lost) == "scheduled"
