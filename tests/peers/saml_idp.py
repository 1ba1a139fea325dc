"""An identity provider that speaks SAML as strictly as the standard lets it, and signs whatever a test wants signed.

It is served over HTTP, knows the service by the metadata that the service gives out, and signs with xmlsec.
Sources: SAML 2.0 Core §2.3-2.7 and §3.2-3.4, Bindings §3.4 and §3.5 (read 2026-11).
"""

import base64
import html
import re
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "md": MD, "ds": DS}
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
LASTING = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class Keys:
    """A private key and its certificate."""

    def __init__(self, size: int = 2048) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=size)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(
            datetime(2020, 1, 1, tzinfo=UTC)
        )
        certificate = made.not_valid_after(datetime(2040, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
        self.private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.pem = certificate.public_bytes(Encoding.PEM)
        self.line = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


@dataclass
class Asked:
    """A request that the service has sent."""

    id: str
    service: str
    reply_to: str
    state: str


@dataclass
class Answer:
    """What the provider says; each field may be changed to say something else."""

    asked: Asked
    issuer: str
    subject: str
    attributes: dict[str, list[str]] = field(default_factory=dict)
    format: str = LASTING
    audience: str | None = None
    recipient: str | None = None
    destination: str | None = None
    answers: str | None = None
    lasts: timedelta = timedelta(minutes=5)
    begins: timedelta = timedelta(minutes=-1)
    status: str = SUCCESS
    context: str = PASSWORD
    signs: str = "assertion"
    method: Any = xmlsec.Transform.RSA_SHA256
    digest: Any = xmlsec.Transform.SHA256

    def __post_init__(self) -> None:
        self.audience = self.asked.service if self.audience is None else self.audience
        self.recipient = self.asked.reply_to if self.recipient is None else self.recipient
        self.destination = self.asked.reply_to if self.destination is None else self.destination
        self.answers = self.asked.id if self.answers is None else self.answers


class SamlProvider:
    """The provider: whom it knows, and the service that was registered with it."""

    def __init__(self, base: str) -> None:
        self.keys = Keys()
        self.issuer, self.page = f"{base}/metadata", f"{base}/sso?tenant=acme&v=2"
        self.people: dict[str, dict[str, list[str]]] = {}
        self.service: tuple[str, str] = ("", "")
        self.signs_in = "ben"

    def metadata(self, **changes: Any) -> str:
        """Return what an admin pastes."""
        keys: list[Keys] = changes.get("keys", [self.keys])
        page = html.escape(changes.get("page", self.page))
        certificates = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{each.line}'
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for each in keys
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>{changes.get("doctype", "")}'
            f'<md:EntityDescriptor xmlns:md="{MD}" xmlns:ds="{DS}" entityID="{self.issuer}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}">{certificates}'
            f'<md:SingleSignOnService Binding="{changes.get("binding", REDIRECT)}" Location="{page}"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def register(self, metadata: bytes) -> None:
        """Take the service up by its metadata."""
        root = etree.fromstring(metadata)
        (service,) = root.findall("md:SPSSODescriptor/md:AssertionConsumerService", NS)
        assert service.get("Binding") == POST
        assert root.find("md:SPSSODescriptor", NS).get("WantAssertionsSigned") == "true"
        self.service = (root.get("entityID"), service.get("Location"))

    def read(self, address: str) -> Asked:
        """Return what the service asks, where it asks as it should."""
        assert address.startswith(f"{self.page}&"), address
        given = parse_qs(urlsplit(address).query)
        root = etree.fromstring(zlib.decompress(base64.b64decode(given["SAMLRequest"][0]), -15))
        assert root.tag == f"{{{SAMLP}}}AuthnRequest"
        assert (root.get("Version"), root.get("Destination")) == ("2.0", self.page)
        assert NCNAME.fullmatch(root.get("ID"))
        at = datetime.strptime(root.get("IssueInstant"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
        state = given["RelayState"][0]
        assert len(state.encode()) <= 80
        service = root.findtext("saml:Issuer", namespaces=NS)
        assert (service, root.get("AssertionConsumerServiceURL")) == self.service
        assert root.get("ProtocolBinding") == POST
        return Asked(root.get("ID"), *self.service, state)

    def answer(self, asked: Asked, who: str, **changes: Any) -> dict[str, str]:
        """Return the form that the browser carries to the service."""
        keys: Keys = changes.pop("keys", self.keys)
        bend: Callable[[Any], None] = changes.pop("bend", lambda _root: None)
        said = Answer(asked, changes.pop("issuer", self.issuer), who, self.people.get(who, {}), **changes)
        root = _response(said)
        for part in said.signs.split():
            _sign(root, root if part == "response" else root.find("saml:Assertion", NS), keys, said)
        bend(root)
        return form(root, asked.state)


def form(root: Any, state: str) -> dict[str, str]:
    """Return a document as a form carries it."""
    return {"SAMLResponse": base64.b64encode(etree.tostring(root)).decode(), "RelayState": state}


def _response(said: Answer) -> Any:
    now = datetime.now(UTC)
    begins, ends = (_instant(now + span) for span in (said.begins, said.lasts))

    def add(parent: Any, name: str, text: str | None = None, **facts: str | None) -> Any:
        prefix, _colon, tag = name.partition(":")
        kept = {key: value for key, value in facts.items() if value}
        found = etree.SubElement(parent, f"{{{NS[prefix]}}}{tag}", kept)
        found.text = text
        return found

    ids = {"Version": "2.0", "IssueInstant": _instant(now)}
    root = etree.Element(f"{{{SAMLP}}}Response", {"ID": _name(), **ids}, {"samlp": SAMLP, "saml": SAML})
    for key, value in (("Destination", said.destination), ("InResponseTo", said.answers)):
        if value:
            root.set(key, value)
    add(root, "saml:Issuer", said.issuer)
    add(add(root, "samlp:Status"), "samlp:StatusCode", Value=said.status)
    assertion = add(root, "saml:Assertion", ID=_name(), **ids)
    add(assertion, "saml:Issuer", said.issuer)
    subject = add(assertion, "saml:Subject")
    add(subject, "saml:NameID", said.subject, Format=said.format)
    confirmation = add(subject, "saml:SubjectConfirmation", Method=BEARER)
    facts = {"Recipient": said.recipient, "InResponseTo": said.answers, "NotOnOrAfter": ends}
    add(confirmation, "saml:SubjectConfirmationData", **facts)
    conditions = add(assertion, "saml:Conditions", NotBefore=begins, NotOnOrAfter=ends)
    if said.audience:
        add(add(conditions, "saml:AudienceRestriction"), "saml:Audience", said.audience)
    statement = add(assertion, "saml:AuthnStatement", AuthnInstant=_instant(now), SessionIndex=_name())
    add(add(statement, "saml:AuthnContext"), "saml:AuthnContextClassRef", said.context)
    if said.attributes:
        listed = add(assertion, "saml:AttributeStatement")
        for name, values in said.attributes.items():
            one = add(listed, "saml:Attribute", Name=name)
            for value in values:
                add(one, "saml:AttributeValue", value)
    return root


def _sign(root: Any, element: Any, keys: Keys, said: Answer) -> None:
    signature = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, said.method, ns="ds")
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, said.digest, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.private, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(keys.pem, xmlsec.KeyFormat.PEM)
    context.sign(signature)


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _name() -> str:
    return f"_{uuid.uuid4().hex}"


PAGE = """<!doctype html><html lang="en"><title>Provider</title><form method="post" action="{action}">
<input type="hidden" name="SAMLResponse" value="{response}"><input type="hidden" name="RelayState" value="{state}">
<button>Go on as {who}</button></form></html>"""


@contextmanager
def saml_provider() -> Iterator[SamlProvider]:
    """Start the provider on the loopback."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = provider.read(f"http://{self.headers['Host']}{self.path}")
            sent = provider.answer(asked, provider.signs_in)
            page = PAGE.format(
                action=html.escape(asked.reply_to),
                response=sent["SAMLResponse"],
                state=html.escape(sent["RelayState"]),
                who=provider.signs_in,
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    provider = SamlProvider(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
