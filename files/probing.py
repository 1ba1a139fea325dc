"""Videos are measured, copied into a fresh container without metadata, and given a poster.

Runs in the sandbox (files.sandbox). Files reach the decoder as an open file object, never by name, so that nothing
inside a video can make it open another file or address.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import av
from av.error import FFmpegError

from files.imaging import ImageResult, still
from files.unsafe import UnsafeMedia

MAX_BYTES = 1_000_000_000
MAX_DURATION_MS = 60 * 60 * 1000
MAX_PIXELS = 3840 * 2160 * 2
MAX_FRAME_RATE = 240
_POSTER_AT_SECONDS = 1.0
_MAX_DECODED_FRAMES = 300
_MAX_STREAMS = 8

VIDEO_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1"})
AUDIO_CODECS = frozenset({"aac", "mp3", "opus", "vorbis"})
_MIMES = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"}
_DEMUXERS = {"mp4": "mov", "mov": "mov", "webm": "matroska"}
_MP4_BRANDS = re.compile(rb"isom|iso[2-9]|mp4[12]|avc1|M4V[ HP]|MSNV|dash|av01|hvc1|hev1|XAVC|mmp4|3gp[4-9]")
_EBML_WEBM = re.compile(rb"\x42\x82(?:[\x80-\xff]|\x40.|\x01.{7})webm", re.DOTALL)


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video is. Width and height are as shown: after rotation and pixel shape.

    Units: duration_ms whole milliseconds; frame_rate frames a second.
    """

    format: str
    duration_ms: int
    width: int
    height: int
    codec: str
    has_audio: bool
    audio_codec: str
    frame_rate: float

    @property
    def mime(self) -> str:
        """Return the media type."""
        return _MIMES[self.format]


def sniff(start: bytes) -> str:
    """Return mp4, mov or webm by the first bytes.

    Raises: UnsafeMedia.
    """
    if start[4:8] == b"ftyp":
        if start[8:12] == b"qt  ":
            return "mov"
        if _MP4_BRANDS.match(start[8:12]):
            return "mp4"
        raise UnsafeMedia("video_format")
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        if _EBML_WEBM.search(start[:128]):
            return "webm"
        raise UnsafeMedia("video_format")
    raise UnsafeMedia("empty" if not start else "not_media")


def probe(path: Path, *, max_bytes: int = MAX_BYTES, max_duration_ms: int = MAX_DURATION_MS) -> VideoFacts:
    """Measure a video.

    Raises: UnsafeMedia.
    """
    with _opened(path, max_bytes) as (container, kind):
        return _facts(container, kind, max_duration_ms)


def poster(path: Path, *, max_bytes: int = MAX_BYTES) -> ImageResult:
    """Return a still of about the first second, upright, as WebP.

    Raises: UnsafeMedia.
    """
    with _opened(path, max_bytes) as (container, _):
        stream = _video_stream(container)
        chosen = None
        for count, frame in enumerate(container.decode(stream)):
            chosen = frame
            if count >= _MAX_DECODED_FRAMES or (frame.time or 0) >= _POSTER_AT_SECONDS:
                break
        if chosen is None:
            raise UnsafeMedia("damaged")
        image = chosen.to_image()
        return still(image.rotate(chosen.rotation, expand=True) if chosen.rotation else image)


