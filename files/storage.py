"""Where files lie: under random names in the media folder, written whole or not at all."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from core.ids import secret_token

CHUNK = 256 * 1024


def new_key() -> str:
    """Return a fresh random name."""
    return secret_token(24)


def path_of(key: str) -> Path:
    """Return where the file of a key lies."""
    return Path(settings.MEDIA_ROOT) / key[:2].lower() / key


def place_for(key: str) -> Path:
    """Return where the file of a key is to be written; its folder exists."""
    path = path_of(key)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_bytes(content: bytes) -> str:
    """Keep content under a new key."""
    key = new_key()
    path = place_for(key)
    waiting = path.with_name(f"{path.name}.part")
    waiting.write_bytes(content)
    waiting.replace(path)
    return key


def write_stream(chunks: Iterable[bytes]) -> str:
    """Keep an upload under a new key, chunk by chunk."""
    key = new_key()
    path = place_for(key)
    waiting = path.with_name(f"{path.name}.part")
    with waiting.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
    return key


def remove(*keys: str) -> None:
    """Take files away; what is gone already is fine."""
    for key in keys:
        if key:
            path_of(key).unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_range(source: BinaryIO, start: int, length: int) -> Iterable[bytes]:
    """Yield `length` bytes from `start`, in chunks, and close the file."""
    with source:
        source.seek(start)
        while length > 0 and (chunk := source.read(min(length, CHUNK))):
            length -= len(chunk)
            yield chunk
