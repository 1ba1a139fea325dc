"""Files that want to be something else than a picture, or want to break what reads them: at least 40 kinds."""

import gzip
import io
import struct
import zipfile
import zlib

from PIL import Image

from tests.support.media import animation, encoded, picture, png_chunk, png_claiming

SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF"
HTML = b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>"


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.class", b"\xca\xfe\xba\xbe" * 20)
    return buffer.getvalue()


def _commented_jpeg(comment: bytes) -> bytes:
    jpeg = encoded(picture(), "JPEG")
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]


def _png_with(name: bytes, content: bytes) -> bytes:
    png = encoded(picture(), "PNG")
    return png[:33] + png_chunk(name, content) + png[33:]


def _claiming(gif: bytes, width: int, height: int) -> bytes:
    return gif[:6] + struct.pack("<HH", width, height) + gif[10:]


def _jpeg_claiming(width: int, height: int) -> bytes:
    jpeg = encoded(picture(), "JPEG")
    start = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:start] + struct.pack(">HH", height, width) + jpeg[start + 4 :]


def _wav() -> bytes:
    return b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(24)


def pictures() -> dict[str, bytes]:
    """Return hostile files by a name that says what they try."""
    jpeg, png = encoded(picture(), "JPEG"), encoded(picture(), "PNG")
    gif, webp = encoded(picture((8, 8), "P"), "GIF"), encoded(picture(), "WEBP")
    whole = {"jpeg": jpeg, "png": png, "gif": gif, "webp": webp}
    files = {
        "empty": b"",
        "one-byte": b"\xff",
        "svg": SVG,
        "svg-xml": b'<?xml version="1.0"?>\n<!-- ' + b"x" * 3000 + b" -->" + SVG,
        "svg-bom": b"\xef\xbb\xbf  \n" + SVG,
        "svgz": gzip.compress(SVG),
        "html": HTML,
        "javascript": b"alert(document.domain)",
        "xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
        "pdf": PDF,
        "pdf-late": b" " * 900 + PDF,
        "zip": _archive(),
        "elf": b"\x7fELF" + bytes(200),
        "exe": b"MZ" + bytes(200),
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (w) file",
        "imagemagick-mvg": b"push graphic-context\nfill 'url(https://127.0.0.1/x.jpg\"|id\")'\npop graphic-context",
        "tiff": encoded(picture(), "TIFF"),
        "bmp": encoded(picture(), "BMP"),
        "ico": encoded(picture(), "ICO"),
        "ppm": encoded(picture(), "PPM"),
        "tga": encoded(picture(), "TGA"),
        "psd": b"8BPS\x00\x01" + bytes(100),
        "fits": b"SIMPLE  =                    T" + b" " * 2850,
        "jpeg2000": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(100),
        "avif": b"\x00\x00\x00\x1cftypavif" + bytes(100),
        "heic": b"\x00\x00\x00\x1cftypheic" + bytes(100),
        "wav-in-riff": _wav(),
        "webp-nothing-in-it": b"RIFF\x0c\x00\x00\x00WEBP",
        "webp-vp8x-huge": b"RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + b"\xff" * 6,
        "gif-header-only": b"GIF89a",
        "gif-then-script": b"GIF89a/*" + SCRIPT + b"*/=1;",
        "jpeg-header-only": b"\xff\xd8\xff",
        "jpeg-soi-eoi": b"\xff\xd8\xff\xd9",
        "png-header-only": b"\x89PNG\r\n\x1a\n",
        "png-claims-1e5": png_claiming(100_000, 100_000),
        "png-claims-max": png_claiming(2**31 - 1, 2**31 - 1),
        "png-claims-line": png_claiming(2**31 - 1, 1),
        "png-claims-zero": png_claiming(0, 0),
        "png-bomb": png_claiming(7100, 7100, rows=bytes((7100 * 3 + 1) * 7100)),
        "png-bomb-1-bit": png_claiming(60_000, 60_000, depth=1, colour=0, rows=bytes(1000)),
        "png-too-few-rows": png_claiming(5000, 5000, rows=b"\0" * 100),
        "png-bad-checksum": png[:40] + bytes([png[40] ^ 1]) + png[41:],
        "png-text-bomb": _png_with(b"zTXt", b"k\0\0" + zlib.compress(bytes(100_000_000), 9)),
        "png-profile-bomb": _png_with(b"iCCP", b"k\0\0" + zlib.compress(bytes(100_000_000), 9)),
        "png-bad-filter": png_claiming(10, 10, rows=b"\x09" * 310),
        "png-idat-garbage": png[:41] + b"\xaa" * 60 + png[101:],
        "jpeg-claims-65500": _jpeg_claiming(65500, 65500),
        "jpeg-claims-zero": _jpeg_claiming(0, 0),
        "gif-claims-65535": _claiming(gif, 65535, 65535),
        "gif-10000-frames": animation("GIF", frames=10_000, duration=20, size=(2, 2)),
        "gif-runs-for-hours": animation("GIF", frames=20, duration=600_000, size=(2, 2)),
        "webp-1000-frames": animation("WEBP", frames=1000, duration=20, size=(2, 2)),
        "gif-large-frames": _claiming(animation("GIF", frames=5, duration=20, size=(4, 4)), 6000, 6000),
        "jpeg-comment-script": _commented_jpeg(SCRIPT),
        "jpeg-comment-php": _commented_jpeg(b"<?php system($_GET['c']); ?>"),
        "jpeg-comment-pdf": _commented_jpeg(PDF),
        "png-text-script": _png_with(b"tEXt", b"Comment\0" + SCRIPT),
        "png-text-svg": _png_with(b"tEXt", b"Comment\0" + SVG),
    }
    for kind, content in whole.items():
        files[f"{kind}-then-html"] = content + HTML
        files[f"{kind}-then-svg"] = content + SVG
        files[f"{kind}-then-pdf"] = content + PDF
        files[f"{kind}-then-zip"] = content + _archive()
        files[f"html-then-{kind}"] = HTML + content
        files[f"{kind}-half"] = content[: len(content) // 2]
        files[f"{kind}-first-40"] = content[:40]
        files[f"{kind}-garbage"] = content[:16] + b"\xa5" * 2000
        files |= {f"{name}-then-{kind}": head + content for name, head in _heads().items()}
        files |= {
            f"{kind}-first-{size}": content[:size] for size in (2, 5, 7, 9, 11, 13, 15, 18, 20, 22, 24, 28)
        }
        files |= {f"{kind}-{byte:02x}": content[:24] + bytes([byte]) * 2000 for byte in (0x00, 0x3B, 0xFF)}
    return files


def _heads() -> dict[str, bytes]:
    """Return what another program would read first, where a picture only follows."""
    return {
        "svg": SVG,
        "pdf": PDF,
        "zip": _archive(),
        "exe": b"MZ" + bytes(64),
        "elf": b"\x7fELF" + bytes(64),
        "php": b"<?php system($_GET['c']); ?>",
        "shell": b"#!/bin/sh\nid\n",
        "bom": b"\xef\xbb\xbf",
        "line": b"\r\n",
        "nul": b"\0",
    }


def harmless_with_extras() -> dict[str, bytes]:
    """Return pictures that may pass, but only without what hangs on them."""
    tail = b"TAIL-" + b"\x00\x01\x02SECRET-TAIL" * 30
    exif = Image.Exif()
    exif[0x010E] = "SECRET-TAIL"
    return {
        "jpeg-tail": encoded(picture(), "JPEG") + tail,
        "png-tail": encoded(picture(), "PNG") + tail,
        "gif-tail": encoded(picture((8, 8), "P"), "GIF") + tail,
        "webp-tail": encoded(picture(), "WEBP") + tail,
        "png-private-chunk": _png_with(b"prVt", tail),
        "png-zipped-script": _png_with(b"zTXt", b"k\0\0" + zlib.compress(SCRIPT)),
        "jpeg-exif": encoded(picture(), "JPEG", exif=exif),
        "jpeg-broken-profile": encoded(picture(), "JPEG", icc_profile=b"SECRET-TAIL" * 40),
        "webp-broken-profile": encoded(picture(), "WEBP", icc_profile=b"SECRET-TAIL" * 40),
    }


def videos(mp4: bytes, webm: bytes) -> dict[str, bytes]:
    """Return hostile files that call themselves videos, made from two sound ones."""
    moov = mp4.index(b"moov")
    return {
        "empty": b"",
        "garbage": b"\xa5" * 5000,
        "text": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "concat-list": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "html": HTML,
        "svg": SVG,
        "jpeg": encoded(picture(), "JPEG"),
        "gif": animation(),
        "avi": b"RIFF" + bytes(4) + b"AVI LIST" + bytes(100),
        "matroska": webm.replace(b"webm", b"matr", 1),
        "ftyp-only": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2",
        "ftyp-then-garbage": mp4[:32] + b"\xa5" * 5000,
        "ftyp-unknown-brand": b"\x00\x00\x00\x18ftypevil" + mp4[12:],
        "ftyp-heic": b"\x00\x00\x00\x1cftypheic" + bytes(100),
        "mp4-without-index": mp4[: moov - 4],
        "mp4-half": mp4[: len(mp4) // 2],
        "mp4-index-garbage": mp4[: moov + 60] + b"\xff" * 200 + mp4[moov + 260 :],
        "mp4-samples-gone": mp4[:32] + b"\0" * (moov - 36) + mp4[moov - 4 :],
        "webm-header-only": webm[:60],
        "webm-garbage": webm[:48] + b"\xa5" * 5000,
        "mp4-box-size-max": mp4[:32] + b"\xff\xff\xff\xff" + mp4[36:],
    }
