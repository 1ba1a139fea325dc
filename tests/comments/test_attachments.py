"""Pictures and videos that go with comments (issue 4, line 5): taken in safely, for who may read them only."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from calendar_app.content import VariantInput
from calendar_app.selectors import ref_of
from calendar_app.services.posts import create_post
from comments.models import Attachment, Comment
from comments.services import MOST_FILES, add_comment, attach_files
from core.errors import Invalid, NotAllowed
from files.models import Media
from files.services import media as media_services
from files.services.media import process_media
from teams.tenancy import workspace_scope
from tests.approvals.test_api import ROOT, Program
from tests.factories.posts import make_post, newsroom_of
from tests.files.conftest import media_root, picture

__all__ = ["media_root", "picture"]


@pytest.fixture
def post(acme):
    return make_post(acme)


def said(cast, post, *files, by: str = "cleo", **fields) -> Comment:
    return add_comment(subject=ref_of(post), body="", files=files, by=cast.actor(by), **fields)


def prepared(cast) -> None:
    for media in Media.objects.filter(is_attachment=True):
        process_media(workspace_id=cast.acme.pk, media_id=media.pk)


def test_a_picture_says_enough_without_words_and_is_written_anew(acme, post, picture):
    sent = picture("cup.jpg", format_="JPEG", comment=b"taken at home")
    assert b"taken at home" in sent.read()
    comment = said(acme, post, sent)
    prepared(acme)
    media = comment.attachments.get().media
    assert (media.is_ready, media.is_attachment, media.original_name) == (True, True, "cup.jpg")
    assert b"taken at home" not in media_services.open_media(media).read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("note.png", b"<script>alert(1)</script>"),
        ("page.jpg", b"<!doctype html><html></html>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.pdf", b"%PDF-1.7 ..."),
        ("a.zip.png", b"PK\x03\x04aaaa"),
        ("empty.png", b""),
    ],
)
def test_the_content_decides_not_the_name(acme, post, name, content):
    with pytest.raises(Invalid) as refused:
        said(acme, post, SimpleUploadedFile(name, content, content_type="image/png"))
    assert refused.value.code == "unsafe_media"


def test_size_and_number_are_bounded(acme, post, picture, monkeypatch):
    with pytest.raises(Invalid):
        said(acme, post, *(picture() for _each in range(MOST_FILES + 1)))
    comment = said(acme, post, *(picture() for _each in range(MOST_FILES)))
    with pytest.raises(Invalid):
        attach_files(comment=comment, files=[picture()], by=acme.actor("cleo"))
    monkeypatch.setattr(media_services, "ATTACHMENT_MAX_BYTES", 10)
    with pytest.raises(Invalid, match="too large"):
        said(acme, post, picture())


def test_only_the_writer_adds_to_a_comment(acme, post, picture):
    comment = said(acme, post, picture())
    with pytest.raises(NotAllowed):
        attach_files(comment=comment, files=[picture()], by=acme.actor("ana"))
    assert comment.attachments.count() == 1


def test_an_attachment_is_no_picture_of_the_library(acme, post, picture):
    """It is in no list of media, and in no post: what was said inside does not go out by mistake."""
    said(acme, post, picture(), is_internal=True)
    prepared(acme)
    media = Attachment.objects.get().media_id
    with pytest.raises(Invalid):
        variants = [VariantInput(newsroom_of(acme).pk)]
        create_post(workspace=acme.acme, text="x", media=[media], variants=variants, by=acme.actor("ben"))
    ben = Program(acme, "ben")
    assert ben.get("media/").json()["results"] == []
    assert ben.get(f"media/{media}/").status_code == 404


def test_the_page_takes_files_and_gives_them_to_be_kept(cast, client_as, picture):
    with workspace_scope(cast.acme.pk):
        post = make_post(cast)
    client = client_as(cast.cleo)
    where = f"/w/acme/posts/{post.pk}/"
    form = {"subject": f"calendar_app.post:{post.pk}", "body": "Like this", "next": where}
    bad = SimpleUploadedFile("x.png", b"<html></html>")
    refused = client.post("/w/acme/comments/", {**form, "file": bad})
    assert refused.status_code == 422
    assert "Like this" in refused.content.decode(), "what was typed is kept"
    assert (
        client.post("/w/acme/comments/", {**form, "file": [picture("a.png"), picture("b.png")]}).url == where
    )
    assert "a.png is being prepared" in client.get(where).content.decode()
    with workspace_scope(cast.acme.pk):
        prepared(cast)
    page = client.get(where).content.decode()
    link = page.split('class="attachment" href="')[1].split('"')[0]
    answer = client.get(link)
    assert answer["Content-Disposition"] == 'attachment; filename="a.png"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content)[1:4] == b"PNG"


def test_what_is_being_prepared_asks_again_by_itself_until_it_is_there(cast, client_as, picture):
    """The row names where it asks and which part of the answer it becomes; ready, it asks no more."""
    with workspace_scope(cast.acme.pk):
        post = make_post(cast)
        said(cast, post, picture("a.png"))
        row = Attachment.objects.get()
    client = client_as(cast.ben)

    def item(page) -> str:
        found = re.search(rf'<li id="attachment-{row.pk}".*?</li>', page.content.decode(), re.DOTALL)
        assert found is not None
        return found[0]

    waiting = item(client.get(f"/w/acme/posts/{post.pk}/"))
    assert "a.png is being prepared" in waiting
    asks = dict(re.findall(r'(hx-[a-z]+)="([^"]*)"', waiting))
    assert (asks["hx-select"], asks["hx-target"]) == (f"#attachment-{row.pk}", "this")
    assert asks["hx-trigger"].startswith("load delay:")
    address = unescape(asks["hx-get"])
    assert "hx-get" in item(client.get(address, headers={"HX-Request": "true"}))
    with workspace_scope(cast.acme.pk):
        prepared(cast)
    ready = item(client.get(address, headers={"HX-Request": "true"}))
    assert "Download" in ready
    assert "hx-get" not in ready


def test_programs_read_and_add_attachments(cast, picture):
    with workspace_scope(cast.acme.pk):
        post = make_post(cast)
        comment = said(cast, post, picture("a.png"))
        prepared(cast)
    cleo = Program(cast, "cleo")
    (row,) = cleo.get(f"comments/{comment.pk}/").json()["attachments"]
    assert (row["name"], row["status"], row["url"].startswith("/media/")) == ("a.png", "ready", True)
    path = f"{ROOT}comments/{comment.pk}/attachments/"
    made = cleo.client.post(path, {"file": picture("b.png")}, headers=cleo.headers)
    assert (made.status_code, made.json()["name"]) == (201, "b.png")
    ben = Program(cast, "ben")
    assert ben.client.post(path, {"file": picture()}, headers=ben.headers).status_code == 403
    assert [row["name"] for row in ben.get(f"comments/{comment.pk}/attachments/").json()["results"]] == [
        "a.png",
        "b.png",
    ]
    assert Client().get(path).status_code == 401
