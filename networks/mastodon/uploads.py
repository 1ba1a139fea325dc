"""Files on their way to a server, and its processing of them."""

import time
from collections.abc import Mapping
from typing import Any

from core.http import FileBody, Part, Response
from networks.mastodon.client import ask, bearer, error_of, token_is_refused
from networks.outcomes import failed
from networks.protocol import Call, OutcomeKind, PrepareFailed

UPLOAD_SECONDS = 60.0
PROCESSING_SECONDS = 90.0


def upload(call: Call, entry: Mapping[str, Any]) -> str:
    """Upload one file and wait for it. Raises: PrepareFailed, OutboundError, OSError, ValueError, LookupError."""
    path = call.open_media(entry)
    parts = [Part("file", FileBody.of(path, content_type=entry["mime"]), filename=f"{entry['digest'][:16]}")]
    if entry["alt"]:
        parts.append(Part("description", entry["alt"]))
    for address in ("/api/v2/media", "/api/v1/media"):
        response = call.http.request(
            "POST",
            f"{call.facts['server']}{address}",
            headers=bearer(call),
            multipart=parts,
            deadline_seconds=UPLOAD_SECONDS,
        )
        if response.status not in (404, 405):
            break
    if response.status not in (200, 202):
        raise _upload_refused(call, response)
    ident = str(response.json_object()["id"])
    if response.status == 202 or not response.json_object().get("url"):
        _await_processing(call, ident)
    return ident


def _await_processing(call: Call, ident: str) -> None:
    """Ask until the file is processed: 206 means not yet."""
    until, pause = time.monotonic() + PROCESSING_SECONDS, 0.5
    while time.monotonic() < until:
        response = ask(call, f"/api/v1/media/{ident}", {})
        if response.status == 200:
            return
        if response.status not in (206, 404, 429):
            raise failed(
                OutcomeKind.REJECTED, f"The server could not use the file (HTTP {response.status}).", response
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 5.0)
    raise failed(OutcomeKind.NOT_SENT, "The server is still processing the file.")


def _upload_refused(call: Call, response: Response) -> PrepareFailed:
    if response.status in (400, 401, 403, 422) and token_is_refused(call):
        return failed(
            OutcomeKind.NEEDS_LOGIN, "The server does not take the access token any more.", response
        )
    kind = OutcomeKind.REJECTED if response.status in (413, 415, 422) else OutcomeKind.NOT_SENT
    return failed(kind, f"The file was not taken: {error_of(response) or response.status}", response)
