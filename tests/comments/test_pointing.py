"""Pointing with a finger: selected words and a tap on a picture fill the comment's form (line 5, R12.3)."""

import io
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from calendar_app.models import Post
from comments.models import Comment
from files.services.media import process_media, upload_media
from teams.tenancy import workspace_scope
from tests.factories.posts import make_post

pytestmark = pytest.mark.browser


@pytest.fixture
def post(live_cast, settings, tmp_path) -> Post:
    """A post with a picture twice as wide as high."""
    settings.MEDIA_ROOT = tmp_path
    content = io.BytesIO()
    Image.new("RGB", (800, 400), "teal").save(content, "PNG")
    with workspace_scope(live_cast.acme.pk):
        file = SimpleUploadedFile("cup.png", content.getvalue())
        media = upload_media(file=file, name="cup.png", by=live_cast.actor("ben"), alt="A cup")
        process_media(workspace_id=live_cast.acme.pk, media_id=media.pk)
        return make_post(live_cast, "Kopi for you and kopi for all", media=[media.pk])


@pytest.fixture
def page(live_cast, client_as, live_server) -> Iterator[Page]:
    """Ben's phone."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(base_url=live_server.url, viewport={"width": 360, "height": 780})
        session = client_as(live_cast.ben).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        yield context.new_page()
        context.close()
        chromium.close()


SELECT_LAST_FOR = """() => {
    const text = document.querySelector(".post-view-text p").firstChild;
    const at = text.data.lastIndexOf("for");
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 3);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.querySelector(".post-view-text p").dispatchEvent(new MouseEvent("mouseup", {bubbles: true}));
}"""


def test_selected_words_and_a_tapped_point_become_anchors(live_cast, page, post):
    page.goto(f"/w/acme/posts/{post.pk}/")
    form = page.locator("#comment-threads > form")
    page.wait_for_function("() => document.querySelector('[data-controller~=anchor]') && window.getSelection")
    expect(form.get_by_label("The words")).to_be_hidden()
    page.wait_for_load_state("networkidle")
    page.evaluate(SELECT_LAST_FOR)
    expect(form.get_by_label("The words")).to_have_value("for")
    form.get_by_placeholder("Write a comment").fill("Which one?")
    form.get_by_role("button", name="Comment").click()
    expect(page.get_by_text("Which one?")).to_be_visible()

    picture = page.locator("figure img").first
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
    form.get_by_placeholder("Write a comment").fill("Brighter")
    form.get_by_role("button", name="Comment").click()
    expect(page.get_by_text("Brighter")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360

    with workspace_scope(live_cast.acme.pk):
        words, point = Comment.objects.order_by("pk")
        assert words.anchor["start"] == len("Kopi for you and kopi ")
        # The box is square and the picture is twice as wide: what is in its middle is in the picture's middle.
        assert point.anchor["x"] == pytest.approx(0.5, abs=0.02)
        assert point.anchor["y"] == pytest.approx(0.25, abs=0.02)
    page.reload()
    expect(page.locator("mark.anchor")).to_have_text("for")
    expect(page.locator("svg.pins circle")).to_have_count(1)
