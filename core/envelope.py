"""Envelope encryption of secrets at rest: a data key per workspace, itself encrypted by a key of the ring.

The ring lies outside the database. Rotating it encrypts only the data keys anew (`rewrap`); what they sealed stays.
Each sealed value is bound to where it belongs by associated data, so it opens in no other row, field or workspace.
Source: NIST SP 800-38D (AES-GCM; random 96-bit nonces, at most 2^32 messages under one key).

Layouts (bytes):
wrapped   b"CW1" | length of key id (1) | key id | data key id (8) | nonce (12) | data key and tag (48)
sealed    b"CS1" | data key id (8) | nonce (12) | ciphertext and tag
"""

import base64
import binascii
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
DATA_KEY_ID_BYTES = 8
_WRAPPED = b"CW1"
_SEALED = b"CS1"
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


class EnvelopeError(Exception):
    """A secret cannot be sealed or opened; messages hold key ids at most."""


class BadKeys(EnvelopeError):
    """The ring is not configured as it must be."""


class UnknownKey(EnvelopeError):
    """The data key was wrapped by a key that the ring no longer, or not yet, holds."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the ring holds no key {key_id!r}")
        self.key_id = key_id


class Malformed(EnvelopeError):
    """The bytes are no envelope of ours."""


class Tampered(EnvelopeError):
    """The bytes were changed, or belong to another row, field, workspace or data key."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by id, the current one first; older ones only open."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)

    def __post_init__(self) -> None:
        ids = [key_id for key_id, _ in self.keys]
        if not ids:
            raise BadKeys("the ring needs one key at least, written id:base64 of 32 random bytes")
        if len(set(ids)) != len(ids):
            raise BadKeys("two keys of the ring have the same id")
        for key_id, key in self.keys:
            if not _KEY_ID.fullmatch(key_id) or len(key) != KEY_BYTES:
                raise BadKeys(
                    f"key {key_id[:32]!r} needs an id of letters, digits, . _ - and {KEY_BYTES} bytes"
                )

    @classmethod
    def parse(cls, entries: Sequence[str]) -> "KeyRing":
        """Read `id:base64` entries, standard or URL-safe alphabet.

        Raises: BadKeys.
        """
        return cls(tuple(_read_entry(entry) for entry in entries))

    @property
    def current_id(self) -> str:
        """Return the id of the key that wraps from now on."""
        return self.keys[0][0]

    def key(self, key_id: str) -> bytes:
        """Return a key.

        Raises: UnknownKey.
        """
        for known, key in self.keys:
            if known == key_id:
                return key
        raise UnknownKey(key_id)


def ring() -> KeyRing:
    """Return the ring that COLLAB_KEYS describes.

    Raises: BadKeys.
    """
    return _parsed(tuple(settings.COLLAB_KEYS))


def new_ring_key(key_id: str) -> str:
    """Return a fresh `id:base64` entry for COLLAB_KEYS."""
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def new_data_key(ring: KeyRing) -> bytes:
    """Make a workspace's data key and return it wrapped, the only form in which it may be stored."""
    return _wrap(ring, secrets.token_bytes(DATA_KEY_ID_BYTES), AESGCM.generate_key(bit_length=KEY_BYTES * 8))


def rewrap(ring: KeyRing, wrapped: bytes) -> bytes:
    """Return the same data key wrapped by the ring's current key; unchanged when it already is.

    Everything sealed under it stays readable, with the old bytes and with the new, so rotation needs no pause.
    Raises: UnknownKey, Malformed, Tampered.
    """
    if wrapping_key_id(wrapped) == ring.current_id:
        return wrapped
    return _wrap(ring, *_unwrap(ring, wrapped))


def wrapping_key_id(wrapped: bytes) -> str:
    """Return the id of the ring key that a data key is wrapped by, for rotation and its report.

    Raises: Malformed.
    """
    return _split(wrapped)[0]


