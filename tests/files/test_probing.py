"""Videos are measured by decoding, and kept without what they tell beyond picture and sound."""

import io
from pathlib import Path

import av
import pytest
from PIL import Image

from files.probing import VideoFacts, poster, probe, rewrite
from files.unsafe import UnsafeMedia
from tests.support.hostile_media import videos
from tests.support.media import GPS, turned, video


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder with one sound video of each kind."""
    path = tmp_path_factory.mktemp("videos")
    video(path / "film.mp4", audio="aac", metadata=True)
    video(path / "film.mov", audio="aac", metadata=True)
    video(path / "film.webm", codec="libvpx-vp9", audio="libopus", metadata=True)
    video(path / "silent.mp4")
    return path


def hostile(folder: Path) -> dict[str, bytes]:
    return videos((folder / "film.mp4").read_bytes(), (folder / "film.webm").read_bytes())


HOSTILE_NAMES = tuple(videos(b"\0" * 40 + b"moov" + b"\0" * 400, b"\0" * 100))


@pytest.mark.parametrize(
    ("name", "kind", "codec", "audio"),
    [
        ("film.mp4", "mp4", "h264", "aac"),
        ("film.mov", "mov", "h264", "aac"),
        ("film.webm", "webm", "vp9", "opus"),
        ("silent.mp4", "mp4", "h264", ""),
    ],
)
def test_video_is_measured(folder: Path, name: str, kind: str, codec: str, audio: str):
    facts = probe(folder / name)
    assert abs(facts.duration_ms - 2000) <= 60
    assert facts == VideoFacts(kind, facts.duration_ms, 64, 48, codec, bool(audio), audio, 10.0)


def test_kind_is_found_by_content_not_by_name(folder: Path, tmp_path: Path):
    disguised = tmp_path / "film.jpg"
    disguised.write_bytes((folder / "film.webm").read_bytes())
    assert probe(disguised).mime == "video/webm"


@pytest.mark.parametrize("name", ["film.mp4", "film.mov", "film.webm"])
def test_rewritten_video_has_the_same_picture_and_sound_and_no_metadata(
    folder: Path, tmp_path: Path, name: str
):
    assert GPS.encode() in (folder / name).read_bytes()
    result = tmp_path / name
    facts = rewrite(folder / name, result)
    assert facts.codec == probe(folder / name).codec
    assert GPS.encode() not in result.read_bytes()
    assert _packets(folder / name) == _packets(result)
    with av.open(str(result)) as container:
        assert {key.lower() for key in container.metadata} <= {
            "encoder", "major_brand", "minor_version", "compatible_brands", "duration",
        }  # fmt: skip


def _packets(path: Path) -> dict[str, list[bytes]]:
    packets: dict[str, list[bytes]] = {"video": [], "audio": []}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.dts is not None:
                packets[packet.stream.type].append(bytes(packet))
    return packets


def test_turned_video_is_measured_shown_and_kept_turned(folder: Path, tmp_path: Path):
    source, result = tmp_path / "turned.mp4", tmp_path / "result.mp4"
    source.write_bytes(turned((folder / "film.mp4").read_bytes()))
    facts = rewrite(source, result)
    assert (facts.width, facts.height) == (48, 64)
    for path in (source, result):
        still = poster(path)
        image = Image.open(io.BytesIO(still.content)).convert("RGB")
        assert image.size == (48, 64)
        # The matrix turns clockwise: what was below left comes to stand above left.
        red, green, blue = image.getpixel((12, 16))
        assert (red < 90, green < 90, blue > 160) == (True, True, True)


def test_poster_is_a_still_of_the_video(folder: Path):
    still = poster(folder / "film.mp4")
    assert (still.kind, still.format, still.width, still.height) == ("image", "webp", 64, 48)
    red, green, blue = Image.open(io.BytesIO(still.content)).convert("RGB").getpixel((48, 12))
    assert (red < 90, green > 160, blue < 90) == (True, True, True)


def test_poster_of_a_large_video_is_scaled(tmp_path: Path):
    still = poster(video(tmp_path / "large.mp4", size=(1920, 1080), seconds=0.3))
    assert (still.width, still.height) == (1280, 720)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_video_is_refused(folder: Path, tmp_path: Path, name: str):
    source = tmp_path / "upload.mp4"
    source.write_bytes(hostile(folder)[name])
    with pytest.raises(UnsafeMedia):
        probe(source)
    with pytest.raises(UnsafeMedia):
        rewrite(source, tmp_path / "result")


@pytest.mark.parametrize(
    ("caps", "reason"),
    [({"max_bytes": 1000}, "too_large"), ({"max_duration_ms": 1500}, "too_long")],
)
def test_caps_of_the_caller_hold(folder: Path, caps: dict[str, int], reason: str):
    with pytest.raises(UnsafeMedia) as caught:
        probe(folder / "film.mp4", **caps)
    assert caught.value.reason == reason


def test_codec_that_networks_do_not_take_is_refused(tmp_path: Path):
    with pytest.raises(UnsafeMedia) as caught:
        probe(video(tmp_path / "old.mp4", codec="mpeg4"))
    assert caught.value.reason == "video_format"


def test_sound_without_picture_is_refused(tmp_path: Path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        for number in range(20):
            frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.rate, frame.pts = 48000, number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(UnsafeMedia) as caught:
        probe(path)
    assert caught.value.reason == "no_video"
