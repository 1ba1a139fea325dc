"""Every page of the product, as the URLconf tells them: whatever stands there is found, filled and opened.

A page of a workspace is filled by the factories of `tests/rules/things/`, called in the demo's workspace, so that
a new page is covered by what the crawl needs of it anyway. A route that answers no page is named in NO_PAGE.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpResponse
from django.test import Client
from django.test.testcases import LiveServerThread
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from approvals.models import Request
from calendar_app.models import Post
from core.clock import now
from teams.actors import Actor
from teams.models import Membership, Role, User, Workspace
from teams.services.members import add_member
from teams.states import RoleKey
from teams.tenancy import workspace_scope
from tests.factories.people import PASSWORD
from tests.rules.routes import Route, routes
from tests.rules.subjects import BODIES, value_of
from tests.rules.world import Side

ANA, FARAH, HALF, NOBODY = "ana", "farah", "half", "nobody"
JUN, OPERATOR, GUEST = "jun", "operator", "guest"
OF_MEMBERS = (ANA,)
OF_ANYBODY = (NOBODY, ANA, FARAH, HALF, JUN, OPERATOR, GUEST)
"""Who opens pages: the first to whom one opens. Farah has a second factor, and once stands before her code; Jun has
a passkey; the operator runs the installation; the guest has come in by a link.
"""

NO_PAGE = {
    "approvals:figures_csv": "a file",
    "approvals:mail_link": "takes the secret out of the address and leads on",
    "approvals:mail_decision": "the page behind a mail's link, which is opened there",
    "approvals:override": "no role of the demo may go past a review",
    "account_confirm_login_code": "log-in by code is not offered",
    "account_set_password": "everybody has a password",
    "calendar_app:import_template": "a file",
    "calendar_app:posts_csv": "a file",
    "calendar_app:posts_xlsx": "a file",
    "calendar_app:view": "leads on to the view's page",
    "feeds:calendar": "a calendar for programs",
    "files:media": "a picture",
    "guests:media": "a picture",
    "healthz": "a program's answer",
    "metrics": "a program's answer",
    "mfa_login_webauthn": "a program's answer",
    "mfa_download_recovery_codes": "a text file",
    "networks:journey": "leads on to the network",
    "networks:journey_end": "leads on to the channel's trial",
    "newsroom:atom": "a feed",
    "newsroom:endpoint": "the newsroom's own interface",
    "newsroom:json": "a feed",
    "notifications:notice": "leads on to what the notice is about",
    "readyz": "a program's answer",
    "site:invitation": "the page behind an invitation's link, which is opened there",
    "site:sso_callback": "leads on to the reader's workspace",
    "site:sso_start": "leads on to the provider",
    "site:saml_arrival": "leads on to the reader's workspace",
    "site:saml_metadata": "a file",
    "teams:saml_metadata_file": "a file",
    "teams:provider_trial": "leads on to the provider",
    "site:root": "leads on to the reader's workspace",
    "surveys:data": "a file",
    "teams:export_csv": "a file",
    "teams:export_xlsx": "a file",
    "teams:front": "leads on to the first page",
}
"""Routes that answer GET with something else than a page, and what that is."""

OVER_ANOTHER = {"account_reset_password_from_key", "guests:door", "site:invitation_link"}
"""Routes that keep their secret out of the address: the page stands behind a redirection."""

PARTS = {"calendar_app:media_item", "comments:threads", "teams:member_choices"}
"""Routes that answer with a part of a page."""


@dataclass(frozen=True)
class Page:
    """One page at its address, and who opens it."""

    name: str
    path: str
    visitor: str

    @property
    def is_part(self) -> bool:
        """Tell whether it is a part that stands inside other pages."""
        return self.name in PARTS


@dataclass
class House:
    """The demo with one thing of every kind in it, and the browsers of its visitors."""

    side: Side
    browsers: dict[str, Client]

    def open(self, page: Page) -> HttpResponse:
        """Open a page as its visitor, following where it leads."""
        return self.browsers[page.visitor].get(page.path, follow=True)

    def session(self, visitor: str) -> str:
        """Return the visitor's session, for a browser of flesh and blood."""
        return self.browsers[visitor].cookies["sessionid"].value


def furnish_demo(workspace: Workspace) -> House:
    """Put one thing of every kind into the demo's workspace and log its visitors in."""
    with workspace_scope(workspace.pk):
        members = {
            row.role.key: row for row in Membership.objects.select_related("role").order_by("-joined_at")
        }
        for key in RoleKey:
            if key not in members:
                members[key] = _join(workspace, key)
        members[RoleKey.OWNER] = Membership.objects.get(user__email="ana@acme.test")
        side = Side(workspace, members, members[RoleKey.VIEWER], "Percubaan")
        for route in (one for one in routes() if one.access):
            for place in route.places:
                if value_of(side, route.name, place) is None:
                    raise AssertionError(f"add a factory to tests/rules/things/ for {route.pattern}")
        doors = [f"/g/{value_of(side, name, 'secret')}/" for name in ("guests:door", "guests:meeting")]
    return House(side, _browsers(doors))


def pages(house: House) -> tuple[list[Page], list[str]]:
    """Return every page with who opens it, and the names of the routes that answer no page."""
    found, others = [], []
    with workspace_scope(house.side.workspace.pk):
        addresses = [(route, path) for route in routes() for path in _addresses(house.side, route)]
    for route, path in addresses:
        visitors = OF_MEMBERS if route.in_workspace else OF_ANYBODY
        hops = route.name in OVER_ANOTHER
        who = next((who for who in visitors if _is_page(house.browsers[who].get(path, follow=hops))), None)
        if who:
            found.append(Page(route.name, path, who))
        else:
            others.append(route.name)
    return found, others


