"""Signatures of calls, by which a receiver knows who sent them, when, and that nothing was changed on the way.

Source: Standard Webhooks 1.0.0, github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, read
2026-11-27.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64


def read_secret(text: str) -> bytes:
    """Return the key of a secret as it is handed over. Raises: ValueError."""
    if not text.startswith(PREFIX):
        raise ValueError("it does not begin with whsec_")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("it is not base64") from error
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError("it is too short or too long")
    return key


def sign(key: bytes, ident: str, at: int, body: bytes) -> str:
    """Return the signature of a call, by one key. Units: `at` in seconds since 1970."""
    signed = hmac.digest(key, f"{ident}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"


def signed_headers(keys: Sequence[bytes], ident: str, at: int, body: bytes) -> dict[str, str]:
    """Return what goes with a call: one signature for each key, so that a receiver may change over in its own time."""
    return {
        "Webhook-Id": ident,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": " ".join(sign(key, ident, at, body) for key in keys),
        "Idempotency-Key": ident,
    }
