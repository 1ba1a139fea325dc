"""Pictures are decoded and written anew: what is kept holds pixels only, whatever came in.

Runs in the sandbox (files.sandbox); nothing here touches a model, a setting or the network.
"""

import hashlib
import io
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps, ImageSequence

from files.unsafe import UnsafeMedia

MAX_BYTES = 40_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 16_000
MAX_FRAMES = 600
MAX_ANIMATION_PIXELS = 100_000_000
MAX_ANIMATION_MS = 60_000
THUMBNAIL_SIDES = (320, 1280)
_MAX_REWRITTEN_BYTES = 5 * MAX_BYTES
_MIN_FRAME_MS = 20
_QUALITY = 92
_THUMBNAIL_QUALITY = 82

_MIMES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
# Literals first, since searching them is fast; the pattern then decides, since four bytes also occur by chance.
_ACTIVE_LITERALS = (
    b"<script",
    b"<html",
    b"<iframe",
    b"<svg",
    b"<!doctype",
    b"<?php",
    b"%pdf-",
    b"pk\x05\x06",
)
_ACTIVE = re.compile(
    rb"<(?:script|html|iframe|svg|!doctype|\?php)[\s>/:][\t\n\r\x20-\x7e]{4}|%PDF-[0-9]\.[0-9]|PK\x05\x06\x00\x00\x00\x00",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ImageResult:
    """A picture as written by us. `kind` is "image", or "gif" for anything that moves; `format` names the encoding."""

    kind: str
    format: str
    width: int
    height: int
    frames: int
    duration_ms: int
    content: bytes = field(repr=False)
    digest: str

    @property
    def mime(self) -> str:
        """Return the media type."""
        return _MIMES[self.format]


def inspect_and_reencode(
    source: BinaryIO | Path,
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    max_frames: int = MAX_FRAMES,
    max_animation_ms: int = MAX_ANIMATION_MS,
) -> ImageResult:
    """Decode a picture and write it anew, in the same format, without any metadata.

    The orientation is applied, colours become sRGB, transparency stays, animated GIF and WebP stay animated. An
    animated PNG keeps its first picture.
    Raises: UnsafeMedia.
    """
    content = _read(source, max_bytes)
    kind = sniff(content)
    refuse_active_content(content)
    try:
        with _opened(content, kind) as image:
            _check_size(image.size, max_pixels)
            if kind in ("gif", "webp") and getattr(image, "is_animated", False):
                return _reencode_animation(image, kind, max_frames, max_animation_ms)
            return _encode(_normalised(image), kind)
    except UnsafeMedia:
        raise
    except Image.DecompressionBombError as error:
        raise UnsafeMedia("too_many_pixels") from error
    except MemoryError as error:
        raise UnsafeMedia("too_complex") from error
    except Exception as error:  # decoders of hostile input fail in every way there is; all mean the same
        raise UnsafeMedia("damaged") from error


def thumbnail(source: BinaryIO | Path, *, sides: tuple[int, ...] = THUMBNAIL_SIDES) -> dict[int, ImageResult]:
    """Return a still WebP for each side, the longer one being at most that long; small pictures are not enlarged.

    Raises: UnsafeMedia.
    """
    content = _read(source, _MAX_REWRITTEN_BYTES)
    kind = sniff(content)
    try:
        with _opened(content, kind) as image:
            _check_size(image.size, MAX_PIXELS)
            image.draft("RGB", (max(sides), max(sides)))
            return _scaled(_normalised(image), sides)
    except UnsafeMedia:
        raise
    except MemoryError as error:
        raise UnsafeMedia("too_complex") from error
    except Exception as error:  # as above
        raise UnsafeMedia("damaged") from error


def still(image: Image.Image, *, kind: str = "webp") -> ImageResult:
    """Encode a decoded picture (a frame of a video), scaled to the larger thumbnail at most."""
    image.thumbnail((max(THUMBNAIL_SIDES), max(THUMBNAIL_SIDES)))
    return _encode(image.convert("RGB"), kind, quality=_THUMBNAIL_QUALITY)


def sniff(content: bytes) -> str:
    """Return jpeg, png, webp or gif by the first bytes; the file's name and declared type count for nothing.

    Raises: UnsafeMedia, with the reason that helps most.
    """
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if not content:
        raise UnsafeMedia("empty")
    start = content[:2048].lower()
    if b"%pdf-" in start:
        raise UnsafeMedia("pdf")
    if b"<svg" in start or (
        start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<?xml") and b"svg" in content[:65536].lower()
    ):
        raise UnsafeMedia("svg")
    raise UnsafeMedia("not_media")


def refuse_active_content(content: bytes) -> None:
    """Refuse a file that is also a page, script, drawing, PDF or archive.

    Writing it anew would drop that part anyway; but nobody makes such a file by accident.
    Raises: UnsafeMedia.
    """
    lowered = content.lower()
    if any(literal in lowered for literal in _ACTIVE_LITERALS) and _ACTIVE.search(content):
        raise UnsafeMedia("active")


def _read(source: BinaryIO | Path, max_bytes: int) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as file:
            content = file.read(max_bytes + 1)
    else:
        content = source.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise UnsafeMedia("too_large")
    return content


def _opened(content: bytes, kind: str) -> Image.Image:
    """Read the header with the one decoder that the first bytes name."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", Image.DecompressionBombWarning
        )  # our own cap is checked next, and lower
        return Image.open(io.BytesIO(content), formats=[kind.upper()])


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels or max(size) > MAX_SIDE:
        raise UnsafeMedia("too_many_pixels")
    if min(size) < 1:
        raise UnsafeMedia("damaged")


def _normalised(image: Image.Image) -> Image.Image:
    """Return the picture upright, in sRGB, as L, RGB or RGBA, carrying nothing but pixels."""
    image.load()
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):
        # 16 bits a pixel: Pillow would cut at 255 instead of scaling.
        upright = upright.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    has_alpha = upright.has_transparency_data
    if upright.mode != "CMYK" and not (upright.mode == "L" and not has_alpha):
        upright = upright.convert("RGBA" if has_alpha else "RGB")
    result = _in_srgb(upright, profile)
    result.info = {}
    return result


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Convert out of the embedded profile; one that cannot be read is left out of account."""
    mode = {"CMYK": "RGB"}.get(image.mode, image.mode)
    if isinstance(profile, bytes) and image.mode in ("RGB", "RGBA", "CMYK"):
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode=mode,
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = None
        if converted is not None:
            return converted
    return image.convert(mode) if image.mode != mode else image.copy()


def _reencode_animation(image: Image.Image, kind: str, max_frames: int, max_ms: int) -> ImageResult:
    frames: list[Image.Image] = []
    durations: list[int] = []
    for frame in ImageSequence.Iterator(image):
        if len(frames) == max_frames:
            raise UnsafeMedia("too_many_frames")
        if (len(frames) + 1) * image.width * image.height > MAX_ANIMATION_PIXELS:
            raise UnsafeMedia("too_many_pixels")
        frame.load()  # WebP tells a frame's duration only once it is decoded
        durations.append(max(_MIN_FRAME_MS, int(frame.info.get("duration", 100) or 100)))
        if sum(durations) > max_ms:
            raise UnsafeMedia("too_long")
        frames.append(_normalised(frame))
    loops = image.info.get("loop")
    buffer = io.BytesIO()
    options: dict[str, object] = {"save_all": True, "append_images": frames[1:], "duration": durations}
    if isinstance(loops, int):
        options["loop"] = min(max(loops, 0), 65535)
    if kind == "gif":
        options["disposal"] = 2
    else:
        options["quality"] = _QUALITY
    frames[0].save(buffer, kind.upper(), **options)
    return as_result(
        "gif", kind, image.size, buffer.getvalue(), frames=len(frames), duration_ms=sum(durations)
    )


def _encode(image: Image.Image, kind: str, *, quality: int = _QUALITY) -> ImageResult:
    buffer = io.BytesIO()
    if kind == "jpeg":
        image.convert("RGB" if image.mode != "L" else "L").save(
            buffer, "JPEG", quality=quality, subsampling="4:2:0", progressive=True
        )
    elif kind == "webp":
        image.save(buffer, "WEBP", quality=quality, method=4)
    else:
        image.save(buffer, kind.upper())
    return as_result("image", kind, image.size, buffer.getvalue(), frames=1, duration_ms=0)


def _scaled(image: Image.Image, sides: tuple[int, ...]) -> dict[int, ImageResult]:
    """Scale from the largest side down, each from the one before."""
    results = {}
    for side in sorted(sides, reverse=True):
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        results[side] = _encode(image, "webp", quality=_THUMBNAIL_QUALITY)
    return results


def as_result(
    kind: str, format_: str, size: tuple[int, int], content: bytes, *, frames: int, duration_ms: int
) -> ImageResult:
    """Describe encoded bytes, with the digest taken from them."""
    digest = hashlib.sha256(content).hexdigest()
    return ImageResult(kind, format_, size[0], size[1], frames, duration_ms, content, digest)