def rewrite(
    source: Path, destination: Path, *, max_bytes: int = MAX_BYTES, max_duration_ms: int = MAX_DURATION_MS
) -> VideoFacts:
    """Copy the one picture and the one sound track into a fresh container of the same kind; measure what results.

    Encoded frames are kept bit for bit; places, names, dates, chapters, subtitles and attachments are left behind.
    Raises: UnsafeMedia.
    """
    probe(source, max_bytes=max_bytes, max_duration_ms=max_duration_ms)
    with _opened(source, max_bytes) as (container, kind):
        inputs = [_video_stream(container), *container.streams.audio[:1]]
        options = {"movflags": "+faststart"} if kind != "webm" else {}
        flags = {**options, "fflags": "+bitexact"}
        with av.open(str(destination), "w", format=kind, options=flags) as output:
            _copy_packets(container, inputs, output)
    return probe(destination, max_bytes=2 * max_bytes, max_duration_ms=max_duration_ms)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(path: Path, max_bytes: int) -> Iterator[tuple[Any, str]]:
    """Open with the one demuxer that the first bytes name; every failure of the library becomes UnsafeMedia."""
    if path.stat().st_size > max_bytes:
        raise UnsafeMedia("too_large")
    with path.open("rb") as file:
        kind = sniff(file.read(4096))
        file.seek(0)
        try:
            with _container(file, kind) as container:
                yield container, kind
        except MemoryError as error:
            raise UnsafeMedia("too_complex") from error
        except (FFmpegError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
            raise UnsafeMedia("damaged") from error


def _container(file: IO[bytes], kind: str) -> Any:
    options = {"protocol_whitelist": "", "max_streams": str(_MAX_STREAMS)}
    if kind != "webm":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    container = av.open(file, format=_DEMUXERS[kind], options=options, metadata_errors="replace")
    for stream in container.streams.video:
        stream.thread_count = 1
    return container


def _video_stream(container: Any) -> Any:
    if not container.streams.video:
        raise UnsafeMedia("no_video")
    return container.streams.video[0]


def _facts(container: Any, kind: str, max_duration_ms: int) -> VideoFacts:
    stream = _video_stream(container)
    audio = container.streams.audio[0] if container.streams.audio else None
    codec = stream.codec_context.name
    audio_codec = audio.codec_context.name if audio is not None else ""
    codec, audio_codec = _plain(codec), _plain(audio_codec)
    if codec not in VIDEO_CODECS or (audio_codec and audio_codec not in AUDIO_CODECS):
        raise UnsafeMedia("video_format")
    frame = _first_frame(container, stream)
    width, height = frame.width, frame.height
    if not 0 < width * height <= MAX_PIXELS:
        raise UnsafeMedia("too_many_pixels")
    if frame.rotation % 180:
        width, height = height, width
    duration_ms = _duration_ms(container, stream)
    if not 0 < duration_ms <= max_duration_ms:
        raise UnsafeMedia("too_long" if duration_ms > 0 else "damaged")
    rate = float(stream.average_rate or stream.base_rate or 0)
    if rate > MAX_FRAME_RATE:
        raise UnsafeMedia("too_complex")
    return VideoFacts(kind, duration_ms, width, height, codec, audio is not None, audio_codec, round(rate, 3))


def _first_frame(container: Any, stream: Any) -> Any:
    """Decode one frame, which proves that the track is what its header says; headers alone lie."""
    context = stream.codec_context
    if context.width * context.height > MAX_PIXELS:
        raise UnsafeMedia("too_many_pixels")
    for frame in container.decode(stream):
        return frame
    raise UnsafeMedia("damaged")


def _duration_ms(container: Any, stream: Any) -> int:
    """Return the longest duration that any header claims."""
    claims = [container.duration / av.time_base] if container.duration else []
    if stream.duration and stream.time_base:
        claims.append(float(stream.duration * stream.time_base))
    return round(max(claims, default=0) * 1000)


def _copy_packets(container: Any, inputs: list[Any], output: Any) -> None:
    targets = {stream.index: output.add_stream_from_template(stream) for stream in inputs}
    for target in targets.values():
        target.metadata.clear()
    for packet in container.demux(*inputs):
        if packet.dts is None:  # the demuxer's own end marker
            continue
        packet.stream = targets[packet.stream.index]
        output.mux(packet)


def _plain(codec: str) -> str:
    """Return the codec's own name where a decoder's is given."""
    return {
        "libdav1d": "av1",
        "libvpx": "vp8",
        "libvpx-vp9": "vp9",
        "mp3float": "mp3",
        "libopus": "opus",
    }.get(codec, codec)