def _addresses(side: Side, route: Route) -> list[str]:
    """Return the addresses at which a route that answers GET is opened; several where its things have states."""
    if (
        route.is_api
        or route.pattern.startswith("scim/")
        or (route.access and "GET" not in route.access.methods)
    ):
        return []
    if route.access is None:
        return [LIBRARY[route.name](side) if route.name in LIBRARY else f"/{route.pattern}"]
    values = {place: value_of(side, route.name, place) for place in route.places}
    place, idents = STATES.get(route.name, lambda: ("", []))()
    if not place:
        query = (QUERIES.get(route.name) or BODIES.get(f"{route.name}:GET", lambda _side: {}))(side)
        return [
            route.path(side.workspace.slug, values) + (f"?{urlencode(query, doseq=True)}" if query else "")
        ]
    return [route.path(side.workspace.slug, {**values, place: ident}) for ident in idents]


def _one_each(rows: Any) -> list[Any]:
    """Return the first row's id for each state."""
    return list({row.state: row.pk for row in rows.order_by("-pk")}.values())


STATES: dict[str, Callable[[], tuple[str, list[Any]]]] = {
    "calendar_app:post": lambda: ("post", _one_each(Post.objects.all())),
    "approvals:request": lambda: ("pk", _one_each(Request.objects.all())),
}
"""Routes whose things look different in each state: one page of each."""


def _open_requests(_side: Side) -> dict[str, Any]:
    return {"request": list(Request.objects.filter(state="open").values_list("pk", flat=True))}


QUERIES: dict[str, Callable[[Side], dict[str, Any]]] = {
    "approvals:bulk": _open_requests,
    "site:second_step": lambda side: {"workspace": side.workspace.slug},
}
"""What stands after the question mark of addresses that open to nobody without it."""


def _farah() -> User:
    return User.objects.get(email="farah@acme.test")


def _confirmation(side: Side) -> str:
    address = EmailAddress.objects.get_or_create(user=_farah(), email="farah@new.test")[0]
    return f"/accounts/confirm-email/{EmailConfirmationHMAC(address).key}/"


def _reset(side: Side) -> str:
    user = side.members[RoleKey.VIEWER].user
    return (
        f"/accounts/password/reset/key/{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}/"
    )


def _passkey(side: Side, route: str) -> str:
    key = Authenticator.objects.get(user__email="jun@acme.test", type=Authenticator.Type.WEBAUTHN)
    return reverse(route, args=[key.pk])


LIBRARY: dict[str, Callable[[Side], str]] = {
    "account_confirm_email": _confirmation,
    "account_reset_password_from_key": _reset,
    "mfa_edit_webauthn": partial(_passkey, route="mfa_edit_webauthn"),
    "mfa_remove_webauthn": partial(_passkey, route="mfa_remove_webauthn"),
}
"""Addresses of the log-in library's routes that carry a secret, or name what somebody has."""


def _is_page(response: HttpResponse) -> bool:
    return response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")


def _join(workspace: Workspace, key: RoleKey) -> Membership:
    user = User.objects.create(email=f"{key}@acme.test", name=f"Demo {key}", password="!")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    by = Actor.system(workspace.pk)
    return add_member(workspace=workspace, user=user, role=Role.objects.get(key=key), by=by)


def _browsers(doors: list[str]) -> dict[str, Client]:
    found = {NOBODY: Client(), ANA: _logged_in("ana@acme.test")}
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(_farah(), secret)
    RecoveryCodes.activate(_farah())
    found[HALF] = _logged_in("farah@acme.test")
    found[FARAH] = _logged_in("farah@acme.test")
    code = format_hotp_value(hotp_value(secret, int(now().timestamp()) // 30))
    assert found[FARAH].post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    found[JUN] = _logged_in("jun@acme.test")
    staff = User.objects.create_user("operator@collab.test", PASSWORD, name="Operator", is_staff=True)
    EmailAddress.objects.create(user=staff, email=staff.email, verified=True, primary=True)
    found[OPERATOR] = _logged_in("operator@collab.test")
    for who in (ANA, FARAH, JUN):
        assert found[who].post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    found[GUEST] = Client()
    for door in doors:
        assert found[GUEST].get(door, follow=True).status_code == 200
    WebAuthn.add(User.objects.get(email="jun@acme.test"), "Telefon", passkey())
    return found


def passkey() -> dict[str, Any]:
    """Return what a browser tells of a passkey that it has just made."""
    key = ES256.from_cryptography_key(generate_private_key(SECP256R1()).public_key())
    made = AttestedCredentialData.create(Aaguid.NONE, b"a passkey of Jun", key)
    facts = AuthenticatorData.create(sha256(b"localhost").digest(), AuthenticatorData.FLAG.AT, 0, made)
    said = CollectedClientData.create("webauthn.create", b"challenge", "http://localhost")
    answer = {
        "clientDataJSON": websafe_encode(said),
        "attestationObject": websafe_encode(AttestationObject.create("none", facts, {})),
    }
    ident = websafe_encode(b"a passkey of Jun")
    return {
        "id": ident,
        "rawId": ident,
        "type": "public-key",
        "response": answer,
        "clientExtensionResults": {"credProps": {"rk": False}},
    }


def _logged_in(email: str) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


@contextmanager
def served() -> Iterator[str]:
    """Serve the product from this process, with its styles and scripts, and give its address."""
    server = LiveServerThread("localhost", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    assert server.error is None, server.error
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.terminate()
