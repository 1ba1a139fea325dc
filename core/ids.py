"""Identifiers: UUIDv7 keys, bearer secrets, and AT Protocol timestamp ids."""

import secrets
import threading
import time
import uuid

_TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_tid_lock = threading.Lock()
_tid_last = 0
_uuid_lock = threading.Lock()
_uuid_last = 0


def uuid7() -> uuid.UUID:
    """Return a time-ordered UUID, version 7, greater than all that this process returned before.

    So rows that are made one after the other are read in that order, also within one millisecond.

    Source: RFC 9562 §5.7 and §6.2, method 2 (48 bits of Unix milliseconds and 74 random bits, counted up by a random
    step where the clock has not moved on).
    """
    global _uuid_last
    fresh = time.time_ns() // 1_000_000 << 74 | secrets.randbits(74)
    with _uuid_lock:
        is_later = fresh >> 74 > _uuid_last >> 74
        _uuid_last = value = fresh if is_later else _uuid_last + 1 + secrets.randbits(48)
    high, low = value >> 62, value & (1 << 62) - 1
    return uuid.UUID(int=high >> 12 << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0x2 << 62 | low)


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
