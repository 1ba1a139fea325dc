"""Comments on words, pictures and seconds of a post, and suggestions that are taken over: line 5 (R12.2, R12.3)."""

import threading

import pytest
from django.db import connection

from approvals.selectors import request_of
from calendar_app.models import Revision
from calendar_app.selectors import get_post, ref_of
from calendar_app.services.posts import save_post
from comments.models import Comment
from comments.selectors import threads_shown
from comments.services import accept_suggestion, add_comment, edit_comment
from core.errors import CollabError, Invalid, NotAllowed, Stale, WrongState
from teams.tenancy import workspace_scope
from tests.approvals.test_api import Program
from tests.factories.posts import make_channel, make_media, make_post, newsroom_of

WORDS = "Kopi Raya is back for all of you"


def say(cast, post, body="Look", *, by="cleo", **fields) -> Comment:
    fields = {"revision_id": post.current_revision_id, **fields}
    return add_comment(subject=ref_of(post), body=body, by=cast.actor(by), **fields)


def on_words(cast, post, quote: str, **fields) -> Comment:
    part = str(newsroom_of(cast).pk)
    return say(cast, post, anchor={"kind": "text", "part": part, "quote": quote}, **fields)


def edited(cast, post, text: str):
    found = get_post(cast.actor("ben"), post.pk)
    return save_post(post=found, text=text, expected_number=found.version, by=cast.actor("ben"))


def threads(cast, post, by="ben"):
    return threads_shown(cast.actor(by), ref_of(post))["threads"]


def test_a_comment_follows_its_words_through_edits(acme):
    post = make_post(acme, WORDS)
    on_words(acme, post, "is back")
    edited(acme, post, "News: Kopi Raya is back for you")
    (thread,) = threads(acme, post)
    assert (thread.number, thread.place.is_gone) == (1, False)
    edited(acme, post, "Tea is here")
    (thread,) = threads(acme, post)
    assert (thread.number, thread.place.is_gone) == (1, True)


def test_words_that_do_not_stand_there_are_refused(acme):
    post = make_post(acme, WORDS)
    with pytest.raises(Invalid) as refused:
        on_words(acme, post, "was gone")
    assert list(refused.value.fields) == ["anchor"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "point", "x": 1.2, "y": 0.5},
        {"kind": "point", "x": 0.2},
        {"kind": "point", "x": float("nan"), "y": 0.1},
        {"kind": "second", "at": 3},
        {"kind": "point", "x": 0.2, "y": 0.5, "media": "elsewhere"},
    ],
)
def test_a_point_lies_on_a_picture_of_the_post(acme, wrong):
    picture = make_media(acme)
    post = make_post(acme, WORDS, media=[picture.pk])
    with pytest.raises(Invalid):
        say(acme, post, anchor={"media": str(picture.pk), **wrong})
    assert say(acme, post, anchor={"kind": "point", "media": str(picture.pk), "x": 0.25, "y": 1})


def test_a_second_of_a_video_is_kept(acme):
    film = make_media(acme, kind="video", mime="video/mp4", original_name="film.mp4")
    post = make_post(acme, WORDS, media=[film.pk])
    say(acme, post, anchor={"kind": "second", "media": str(film.pk), "at": 75.2})
    assert threads(acme, post)[0].at == "1:15"


def test_a_suggestion_is_taken_over_by_one_click_and_cuts_a_revision(acme):
    """R12.2: the words change for every channel that inherits them, by the same service, in the record."""
    post = make_post(acme, WORDS, channels=[newsroom_of(acme), make_channel(acme)])
    comment = on_words(acme, post, "for all of you", suggestion="for everybody")
    done = accept_suggestion(comment=comment, expected=1, by=acme.actor("ben"))
    latest = Revision.objects.filter(post=post).latest("number")
    assert (done.accepted_number, latest.number, latest.reason) == (2, 2, "suggestion")
    assert set(latest.variants.values_list("text", flat=True)) == {"Kopi Raya is back for everybody"}
    assert latest.created_by_id == acme.ben.pk
    assert done.resolved_by_id == acme.ben.pk
    with pytest.raises(WrongState):
        accept_suggestion(comment=comment, expected=2, by=acme.actor("ben"))


def test_a_suggestion_is_refused_over_another_revision_than_the_one_looked_at(acme):
    """If-match: what was edited meanwhile is not overwritten; the suggestion stays."""
    post = make_post(acme, WORDS)
    comment = on_words(acme, post, "for all of you", suggestion="for everybody")
    edited(acme, post, f"News. {WORDS}")
    with pytest.raises(Stale):
        accept_suggestion(comment=comment, expected=1, by=acme.actor("ben"))
    accept_suggestion(comment=comment, expected=2, by=acme.actor("ben"))
    assert get_post(acme.actor("ben"), post.pk).headline == "News. Kopi Raya is back for everybody"


def test_a_suggestion_whose_words_are_gone_changes_nothing(acme):
    post = make_post(acme, WORDS)
    comment = on_words(acme, post, "for all of you", suggestion="for everybody")
    edited(acme, post, "Kopi Raya is back for none")
    with pytest.raises(WrongState) as refused:
        accept_suggestion(comment=comment, expected=2, by=acme.actor("ben"))
    assert refused.value.code == "words_changed"
    assert Comment.objects.get().accepted_at is None


def test_who_may_not_edit_the_post_takes_nothing_over(acme):
    post = make_post(acme, WORDS)
    comment = on_words(acme, post, "for all of you", suggestion="for everybody")
    for name in ("farah", "vera"):
        with pytest.raises(NotAllowed):
            accept_suggestion(comment=comment, expected=1, by=acme.actor(name))


