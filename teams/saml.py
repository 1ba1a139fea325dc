"""SAML 2.0, the side of the service provider: reads metadata, sends people there, reads what a provider signs.

Schema, signatures and times are checked by python3-saml, on which allauth's own SAML rests; what it lets pass is
refused here: an answer without audience or recipient, one for a longer address than ours, one that answers nothing
that was asked. Nothing is fetched.
Sources: SAML 2.0 Core §2 and §3.4, Bindings §3.4 and §3.5, Profiles §4.1 (read 2026-11).
"""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, load_der_x509_certificate
from django.conf import settings as django_settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from core.clock import now
from core.ids import secret_token
from teams.vouching import Attempt, Claims, ProviderTrouble, distrusted, read_groups, stray, text_of

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
LASTING = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
PASSING = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
AN_ADDRESS = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
MOST_CHARACTERS = 300_000
MOST_CERTIFICATES = 10
SHORTEST_RSA = 2048
LEEWAY_SECONDS = 60
KEPT_SECONDS = 120
LONGEST_SECONDS = 86_400

EMAILS = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "mail",
    "email",
    "emailAddress",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
NAMES = (
    "urn:oid:2.16.840.1.113730.3.1.241",
    "displayName",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "urn:oid:2.5.4.3",
    "name",
)
SECOND_STEPS = frozenset({
    "https://refeds.org/profile/mfa",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered",
    "http://schemas.microsoft.com/claims/multipleauthn",
})  # fmt: skip
METHODS = "http://schemas.microsoft.com/claims/authnmethodsreferences"

_REASONS = {
    number: name.lower()
    for name, number in vars(OneLogin_Saml2_ValidationError).items()
    if name.isupper() and isinstance(number, int)
}


@dataclass(frozen=True, slots=True)
class Description:
    """What a provider says of itself: its name, its page for logging in, the certificates of its keys (DER, base64)."""

    issuer: str
    sso_url: str
    certificates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Party:
    """The provider, and what we are to it."""

    provider: Description
    entity_id: str
    reply_to: str
    groups_attribute: str = ""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a provider has signed: whom it means, which request it answers, and until when it may be shown."""

    id: str
    answers: str
    claims: Claims
    ends_at: float


def read_metadata(text: str) -> Description:
    """Return what the metadata of one identity provider says. Raises: ProviderTrouble."""
    root = _parsed(text)
    entities = OneLogin_Saml2_XML.query(root, "//md:EntityDescriptor[md:IDPSSODescriptor]")
    if len(entities) != 1:
        raise ProviderTrouble(_("This is not the metadata of one identity provider."), "entity")
    entity = entities[0]
    role = "./md:IDPSSODescriptor"
    pages = OneLogin_Saml2_XML.query(entity, f"{role}/md:SingleSignOnService[@Binding='{REDIRECT}']")
    page = pages[0].get("Location", "") if pages else ""
    if not _is_page(page):
        raise ProviderTrouble(_("The metadata names no page for logging in by redirect over https."), "sso")
    keys = f"{role}/md:KeyDescriptor[not(@use) or @use='signing']//ds:X509Certificate"
    certificates = dict.fromkeys(_certificate(node) for node in OneLogin_Saml2_XML.query(entity, keys))
    issuer = entity.get("entityID", "").strip()
    if not certificates or len(certificates) > MOST_CERTIFICATES:
        raise ProviderTrouble(_("The metadata holds no certificate for signing."), "certificate")
    if not 1 <= len(issuer) <= 500:
        raise ProviderTrouble(_("This is not the metadata of one identity provider."), "entity")
    return Description(issuer, page, tuple(certificates))


def own_metadata(entity_id: str, reply_to: str) -> bytes:
    """Return what we say of ourselves to a provider."""
    root = etree.Element(f"{{{METADATA}}}EntityDescriptor", {"entityID": entity_id}, {"md": METADATA})
    role = etree.SubElement(
        root,
        f"{{{METADATA}}}SPSSODescriptor",
        {
            "AuthnRequestsSigned": "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": PROTOCOL,
        },
    )
    for form in (LASTING, AN_ADDRESS):
        etree.SubElement(role, f"{{{METADATA}}}NameIDFormat").text = form
    service = {"Binding": POST, "Location": reply_to, "index": "0", "isDefault": "true"}
    etree.SubElement(role, f"{{{METADATA}}}AssertionConsumerService", service)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def request_id(attempt: Attempt) -> str:
    """Return the name of the request that begins a log-in, which the answer must repeat."""
    return f"_{attempt.nonce}"


def address_to_ask(party: Party, attempt: Attempt) -> str:
    """Return the provider's page to which a browser is sent, with the request."""
    page = party.provider.sso_url
    root = etree.Element(
        f"{{{PROTOCOL}}}AuthnRequest",
        {
            "ID": request_id(attempt),
            "Version": "2.0",
            "IssueInstant": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Destination": page,
            "AssertionConsumerServiceURL": party.reply_to,
            "ProtocolBinding": POST,
        },
        {"samlp": PROTOCOL, "saml": ASSERTION},
    )
    etree.SubElement(root, f"{{{ASSERTION}}}Issuer").text = party.entity_id
    etree.SubElement(root, f"{{{PROTOCOL}}}NameIDPolicy", {"AllowCreate": "true"})
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    squeezed = squeezer.compress(etree.tostring(root)) + squeezer.flush()
    asked = {"SAMLRequest": base64.b64encode(squeezed).decode(), "RelayState": attempt.state}
    return f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}"


