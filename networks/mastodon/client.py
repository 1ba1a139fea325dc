"""The calls to a server that several steps make: as the account, each with a short deadline."""

from collections.abc import Mapping

from core.http import NotReadable, OutboundClient, OutboundError, Response
from networks.protocol import Call

READ_SECONDS = 10.0


def bearer(call: Call) -> dict[str, str]:
    """Return the headers of a call as the account."""
    return {"Authorization": f"Bearer {call.credentials['access_token']}", "Accept": "application/json"}


def token_is_refused(call: Call) -> bool:
    """Ask who we are: servers refuse a bad token with 400, 401, 403 or 422, so the status alone says nothing."""
    try:
        answer = ask(call, "/api/v1/accounts/verify_credentials", {})
    except OutboundError:
        return False
    return answer.status in (400, 401, 403, 422)


def error_of(response: Response) -> str:
    """Return what a server says is wrong; '' where it does not say it in JSON."""
    try:
        return str(response.json_object().get("error", ""))[:300]
    except NotReadable:
        return ""


def ask(call: Call, path: str, params: Mapping[str, str | int]) -> Response:
    """Ask as the account. Raises: OutboundError."""
    return call.http.request(
        "GET",
        f"{call.facts['server']}{path}",
        headers=bearer(call),
        params=params,
        deadline_seconds=READ_SECONDS,
    )


def get(http: OutboundClient, server: str, path: str, token: str) -> Response:
    """Ask with a token that is not stored yet. Raises: OutboundError."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return http.request("GET", f"{server}{path}", headers=headers, deadline_seconds=READ_SECONDS)
