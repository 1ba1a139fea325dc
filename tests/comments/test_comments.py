"""Comments: threads, mentions, who may read and write what."""

import pytest

from activity.models import Entry
from comments.models import Comment
from comments.selectors import comments_on, members_named, threads_on
from comments.services import add_comment, edit_comment, reopen_comment, resolve_comment
from core.errors import Invalid, NotAllowed, NotFound, WrongState
from core.refs import Ref
from teams.actors import Actor
from teams.states import ActorKind
from tests.approvals.paper import Paper, away
from tests.approvals.test_api import Program, submit_for


def say(cast, by: str, body: str, ref: Ref, **fields) -> Comment:
    return add_comment(subject=ref, body=body, by=cast.actor(by), **fields)


def test_a_reply_stands_in_its_thread_and_a_reply_to_it_too(acme):
    ref = Paper().ref
    first = say(acme, "ben", "One cup each?", ref, anchor={"kind": "text", "quote": "Cawan pertama"})
    answer = say(acme, "cleo", "One each.", ref, parent=first)
    say(acme, "ben", "Thanks.", ref, parent=answer)
    say(acme, "jun", "The sign is final.", ref)
    threads = threads_on(acme.actor("ana"), ref)
    assert [(thread.quote, len(thread.replies)) for thread in threads] == [("Cawan pertama", 2), ("", 0)]
    assert Entry.objects.filter(verb="comments.comment.added", subject_id=ref.id).count() == 4


def test_a_very_long_thread_shows_what_was_said_last(acme, monkeypatch):
    monkeypatch.setattr("comments.selectors.MOST_SHOWN", 2)
    ref = Paper().ref
    for body in ("First.", "Second.", "Third."):
        say(acme, "ben", body, ref)
    assert [thread.root.body for thread in threads_on(acme.actor("ana"), ref)] == ["Second.", "Third."]


def test_a_reply_belongs_to_the_same_subject(acme):
    first = say(acme, "ben", "Here.", Paper().ref)
    with pytest.raises(NotFound):
        say(acme, "ben", "There.", Paper().ref, parent=first)


@pytest.mark.parametrize("body", ["", "   ", "x" * 8001, "null\x00"])
def test_an_unusable_text_is_refused(acme, body):
    with pytest.raises(Invalid) as invalid:
        say(acme, "ben", body, Paper().ref)
    assert list(invalid.value.fields) == ["body"]
    assert Comment.objects.count() == 0


@pytest.mark.parametrize("anchor", [{"a": {"deep": 1}}, {"quote": "x" * 2000}])
def test_an_anchor_is_flat_and_small(acme, anchor):
    with pytest.raises(Invalid):
        say(acme, "ben", "Here.", Paper().ref, anchor=anchor)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@Cleo please", ["Cleo Marchetti"]),
        ("@cleo marchetti and @BEN.", ["Ben Tan", "Cleo Marchetti"]),
        ("mail cleo@Cleo.test", []),
        ("@Cleopatra", []),
        ("@Eve", []),
        ("nobody", []),
    ],
)
def test_who_is_named(acme, body, names):
    assert sorted(member.user.name for member in members_named(body)) == names


def test_a_first_name_of_two_names_neither(acme):
    from teams.states import RoleKey
    from tests.factories.people import make_member, make_user

    make_member(acme.acme, make_user("Cleo Other", "cleo2@acme.test"), RoleKey.MANAGER)
    assert members_named("@Cleo") == []
    assert [member.user.name for member in members_named("@Cleo Other")] == ["Cleo Other"]


def test_named_once_however_often_it_is_edited(acme):
    comment = say(acme, "ben", "@Cleo look", Paper().ref)
    edit_comment(comment=comment, body="@Cleo @Jun look", by=acme.actor("ben"))
    entries = Entry.objects.filter(subject_id=comment.subject_id).order_by("pk")
    assert [entry.facts["mentions"] for entry in entries] == [[str(acme.cleo.pk)], [str(acme.jun.pk)]]
    assert comment.mentions.count() == 2


def test_only_the_writer_changes_a_comment(acme):
    comment = say(acme, "ben", "Mine", Paper().ref)
    with pytest.raises(NotAllowed):
        edit_comment(comment=comment, body="Yours", by=acme.actor("ana"))
    assert Comment.objects.get().body == "Mine"


def test_a_viewer_reads_and_does_not_write(acme):
    ref = Paper().ref
    say(acme, "ben", "Hello", ref)
    assert comments_on(acme.actor("vera"), ref).count() == 1
    with pytest.raises(NotAllowed):
        say(acme, "vera", "Hello", ref)


def test_a_thread_is_resolved_reopened_and_reopens_with_an_answer(acme):
    ref = Paper().ref
    comment = say(acme, "ben", "Fix this", ref)
    resolve_comment(comment=comment, by=acme.actor("cleo"))
    assert threads_on(acme.actor("ben"), ref)[0].is_resolved
    with pytest.raises(WrongState):
        resolve_comment(comment=comment, by=acme.actor("cleo"))
    reopen_comment(comment=comment, by=acme.actor("cleo"))
    assert not threads_on(acme.actor("ben"), ref)[0].is_resolved
    resolve_comment(comment=comment, by=acme.actor("cleo"))
    say(acme, "ben", "Not yet", ref, parent=comment)
    assert not threads_on(acme.actor("ben"), ref)[0].is_resolved


def test_internal_comments_and_their_answers_stay_inside(acme):
    ref = Paper().ref
    inside = say(acme, "ben", "The client need not know", ref, is_internal=True)
    say(acme, "cleo", "Indeed", ref, parent=inside)
    say(acme, "ben", "For everybody", ref)
    guest = Actor(ActorKind.GUEST, acme.acme.pk, acme.dev.pk, None, frozenset({"comments.comment.see"}))
    assert [comment.body for comment in comments_on(guest, ref)] == ["For everybody"]
    assert comments_on(acme.actor("vera"), ref).count() == 3


def test_a_comment_under_cover_keeps_both_names(acme):
    away(acme, "cleo", "ben")
    comment = say(acme, "ben", "In her place", Paper().ref, for_=acme.cleo.pk)
    assert (comment.member_id, comment.on_behalf_of_id) == (acme.ben.pk, acme.cleo.pk)
    assert say(acme, "ben", "As myself", Paper().ref).on_behalf_of_id is None


def test_comments_of_a_post_by_api(cast):
    post = submit_for(cast, "ben")
    path = f"posts/{post.pk}/comments/"
    made = Program(cast, "cleo").post(path, {"body": "Lovely @Ben", "anchor": {"quote": "Pintu"}})
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["author"] == {"id": str(cast.cleo.pk), "name": "Cleo Marchetti"}
    assert [row["name"] for row in body["mentions"]] == ["Ben Tan"]
    assert (body["internal"], body["revision"]) == (False, str(post.current_revision_id))
    ben = Program(cast, "ben")
    ben.post(path, {"body": "Thanks", "parent": body["id"], "internal": True})
    listed = ben.get(path).json()
    assert [(row["body"], row["parent"]) for row in listed["results"]] == [
        ("Lovely @Ben", None),
        ("Thanks", body["id"]),
    ]
    assert ben.call("PATCH", f"comments/{body['id']}/", {"resolved": True}).json()["resolved_at"]
    assert ben.call("PATCH", f"comments/{body['id']}/", {"body": "Mine now"}).status_code == 403
    assert Program(cast, "cleo").post(path, {"body": " "}).status_code == 422
    assert Program(cast, "eve").get(path, root="/api/v1/w/other/").status_code == 404
