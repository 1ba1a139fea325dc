"""What is being typed is kept privately, merges by field, and never overwrites somebody else's words."""

from dataclasses import replace

import pytest

from calendar_app.models import Post, Revision, WorkingCopy
from calendar_app.selectors import content_of, working_copy
from calendar_app.services.copies import Clashing, autosave, open_copy, save_copy
from calendar_app.services.posts import save_post
from core.errors import NotAllowed, Stale
from tests.factories.posts import make_post


def typed(acme, post, text, *, name="ben", copy=None, seen=0):
    content = replace(content_of(post), text=text)
    return autosave(
        post=post, copy=copy, content=content, base_number=1, seen_version=seen, by=acme.actor(name)
    )


def test_typing_is_private_and_cuts_no_revision(acme):
    post = make_post(acme)

    typed(acme, post, "Half a thought")

    assert Revision.objects.count() == 1
    assert working_copy(acme.actor("ben"), post).content["text"] == "Half a thought"
    assert working_copy(acme.actor("jun"), post) is None


def test_the_composer_continues_where_the_member_stopped(acme):
    post = make_post(acme)
    copy = typed(acme, post, "Half a thought")

    opened = open_copy(post=post, copy=copy)

    assert (opened.content.text, opened.base_number) == ("Half a thought", 1)


def test_a_second_tab_never_overwrites_later_words(acme):
    post = make_post(acme)
    copy = typed(acme, post, "First tab")
    typed(acme, post, "First tab, more", copy=copy, seen=1)

    with pytest.raises(Stale) as refusal:
        typed(acme, post, "Second tab", copy=WorkingCopy.objects.get(), seen=1)

    assert refusal.value.code == "other_tab"
    assert WorkingCopy.objects.get().content["text"] == "First tab, more"


def test_saving_a_copy_makes_a_revision_and_drops_the_copy(acme):
    post = make_post(acme)
    copy = typed(acme, post, "Whole thought")

    save_copy(
        post=post,
        content=replace(content_of(post), text="Whole thought"),
        base_number=1,
        workspace=acme.acme,
        copy=copy,
        by=acme.actor("ben"),
    )

    assert (Post.objects.get().headline, WorkingCopy.objects.count()) == ("Whole thought", 0)


def test_different_fields_of_two_people_merge(acme):
    post = make_post(acme, title="Raya")
    mine = replace(content_of(post), title="Raya 2026")
    save_post(post=post, expected_number=1, text="Jun's words", by=acme.actor("jun"))

    save_copy(post=post, content=mine, base_number=1, workspace=acme.acme, copy=None, by=acme.actor("ben"))

    content = Revision.objects.get(number=3).content
    assert (content["title"], content["text"]) == ("Raya 2026", "Jun's words")


def test_the_same_field_is_reported_with_both_sides_and_nothing_is_lost(acme):
    post = make_post(acme)
    mine = replace(content_of(post), text="Ben's words")
    copy = typed(acme, post, "Ben's words")
    save_post(post=post, expected_number=1, text="Jun's words", by=acme.actor("jun"))

    with pytest.raises(Clashing) as clash:
        save_copy(
            post=post, content=mine, base_number=1, workspace=acme.acme, copy=copy, by=acme.actor("ben")
        )

    assert [(c.name, c.theirs, c.mine) for c in clash.value.clashes] == [
        ("text", "Jun's words", "Ben's words")
    ]
    assert Revision.objects.count() == 2
    assert WorkingCopy.objects.get().content["text"] == "Ben's words"


def test_a_post_is_begun_from_a_copy_without_one(acme):
    copy = autosave(
        post=None,
        copy=None,
        content=replace(open_copy(post=None, copy=None).content, text="New"),
        base_number=0,
        seen_version=0,
        by=acme.actor("ben"),
    )

    assert Post.objects.count() == 0
    post = save_copy(
        post=None,
        content=open_copy(post=None, copy=copy).content,
        base_number=0,
        workspace=acme.acme,
        copy=copy,
        by=acme.actor("ben"),
    )
    assert (post.headline, post.state, WorkingCopy.objects.count()) == ("New", "draft", 0)


def test_a_viewer_keeps_no_copy(acme):
    post = make_post(acme)

    with pytest.raises(NotAllowed):
        typed(acme, post, "I would", name="vera")
