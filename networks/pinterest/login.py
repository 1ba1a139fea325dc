"""How an account of Pinterest lets Collab in, and what an admin makes there before.

Source: developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization, OpenAPI document of
API v5, 5.23.0 (pinterest/api-description), read 2026-11-27. Neither names PKCE: the challenge is sent all the same,
since a server passes over what it does not know (RFC 6749 §3.1), and the secret proves the app.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from core.http import NotReadable, OutboundClient
from networks.oauth.bearer import Bearer
from networks.oauth.servers import OAuthServer, Tokens
from networks.protocol import Call, Capability, Connected, Counting, Limits

API, SITE = "https://api.pinterest.com", "https://www.pinterest.com"
READ_SECONDS = 10.0
MOST_BOARDS = 250
MB = 1024 * 1024
LIMITS = Limits(
    text_max=800,
    counting=Counting.CHARACTERS,
    media_max=5,
    image_bytes=20 * MB,
    alt_max=500,
    options=("title", "board", "link"),
)
SCOPES = {
    "user_accounts:read": gettext_lazy("see whose account it is"),
    "boards:read": gettext_lazy("see its boards"),
    "boards:write": gettext_lazy("put pins on its boards, which Pinterest counts as changing them"),
    "pins:read": gettext_lazy("find its own pins, to see what became of one"),
    "pins:write": gettext_lazy("publish pins and take them down"),
}


def server_at(api: str, site: str = SITE) -> OAuthServer:
    """Return where Pinterest lets people in; its refusals of a token name a code, not the error of OAuth."""
    return OAuthServer(
        f"{site}/oauth/",
        f"{api}/v5/oauth/token",
        SCOPES,
        separator=",",
        lost_statuses=frozenset({400, 401}),
    )


@dataclass(frozen=True, slots=True)
class PinterestLogin:
    """Logs in to Pinterest."""

    api: str = API
    site: str = SITE
    app_steps = (
        gettext_lazy(
            "With a business account open developers.pinterest.com, My apps, Connect app, and describe your use."
        ),
        gettext_lazy(
            "Wait until Pinterest lets the app in. With trial access only you see its pins: ask for standard access."
        ),
        gettext_lazy("In the app, under Redirect URIs, add the redirect address below."),
        gettext_lazy("Copy the app ID, which is the client ID, and the app secret key."),
        gettext_lazy("Make at least one public board, since every pin stands on one."),
    )

    @property
    def server(self) -> OAuthServer:
        """Return where Pinterest lets people in."""
        return server_at(self.api, self.site)

    def join(self, http: OutboundClient, tokens: Tokens) -> Connected:
        """Read whose tokens these are and which boards there are. Raises: Invalid, OutboundError."""
        account = _read(http, tokens, f"{self.api}/v5/user_account", {})
        found = _read(http, tokens, f"{self.api}/v5/boards", {"page_size": MOST_BOARDS, "privacy": "PUBLIC"})
        boards = [
            {"id": str(board["id"]), "name": str(board["name"])[:180]} for board in found.get("items", [])
        ]
        if not boards:
            raise Invalid(_("The account has no public board yet. Make one, then log in again."))
        try:
            ident, name = str(account["id"]), str(account["username"])
        except LookupError:
            raise Invalid(_("The server did not say whose token this is (HTTP %s).") % 200) from None
        return Connected(
            handle=name,
            remote_account_id=ident,
            name=str(account.get("business_name") or name)[:120],
            capability=Capability.FINDABLE,
            limits=LIMITS,
            facts={"server": self.api, "username": name, "boards": boards},
            credentials=tokens.as_credentials(),
        )

    def look(self, call: Call) -> str:
        """Return the id of the account that answers. Raises: LoginFailed, OutboundError, LookupError, ValueError."""
        bearer = Bearer(call, self.server, seconds=READ_SECONDS)
        return str(bearer.request("GET", f"{self.api}/v5/user_account").json_object()["id"])


def _read(
    http: OutboundClient, tokens: Tokens, url: str, params: Mapping[str, str | int]
) -> Mapping[str, Any]:
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    response = http.request("GET", url, headers=headers, params=params, deadline_seconds=READ_SECONDS)
    message = _("The server did not say whose token this is (HTTP %s).") % response.status
    if not response.ok:
        raise Invalid(message)
    try:
        return response.json_object()
    except NotReadable:
        raise Invalid(message) from None