def test_taking_over_in_review_makes_the_request_stale(acme):
    """What reviewers looked at is not changed under them: the review ends and is asked anew."""
    from tests.approvals.test_api import submit_for

    post = submit_for(acme, "ben", WORDS)
    comment = say(acme, post, anchor={"kind": "text", "quote": "is back"}, suggestion="has come")
    accept_suggestion(comment=comment, expected=post.version, by=acme.actor("ben"))
    assert request_of(ref_of(post)).state == "stale"


@pytest.mark.parametrize(
    ("quote", "suggestion"),
    [(None, "words"), ("is back", "is back"), ("is back", "x" * 8001), ("is back", "\x00")],
)
def test_an_unusable_suggestion_is_refused(acme, quote, suggestion):
    post = make_post(acme, WORDS)
    anchor = {"kind": "text", "quote": quote} if quote else None
    with pytest.raises(Invalid) as refused:
        say(acme, post, anchor=anchor, suggestion=suggestion)
    assert list(refused.value.fields) == ["suggestion"]


def test_a_suggestion_needs_no_further_words(acme):
    post = make_post(acme, WORDS)
    comment = on_words(acme, post, "is back", body="", suggestion="has come")
    assert comment.body == ""
    assert edit_comment(comment=comment, body="Nicer", by=acme.actor("cleo")).body == "Nicer"


def test_of_two_who_take_a_suggestion_over_at_once_one_does(live_cast):
    with workspace_scope(live_cast.acme.pk):
        post = make_post(live_cast, WORDS)
        comment = on_words(live_cast, post, "for all of you", suggestion="for everybody")
        actors = [live_cast.actor("ben"), live_cast.actor("ana")]
    gate, outcomes = threading.Barrier(2), []

    def take(actor) -> None:
        try:
            gate.wait(timeout=20)
            with workspace_scope(live_cast.acme.pk):
                outcomes.append(accept_suggestion(comment=comment, expected=1, by=actor))
        except CollabError as refusal:
            outcomes.append(refusal)
        finally:
            connection.close()

    people = [threading.Thread(target=take, args=[actor]) for actor in actors]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=60)
    assert sorted(isinstance(outcome, Comment) for outcome in outcomes) == [False, True]
    with workspace_scope(live_cast.acme.pk):
        assert Revision.objects.filter(post=post).count() == 2


def test_the_page_marks_words_and_points_and_takes_a_suggestion_over(cast, client_as):
    """Without scripts: the words are copied into the form, the suggestion is one button."""
    with workspace_scope(cast.acme.pk):
        picture = make_media(cast)
        post = make_post(cast, WORDS, media=[picture.pk])
    ben, path = client_as(cast.ben), f"/w/acme/posts/{post.pk}/"
    form = {"subject": str(ref_of(post)), "revision": str(post.current_revision_id), "next": path}
    said = {"body": "Who?", "quote": "all of you", "suggestion": "everybody"}
    assert ben.post("/w/acme/comments/", {**form, **said})["Location"] == path
    pointed = {"body": "Here", "media": str(picture.pk), "x": "0.25", "y": "0.5"}
    assert ben.post("/w/acme/comments/", {**form, **pointed})["Location"] == path
    page = ben.get(path).content.decode()
    assert '<mark class="anchor">all of you</mark>' in page
    assert '<circle cx="160.0" cy="240.0"' in page
    assert "<del>all of you</del>" in page
    wrong = ben.post("/w/acme/comments/", {**form, "body": "Hm", "quote": "none of you"})
    assert wrong.status_code == 422
    assert "These words are not in the text" in wrong.content.decode()
    assert 'value="none of you"' in wrong.content.decode()
    with workspace_scope(cast.acme.pk):
        comment = Comment.objects.get(suggestion="everybody")
    accept = f"/w/acme/comments/{comment.pk}/acceptance/"
    assert ben.post(accept, {"next": path}).status_code == 422
    assert ben.post(accept, {"expected": "1", "next": path})["Location"] == path
    page = ben.get(path).content.decode()
    assert "Kopi Raya is back for everybody" in page
    assert "Ben Tan took it over: revision 2" in page


def test_a_new_thread_is_internal_unless_it_is_said_to_be_for_guests(cast, client_as):
    with workspace_scope(cast.acme.pk):
        post = make_post(cast, WORDS)
    ben = client_as(cast.ben)
    form = {"subject": str(ref_of(post)), "next": "/w/acme/work/"}
    ben.post("/w/acme/comments/", {**form, "body": "Among us"})
    ben.post("/w/acme/comments/", {**form, "body": "For all", "guests": "on"})
    with workspace_scope(cast.acme.pk):
        assert dict(Comment.objects.values_list("body", "is_internal")) == {
            "Among us": True,
            "For all": False,
        }


def test_suggestions_by_api(cast):
    """A program anchors by words, and takes over with the number of the revision that it read."""
    with workspace_scope(cast.acme.pk):
        post = make_post(cast, WORDS)
    cleo, ben = Program(cast, "cleo"), Program(cast, "ben")
    path = f"posts/{post.pk}/comments/"
    made = cleo.post(
        path, {"body": "", "anchor": {"kind": "text", "quote": "all of you"}, "suggestion": "everybody"}
    )
    assert made.status_code == 201, made.content
    comment = made.json()
    assert (comment["suggestion"], comment["accepted_at"], comment["place"]["gone"]) == (
        "everybody",
        None,
        False,
    )
    address = f"comments/{comment['id']}/"
    assert ben.call("PATCH", address, {"accepted": True}).status_code == 422
    taken = ben.call("PATCH", address, {"accepted": True, "revision": 1})
    assert taken.status_code == 200, taken.content
    assert (taken.json()["accepted_revision"], taken.json()["resolved_at"] is not None) == (2, True)
    assert ben.call("PATCH", address, {"accepted": True, "revision": 2}).status_code == 409
