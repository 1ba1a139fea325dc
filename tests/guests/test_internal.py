"""What is said among members never reaches a guest: page, mark, mail, API, feed, export, live event (line 5)."""

import json

import pytest
from django.core import mail
from django.test import Client

from activity.models import Entry
from calendar_app.models import RevisionVariant
from calendar_app.selectors import ref_of
from comments.models import Attachment, Comment
from comments.selectors import comments_on, get_comment, threads_shown
from comments.services import add_comment, edit_comment, resolve_comment
from core import live
from core.errors import NotAllowed, NotFound
from files.services.media import process_media
from guests.permissions import actor_of_link
from guests.selectors import link_by_id, post_ids_of
from networks.models import NewsroomItem
from teams.tenancy import workspace_scope
from tests.factories.posts import make_media, newsroom_of
from tests.files.conftest import media_root, picture
from tests.guests.linking import ask_dev, link_to, opened, page, submitted
from tests.notifications.conftest import tell_all

__all__ = ["media_root", "picture", "tell_all"]

SECRET = "margin is forty percent"
WORDS = "Kopi Raya is back for all of you"


@pytest.fixture
def scene(cast):
    """A post in Dev's scope with an internal thread on words, one on a picture, a suggestion, and one for all."""
    ask_dev(cast)
    with workspace_scope(cast.acme.pk):
        picture = make_media(cast)
    post = submitted(cast, WORDS, media=[picture.pk])
    part = str(newsroom(cast).pk)
    with workspace_scope(cast.acme.pk):
        say = {"subject": ref_of(post), "revision_id": post.current_revision_id, "by": cast.actor("cleo")}
        inside = [
            add_comment(
                body=f"@Ben the {SECRET}",
                anchor={"kind": "text", "part": part, "quote": "Kopi Raya"},
                is_internal=True,
                **say,
            ),
            add_comment(
                body=SECRET,
                anchor={"kind": "point", "media": str(picture.pk), "x": 0.5, "y": 0.5},
                is_internal=True,
                **say,
            ),
            add_comment(
                body="",
                anchor={"kind": "text", "part": part, "quote": "for all"},
                suggestion=SECRET,
                is_internal=True,
                **say,
            ),
        ]
        add_comment(body=f"Again: {SECRET}", parent=inside[0], **say)
        open_one = add_comment(
            body="For everybody", anchor={"kind": "text", "part": part, "quote": "is back"}, **say
        )
    return cast, post, link_to(cast, post), inside, open_one


def newsroom(cast):
    with workspace_scope(cast.acme.pk):
        return newsroom_of(cast)


def guest_of(link):
    found = link_by_id(link.pk)
    return actor_of_link(found, post_ids_of(found))


def test_the_page_shows_neither_words_nor_marks_nor_a_gap_in_the_numbers(scene, mailed):
    _cast, post, link, _inside, _open = scene
    shown = opened(mailed(link)).get(page(link, post)).content.decode()
    assert SECRET not in shown
    assert "For everybody" in shown
    assert shown.count('<mark class="anchor">') == 1
    assert '<mark class="anchor">is back</mark>' in shown
    assert 'data-n="1"' in shown
    assert "<circle" not in shown


def test_members_see_all_of_them(scene, client_as):
    """The detector works."""
    cast, post, *_rest = scene
    shown = client_as(cast.ben).get(f"/w/acme/posts/{post.pk}/").content.decode()
    assert SECRET in shown
    assert shown.count('<mark class="anchor">') == 3
    assert "<circle" in shown


def test_no_question_and_no_service_gives_a_guest_an_internal_comment(scene):
    cast, post, link, inside, _open = scene
    with workspace_scope(cast.acme.pk):
        guest = guest_of(link)
        assert [row.body for row in comments_on(guest, ref_of(post))] == ["For everybody"]
        assert [row.root.body for row in threads_shown(guest, ref_of(post))["threads"]] == ["For everybody"]
        for comment in [*inside, Comment.objects.get(parent=inside[0])]:
            with pytest.raises(NotFound):
                get_comment(guest, comment.pk)
            with pytest.raises(NotFound):
                add_comment(subject=ref_of(post), body="And?", parent=comment, by=guest)
            with pytest.raises(NotAllowed):
                edit_comment(comment=comment, body="Mine", by=guest)
            with pytest.raises(NotAllowed):
                resolve_comment(comment=comment, by=guest)


def test_a_guest_answers_no_internal_thread_by_its_id(scene, mailed):
    _cast, post, link, inside, open_one = scene
    browser = opened(mailed(link))
    address = f"{page(link, post)}comments/"
    assert browser.post(address, {"body": "And?", "parent": str(inside[0].pk)}).status_code == 404
    assert browser.post(address, {"body": "And?", "parent": str(open_one.pk)}).status_code == 302