def read_answer(party: Party, encoded: str) -> Assertion:
    """Return what the provider has signed in an answer that a browser brought. Raises: ProviderTrouble.

    Whether this browser asked for it is for the caller to see: `answers` names the request.
    """
    if not 1 <= len(encoded) <= MOST_CHARACTERS:
        raise distrusted("response")
    response = _checked(party, encoded)
    confirmation = _confirmation(party, response)
    answers = confirmation.get("InResponseTo")
    if response.get_in_response_to() not in (None, answers):
        raise distrusted("wrong_inresponseto")
    if response.document.get("Destination") not in (None, party.reply_to):
        raise distrusted("wrong_destination")
    limits = response._query_assertion("/saml:Conditions/saml:AudienceRestriction")
    named = [[text.text for text in limit.iterchildren(f"{{{ASSERTION}}}Audience")] for limit in limits]
    if not named or not all(party.entity_id in audience for audience in named):
        raise distrusted("wrong_audience")
    ends_at = float(OneLogin_Saml2_Utils.parse_SAML_to_time(confirmation.get("NotOnOrAfter")))
    return Assertion(response.get_assertion_id(), answers, _claims(party, response), ends_at)


def fits(assertion: Mapping[str, Any], attempt: Attempt) -> bool:
    """Tell whether an assertion, as it was kept, answers the request that this browser began."""
    return hmac.compare_digest(str(assertion["answers"]).encode(), request_id(attempt).encode())


def keep_answer(provider_id: Any, assertion: Assertion, *, state: str) -> str:
    """Keep what a provider has signed until the browser comes for it; return the secret that it comes with.

    Raises: ProviderTrouble for an assertion that was shown before.
    """
    rest = (
        min(LONGEST_SECONDS, max(LEEWAY_SECONDS, int(assertion.ends_at - now().timestamp()))) + LEEWAY_SECONDS
    )
    shown = hashlib.sha256(f"{provider_id} {assertion.id}".encode()).hexdigest()
    if not cache.add(f"saml-shown:{shown}", True, rest):
        raise distrusted("replayed")
    ticket = secret_token()
    kept = {"answers": assertion.answers, "claims": asdict(assertion.claims), "state": state}
    cache.set(_place(provider_id, ticket), kept, KEPT_SECONDS)
    return ticket


def take_answer(provider_id: Any, ticket: str) -> dict[str, Any]:
    """Return what was kept, which cannot be taken again. Raises: ProviderTrouble."""
    place = _place(provider_id, ticket)
    kept: dict[str, Any] | None = cache.get(place)
    if kept is None:
        raise stray()
    cache.delete(place)
    return kept


def _place(provider_id: Any, ticket: str) -> str:
    return f"saml:{hashlib.sha256(f'{provider_id} {ticket}'.encode()).hexdigest()}"


def _checked(party: Party, encoded: str) -> OneLogin_Saml2_Response:
    page = urlsplit(party.reply_to)
    asked = {"https": "on" if page.scheme == "https" else "off", "http_host": page.netloc}
    try:
        response = OneLogin_Saml2_Response(_settings(party), encoded)
        response.is_valid({**asked, "script_name": page.path, "get_data": {}}, raise_exceptions=True)
    except OneLogin_Saml2_ValidationError as error:
        raise distrusted(_REASONS.get(error.code, "saml")) from error
    except (
        Exception
    ) as error:  # hostile bytes went through an XML and a signature library: whatever it is, it is no
        raise distrusted(type(error).__name__) from error
    return response


