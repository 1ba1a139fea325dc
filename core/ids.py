"""Identifiers: UUIDv7 keys, bearer secrets, and AT Protocol timestamp ids."""

import secrets
import threading
import time
import uuid

_TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_tid_lock = threading.Lock()
_tid_last = 0


def uuid7() -> uuid.UUID:
    """Return a time-ordered UUID, version 7.

    Source: RFC 9562 §5.7 (48 bits of Unix milliseconds, the rest random but for version and variant).
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def secret_token(nbytes: int = 24) -> str:
    """Return a URL-safe random secret of `nbytes` bytes (24 bytes are 192 bits)."""
    return secrets.token_urlsafe(nbytes)


def tid() -> str:
    """Return a new timestamp id: 13 characters, increasing within this process.

    Source: atproto.com/specs/tid, read 2026-11 (53 bits of microseconds, 10 bits of clock id).
    """
    global _tid_last
    with _tid_lock:
        _tid_last = max(time.time_ns() // 1_000, _tid_last + 1)
        value = (_tid_last & (2**53 - 1)) << 10 | secrets.randbits(10)
    return "".join(_TID_ALPHABET[value >> shift & 31] for shift in range(60, -1, -5))
