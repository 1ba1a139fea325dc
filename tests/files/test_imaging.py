"""What is kept of a picture is its pixels; what is not a picture is refused with a reason."""

import hashlib
import io
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from files.imaging import ImageResult, inspect_and_reencode, sniff, thumbnail
from files.unsafe import REASONS, UnsafeMedia
from tests.support.hostile_media import harmless_with_extras, pictures, videos
from tests.support.media import GPS, animation, encoded, picture, with_metadata

HOSTILE = pictures()
EXTRAS = harmless_with_extras()
ORIENTED = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}


def read(content: bytes, **caps: int) -> ImageResult:
    return inspect_and_reencode(io.BytesIO(content), **caps)


def pixels(result: ImageResult) -> Image.Image:
    image = Image.open(io.BytesIO(result.content))
    image.load()
    return image


def corner(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    width, height = image.size
    return image.convert("RGB").getpixel((width // 4 + x * width // 2, height // 4 + y * height // 2))


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def test_corpus_is_large():
    assert len(HOSTILE) >= 40


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused_with_a_reason_for_people(name: str):
    with pytest.raises(UnsafeMedia) as caught:
        read(HOSTILE[name])
    assert caught.value.message == str(REASONS[caught.value.reason])
    assert caught.value.code == "unsafe_media"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty", "empty"), ("svg", "svg"), ("svg-xml", "svg"), ("pdf", "pdf"), ("html", "not_media"),
        ("tiff", "not_media"),
        ("gif-then-html", "active"), ("png-then-pdf", "active"), ("webp-then-zip", "active"),
        ("jpeg-comment-script", "active"),
        ("jpeg-half", "damaged"), ("png-half", "damaged"), ("png-claims-1e5", "too_many_pixels"),
        ("png-bomb", "too_many_pixels"), ("gif-10000-frames", "too_many_frames"), ("gif-runs-for-hours", "too_long"),
        ("gif-large-frames", "too_many_pixels"), ("jpeg-claims-65500", "too_many_pixels"),
    ],
)  # fmt: skip
def test_reason_is_the_one_that_helps(name: str, reason: str):
    with pytest.raises(UnsafeMedia) as caught:
        read(HOSTILE[name])
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", EXTRAS)
def test_extras_are_left_behind(name: str):
    result = read(EXTRAS[name])
    assert b"SECRET-TAIL" not in result.content
    assert b"script" not in result.content
    assert result.content != EXTRAS[name]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_stripped_and_the_picture_kept(kind: str):
    content = with_metadata(kind)
    assert GPS.encode() in content
    result = read(content)
    image = pixels(result)
    assert GPS.encode() not in result.content
    assert not image.getexif()
    assert {"exif", "xmp", "icc_profile", "comment", "Comment", "XML:com.adobe.xmp"} & set(
        image.info
    ) == set()
    assert (result.kind, result.format, result.width, result.height) == ("image", kind.lower(), 64, 48)
    assert near(corner(image, 0, 0), (255, 0, 0))
    assert near(corner(image, 1, 1), (255, 255, 255))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_before_it_is_dropped(kind: str, orientation: int):
    result = read(with_metadata(kind, orientation=orientation))
    assert (result.width, result.height) == ((64, 48) if orientation < 5 else (48, 64))
    assert near(corner(pixels(result), *ORIENTED[orientation]), (255, 0, 0))


def test_digest_is_that_of_the_bytes_and_the_same_each_time():
    one, other = read(encoded(picture(), "PNG")), read(encoded(picture(), "PNG"))
    assert one.digest == other.digest == hashlib.sha256(one.content).hexdigest()
    assert one.mime == "image/png"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_kept(kind: str):
    image = pixels(read(encoded(picture(mode="RGBA"), kind)))
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0))[3] < 6
    assert image.getpixel((0, 47))[3] > 240


def test_transparent_palette_is_kept():
    palette = picture((8, 8), "P")
    content = encoded(palette, "PNG", transparency=palette.getpixel((0, 0)))
    image = pixels(read(content))
    assert [image.getpixel(at)[3] for at in ((0, 0), (7, 7))] == [0, 255]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_becomes_a_plain_one(mode: str):
    source = Image.new("I;16", (8, 8), 32896) if mode == "I;16" else picture((8, 8)).convert(mode)
    image = pixels(read(encoded(source, "PNG")))
    assert image.mode in ("L", "RGB", "RGBA")
    if mode == "I;16":
        assert near((image.getpixel((4, 4)),), (128,), 1)


def test_cmyk_jpeg_becomes_rgb():
    image = pixels(read(encoded(picture(mode="CMYK"), "JPEG", quality=95, subsampling=0)))
    assert image.mode == "RGB"
    assert near(corner(image, 0, 0), (255, 0, 0), 30)


