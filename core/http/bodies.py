"""Request bodies of known length: bytes, form, JSON, a slice of a file, multipart with files from disk."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

CHUNK_BYTES = 256 * 1024
FormValue = str | int | Sequence[str | int]


class Body(Protocol):
    """Bytes to send, whose number is known before the first one."""

    @property
    def content_type(self) -> str: ...

    @property
    def length(self) -> int: ...

    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class BytesBody:
    """A body held in memory."""

    content: bytes
    content_type: str = "application/octet-stream"

    @property
    def length(self) -> int:
        """Return the number of bytes."""
        return len(self.content)

    def chunks(self) -> Iterator[bytes]:
        """Yield the content at once."""
        yield self.content


@dataclass(frozen=True, slots=True)
class FileBody:
    """A file, or `length` bytes of it from `offset`, read while it is sent.

    Raises: OSError on construction through `of` when the file cannot be read, so nothing was sent by then.
    """

    path: Path
    offset: int
    length: int
    content_type: str = "application/octet-stream"

    @classmethod
    def of(
        cls,
        path: Path,
        *,
        offset: int = 0,
        length: int | None = None,
        content_type: str = "application/octet-stream",
    ) -> "FileBody":
        """Measure the file now and refuse a slice that it does not hold."""
        with path.open("rb") as file:
            size = file.seek(0, 2)
        length = size - offset if length is None else length
        if offset < 0 or length < 0 or offset + length > size:
            raise ValueError(f"{path.name} holds {size} bytes, not {length} from {offset}")
        return cls(path, offset, length, content_type)

    def chunks(self) -> Iterator[bytes]:
        """Yield the slice piece by piece.

        Raises: OSError when the file is shorter than it was measured.
        """
        left = self.length
        with self.path.open("rb") as file:
            file.seek(self.offset)
            while left:
                chunk = file.read(min(CHUNK_BYTES, left))
                if not chunk:
                    raise OSError(f"{self.path.name} became shorter while it was sent")
                left -= len(chunk)
                yield chunk


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body: a text field, or a file when `filename` is set."""

    name: str
    body: str | Body
    filename: str = ""


class MultipartBody:
    """A multipart/form-data body; files are streamed.

    Source: RFC 7578; names are escaped as the WHATWG HTML standard says, read 2026-11.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._boundary = f"collab-{secrets.token_hex(16)}"
        self._parts = [self._encode(part) for part in parts]
        self._end = f"--{self._boundary}--\r\n".encode()
        self.content_type = f"multipart/form-data; boundary={self._boundary}"
        self.length = sum(len(head) + body.length + 2 for head, body in self._parts) + len(self._end)

    def chunks(self) -> Iterator[bytes]:
        """Yield heads, contents and the end in order."""
        for head, body in self._parts:
            yield head
            yield from body.chunks()
            yield b"\r\n"
        yield self._end

    def _encode(self, part: Part) -> tuple[bytes, Body]:
        body = BytesBody(part.body.encode(), "") if isinstance(part.body, str) else part.body
        lines = [f"--{self._boundary}", f'Content-Disposition: form-data; name="{_escape(part.name)}"']
        if part.filename:
            lines[1] += f'; filename="{_escape(part.filename)}"'
            lines.append(f"Content-Type: {_one_line(body.content_type)}")
        return "\r\n".join([*lines, "", ""]).encode(), body


def json_body(value: Any) -> BytesBody:
    """Encode compactly as UTF-8; NaN and infinities are refused, since they are no JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return BytesBody(text.encode(), "application/json")


def form_body(fields: Mapping[str, FormValue]) -> BytesBody:
    """Encode as application/x-www-form-urlencoded; a sequence repeats its name."""
    return BytesBody(urlencode(fields, doseq=True).encode(), "application/x-www-form-urlencoded")


def _escape(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _one_line(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ValueError("a content type is one line")
    return text
