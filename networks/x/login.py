"""How an account of X lets Collab in, and what an admin makes there before.

Source: docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code (scopes, two hours, refresh tokens),
…/user-access-token (addresses, confidential clients), read 2026-11-27.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from core.http import NotReadable, OutboundClient
from networks.oauth.bearer import Bearer
from networks.oauth.servers import OAuthServer, Tokens
from networks.protocol import Call, Capability, Connected, Counting, Limits
from networks.texts import X_LINK_LENGTH

API, SITE = "https://api.x.com", "https://x.com"
READ_SECONDS = 10.0
MB = 1024 * 1024
LIMITS = Limits(
    text_max=280,
    counting=Counting.WEIGHTED,
    media_max=4,
    image_bytes=5 * MB,
    video_bytes=512 * MB,
    video_seconds=140,
    alt_max=1000,
    url_length=X_LINK_LENGTH,
    options=("reply_settings", "made_with_ai", "paid_partnership"),
)
"""Source: docs.x.com/x-api/media/introduction, …/media/quickstart/best-practices, read 2026-11-27; alternative text by
the OpenAPI document of API v2, 2.167.
"""
SCOPES = {
    "tweet.read": gettext_lazy("find its own posts, to see what became of one"),
    "users.read": gettext_lazy("see whose account it is"),
    "tweet.write": gettext_lazy("publish posts and take them down"),
    "media.write": gettext_lazy("upload pictures and videos"),
    "offline.access": gettext_lazy("stay logged in longer than two hours"),
}


def server_at(api: str, site: str = SITE) -> OAuthServer:
    """Return where X lets people in."""
    return OAuthServer(f"{site}/i/oauth2/authorize", f"{api}/2/oauth2/token", SCOPES)


@dataclass(frozen=True, slots=True)
class XLogin:
    """Logs in to X."""

    api: str = API
    site: str = SITE
    app_steps = (
        gettext_lazy(
            "Open console.x.com with the account that is to own the app, and make a project and an app."
        ),
        gettext_lazy(
            "In the app, under User authentication settings, allow Read and write, and choose Web App as its type."
        ),
        gettext_lazy(
            "As callback address give the redirect address below, and as website the address of yours."
        ),
        gettext_lazy("Save, and copy the client ID and the client secret of OAuth 2.0, which X shows once."),
        gettext_lazy(
            "See to it that the plan or the credits of the app cover the posts and reads of your team."
        ),
    )

    @property
    def server(self) -> OAuthServer:
        """Return where X lets people in."""
        return server_at(self.api, self.site)

    def join(self, http: OutboundClient, tokens: Tokens) -> Connected:
        """Read whose tokens these are. Raises: Invalid, OutboundError."""
        response = http.request(
            "GET",
            f"{self.api}/2/users/me",
            headers={"Authorization": f"Bearer {tokens.access_token}"},
            deadline_seconds=READ_SECONDS,
        )
        try:
            account = response.json_object()["data"] if response.ok else {}
            ident, name = str(account["id"]), str(account["username"])
        except (NotReadable, LookupError, TypeError):
            message = _("The server did not say whose token this is (HTTP %s).") % response.status
            raise Invalid(message) from None
        return Connected(
            handle=f"@{name}",
            remote_account_id=ident,
            name=str(account.get("name") or name)[:120],
            capability=Capability.FINDABLE,
            limits=LIMITS,
            facts={"server": self.api, "user_id": ident, "username": name},
            credentials=tokens.as_credentials(),
        )

    def look(self, call: Call) -> str:
        """Return the id of the account that answers. Raises: LoginFailed, OutboundError, LookupError, ValueError."""
        bearer = Bearer(call, self.server, seconds=READ_SECONDS)
        return str(bearer.request("GET", f"{self.api}/2/users/me").json_object()["data"]["id"])