def _settings(party: Party) -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings({
        "strict": True,
        "sp": {
            "entityId": party.entity_id,
            "assertionConsumerService": {"url": party.reply_to, "binding": POST},
        },
        "idp": {
            "entityId": party.provider.issuer,
            "singleSignOnService": {"url": party.provider.sso_url, "binding": REDIRECT},
            "x509certMulti": {"signing": list(party.provider.certificates)},
        },
        "security": {
            "allowRepeatAttributeName": True,
            "allowSingleLabelDomains": True,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "wantAttributeStatement": False,
            "wantNameId": True,
        },
    })  # fmt: skip


def _confirmation(party: Party, response: OneLogin_Saml2_Response) -> Any:
    """Return the part that says by whom, where, until when and in answer to what the assertion may be shown.

    Raises: ProviderTrouble where none fits: the library lets one without a recipient pass, and one in whose
    recipient our address merely occurs.
    """
    data = f"/saml:Subject/saml:SubjectConfirmation[@Method='{BEARER}']/saml:SubjectConfirmationData"
    earliest = now().timestamp() - LEEWAY_SECONDS
    for found in response._query_assertion(data):
        ends = found.get("NotOnOrAfter")
        is_timed = bool(ends) and float(OneLogin_Saml2_Utils.parse_SAML_to_time(ends)) > earliest
        if is_timed and found.get("Recipient") == party.reply_to and found.get("InResponseTo"):
            return found
    raise distrusted("wrong_subjectconfirmation")


def _claims(party: Party, response: OneLogin_Saml2_Response) -> Claims:
    try:
        name = response.get_nameid_data()
        attributes = response.get_attributes()
        contexts = set(response.get_authn_contexts())
    except OneLogin_Saml2_ValidationError as error:
        raise distrusted(_REASONS.get(error.code, "saml")) from error
    subject = text_of({"name": name.get("Value")}, "name", 255)
    if not subject:
        raise distrusted("nameid")
    if name.get("Format") == PASSING:
        raise ProviderTrouble(
            _("The provider calls people by another name each time. Let it send a lasting one."), "transient"
        )
    firsts = {key: values[0] for key, values in attributes.items() if values}
    email = next((found for key in EMAILS if (found := text_of(firsts, key, 254))), "")
    wanted = party.groups_attribute
    return Claims(
        subject=subject,
        email=(email or (subject if name.get("Format") == AN_ADDRESS else "")).lower(),
        name=next((found for key in NAMES if (found := text_of(firsts, key, 120))), ""),
        groups=(read_groups(attributes, wanted) or ()) if wanted else None,
        factor=bool(SECOND_STEPS & {*contexts, *map(str, attributes.get(METHODS, ()))}),
    )


def _parsed(text: str) -> Any:
    """Return pasted XML; one with a document type or entities is refused. Raises: ProviderTrouble."""
    trouble = ProviderTrouble(_("This is not the metadata of one identity provider."), "xml")
    if not 1 <= len(text) <= MOST_CHARACTERS:
        raise trouble
    try:
        return OneLogin_Saml2_XML.to_etree(text.strip())
    except (ValueError, SyntaxError, etree.LxmlError) as error:
        raise trouble from error


def _certificate(node: Any) -> str:
    """Return a certificate in one line, where its key may sign. Raises: ProviderTrouble."""
    text = "".join((node.text or "").split())
    try:
        found: Certificate = load_der_x509_certificate(base64.b64decode(text, validate=True))
        key = found.public_key()
    except (ValueError, TypeError, binascii.Error) as error:
        raise ProviderTrouble(
            _("The metadata holds a certificate that cannot be read."), "certificate"
        ) from error
    if isinstance(key, RSAPublicKey) and key.key_size < SHORTEST_RSA:
        raise ProviderTrouble(_("The metadata holds a key that is too short."), "certificate")
    return text


def _is_page(address: str) -> bool:
    """Tell whether people can be sent there: over https, or to a host that the operator has named as an own one.

    Only browsers go there, so that a provider inside a company's network is a good one.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_own = parts.scheme == "http" and parts.hostname in django_settings.OUTBOUND_ALLOW_PRIVATE_HOSTS
    return len(address) <= 500 and bool(parts.hostname) and (parts.scheme == "https" or is_own)
