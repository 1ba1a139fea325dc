"""Files on their way to X, in pieces, with their descriptions, and X's processing of them.

Source: docs.x.com/x-api/media/quickstart/media-upload-chunked, read 2026-11-27; bodies by the OpenAPI document 2.167.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.clock import now
from core.http import FileBody, Part, Response
from networks.oauth.bearer import Bearer
from networks.outcomes import failed
from networks.protocol import OutcomeKind
from networks.x.answers import detail_of, pause_of, refused_before

SEGMENT_BYTES = 4 * 1024 * 1024
PROCESSING_SECONDS = 180.0
LONGEST_PAUSE = 15.0
KEPT = timedelta(hours=24)
SPARE = timedelta(minutes=10)
CATEGORIES = {"image": "tweet_image", "gif": "tweet_gif", "video": "tweet_video"}


def upload(bearer: Bearer, api: str, entry: Mapping[str, Any], path: Path) -> tuple[str, datetime]:
    """Upload one file; return its id and until when X keeps it without a post.

    Raises: PrepareFailed, LoginFailed, OutboundError, OSError, ValueError, LookupError.
    """
    begun = {
        "media_type": entry["mime"],
        "total_bytes": entry["bytes"],
        "media_category": CATEGORIES[entry["kind"]],
    }
    made = _data(bearer.request("POST", f"{api}/2/media/upload/initialize", json=begun))
    ident = str(made["id"])
    for index, offset in enumerate(range(0, entry["bytes"], SEGMENT_BYTES)):
        piece = FileBody.of(path, offset=offset, length=min(SEGMENT_BYTES, entry["bytes"] - offset))
        parts = [Part("segment_index", str(index)), Part("media", piece, filename="piece")]
        _data(bearer.request("POST", f"{api}/2/media/upload/{ident}/append", multipart=parts))
    done = _data(bearer.request("POST", f"{api}/2/media/upload/{ident}/finalize"))
    _await_processing(bearer, api, ident, done)
    if entry["alt"] and entry["kind"] != "video":
        described = {"id": ident, "metadata": {"alt_text": {"text": entry["alt"]}}}
        _data(bearer.request("POST", f"{api}/2/media/metadata", json=described))
    kept = timedelta(seconds=int(made["expires_after_secs"])) if made.get("expires_after_secs") else KEPT
    return ident, now() + kept - SPARE


def _await_processing(bearer: Bearer, api: str, ident: str, answer: Mapping[str, Any]) -> None:
    """Ask until the file is processed, as often as X says."""
    until = time.monotonic() + PROCESSING_SECONDS
    while info := answer.get("processing_info"):
        if info["state"] == "succeeded":
            return
        if info["state"] == "failed":
            raise failed(OutcomeKind.REJECTED, "X could not use the file.")
        pause = min(float(info.get("check_after_secs", 1)), LONGEST_PAUSE)
        if time.monotonic() + pause > until:
            raise failed(OutcomeKind.NOT_SENT, "X is still processing the file.")
        time.sleep(pause)
        params = {"media_id": ident, "command": "STATUS"}
        answer = _data(bearer.request("GET", f"{api}/2/media/upload", params=params))


def _data(response: Response) -> Mapping[str, Any]:
    """Return what an answer holds. Raises: PrepareFailed with what X says."""
    if not response.ok:
        raise refused_before(response, f"The file was not taken: {detail_of(response)}", pause_of)
    found = response.json_object().get("data", {})
    return found if isinstance(found, dict) else {}
