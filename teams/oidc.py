"""OpenID Connect, the side of the relying party: finds out about a provider, sends people there, reads what it signs.

Every call goes through `core.http`. Believed is only an ID token for our client that is signed by a key which the
issuer publishes and that answers the question asked.
Sources: OpenID Connect Core 1.0 §3.1 and Discovery 1.0 §4; RFC 7636; RFC 9207; RFC 9700 (read 2026-11).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from django.core.cache import cache
from django.utils.translation import gettext as _

from core.http import OutboundError, Refused, Response, outbound
from teams.vouching import Attempt, Claims, ProviderTrouble, distrusted, read_groups, text_of

SCOPES = "openid email profile"
ALGORITHMS = frozenset("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA".split())
KINDS_OF_KEYS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
LEEWAY_SECONDS = 60
DEADLINE_SECONDS = 6.0
MOST_BYTES = 256_000
MOST_KEYS = 50
KEPT_SECONDS = 600
SECOND_STEP = "mfa"
"""The value of `amr` that says that more than one factor was shown. Source: RFC 8176 §2."""


@dataclass(frozen=True, slots=True)
class Client:
    """What we are to a provider."""

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str
    groups_claim: str = ""


def discover(issuer: str, *, anew: bool = False) -> dict[str, Any]:
    """Return what the issuer says of itself, kept for ten minutes. Raises: ProviderTrouble."""
    name = f"oidc:{hashlib.sha256(issuer.encode()).hexdigest()}"
    found: dict[str, Any] | None = None if anew else cache.get(name)
    if found is None:
        found = _document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        _check_document(found, issuer)
        cache.set(name, found, KEPT_SECONDS)
    return found


def address_to_ask(client: Client, attempt: Attempt) -> str:
    """Return the provider's page to which a browser is sent. Raises: ProviderTrouble."""
    about = discover(client.issuer)
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": SCOPES,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
    }
    page = about["authorization_endpoint"]
    return f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}"


def read_answer(client: Client, attempt: Attempt, answer: Mapping[str, str]) -> Claims:
    """Return whom the provider means by the answer that a browser brought. Raises: ProviderTrouble."""
    about = discover(client.issuer)
    said = answer.get("iss")
    if said is None and about.get("authorization_response_iss_parameter_supported") is True:
        raise distrusted("iss")
    if said is not None and said != client.issuer:
        raise distrusted("iss")
    if "error" in answer:
        raise ProviderTrouble(_("The provider did not let you in."), answer["error"][:60])
    code = answer.get("code", "")
    if not 1 <= len(code) <= 4096:
        raise distrusted("code")
    tokens = _redeem(client, about, attempt, code)
    claims = _verified(client, about, attempt, tokens.get("id_token"))
    wanted = [name for name in ("email", client.groups_claim) if name]
    if any(name not in claims for name in wanted):
        claims = {**_user_info(about, tokens.get("access_token"), claims["sub"]), **claims}
    methods = claims.get("amr")
    return Claims(
        subject=claims["sub"],
        email=text_of(claims, "email", 254).lower(),
        name=text_of(claims, "name", 120),
        groups=read_groups(claims, client.groups_claim),
        factor=isinstance(methods, list) and SECOND_STEP in methods,
    )


def _redeem(client: Client, about: Mapping[str, Any], attempt: Attempt, code: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": attempt.verifier,
    }
    headers = {"Accept": "application/json"}
    ways = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not client.secret:
        form["client_id"] = client.client_id
    elif "client_secret_basic" in ways:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": client.client_id, "client_secret": client.secret}
    answer = _call("POST", about["token_endpoint"], headers=headers, data=form)
    found = _json_of(answer)
    if not answer.ok:
        reason = text_of(found, "error", 60) or f"http_{answer.status}"
        raise ProviderTrouble(_("The provider did not take our client."), reason)
    return found


def _verified(client: Client, about: Mapping[str, Any], attempt: Attempt, token: Any) -> dict[str, Any]:
    """Return the claims of an ID token that answers this attempt. Raises: ProviderTrouble."""
    if not isinstance(token, str) or len(token) > MOST_BYTES:
        raise distrusted("id_token")
    try:
        head = jwt.get_unverified_header(token)
        algorithm = head.get("alg")
        if algorithm not in ALGORITHMS:
            raise distrusted("alg")
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(about, head, algorithm),
            algorithms=[algorithm],
            audience=client.client_id,
            issuer=client.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except jwt.PyJWTError as error:
        raise distrusted(type(error).__name__) from error
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", client.client_id) != client.client_id or (len(audience) > 1 and "azp" not in claims):
        raise distrusted("azp")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), attempt.nonce.encode()):
        raise distrusted("nonce")
    if not text_of(claims, "sub", 255):
        raise distrusted("sub")
    return claims


def _key(about: Mapping[str, Any], head: Mapping[str, Any], algorithm: str) -> jwt.PyJWK:
    """Return the published key that a token names; keys may have changed since they were last read."""
    for anew in (False, True):
        keys = [key for key in _keys(about["jwks_uri"], anew=anew) if _fits(key, head, algorithm)]
        if len(keys) == 1:
            return jwt.PyJWK.from_dict(keys[0], algorithm=algorithm)
    raise distrusted("key")


def _fits(key: Any, head: Mapping[str, Any], algorithm: str) -> bool:
    if not isinstance(key, dict) or key.get("kty") != KINDS_OF_KEYS[algorithm[:2]]:
        return False
    named = "kid" not in head or key.get("kid") == head["kid"]
    return bool(named and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm)


def _keys(address: str, *, anew: bool) -> list[Any]:
    name = f"jwks:{hashlib.sha256(address.encode()).hexdigest()}"
    found: list[Any] | None = None if anew else cache.get(name)
    if found is None:
        listed = _document(address).get("keys")
        found = listed[:MOST_KEYS] if isinstance(listed, list) else []
        cache.set(name, found, KEPT_SECONDS)
    return found


def _user_info(about: Mapping[str, Any], token: Any, subject: str) -> dict[str, Any]:
    """Return what the provider tells about the person besides; nothing where it has no such page."""
    address = about.get("userinfo_endpoint")
    if not isinstance(address, str) or not isinstance(token, str):
        return {}
    try:
        answer = _call("GET", address, headers={"Authorization": f"Bearer {token}"})
    except ProviderTrouble:
        return {}
    found = _json_of(answer) if answer.ok else {}
    return found if found.get("sub") == subject else {}


def _document(address: str) -> dict[str, Any]:
    answer = _call("GET", address, headers={"Accept": "application/json"})
    if not answer.ok:
        raise ProviderTrouble(_("The provider could not be asked."), f"http_{answer.status}")
    return _json_of(answer)


def _check_document(found: Mapping[str, Any], issuer: str) -> None:
    """Pass where the document is the issuer's own and its addresses can be used. Raises: ProviderTrouble."""
    if found.get("issuer") != issuer:
        raise distrusted("issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        address = found.get(name)
        if not isinstance(address, str):
            raise distrusted(name)
        try:
            outbound().check(address)
        except Refused as error:
            raise ProviderTrouble(error.message, name) from error


def _call(method: str, address: str, **content: Any) -> Response:
    try:
        return outbound().request(
            method, address, deadline_seconds=DEADLINE_SECONDS, max_response_bytes=MOST_BYTES, **content
        )
    except Refused as error:
        raise ProviderTrouble(error.message, "") from error
    except OutboundError as error:
        raise ProviderTrouble(_("The provider could not be reached."), "") from error


def _json_of(answer: Response) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise distrusted("json")
    return found