def seal(ring: KeyRing, wrapped: bytes, plaintext: bytes, aad: Sequence[str]) -> bytes:
    """Encrypt `plaintext` so that it opens only with the same data key and the same `aad`.

    `aad` says where the value belongs: workspace id, row id, field name.
    Raises: UnknownKey, Malformed, Tampered (the data key does not open); ValueError for an empty or bare `aad`.
    """
    data_key_id, data_key = _unwrap(ring, wrapped)
    nonce = secrets.token_bytes(NONCE_BYTES)
    head = _SEALED + data_key_id
    return head + nonce + AESGCM(data_key).encrypt(nonce, plaintext, head + encode_aad(aad))


def open_sealed(ring: KeyRing, wrapped: bytes, sealed: bytes, aad: Sequence[str]) -> bytes:
    """Decrypt what `seal` made.

    Raises: UnknownKey, Malformed, Tampered; ValueError for an empty or bare `aad`.
    """
    data_key_id, data_key = _unwrap(ring, wrapped)
    sealed = bytes(sealed)
    start = len(_SEALED) + DATA_KEY_ID_BYTES
    head, nonce, content = sealed[:start], sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
    if not head.startswith(_SEALED) or len(content) < TAG_BYTES:
        raise Malformed("not a sealed value")
    if head != _SEALED + data_key_id:
        raise Tampered("the value was sealed under another data key")
    try:
        return AESGCM(data_key).decrypt(nonce, content, head + encode_aad(aad))
    except InvalidTag:
        raise Tampered("the value was changed or belongs elsewhere") from None


def encode_aad(parts: Sequence[str]) -> bytes:
    """Encode the parts so that no two different tuples give the same bytes: each preceded by its length."""
    if isinstance(parts, str) or not parts:
        raise ValueError("associated data is a non-empty sequence of strings, not a string")
    encoded = [part.encode() for part in parts]
    return b"".join([len(encoded).to_bytes(4, "big"), *(len(p).to_bytes(4, "big") + p for p in encoded)])


@lru_cache(maxsize=8)
def _parsed(entries: tuple[str, ...]) -> KeyRing:
    return KeyRing.parse(entries)


def _read_entry(entry: str) -> tuple[str, bytes]:
    key_id, _, text = entry.partition(":")
    try:
        return key_id, base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (ValueError, binascii.Error):
        raise BadKeys(f"key {key_id[:32]!r} is not base64") from None


def _wrap(ring: KeyRing, data_key_id: bytes, data_key: bytes) -> bytes:
    name = ring.current_id.encode()
    head = _WRAPPED + bytes([len(name)]) + name + data_key_id
    nonce = secrets.token_bytes(NONCE_BYTES)
    return head + nonce + AESGCM(ring.key(ring.current_id)).encrypt(nonce, data_key, head)


def _unwrap(ring: KeyRing, wrapped: bytes) -> tuple[bytes, bytes]:
    key_id, head, nonce, content = _split(wrapped)
    try:
        return head[-DATA_KEY_ID_BYTES:], AESGCM(ring.key(key_id)).decrypt(nonce, content, head)
    except InvalidTag:
        raise Tampered("the data key was changed, or its ring key was replaced under the same id") from None


def _split(wrapped: bytes) -> tuple[str, bytes, bytes, bytes]:
    """Return key id, authenticated head, nonce, ciphertext."""
    wrapped = bytes(wrapped)
    id_start = len(_WRAPPED) + 1
    head_end = id_start + (wrapped[id_start - 1] if len(wrapped) >= id_start else 0) + DATA_KEY_ID_BYTES
    if not wrapped.startswith(_WRAPPED) or len(wrapped) != head_end + NONCE_BYTES + KEY_BYTES + TAG_BYTES:
        raise Malformed("not a wrapped data key")
    try:
        key_id = wrapped[id_start : head_end - DATA_KEY_ID_BYTES].decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("not a wrapped data key") from None
    return (
        key_id,
        wrapped[:head_end],
        wrapped[head_end : head_end + NONCE_BYTES],
        wrapped[head_end + NONCE_BYTES :],
    )
