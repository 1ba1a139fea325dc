"""An OpenID Connect provider that signs whatever a test wants and answers what a liar would."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT = "collab"


class ForgingProvider:
    """What it publishes and answers; tests change it at will."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.curve = ec.generate_private_key(ec.SECP256R1())
        self.kid = "first"
        self.about: dict[str, Any] = {}
        self.asked: list[str] = []
        self.answer: Any = {}
        self.status = 200
        self.user_info: dict[str, Any] = {}

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """Return claims as an honest provider makes them, with changes; None takes one away."""
        at = int(time.time())
        honest = {"iss": self.issuer, "aud": CLIENT, "sub": "ben", "iat": at, "exp": at + 300, "nonce": nonce}
        return {name: value for name, value in (honest | changes).items() if value is not None}

    def sign(self, claims: dict[str, Any], **head: Any) -> str:
        """Sign claims with the published key."""
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid, **head})

    def public_pem(self) -> bytes:
        """Return the public key as text, which a careless reader takes for a shared secret."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form)

    def document(self) -> dict[str, Any]:
        """Return what it says of itself."""
        places = {
            "authorization_endpoint": "auth",
            "token_endpoint": "token",
            "jwks_uri": "keys",
            "userinfo_endpoint": "me",
        }
        addresses = {name: f"{self.issuer}/{path}" for name, path in places.items()}
        return {"issuer": self.issuer, **addresses, **self.about}

    def keys(self) -> dict[str, Any]:
        """Return its published keys."""
        keys = []
        for name, key in ((self.kid, self.key), ("curve", self.curve)):
            kind = jwt.algorithms.RSAAlgorithm if name == self.kid else jwt.algorithms.ECAlgorithm
            keys.append({**json.loads(kind.to_jwk(key.public_key())), "kid": name, "use": "sig"})
        return {"keys": keys}

    def reply(self, path: str) -> tuple[int, Any]:
        """Return status and body of what was asked."""
        self.asked.append(path)
        if path.startswith("/.well-known/"):
            return 200, self.document()
        if path == "/token":
            return self.status, self.answer
        return 200, self.keys() if path == "/keys" else self.user_info


@contextmanager
def forging_oidc() -> Iterator[ForgingProvider]:
    """Run one on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = provider.reply(self.path.partition("?")[0])
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{provider.issuer}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = ForgingProvider(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
