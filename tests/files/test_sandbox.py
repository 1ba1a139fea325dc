"""Whatever a file does to what reads it, the caller gets a result or a sentence, and nothing stays behind."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from files import sandbox
from files.imaging import sniff
from files.sandbox import IMAGE_LIMITS, VIDEO_LIMITS, CleanImage, SandboxFailed, clean_image, clean_video
from files.unsafe import UnsafeMedia
from tests.support.hostile_media import harmless_with_extras, pictures
from tests.support.media import GPS, encoded, picture, png_claiming, video, with_metadata

# One of each family; the whole corpus meets the same code without the process in test_imaging.
WORST = (
    "empty", "svg", "html", "postscript", "png-claims-1e5", "png-claims-max", "png-bomb", "png-text-bomb",
    "png-profile-bomb",
    "jpeg-claims-65500", "jpeg-half", "gif-10000-frames", "gif-large-frames", "gif-claims-65535", "webp-vp8x-huge",
    "webp-garbage", "jpeg-then-html",
)  # fmt: skip
HOSTILE = pictures()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch) -> Path:
    """Give the sandbox's folders a place that can be looked into."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def child_running(code: str, monkeypatch) -> None:
    """Let the child be another program, which stands for a decoder that was taken over."""
    original = subprocess.Popen

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return original([sys.executable, "-c", code], **options)

    monkeypatch.setattr(sandbox.subprocess, "Popen", start)


def test_picture_comes_back_clean_with_its_thumbnails(temporary: Path):
    result = clean_image(with_metadata("JPEG", orientation=6, size=(1600, 800)))
    assert isinstance(result, CleanImage)
    assert (result.picture.format, result.picture.width, result.picture.height) == ("jpeg", 800, 1600)
    assert result.picture.digest == hashlib.sha256(result.picture.content).hexdigest()
    assert {side: (t.width, t.height) for side, t in result.thumbnails.items()} == {
        1280: (640, 1280),
        320: (160, 320),
    }
    assert GPS.encode() not in result.picture.content + result.thumbnails[320].content
    assert list(temporary.iterdir()) == []


def test_path_is_read_where_it_lies_and_left_there(tmp_path: Path):
    source = tmp_path / "upload"
    source.write_bytes(encoded(picture(), "PNG"))
    assert clean_image(source).picture.format == "png"
    assert source.exists()


@pytest.mark.parametrize("name", WORST)
def test_hostile_picture_is_refused_and_leaves_nothing(name: str, temporary: Path):
    with pytest.raises(UnsafeMedia):
        clean_image(HOSTILE[name])
    assert list(temporary.iterdir()) == []


def test_what_passes_was_written_by_us():
    extras = harmless_with_extras()
    for name in ("jpeg-tail", "webp-broken-profile"):
        result = clean_image(extras[name])
        assert b"SECRET-TAIL" not in result.picture.content
        assert sniff(result.picture.content) == result.picture.format


def test_caps_reach_the_child():
    with pytest.raises(UnsafeMedia) as caught:
        clean_image(encoded(picture(), "PNG"), max_pixels=100)
    assert caught.value.reason == "too_many_pixels"


def test_memory_is_limited():
    rows = bytes((6000 * 3 + 1) * 6000)
    content = png_claiming(6000, 6000, rows=rows)
    with pytest.raises(UnsafeMedia) as caught:
        clean_image(content, limits=replace(IMAGE_LIMITS, memory_bytes=300_000_000))
    assert caught.value.reason == "too_complex"


def test_processor_time_is_limited(monkeypatch):
    child_running(
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", monkeypatch
    )
    with pytest.raises(UnsafeMedia) as caught:
        clean_image(b"x", limits=replace(IMAGE_LIMITS, wall_seconds=30))
    assert caught.value.reason == "too_complex"


def test_child_that_hangs_is_ended_with_all_it_started(monkeypatch, tmp_path: Path):
    mark = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        f"other = subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}} {{other.pid}}')\n"
        "time.sleep(60)\n"
    )
    child_running(code, monkeypatch)
    started = time.monotonic()
    with pytest.raises(UnsafeMedia) as caught:
        clean_image(b"x", limits=replace(IMAGE_LIMITS, wall_seconds=2))
    assert caught.value.reason == "too_complex"
    assert time.monotonic() - started < 8
    for pid in mark.read_text().split():
        assert _is_gone(int(pid))


