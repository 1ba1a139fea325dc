"""What is shown when a post comes back (R7.5): words and pictures that changed, and which marks still hold."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.models import Reviewed
from approvals.pictures import (
    ADDED,
    DESCRIBED,
    GONE,
    MOVED,
    REPLACED,
    PictureChange,
    Pictured,
    picture_changes,
)
from approvals.selectors import request_of
from calendar_app.content import VariantInput
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from teams.tenancy import workspace_scope
from tests.approvals.test_api import Program
from tests.approvals.test_views import address, words
from tests.factories.posts import make_channel, make_media, make_post, newsroom_of

LISTS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", "x", "y"]), max_size=5)


@settings(deadline=None, max_examples=60)
@given(LISTS, LISTS, st.randoms())
def test_the_changes_lead_from_what_was_to_what_is(before, after, rnd):
    """Property: put into effect on the old pictures, the changes give the new ones; nothing else is said."""
    was = [Pictured(key, alt) for key, alt in before.items()]
    now = [Pictured(key, alt) for key, alt in rnd.sample(list(after.items()), len(after))]
    made = dict(before)
    changes = picture_changes(was, now)
    for change in changes:
        if change.before and change.kind in (GONE, REPLACED):
            del made[change.before.key]
        if change.after and change.kind in (ADDED, REPLACED, DESCRIBED):
            made[change.after.key] = change.after.alt
    assert made == after
    kept = [one.key for one in was if one.key in after]
    assert (PictureChange(MOVED) in changes) == (kept != [one.key for one in now if one.key in before])
    assert all(change.before.alt != change.after.alt for change in changes if change.kind == DESCRIBED)


@pytest.fixture
def scene(cast):
    """Ben's post for two channels with two pictures, in review; Cleo has looked."""
    with workspace_scope(cast.acme.pk):
        channels = [newsroom_of(cast), make_channel(cast, "mastodon")]
        media = [make_media(cast, original_name=f"{name}.webp", alt=name) for name in ("cup", "bag", "shop")]
        variants = [VariantInput(channel.pk, text="Kopi Raya.") for channel in channels]
        post = make_post(cast, channels=channels, media=[row.pk for row in media[:2]])
        save_post(
            post=post,
            expected_number=post.version,
            text="Kopi Raya.",
            media=[row.pk for row in media[:2]],
            variants=variants,
            by=cast.actor("ben"),
        )
        submit_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))
    return cast, post, channels, media


def again(cast, post, text: str | None = None, **changes):
    """Change the post, for one channel only where a text is given, and submit it again."""
    with workspace_scope(cast.acme.pk):
        row = Post.objects.get(pk=post.pk)
        if text is not None:
            own = row.current_revision.variants.select_related("channel").order_by("position")
            changes["variants"] = [
                VariantInput(each.channel_id, text=text if each.channel.kind == "mastodon" else each.text)
                for each in own
            ]
            changes["media"] = changes.get("media", row.current_revision.content["media"])
        save_post(post=row, expected_number=row.version, by=cast.actor("ben"), **changes)
        submit_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))
        return request_of(ref_of(post))


def asked(cast, post):
    with workspace_scope(cast.acme.pk):
        return request_of(ref_of(post))


def ticked(response) -> list[str]:
    """Return the names of the parts that the page shows as ticked off."""
    text = response.content.decode()
    text = text[text.index('id="request-parts"') :]
    return re.findall(r'aria-pressed="true"><svg.*?</svg>([^<]+)</button>', text[: text.index("</section>")])


def test_pictures_that_changed_stand_side_by_side(scene, client_as):
    cast, post, _channels, (_cup, bag, shop) = scene
    client = client_as(cast.cleo)
    client.get(address(asked(cast, post)))
    with workspace_scope(cast.acme.pk):
        type(bag).objects.filter(pk=bag.pk).update(alt="A red bag")
    request = again(cast, post, media=[shop.pk, bag.pk], text="Kopi Raya.")
    for _look in range(2):
        page = client.get(address(request))
        said = words(page)
        assert "Picture replaced Before cup Now shop" in said
        assert "Description changed Before bag Now A red bag" in said
        images = re.findall(
            r'class="picture-side"><img src="(/media/[^"]+)" alt="([^"]*)"', page.content.decode()
        )
        assert [alt for _src, alt in images] == ["cup", "shop", "bag", "A red bag"]
    unseen = words(client_as(cast.ana).get(address(request)))
    assert "Picture replaced" not in unseen, "Ana sees it for the first time"


def test_channels_of_one_name_are_told_apart(cast, client_as):
    """Two accounts of one name on two networks: what changed on the first is not lost behind the second."""
    with workspace_scope(cast.acme.pk):
        first, second = (make_channel(cast, kind, name="Acme Kopi") for kind in ("mastodon", "bluesky"))
        post = make_post(cast, channels=[first, second])
        submit_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))
    client = client_as(cast.cleo)
    client.get(address(asked(cast, post)))
    request = again(cast, post, "Only for Mastodon.")
    page = words(client.get(address(request)))
    assert (
        "Acme Kopi (Mastodon)" in page[page.index("Changed since you looked") : page.index("As it will look")]
    )
    assert "Acme Kopi (Bluesky)" in page, "among the parts to tick off"


def test_marks_hold_while_the_part_is_the_same(scene, client_as):
    cast, post, (news, toots), _media = scene
    client = client_as(cast.cleo)
    first = asked(cast, post)
    for channel in (news, toots):
        sent = {"part": str(channel.pk), "revision": str(first.revision_id)}
        assert client.post(address(first, "parts/"), sent).status_code == 302
    assert ticked(client.get(address(first))) == ["Newsroom", "Mastodon"]
    second = again(cast, post, "Only for Mastodon.")
    page = client.get(address(second))
    assert "Newsroom reviewed Mastodon changed since" in words(page)
    assert ticked(client_as(cast.ana).get(address(second))) == [], "marks are each reviewer's own"
    third = again(cast, post, "Kopi Raya.")
    page = words(client.get(address(third)))
    assert "Newsroom reviewed Mastodon reviewed" in page, "what is as it was when it was marked is marked"
    off = {"part": str(news.pk), "revision": str(third.revision_id), "reviewed": "no"}
    client.post(address(third, "parts/"), off)
    with workspace_scope(cast.acme.pk):
        assert [row.part for row in Reviewed.objects.all()] == [str(toots.pk)]


def test_a_mark_is_set_on_what_stands_and_by_programs_too(scene, client_as):
    cast, post, (news, _toots), _media = scene
    first = asked(cast, post)
    second = again(cast, post, "Only for Mastodon.")
    old = {"part": str(news.pk), "revision": str(first.revision_id)}
    assert client_as(cast.cleo).post(address(second, "parts/"), old).status_code == 409
    program, path = Program(cast, "cleo"), f"posts/{post.pk}/parts/"
    assert [row["reviewed"] for row in program.get(path).json()["results"]] == [False, False]
    new = {"part": str(news.pk), "revision": str(second.revision_id)}
    assert program.post(path, new).json() == {
        "part": str(news.pk),
        "name": "Newsroom",
        "reviewed": True,
        "changed": False,
    }
    assert program.post(path, {**new, "part": "x"}).status_code == 404
    assert Program(cast, "eve").get(path, root="/api/v1/w/other/").status_code == 404