def test_colours_of_another_profile_become_srgb():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    for kind, by in (("PNG", 3), ("WEBP", 30)):
        same = pixels(read(encoded(picture(), kind, icc_profile=srgb, lossless=True)))
        other = pixels(read(encoded(picture(), kind, icc_profile=swapped, lossless=True)))
        assert near(corner(same, 0, 0), (255, 0, 0), by)
        assert near(corner(other, 0, 0), (0, 255, 0), by)
        assert (same.info.get("icc_profile"), other.info.get("icc_profile")) == (None, None)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_animation_stays_one(kind: str):
    result = read(animation(kind, frames=5, duration=120))
    image = pixels(result)
    assert (result.kind, result.format, result.frames, result.duration_ms) == ("gif", kind.lower(), 5, 600)
    assert (image.n_frames, image.info["loop"]) == (5, 2)
    assert GPS.encode() not in result.content
    image.seek(4)
    assert near(image.convert("RGB").getpixel((5, 5)), (4 * 37, 4 * 91 % 256, 0), 16)


def test_animation_without_pause_gets_one():
    result = read(animation("GIF", frames=4, duration=0))
    assert result.duration_ms >= 4 * 20


def test_still_gif_is_a_picture():
    result = read(encoded(picture((8, 8), "P"), "GIF"))
    assert (result.kind, result.format, result.frames) == ("image", "gif", 1)


@pytest.mark.parametrize(
    ("caps", "reason"),
    [
        ({"max_bytes": 100}, "too_large"),
        ({"max_pixels": 64 * 48 - 1}, "too_many_pixels"),
    ],
)
def test_caps_of_the_caller_hold(caps: dict[str, int], reason: str):
    content = encoded(picture(), "PNG")
    assert read(content, max_bytes=len(content), max_pixels=64 * 48).width == 64
    with pytest.raises(UnsafeMedia) as caught:
        read(content, **caps)
    assert caught.value.reason == reason


def test_caps_on_animations_hold_exactly():
    content = animation("GIF", frames=6, duration=100)
    assert read(content, max_frames=6, max_animation_ms=600).frames == 6
    for caps, reason in (({"max_frames": 5}, "too_many_frames"), ({"max_animation_ms": 599}, "too_long")):
        with pytest.raises(UnsafeMedia) as caught:
            read(content, **caps)
        assert caught.value.reason == reason


def test_thumbnails_are_small_webp_and_never_larger_than_the_picture():
    results = thumbnail(io.BytesIO(with_metadata("JPEG", size=(1600, 800))))
    assert {side: (r.width, r.height, r.format) for side, r in results.items()} == {
        1280: (1280, 640, "webp"),
        320: (320, 160, "webp"),
    }
    small = thumbnail(io.BytesIO(encoded(picture((100, 50)), "PNG")))
    assert {(r.width, r.height) for r in small.values()} == {(100, 50)}
    assert all(GPS.encode() not in r.content for r in results.values())


def test_thumbnail_of_an_animation_is_still():
    assert {r.frames for r in thumbnail(io.BytesIO(animation())).values()} == {1}


def test_path_is_read_like_a_stream(tmp_path: Path):
    file = tmp_path / "wrong-extension.txt"
    file.write_bytes(encoded(picture(), "PNG"))
    assert inspect_and_reencode(file).format == "png"


def test_ordinary_bytes_that_look_a_little_like_a_tag_pass():
    noise = bytes(range(256)) * 3 + b"<svg\x00\x01<html\xff%PDF-x<script\x80"
    jpeg = encoded(picture(), "JPEG") + noise
    assert read(jpeg).format == "jpeg"


@given(
    st.binary(max_size=200),
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 "]),
)
@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_random_bytes_behind_a_good_start_are_refused(content: bytes, start: bytes):
    with pytest.raises(UnsafeMedia):
        read(start + content)


@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
@hypothesis_settings(deadline=None)
def test_changed_byte_gives_a_clean_picture_or_a_refusal(kind: str, data: st.DataObject):
    content = bytearray(encoded(picture((16, 12), "P" if kind == "GIF" else "RGB"), kind))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        result = read(bytes(content), max_pixels=1_000_000)
    except UnsafeMedia:
        return
    assert sniff(result.content) == result.format


def test_decoding_is_safe_in_several_threads():
    results: list[str] = []
    content = encoded(picture(), "PNG")
    threads = [threading.Thread(target=lambda: results.append(read(content).digest)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1
    assert len(results) == 4


def test_the_corpus_of_uploads_is_large_enough():
    films = videos(b"\0" * 64 + b"moov" + b"\0" * 400, b"\x1aE\xdf\xa3" + b"\0" * 200)
    assert len({*HOSTILE.values(), *EXTRAS.values(), *films.values()}) >= 200