def test_a_picture_goes_where_its_comment_goes_and_no_further(scene, mailed, picture, client_as):
    """Not by the page, its address, its size, the thread's answer, nor the mail; with the open thread it does."""
    cast, post, link, inside, open_one = scene
    with workspace_scope(cast.acme.pk):
        say = {"subject": ref_of(post), "by": cast.actor("cleo"), "body": ""}
        roots = {"inside": inside[0], "open": open_one}
        made = {
            name: add_comment(parent=root, files=[picture(f"{name}.png")], **say)
            for name, root in roots.items()
        }
        alone = add_comment(is_internal=True, files=[picture("alone.png")], **say)
        for row in Attachment.objects.all():
            process_media(workspace_id=cast.acme.pk, media_id=row.media_id)
        media = {name: row.attachments.get().media_id for name, row in {**made, "alone": alone}.items()}
    path = mailed(link)
    browser = opened(path)
    shown = browser.get(page(link, post)).content.decode()
    assert "open.png" in shown
    for name in ("inside", "alone"):
        assert f"{name}.png" not in shown
        assert str(media[name]) not in shown
    for size in ("320", "1280", "original", "download"):
        answers = {
            name: browser.get(f"/g/{link.pk}/media/{pk}/{size}/").status_code for name, pk in media.items()
        }
        assert answers == {"inside": 404, "open": 200, "alone": 404}
    kept = browser.get(f"/g/{link.pk}/media/{media['open']}/download/")
    assert kept["Content-Disposition"] == 'attachment; filename="open.png"'
    elsewhere = link_to(cast, submitted(cast, "Another"))
    assert opened(mailed(elsewhere)).get(f"/g/{elsewhere.pk}/media/{media['open']}/320/").status_code == 404
    assert not any("inside.png" in message.body or "alone.png" in message.body for message in mail.outbox)
    assert "inside.png" in client_as(cast.ben).get(f"/w/acme/posts/{post.pk}/").content.decode()


def test_what_a_guest_says_is_never_internal(scene):
    cast, post, link, _inside, _open = scene
    with workspace_scope(cast.acme.pk):
        said = add_comment(subject=ref_of(post), body="Hello", is_internal=True, by=guest_of(link))
        assert not said.is_internal


def test_no_mail_to_a_guest_holds_an_internal_word(scene, mailed, tell_all):
    """Those named inside are told, and members only."""
    cast, _post, link, _inside, _open = scene
    mail.outbox = []
    tell_all(cast.acme)
    mailed(link)
    to_members = [message for message in mail.outbox if message.to != ["dev@client.test"]]
    to_guests = [message for message in mail.outbox if message.to == ["dev@client.test"]]
    assert any(SECRET in message.body for message in to_members)
    assert to_guests
    assert not any(
        SECRET in f"{message.subject}{message.body}{message.alternatives}" for message in to_guests
    )


def test_the_api_gives_a_guest_nothing(scene, mailed):
    _cast, post, link, inside, _open = scene
    path = mailed(link)
    browser = opened(path)
    for address in (f"posts/{post.pk}/comments/", f"comments/{inside[0].pk}/", "activity/"):
        for headers in ({}, {"Authorization": f"Bearer {path.split('/')[2]}"}):
            answer = browser.get(f"/api/v1/w/acme/{address}", headers=headers)
            assert answer.status_code == 401
            assert SECRET not in answer.content.decode()


def test_no_feed_holds_a_comment(scene):
    """What goes out is the payload that was approved; comments are no part of it."""
    cast, post, *_rest = scene
    with workspace_scope(cast.acme.pk):
        variant = RevisionVariant.objects.get(revision=post.current_revision_id)
        NewsroomItem(channel=variant.channel, key="k" * 26, payload=variant.payload).save()
    for address in ("", "feed.atom", "feed.json", f"{'k' * 26}/"):
        answer = Client().get(f"/n/acme/{address}")
        assert answer.status_code == 200, address
        assert SECRET not in answer.content.decode()


def test_the_record_and_its_export_keep_no_words(scene):
    cast, post, *_rest = scene
    with workspace_scope(cast.acme.pk):
        entries = Entry.objects.filter(subject_id=post.pk)
        assert entries.filter(verb="comments.comment.added").count() == 5
        assert SECRET not in json.dumps([row.facts for row in entries])


def test_a_live_event_says_only_that_something_changed(
    scene, monkeypatch, django_capture_on_commit_callbacks
):
    cast, post, link, *_rest = scene
    heard: list[str] = []
    monkeypatch.setattr(live, "_send", lambda messages: heard.extend(text for _workspace, text in messages))
    with django_capture_on_commit_callbacks(execute=True), workspace_scope(cast.acme.pk):
        add_comment(subject=ref_of(post), body=SECRET, is_internal=True, by=cast.actor("ben"))
    assert heard
    assert set(json.loads(heard[0])) == {"ref", "verb", "revision"}
    assert SECRET not in "".join(heard)
    assert link.pk
