"""What a provider's answer must be to be believed: each forgery is refused by its name (issue 3, line 7)."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache

from teams import oidc
from teams.oidc import Client
from teams.vouching import LOG_IN, Attempt, Claims, ProviderTrouble, begin_attempt
from tests.peers.forging_oidc import CLIENT, ForgingProvider, forging_oidc

STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SECRET = "a-shared-secret-of-some-length-0123456789"


@pytest.fixture
def forger(settings, db) -> Iterator[ForgingProvider]:
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    cache.clear()
    with forging_oidc() as provider:
        yield provider


@pytest.fixture
def attempt() -> Attempt:
    return begin_attempt({}, "the-provider", purpose=LOG_IN, leads_to="/")


def read(forger: ForgingProvider, attempt: Attempt, token: Any, **answer: str) -> Claims:
    forger.answer = {"access_token": "opaque", "token_type": "Bearer", "id_token": token}
    client = Client(forger.issuer, CLIENT, SECRET, "http://localhost:8000/back/", "groups")
    return oidc.read_answer(client, attempt, {"code": "a-code", "state": attempt.state, **answer})


def unsigned(claims: dict[str, Any], algorithm: str) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}."


def by_confusion(forger: ForgingProvider, claims: dict[str, Any]) -> str:
    """Sign with the public key as if it were a shared secret, by hand: the library refuses to."""
    import hashlib
    import hmac

    head, body = unsigned(claims, "HS256").split(".")[:2]
    mac = hmac.new(forger.public_pem(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


Forgery = Callable[[ForgingProvider, str], Any]
FORGERIES: dict[str, tuple[Forgery, str]] = {
    "unsigned": (lambda f, n: unsigned(f.claims(n), "none"), "alg"),
    "unsigned, oddly spelt": (lambda f, n: unsigned(f.claims(n), "nOnE"), "alg"),
    "public key as secret": (lambda f, n: by_confusion(f, f.claims(n)), "alg"),
    "signed with the client's secret": (
        lambda f, n: jwt.encode(f.claims(n), SECRET, algorithm="HS256"),
        "alg",
    ),
    "signed by a stranger": (
        lambda f, n: jwt.encode(f.claims(n), STRANGER, algorithm="RS256", headers={"kid": f.kid}),
        "InvalidSignatureError",
    ),
    "key of its own in the head": (
        lambda f, n: jwt.encode(
            f.claims(n),
            STRANGER,
            algorithm="RS256",
            headers={
                "kid": "mine",
                "jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(STRANGER.public_key())),
                "jku": "https://evil.example/keys",
            },
        ),
        "key",
    ),
    "names the key of another algorithm": (
        lambda f, n: jwt.encode(f.claims(n), STRANGER, algorithm="RS256", headers={"kid": "curve"}),
        "key",
    ),
    "of another issuer": (lambda f, n: f.sign(f.claims(n, iss="https://evil.example")), "InvalidIssuerError"),
    "of an issuer with a slash more": (
        lambda f, n: f.sign(f.claims(n, iss=f"{f.issuer}/")),
        "InvalidIssuerError",
    ),
    "for another client": (lambda f, n: f.sign(f.claims(n, aud="another")), "InvalidAudienceError"),
    "for nobody": (lambda f, n: f.sign(f.claims(n, aud=None)), "MissingRequiredClaimError"),
    "for several without saying to whom": (lambda f, n: f.sign(f.claims(n, aud=[CLIENT, "another"])), "azp"),
    "issued to another": (lambda f, n: f.sign(f.claims(n, aud=[CLIENT, "another"], azp="another")), "azp"),
    "issued to another alone": (lambda f, n: f.sign(f.claims(n, azp="another")), "azp"),
    "expired": (lambda f, n: f.sign(f.claims(n, exp=int(time.time()) - 120)), "ExpiredSignatureError"),
    "without an end": (lambda f, n: f.sign(f.claims(n, exp=None)), "MissingRequiredClaimError"),
    "from the future": (
        lambda f, n: f.sign(f.claims(n, iat=int(time.time()) + 600)),
        "ImmatureSignatureError",
    ),
    "not valid yet": (lambda f, n: f.sign(f.claims(n, nbf=int(time.time()) + 600)), "ImmatureSignatureError"),
    "of another log-in": (lambda f, _n: f.sign(f.claims("another-nonce")), "nonce"),
    "of no log-in": (lambda f, n: f.sign(f.claims(n, nonce=None)), "nonce"),
    "nonce of another kind": (lambda f, n: f.sign(f.claims(n, nonce=[n])), "nonce"),
    "about nobody": (lambda f, n: f.sign(f.claims(n, sub=None)), "MissingRequiredClaimError"),
    "about an empty name": (lambda f, n: f.sign(f.claims(n, sub="")), "sub"),
    "about somebody with a long name": (lambda f, n: f.sign(f.claims(n, sub="x" * 256)), "sub"),
    "about a number": (lambda f, n: f.sign(f.claims(n, sub=7)), "InvalidSubjectError"),
    "changed after signing": (lambda f, n: f.sign(f.claims(n))[:-8] + "AAAAAAAA", "InvalidSignatureError"),
    "no token": (lambda _f, _n: None, "id_token"),
    "a list": (lambda _f, _n: ["token"], "id_token"),
    "rubbish": (lambda _f, _n: "rubbish", "DecodeError"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_token_is_refused(forger: ForgingProvider, attempt: Attempt, name: str):
    forge, reason = FORGERIES[name]

    with pytest.raises(ProviderTrouble) as caught:
        read(forger, attempt, forge(forger, attempt.nonce))

    assert caught.value.reason == reason


def test_honest_token_is_believed(forger: ForgingProvider, attempt: Attempt):
    token = forger.sign(
        forger.claims(attempt.nonce, email="Ben@Acme.test", groups=["a", 7, "b"], amr=["pwd", "mfa"])
    )

    claims = read(forger, attempt, token, iss=forger.issuer)

    assert claims == Claims("ben", "ben@acme.test", "", ("a", "b"), factor=True)


def test_token_on_an_elliptic_curve_is_believed(forger: ForgingProvider, attempt: Attempt):
    claims = forger.claims(attempt.nonce, email="ben@acme.test", groups=[])
    token = jwt.encode(claims, forger.curve, algorithm="ES256", headers={"kid": "curve"})

    assert read(forger, attempt, token).subject == "ben"


def test_new_key_of_the_provider_is_fetched(forger: ForgingProvider, attempt: Attempt):
    claims = forger.claims(attempt.nonce, email="ben@acme.test", groups=[])
    read(forger, attempt, forger.sign(claims))
    forger.key, forger.kid = STRANGER, "second"

    assert read(forger, attempt, forger.sign(claims)).subject == "ben"
    assert forger.asked.count("/keys") == 2


def test_answer_that_names_another_issuer_is_refused(forger: ForgingProvider, attempt: Attempt):
    token = forger.sign(forger.claims(attempt.nonce))

    with pytest.raises(ProviderTrouble, match="iss"):
        read(forger, attempt, token, iss="https://evil.example")
    forger.about = {"authorization_response_iss_parameter_supported": True}
    cache.clear()
    with pytest.raises(ProviderTrouble, match="iss"):
        read(forger, attempt, token)
    assert "/token" not in forger.asked


def test_user_info_about_somebody_else_is_left_aside(forger: ForgingProvider, attempt: Attempt):
    forger.user_info = {"sub": "eve", "email": "eve@other.test", "groups": ["admins"]}

    claims = read(forger, attempt, forger.sign(forger.claims(attempt.nonce)))

    assert (claims.email, claims.groups) == ("", None)
    forger.user_info["sub"] = "ben"
    assert read(forger, attempt, forger.sign(forger.claims(attempt.nonce))).groups == ("admins",)


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (302, {}, "http_302"),
        (401, {"error": "invalid_client"}, "invalid_client"),
        (500, b"<html>", "json"),
        (200, b"[]", "json"),
        (200, b"[" * 100_000, "json"),
        (200, b" " * 300_000, ""),
    ],
)
def test_token_endpoint_that_misbehaves_is_said(
    forger: ForgingProvider, attempt: Attempt, status: int, answer: Any, reason: str
):
    client = Client(forger.issuer, CLIENT, SECRET, "http://localhost:8000/back/")
    forger.status, forger.answer = status, answer

    with pytest.raises(ProviderTrouble) as caught:
        oidc.read_answer(client, attempt, {"code": "a-code"})

    assert caught.value.reason == reason
    assert "/elsewhere" not in forger.asked


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"issuer": "https://evil.example"}, "issuer"),
        ({"token_endpoint": None}, "token_endpoint"),
        ({"token_endpoint": "http://169.254.169.254/latest/meta-data/"}, "token_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint"),
        ({"authorization_endpoint": "http://elsewhere.example/auth"}, "authorization_endpoint"),
    ],
)
def test_document_that_leads_astray_is_refused(forger: ForgingProvider, about: dict[str, Any], reason: str):
    forger.about = about

    with pytest.raises(ProviderTrouble) as caught:
        oidc.discover(forger.issuer)

    assert caught.value.reason == reason


def test_provider_of_an_own_network_is_not_asked_unless_the_operator_named_it(
    forger: ForgingProvider, settings
):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset()

    with pytest.raises(ProviderTrouble):
        oidc.discover(forger.issuer)
    assert forger.asked == []
