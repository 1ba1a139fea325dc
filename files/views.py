"""Serving files: by signed address only, never as anything that could run."""

import mimetypes
import re
from pathlib import Path

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

from files import storage
from files.links import Link, read_link
from files.models import Media
from files.selectors import ready_media
from teams.gates import by_link
from teams.tenancy import workspace_scope

_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")
_KEYS = {"320": "thumb_320_key", "1280": "thumb_1280_key", "poster": "poster_key"}


@by_link("GET")
def media(request: HttpRequest, signed: str) -> HttpResponseBase:
    """Serve one file in one size; the row is read before the body streams."""
    link = read_link(signed)
    found = _row(link) if link else None
    if link is None or found is None:
        raise Http404
    return serve(request, found, link.size)


def serve(request: HttpRequest, found: Media, size: str) -> HttpResponseBase:
    """Answer with a file in one size, for a view that has seen to it that the asker may have it. Raises: Http404.

    As `download` it is the whole file, to be kept rather than shown.
    """
    key = getattr(found, _KEYS[size]) if size in _KEYS else found.storage_key
    path = storage.path_of(key)
    if not key or not path.is_file():
        raise Http404
    tag = f'"{found.digest[:32]}-{size}"'
    if request.headers.get("If-None-Match") == tag:
        return _guarded(HttpResponse(status=304), tag)
    mime = found.mime if size in ("original", "download") else "image/webp"
    length = path.stat().st_size
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked:
        return _guarded(_part(path, asked, length, mime), tag)
    response = FileResponse(path.open("rb"), content_type=mime)
    response["Accept-Ranges"] = "bytes"
    guarded = _guarded(response, tag)
    if size == "download":
        guarded["Content-Disposition"] = content_disposition_header(True, name_to_keep(found))
    return guarded


def name_to_keep(found: Media) -> str:
    """Return the name under which a file is kept: the uploader's, with the ending of what it is now."""
    stem = found.original_name.rpartition(".")[0] or found.original_name
    return stem + (mimetypes.guess_extension(found.mime) or "")


def _row(link: Link) -> Media | None:
    with workspace_scope(link.workspace_id):
        return ready_media(link.media_id)


def _part(path: Path, asked: re.Match[str], size: int, mime: str) -> HttpResponseBase:
    start = int(asked[1])
    end = min(int(asked[2]) if asked[2] else size - 1, size - 1)
    if start > end:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    body = storage.copy_range(path.open("rb"), start, end - start + 1)
    part = StreamingHttpResponse(body, status=206, content_type=mime)
    part["Content-Range"] = f"bytes {start}-{end}/{size}"
    part["Content-Length"] = str(end - start + 1)
    part["Accept-Ranges"] = "bytes"
    return part


def _guarded(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Disposition"] = "inline"
    response["Cache-Control"] = "private, max-age=43200, immutable"
    response["ETag"] = tag
    return response
