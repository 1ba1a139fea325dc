"""Errors as SCIM says them. Source: RFC 7644 §3.12."""

from typing import Any

from core.errors import CollabError

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class BadScim(CollabError):
    """The request is not SCIM that we can follow; `kind` is the protocol's own word for why."""

    code = "scim"

    def __init__(self, message: str, kind: str = "invalidValue") -> None:
        super().__init__(message)
        self.kind = kind


def document(status: int, detail: str, kind: str = "") -> dict[str, Any]:
    """Return the document of an error."""
    found: dict[str, Any] = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return {**found, "scimType": kind} if kind else found