def _is_gone(pid: int) -> bool:
    """Tell whether the process ends within a while; one that waits for its parent's notice is over."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        os.sched_yield()
    return False


@pytest.mark.parametrize(
    "code",
    ["import os; os.abort()", "import os; os.kill(os.getpid(), 11)", "import os; os.kill(os.getpid(), 9)"],
    ids=["abort", "segfault", "killed"],
)
def test_child_that_crashes_is_a_refusal_not_a_crash(code: str, monkeypatch):
    child_running(code, monkeypatch)
    with pytest.raises(UnsafeMedia) as caught:
        clean_image(b"x")
    assert caught.value.reason == "too_complex"


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(3)",
        "print('no json')",
        "print('[]')",
        "import os; os.kill(os.getpid(), 15)",
        "import sys; sys.stdin.read(); raise ImportError('PIL is missing')",
    ],
)
def test_sandbox_that_does_not_work_is_not_blamed_on_the_file(code: str, monkeypatch):
    child_running(code, monkeypatch)
    with pytest.raises(SandboxFailed):
        clean_image(b"x")


def test_answer_of_a_child_taken_over_is_not_believed(monkeypatch, tmp_path: Path):
    script = tmp_path / "page.html"
    script.write_bytes(b"<script>alert(1)</script>")
    entry = {
        "file": str(script),
        "kind": "image",
        "format": "png",
        "width": 1,
        "height": 1,
        "frames": 1,
        "duration_ms": 0,
    }
    code = (
        "import json, sys\nfolder = json.load(sys.stdin)['folder']\n"
        "open(folder + '/page.html', 'w').write('<script>alert(1)</script>')\n"
        f"print(json.dumps({{'picture': {entry!r}, 'thumbnails': {{}}}}))"
    )
    child_running(code, monkeypatch)
    with pytest.raises(UnsafeMedia):
        clean_image(b"x")


def test_child_sees_no_environment(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    seen = tmp_path / "seen"
    child_running(f"import os; open({str(seen)!r}, 'w').write(','.join(sorted(os.environ)))", monkeypatch)
    with pytest.raises(SandboxFailed):
        clean_image(b"x")
    assert set(seen.read_text().split(",")) <= {"HOME", "LANG", "PATH", "TMPDIR", "LC_CTYPE"}


def test_child_gives_up_privileges_memory_and_network():
    code = (
        "from files.sandbox import IMAGE_LIMITS, _confine\n_confine(IMAGE_LIMITS)\n"
        "import resource, socket\nassert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "assert resource.getrlimit(resource.RLIMIT_AS)[0] == IMAGE_LIMITS.memory_bytes\n"
        "print(open('/proc/self/status').read().count('NoNewPrivs:\\t1'))\n"
        "print(sorted(line.split(':')[0].strip() for line in open('/proc/net/dev').readlines()[2:]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "1"
    # Where the system lets a process leave the network, only the loopback of its own is left.
    assert done.stdout.splitlines()[1] in ("['lo']", "[]") or not _may_leave_the_network()


def _may_leave_the_network() -> bool:
    command = ["unshare", "--user", "--net", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_video_comes_back_clean_in_one_step(tmp_path: Path):
    source = video(tmp_path / "film.mp4", audio="aac", metadata=True)
    destination = tmp_path / "kept.mp4"
    result = clean_video(source, destination)
    assert (result.facts.width, result.facts.height, result.facts.has_audio) == (64, 48, True)
    assert result.bytes == destination.stat().st_size
    assert result.digest == hashlib.sha256(destination.read_bytes()).hexdigest()
    assert (result.poster.format, set(result.thumbnails)) == ("webp", {320, 1280})
    assert GPS.encode() not in destination.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "kept.mp4", "temporary"]


def test_refused_video_leaves_no_destination(tmp_path: Path):
    source = tmp_path / "film.mp4"
    source.write_bytes(b"\x00\x00\x00\x18ftypisom" + b"\xa5" * 5000)
    with pytest.raises(UnsafeMedia):
        clean_video(source, tmp_path / "kept.mp4", limits=VIDEO_LIMITS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "temporary"]
