"""Pictures and videos for tests, made on the spot."""

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageCms, ImageDraw
from PIL.PngImagePlugin import PngInfo

GPS = "3.139-SECRET-PLACE"


def picture(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    """Draw a picture whose corners differ: red above left, green above right, blue below left, white below right."""
    image = Image.new("RGB", size, "gray")
    width, height = size
    draw = ImageDraw.Draw(image)
    for corner, colour in (((0, 0), "red"), ((1, 0), "lime"), ((0, 1), "blue"), ((1, 1), "white")):
        x, y = corner[0] * width // 2, corner[1] * height // 2
        draw.rectangle((x, y, x + width // 2 - 1, y + height // 2 - 1), fill=colour)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(size))
        return image
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode a picture."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_metadata(kind: str, *, orientation: int = 1, size: tuple[int, int] = (64, 48)) -> bytes:
    """Encode a picture that carries EXIF with a place, XMP or text, a comment and a colour profile."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = GPS
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, object] = {"exif": exif, "icc_profile": profile}
    if kind == "PNG":
        info = PngInfo()
        info.add_text("Comment", GPS)
        info.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{GPS}</x:xmpmeta>", zip=True)
        options["pnginfo"] = info
    elif kind == "JPEG":
        options |= {
            "comment": GPS,
            "xmp": f"<x:xmpmeta>{GPS}</x:xmpmeta>".encode(),
            "quality": 95,
            "subsampling": 0,
        }
    else:
        options |= {"xmp": f"<x:xmpmeta>{GPS}</x:xmpmeta>".encode(), "lossless": True}
    return encoded(picture(size), kind, **options)


def animation(
    kind: str = "GIF", *, frames: int = 3, duration: int = 100, size: tuple[int, int] = (32, 24)
) -> bytes:
    """Encode frames of changing colour."""
    images = [
        Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, number // 256))
        for number in range(frames)
    ]
    options: dict[str, object] = {"comment": GPS} if kind == "GIF" else {"lossless": True}
    return encoded(
        images[0], kind, save_all=True, append_images=images[1:], duration=duration, loop=2, **options
    )


def png_claiming(width: int, height: int, depth: int = 8, colour: int = 2, rows: bytes = b"") -> bytes:
    """Write a PNG whose header claims a size that its data need not have."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, content) for name, content in chunks)


def png_chunk(name: bytes, content: bytes) -> bytes:
    """Write one chunk with its check sum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def video(
    path: Path,
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
    seconds: float = 2,
    audio: str = "",
    metadata: bool = False,
) -> Path:
    """Encode a short video of changing colour into the container that the path's ending names."""
    options = {"movflags": "use_metadata_tags"} if metadata and path.suffix != ".webm" else {}
    with av.open(str(path), "w", options=options) as container:
        if metadata:
            container.metadata.update({"location": GPS, "title": GPS, "comment": GPS})
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        sound = container.add_stream(audio, rate=48000) if audio else None
        for number in range(round(seconds * 10)):
            image = picture(size)
            image.paste((number * 25 % 256, 0, 0), (0, 0, 8, 8))
            frame = av.VideoFrame.from_image(image)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            _add_silence(container, sound, seconds)
    return path


def turned(content: bytes) -> bytes:
    """Return an MP4 whose picture is to be shown turned by a quarter: the matrix of its track header is replaced."""
    start = content.index(b"tkhd") + 4 + 40
    matrix = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    return content[:start] + matrix + content[start + 36 :]


def _add_silence(container: av.container.OutputContainer, sound: av.AudioStream, seconds: float) -> None:
    layout = "stereo"
    samples = sound.codec_context.frame_size or 960
    for number in range(round(seconds * 48000 / samples)):
        frame = av.AudioFrame(format=sound.codec_context.format.name, layout=layout, samples=samples)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.rate, frame.pts, frame.time_base = 48000, number * samples, Fraction(1, 48000)
        container.mux(sound.encode(frame))
    container.mux(sound.encode())
