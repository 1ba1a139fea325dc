"""Uploads are written anew by a worker, opened by digest, served by signed address."""

import os
from datetime import timedelta

import av
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from activity.models import Entry
from core.errors import Invalid, NotAllowed, Permanent
from files import links, storage
from files.links import fetch_url, media_url, read_link
from files.models import Media
from files.sandbox import SandboxFailed
from files.services import media as service
from files.services.media import describe_media, open_media, process_media, rescue_media, upload_media


def uploaded(cast, file, *, by="ben", process=True, **fields):
    media = upload_media(file=file, name=file.name, by=cast.actor(by), **fields)
    if process:
        process_media(workspace_id=cast.acme.pk, media_id=media.pk)
        media.refresh_from_db()
    return media


def test_an_upload_waits_for_the_worker(acme, picture):
    media = uploaded(acme, picture(), process=False, alt=" A cup ")

    assert (media.status, media.kind, media.alt, media.digest) == ("processing", "image", "A cup", "")
    assert Entry.objects.filter(verb="files.media.uploaded", subject_id=media.pk).count() == 1


def test_the_worker_writes_the_picture_anew(acme, picture, media_root):
    facts = Image.Exif()
    facts[270] = "GPS secret"
    media = uploaded(acme, picture("kopi.jpg", format_="JPEG", exif=facts))

    assert (media.status, media.mime, media.width, media.height) == ("ready", "image/jpeg", 64, 48)
    assert media.digest == storage.digest_of(open_media(media))
    kept = [path for path in media_root.rglob("*") if path.is_file()]
    assert len(kept) == 3
    assert all(b"GPS secret" not in path.read_bytes() for path in kept)


def test_a_second_worker_finds_nothing_to_do(acme, picture, media_root):
    media = uploaded(acme, picture())

    assert process_media(workspace_id=acme.acme.pk, media_id=media.pk) is None
    assert Entry.objects.filter(verb="files.media.prepared").count() == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.png", b"<html><script>alert(1)</script>", "not a JPEG"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawings"),
        ("report.pdf", b"%PDF-1.7 ...", "PDF"),
        ("nothing.png", b"", "empty"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(acme, name, content, words, media_root):
    with pytest.raises(Invalid, match=words):
        uploaded(acme, SimpleUploadedFile(name, content))

    assert Media.objects.count() == 0
    assert not media_root.exists()


def test_a_damaged_picture_fails_in_words(acme):
    media = uploaded(acme, SimpleUploadedFile("half.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50))

    assert media.status == "failed"
    assert "damaged" in media.why
    assert Entry.objects.filter(verb="files.media.refused").count() == 1


def test_a_too_large_file_is_refused(acme, picture, settings):
    settings.MEDIA_MAX_BYTES = 10

    with pytest.raises(Invalid, match="too large"):
        uploaded(acme, picture())


def test_a_broken_sandbox_is_tried_again_and_then_given_up(acme, picture, monkeypatch):
    def broken(source):
        raise SandboxFailed("no memory")

    monkeypatch.setattr(service, "clean_image", broken)
    media = uploaded(acme, picture())
    assert media.status == "processing"
    for _attempt in range(2):
        process_media(workspace_id=acme.acme.pk, media_id=media.pk)

    media.refresh_from_db()
    assert (media.status, media.attempts) == ("failed", 3)
    assert "Upload it again" in media.why


def test_what_no_worker_took_is_asked_for_again(live_cast, scope_of, picture, monkeypatch):
    sent = []
    with scope_of(live_cast.ben):
        media = uploaded(live_cast, picture(), process=False)
        fresh = uploaded(live_cast, picture("new.png"), process=False)
        Media.objects.filter(pk=media.pk).update(created_at=media.created_at - timedelta(minutes=5))
    monkeypatch.setattr(
        service.jobs, "send", lambda _name, *, kwargs, queue: sent.append((kwargs["media_id"], queue))
    )

    rescue_media()

    assert sent == [(str(media.pk), "media")]
    assert fresh.pk != media.pk


def test_bytes_that_changed_are_not_opened(acme, picture):
    media = uploaded(acme, picture())
    storage.path_of(media.storage_key).write_bytes(b"something else")

    with pytest.raises(Permanent):
        open_media(media)


def test_a_payload_that_names_another_digest_is_not_opened(acme, picture):
    media = uploaded(acme, picture())

    assert open_media({"id": str(media.pk), "digest": media.digest}).is_file()
    with pytest.raises(Permanent):
        open_media({"id": str(media.pk), "digest": "0" * 64})


def test_a_viewer_uploads_nothing(acme, picture):
    with pytest.raises(NotAllowed):
        uploaded(acme, picture(), by="vera")


def test_a_description_can_be_given_later(acme, picture):
    media = uploaded(acme, picture())

    describe_media(media=media, alt="Two cups", by=acme.actor("jun"))

    assert Media.objects.get().alt == "Two cups"


def test_a_signed_address_shows_the_file_and_lets_nothing_run(acme, picture):
    media = uploaded(acme, picture())

    response = Client().get(media_url(media))

    assert response.status_code == 200
    assert b"".join(response.streaming_content) == open_media(media).read_bytes()
    assert response["Content-Type"] == "image/png"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("size", ["320", "1280"])
def test_thumbnails_have_addresses_of_their_own(acme, picture, size):
    media = uploaded(acme, picture())

    response = Client().get(media_url(media, size))

    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")


def test_a_forged_or_old_address_shows_nothing(acme, picture, monkeypatch):
    media = uploaded(acme, picture())
    url = media_url(media)

    assert Client().get(url[:-2] + "xx").status_code == 404
    moment = links.now() + timedelta(days=2)
    monkeypatch.setattr(links, "now", lambda: moment)
    assert Client().get(url).status_code == 404


def test_an_address_for_a_network_lives_a_day_at_most(acme, picture):
    media = uploaded(acme, picture())

    url = fetch_url(media, "instagram", lifetime=timedelta(days=30))

    link = read_link(url.rsplit("/", 1)[1])
    assert link.purpose == "instagram"
    assert link.expires <= (links.now() + timedelta(hours=24)).timestamp() + 1


def test_part_of_a_file_can_be_fetched(acme, picture):
    media = uploaded(acme, picture())
    whole = open_media(media).read_bytes()

    response = Client().get(media_url(media), headers={"Range": "bytes=2-5"})

    assert (response.status_code, b"".join(response.streaming_content)) == (206, whole[2:6])
    assert response["Content-Range"] == f"bytes 2-5/{len(whole)}"
    assert Client().get(media_url(media), headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


def test_a_video_is_prepared_with_a_poster(acme, tmp_path):
    path = make_video(tmp_path / "clip.mp4")
    media = uploaded(acme, SimpleUploadedFile("clip.mp4", path.read_bytes()))

    assert (media.kind, media.status, media.mime) == ("video", "ready", "video/mp4")
    assert media.duration_ms > 0
    assert os.path.getsize(open_media(media)) == media.bytes
    assert Client().get(media_url(media, "poster"))["Content-Type"] == "image/webp"


def make_video(path):

    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(10):
            image = Image.new("RGB", (64, 48), (shade * 20, 80, 80))
            frame = av.VideoFrame.from_image(image)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
