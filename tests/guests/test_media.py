"""Pictures of a shared post: shown for as long as the link shows the post, at no other address."""

import re

import pytest
from django.test import Client

from calendar_app.models import Post
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from files.services.media import process_media, upload_media
from guests.services.links import revoke_link
from teams.tenancy import workspace_scope
from tests.files.conftest import media_root, picture
from tests.guests.linking import link_to, opened, page, submitted

__all__ = ["media_root", "picture"]


@pytest.fixture
def pictured(cast, picture, media_root):
    """Two posts, each with a picture of its own."""
    with workspace_scope(cast.acme.pk):
        media = []
        for name in ("cup.png", "secret.png"):
            row = upload_media(file=picture(name), name=name, by=cast.actor("ben"), alt=name)
            process_media(workspace_id=cast.acme.pk, media_id=row.pk)
            media.append(row)
    posts = [submitted(cast, f"With {row.alt}", media=[row.pk]) for row in media]
    return cast, posts, media


def addresses(text: str) -> list[str]:
    return re.findall(r'(?:src|poster)="(/(?:g|media)/[^"]+)"', text)


def test_a_picture_comes_through_the_link_and_goes_with_it(pictured, mailed):
    """No signed address, which would outlive the link, is in a guest's page."""
    cast, posts, media = pictured
    link = link_to(cast, posts[0])
    browser = opened(mailed(link))
    shown = addresses(browser.get(page(link, posts[0])).content.decode())
    assert shown == [f"/g/{link.pk}/media/{media[0].pk}/1280/"]
    answer = browser.get(shown[0])
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "no-cache" in answer["Cache-Control"]
    assert b"".join(answer.streaming_content)
    assert browser.get(f"/g/{link.pk}/media/{media[1].pk}/1280/").status_code == 404
    assert browser.get(f"/g/{link.pk}/media/{media[0].pk}/huge/").status_code == 404
    assert Client().get(shown[0]).status_code == 404
    with workspace_scope(cast.acme.pk):
        revoke_link(link=link, by=cast.actor("ben"))
    assert browser.get(shown[0]).status_code == 410


def test_members_keep_their_signed_addresses(pictured, client_as):
    cast, posts, _media = pictured
    shown = addresses(client_as(cast.ben).get(f"/w/acme/posts/{posts[0].pk}/").content.decode())
    assert len(shown) == 1
    assert shown[0].startswith("/media/")


def test_a_guest_sees_old_and_new_picture_and_keeps_his_marks(pictured, mailed):
    """What he saw before is shown beside what came in its place; what he never saw is not."""
    cast, posts, (cup, secret) = pictured
    browser = opened(mailed(link := link_to(cast, posts[0])))
    address = page(link, posts[0])
    with workspace_scope(cast.acme.pk):
        revision = Post.objects.get(pk=posts[0].pk).current_revision
        part = str(revision.variants.get().channel_id)
    assert 'name="reviewed" value="yes"' in browser.get(address).content.decode()
    browser.post(f"{address}parts/", {"part": part, "revision": str(revision.pk)})
    assert 'name="reviewed" value="no"' in browser.get(address).content.decode()
    with workspace_scope(cast.acme.pk):
        post = Post.objects.get(pk=posts[0].pk)
        save_post(post=post, expected_number=post.version, media=[secret.pk], by=cast.actor("ben"))
        submit_post(post=Post.objects.get(pk=post.pk), by=cast.actor("ben"))
    text = browser.get(address).content.decode()
    assert "Picture replaced" in text
    assert "changed since" in text
    for media in (cup, secret):
        shown = f"/g/{link.pk}/media/{media.pk}/320/"
        assert f'src="{shown}"' in text
        assert browser.get(shown).status_code == 200
    late = opened(mailed(other := link_to(cast, posts[0])))
    assert "Picture replaced" not in late.get(page(other, posts[0])).content.decode()
    assert late.get(f"/g/{other.pk}/media/{cup.pk}/320/").status_code == 404
