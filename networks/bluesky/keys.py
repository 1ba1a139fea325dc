"""Record keys: timestamp ids made of a delivery's own id."""

from uuid import UUID

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def tid_of(ident: UUID) -> str:
    """Return the timestamp id of a UUIDv7: its milliseconds, finer bits and clock id from its random part.

    The same delivery always gives the same key, so nothing is lost should the stored key be.
    Source: atproto.com/specs/tid, read 2026-11 (53 bits of microseconds, 10 bits of clock id).
    """
    milliseconds, fine = ident.int >> 80, (ident.int >> 64 & 0xFFF) % 1000
    value = (milliseconds * 1000 + fine & (2**53 - 1)) << 10 | ident.int & 0x3FF
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(60, -1, -5))
