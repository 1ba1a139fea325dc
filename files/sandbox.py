"""Runs the decoders of hostile files in a process of its own: little memory, little time, no environment, no network.

`clean_image` and `clean_video` are what the app calls. The child is this module again (`python -m files.sandbox`):
it reads one JSON request, writes its results into a folder of its own, answers one line of JSON, and dies.
"""

import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from django.conf import settings

from files import imaging, probing
from files.imaging import ImageResult
from files.probing import VideoFacts
from files.unsafe import REASONS, UnsafeMedia

Operation = Literal["image", "video"]

_BASE = Path(__file__).resolve().parent.parent
_MAX_ANSWER_BYTES = 64 * 1024
_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


class SandboxFailed(Exception):
    """The sandbox itself did not work; the file may be fine, so the job may be tried again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use."""

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
    file_bytes: int


IMAGE_LIMITS = Limits(memory_bytes=2_000_000_000, cpu_seconds=30, wall_seconds=60, file_bytes=200_000_000)
VIDEO_LIMITS = Limits(
    memory_bytes=3_000_000_000, cpu_seconds=120, wall_seconds=300, file_bytes=2 * probing.MAX_BYTES
)


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A picture written anew, with its thumbnails by side."""

    picture: ImageResult
    thumbnails: dict[int, ImageResult]


@dataclass(frozen=True, slots=True)
class CleanVideo:
    """A video written anew to the destination, with a poster and thumbnails of the poster."""

    facts: VideoFacts
    bytes: int
    digest: str
    poster: ImageResult
    thumbnails: dict[int, ImageResult]


def clean_image(source: Path | bytes, *, limits: Limits = IMAGE_LIMITS, **caps: int) -> CleanImage:
    """Decode and re-encode a picture in the sandbox; `caps` are those of `imaging.inspect_and_reencode`.

    Raises: UnsafeMedia for the file, SandboxFailed for the machine.
    """
    with _folder(None) as folder:
        if isinstance(source, bytes):
            (folder / "source").write_bytes(source)
            source = folder / "source"
        answer = _run("image", source, folder, limits, caps)
        return CleanImage(_load(folder, answer["picture"]), _load_all(folder, answer["thumbnails"]))


def clean_video(source: Path, destination: Path, *, limits: Limits = VIDEO_LIMITS, **caps: int) -> CleanVideo:
    """Rewrite a video in the sandbox; `caps` are those of `probing.rewrite`. The destination appears whole or not.

    Raises: UnsafeMedia for the file, SandboxFailed for the machine.
    """
    with _folder(destination.parent) as folder:
        answer = _run("video", source, folder, limits, caps)
        facts = VideoFacts(**answer["facts"])
        still, thumbnails = _load(folder, answer["poster"]), _load_all(folder, answer["thumbnails"])
        video = folder / "video"
        size, digest = video.stat().st_size, probing.digest_of(video)
        video.replace(destination)
        return CleanVideo(facts, size, digest, still, thumbnails)


@contextlib.contextmanager
def _folder(parent: Path | None) -> Iterator[Path]:
    """Give a private folder and take it away with all in it."""
    path = Path(tempfile.mkdtemp(prefix="media-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _run(
    operation: Operation, source: Path, folder: Path, limits: Limits, caps: Mapping[str, int]
) -> dict[str, Any]:
    """Start the child, wait, and read its answer, of which nothing is believed that is not checked."""
    request = {
        "source": str(source.resolve()),
        "folder": str(folder.resolve()),
        "limits": asdict(limits),
        "caps": caps,
    }
    environment = {"LANG": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder), "PATH": ""}
    command = [sys.executable, "-E", "-s", "-B", "-m", "files.sandbox", operation]
    with (folder / "answer").open("wb") as out, (folder / "errors").open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603  # a fixed command
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=errors,
            cwd=_BASE,
            env=environment,
            start_new_session=True,
        )
        try:
            child.communicate(json.dumps(request).encode(), timeout=limits.wall_seconds)
        except subprocess.TimeoutExpired:
            raise UnsafeMedia("too_complex") from None
        finally:
            _end(child)
    return _read_answer(child.returncode, folder)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it started, should any of it still run."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _read_answer(returncode: int, folder: Path) -> dict[str, Any]:
    if returncode < 0 and -returncode not in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        raise UnsafeMedia("too_complex")
    with (folder / "answer").open("rb") as file:
        text = file.read(_MAX_ANSWER_BYTES)
    try:
        answer = json.loads(text) if returncode == 0 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        with (folder / "errors").open("rb") as file:
            tail = file.read(_MAX_ANSWER_BYTES).decode(errors="replace").strip().rpartition("\n")[2]
        raise SandboxFailed(f"child ended with {returncode}: {tail[:300]}")
    if "unsafe" in answer:
        raise UnsafeMedia(answer["unsafe"] if answer["unsafe"] in REASONS else "damaged")
    return answer


def _load(folder: Path, entry: Mapping[str, Any]) -> ImageResult:
    """Read a picture that the child wrote; format and digest are found out again from its bytes."""
    content = (folder / Path(entry["file"]).name).read_bytes()
    if imaging.sniff(content) != entry["format"]:
        raise SandboxFailed("the child's picture is not what it says")
    return imaging.as_result(
        str(entry["kind"]),
        str(entry["format"]),
        (int(entry["width"]), int(entry["height"])),
        content,
        frames=int(entry["frames"]),
        duration_ms=int(entry["duration_ms"]),
    )


def _load_all(folder: Path, entries: Mapping[str, Mapping[str, Any]]) -> dict[int, ImageResult]:
    return {int(side): _load(folder, entry) for side, entry in entries.items()}


# What follows runs in the child.


def main(operation: str) -> int:
    """Serve one request from standard input and answer on standard output."""
    request = json.loads(sys.stdin.buffer.read())
    _confine(Limits(**request["limits"]))
    if not settings.configured:
        settings.configure(USE_I18N=False)
    serve = {"image": _serve_image, "video": _serve_video}[operation]
    try:
        answer = serve(Path(request["source"]), Path(request["folder"]), request["caps"])
    except UnsafeMedia as error:
        answer = {"unsafe": error.reason}
    except MemoryError:
        answer = {"unsafe": "too_complex"}
    sys.stdout.write(json.dumps(answer))
    return 0


def _confine(limits: Limits) -> None:
    """Give up what a decoder does not need. Leaving the network is tried; without the right to, it is only unused."""
    for kind, amount in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (amount, amount))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _serve_image(source: Path, folder: Path, caps: Mapping[str, int]) -> dict[str, Any]:
    picture = imaging.inspect_and_reencode(source, **caps)
    entry = _save(folder, "picture", picture)
    return {"picture": entry, "thumbnails": _save_all(folder, imaging.thumbnail(folder / "picture"))}


def _serve_video(source: Path, folder: Path, caps: Mapping[str, int]) -> dict[str, Any]:
    facts = probing.rewrite(source, folder / "video", **caps)
    still = probing.poster(folder / "video", max_bytes=2 * probing.MAX_BYTES)
    entry = _save(folder, "poster", still)
    thumbnails = _save_all(folder, imaging.thumbnail(folder / "poster"))
    return {"facts": asdict(facts), "poster": entry, "thumbnails": thumbnails}


def _save(folder: Path, name: str, result: ImageResult) -> dict[str, Any]:
    (folder / name).write_bytes(result.content)
    keys = ("kind", "format", "width", "height", "frames", "duration_ms")
    return {"file": name, **{key: getattr(result, key) for key in keys}}


def _save_all(folder: Path, results: Mapping[int, ImageResult]) -> dict[str, dict[str, Any]]:
    return {str(side): _save(folder, f"thumbnail-{side}", result) for side, result in results.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
