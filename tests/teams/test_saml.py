"""Log-in by a workspace's own SAML provider, against a strict one that signs with xmlsec (issue 3, line 7)."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
import xmlsec
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from lxml import etree

from activity.models import Entry
from teams import saml
from teams.models import GroupRule, Identity, Invitation, Membership, Provider, Role, User
from teams.saml import Party, read_metadata
from teams.states import RoleKey
from teams.tenancy import workspace_scope
from teams.vouching import LOG_IN, Claims, ProviderTrouble, begin_attempt
from tests.factories.people import PASSWORD, Cast
from tests.peers.saml_idp import NS, Asked, Keys, SamlProvider, form, saml_provider

MEMBERS, SETTINGS = "/w/acme/members/", "/w/acme/log-in/"
CONNECTION = "/sso/acme/connection/"
REPLY = "http://localhost:8000/sso/acme/saml/"
STRANGER = Keys()


@pytest.fixture
def idp(settings, db) -> Iterator[SamlProvider]:
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    cache.clear()
    with saml_provider() as provider:
        yield provider


def configure(client_as, owner: Membership, idp: SamlProvider) -> Client:
    """Set the provider up as an owner does: fetch our file, paste theirs, try, switch on."""
    browser = client_as(owner)
    idp.register(browser.get(f"{SETTINGS}saml/metadata.xml").content)
    facts = {"name": "Acme account", "metadata": idp.metadata(), "groups_claim": "groups"}
    saved = browser.post(f"{SETTINGS}saml/", facts)
    assert saved.status_code == 302, saved.content.decode()
    assert browser.post(f"{SETTINGS}switch/", {"state": "on"}).status_code == 422
    idp.people["trier"] = {"mail": ["Trier@Acme.test"], "groups": ["testers"]}
    assert travel(browser, idp, "trier", f"{SETTINGS}trial/")["Location"] == SETTINGS
    assert "trier@acme.test" in browser.get(SETTINGS).content.decode()
    assert browser.post(f"{SETTINGS}switch/", {"state": "on"}).status_code == 302
    return browser


def travel(browser: Client, idp: SamlProvider, who: str, start: str = "/sso/acme/start/") -> Any:
    """Go to the provider's page, go on from there, and come back; return what the last of our pages answers."""
    away = browser.get(start)
    assert away.status_code == 302, away.content.decode()
    idp.signs_in = who
    with urlopen(away["Location"]) as answer:  # the provider of this test
        page = answer.read().decode()
    action = re.search(r'action="([^"]+)"', page)
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    assert action
    assert unescape(action[1]) == REPLY
    return carry(browser, {name: unescape(value) for name, value in sent.items()})


def carry(browser: Client, sent: dict[str, str]) -> Any:
    """Send the form as a browser does from another site: without cookies; then follow with them."""
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post(urlsplit(REPLY).path, sent, headers={"Origin": "http://127.0.0.1"})
    assert "sessionid" not in answer.cookies
    if answer.status_code != 303:
        return answer
    return browser.get(answer["Location"])


def connect(browser: Client, idp: SamlProvider, who: str) -> Client:
    assert travel(browser, idp, who)["Location"] == CONNECTION
    assert browser.post(CONNECTION).status_code == 302
    return browser


@pytest.fixture
def connected(cast: Cast, client_as, idp: SamlProvider) -> Cast:
    """Acme with the provider switched on, and Ben connected with it."""
    configure(client_as, cast.ana, idp)
    connect(client_as(cast.ben), idp, "ben")
    return cast


# The way there and back


def test_member_connects_once_and_then_logs_in_by_the_provider(connected: Cast, idp: SamlProvider):
    browser = Client()

    back = travel(browser, idp, "ben", "/sso/acme/start/?next=/w/acme/absences/")

    assert (back.status_code, back["Location"]) == (302, "/w/acme/absences/")
    assert "Ben Tan, your account" in browser.get(MEMBERS).content.decode()
    assert browser.get("/account/")["Location"].startswith("/accounts/login/")
    with workspace_scope(connected.acme.pk):
        assert Identity.objects.get().hint == ""
        assert Entry.objects.filter(verb="teams.provider.configured").count() == 1


def test_session_stands_among_the_devices_and_is_ended_there(connected: Cast, client_as, idp: SamlProvider):
    """Issue 3, line 7: it survives other log-ins of the person, and ends by his hand."""
    browser, other = Client(HTTP_USER_AGENT="Firefox/142.0 (Windows NT 10.0)"), Client()
    for each in (browser, other):
        travel(each, idp, "ben")
    own = Client()
    own.post("/accounts/login/", {"login": "ben@acme.test", "password": PASSWORD})

    listed = own.get("/accounts/sessions/").content.decode()

    assert listed.count("by the log-in of Acme Kopi, for that workspace only") == 2
    row = UserSession.objects.get(session_key=browser.cookies["sessionid"].value)
    assert own.post(f"/account/sessions/{row.pk}/ending/").status_code == 302
    assert [each.get(MEMBERS).status_code for each in (browser, other, own)] == [302, 200, 200]
    assert client_as(connected.eve).post(f"/account/sessions/{row.pk}/ending/").status_code == 404
    own.post("/accounts/sessions/")
    assert [each.get(MEMBERS).status_code for each in (other, own)] == [302, 200]


@pytest.mark.parametrize("how", ["provider", "connection"])
def test_a_session_whose_connection_is_gone_leaves_the_list_of_devices(
    connected: Cast, client_as, idp: SamlProvider, how: str
):
    """Issue 3, line 7: removed with the provider or alone; a provider that is only switched off may come back."""
    by_provider, own = Client(), Client()
    travel(by_provider, idp, "ben")
    own.post("/accounts/login/", {"login": "ben@acme.test", "password": PASSWORD})
    said = "by the log-in of Acme Kopi, for that workspace only"
    ana = client_as(connected.ana)

    ana.post(f"{SETTINGS}switch/", {"state": "off"})
    assert own.get("/accounts/sessions/").content.decode().count(said) == 1
    ana.post(f"{SETTINGS}switch/", {"state": "on"})
    assert by_provider.get(MEMBERS).status_code == 200
    with workspace_scope(connected.acme.pk):
        identity = Identity.objects.get()
    gone = (
        f"{SETTINGS}connections/{identity.pk}/removal/"
        if how == "connection"
        else f"{SETTINGS}provider/removal/"
    )
    assert ana.post(gone).status_code == 302

    page = own.get("/accounts/sessions/").content.decode()
    assert said not in page
    assert not UserSession.objects.filter(session_key=by_provider.cookies["sessionid"].value).exists()
    assert UserSession.objects.filter(session_key=own.cookies["sessionid"].value).exists()
    assert by_provider.get(MEMBERS).status_code == 302


def test_metadata_is_public_once_a_provider_stands(cast: Cast, client_as, idp: SamlProvider):
    address = "/sso/acme/saml/metadata.xml"
    assert Client().get(address).status_code == 404
    assert client_as(cast.ben).get(f"{SETTINGS}saml/metadata.xml").status_code == 403
    page = configure(client_as, cast.ana, idp).get(f"{SETTINGS}saml/").content.decode()
    assert f'value="http://localhost:8000{address}"' in page
    assert f'value="{REPLY}"' in page
    assert "BEGIN" not in page
    idp.register(Client().get(address).content)


def test_answer_counts_once_and_only_in_the_browser_that_asked(connected: Cast, idp: SamlProvider):
    browser, thief = Client(), Client()
    asked = idp.read(browser.get("/sso/acme/start/")["Location"])
    sent = idp.answer(asked, "ben")

    landed = Client().post(urlsplit(REPLY).path, sent)["Location"]
    stolen = thief.get(landed)

    assert stolen.status_code == 422
    assert "was not begun in this browser" in stolen.content.decode()
    assert thief.get(MEMBERS).status_code == 302
    assert browser.get(landed).status_code == 422
    assert "replayed" in carry(browser, sent).content.decode()
    assert browser.get(MEMBERS).status_code == 302


def test_answer_to_another_request_of_the_same_browser_is_refused(connected: Cast, idp: SamlProvider):
    browser = Client()
    first, second = (idp.read(browser.get("/sso/acme/start/")["Location"]) for _number in range(2))

    back = carry(browser, idp.answer(replace(first, state=second.state), "ben"))

    assert "wrong_inresponseto" in back.content.decode()
    assert browser.get(MEMBERS).status_code == 302


def test_groups_give_roles_and_none_take_them(connected: Cast, idp: SamlProvider):
    with workspace_scope(connected.acme.pk):
        lead = Role.objects.get(key=RoleKey.LEAD)
        GroupRule(workspace_id=connected.acme.pk, group="desk", role=lead).save()

    def role_after(**attributes: list[str]) -> str:
        idp.people["ben"] = attributes
        travel(Client(), idp, "ben")
        with workspace_scope(connected.acme.pk):
            return Membership.objects.get(pk=connected.ben.pk).role.key

    assert role_after(groups=["desk", "others"]) == RoleKey.LEAD
    assert role_after() == RoleKey.VIEWER


# A hostile provider gets nothing


@pytest.mark.parametrize("who", ["eve@other.test", "ana@acme.test", "eve"])
def test_address_of_somebody_opens_nothing(connected: Cast, idp: SamlProvider, who: str):
    """Neither Eve of another workspace nor Ana, who has not connected herself, is let in by her address."""
    idp.people[who] = {"mail": ["eve@other.test"], "displayName": ["Eve Lim"]}
    before = list(User.objects.order_by("pk").values_list("pk", "email", "name", "password"))
    browser = Client()

    back = travel(browser, idp, who)

    assert back["Location"] == CONNECTION
    assert [browser.get(page).status_code for page in (MEMBERS, "/w/other/members/")] == [302, 302]
    assert browser.post(CONNECTION).status_code == 403
    assert list(User.objects.order_by("pk").values_list("pk", "email", "name", "password")) == before
    with workspace_scope(connected.acme.pk):
        assert [row.subject for row in Identity.objects.all()] == ["ben"]
        assert not Invitation.objects.exists()


def test_session_of_one_workspaces_provider_opens_no_other(connected: Cast, client_as, idp: SamlProvider):
    browser = Client()
    travel(browser, idp, "ben")
    assert browser.get(MEMBERS).status_code == 200
    for page in ("/w/other/members/", "/account/", "/workspaces/new/"):
        assert browser.get(page).status_code in (302, 404), page
    with workspace_scope(connected.other.pk):
        assert not Provider.objects.exists()
    assert browser.post("/sso/other/saml/", {"SAMLResponse": "x"}).status_code == 404


def test_another_certificate_switches_off_until_it_is_tried(connected: Cast, client_as, idp: SamlProvider):
    owner = client_as(connected.ana)
    idp.keys = STRANGER
    assert "invalid_signature" in travel(Client(), idp, "ben").content.decode()
    facts = {"name": "Acme account", "metadata": "", "groups_claim": "groups"}
    assert owner.post(f"{SETTINGS}saml/", facts).status_code == 302
    with workspace_scope(connected.acme.pk):
        assert Provider.objects.get().is_on
    assert owner.post(f"{SETTINGS}saml/", {**facts, "metadata": idp.metadata()}).status_code == 302
    with workspace_scope(connected.acme.pk):
        assert not Provider.objects.get().is_on
        assert Identity.objects.count() == 1
    assert Client().get("/sso/acme/start/").status_code == 404
    assert travel(owner, idp, "trier", f"{SETTINGS}trial/")["Location"] == SETTINGS


# What is signed, and what is not


@pytest.fixture
def asked() -> Asked:
    attempt = begin_attempt({}, "the-provider", purpose=LOG_IN, leads_to="/")
    return Asked(saml.request_id(attempt), f"{REPLY}metadata.xml", REPLY, attempt.state)


def party(idp: SamlProvider) -> Party:
    return Party(read_metadata(idp.metadata()), f"{REPLY}metadata.xml", REPLY, "groups")


def part(root: Any, path: str) -> Any:
    found = root.find(path, NS)
    assert found is not None, path
    return found


def set_text(path: str, text: str) -> Callable[[Any], None]:
    return lambda root: setattr(part(root, path), "text", text)


def drop(path: str) -> Callable[[Any], None]:
    def bend(root: Any) -> None:
        found = part(root, path)
        found.getparent().remove(found)

    return bend


def wrap(root: Any) -> None:
    """Put an own assertion in front, and hide the signed one where only a look at any depth finds it."""
    signed = part(root, "saml:Assertion")
    own = etree.fromstring(etree.tostring(signed))
    own.set("ID", "_own")
    own.remove(part(own, "ds:Signature"))
    part(own, "saml:Subject/saml:NameID").text = "ana"
    root.replace(signed, own)
    etree.SubElement(root, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions").append(signed)


def double(root: Any) -> None:
    signed = part(root, "saml:Assertion")
    own = etree.fromstring(etree.tostring(signed))
    own.set("ID", "_own")
    own.remove(part(own, "ds:Signature"))
    root.insert(0, own)


NAME = "saml:Assertion/saml:Subject/saml:NameID"
FORGERIES: dict[str, tuple[dict[str, Any], str]] = {
    "unsigned": ({"signs": ""}, "no_signature_found"),
    "signature taken off": ({"bend": drop("saml:Assertion/ds:Signature")}, "no_signature_found"),
    "signed by a stranger": ({"keys": STRANGER}, "invalid_signature"),
    "changed after signing": ({"bend": set_text(NAME, "ana")}, "invalid_signature"),
    "changed after signing the whole": (
        {"signs": "response", "bend": set_text(NAME, "ana")},
        "invalid_signature",
    ),
    "signed by a broken method": (
        {"method": xmlsec.Transform.RSA_SHA1, "digest": xmlsec.Transform.SHA1},
        "deprecated_signature_method",
    ),
    "wrapped": ({"bend": wrap}, "wrong_number_of_assertions"),
    "two assertions": ({"bend": double}, "wrong_number_of_assertions"),
    "expired": ({"lasts": timedelta(minutes=-10)}, "assertion_expired"),
    "not valid yet": ({"begins": timedelta(minutes=10)}, "assertion_too_early"),
    "for another service": ({"audience": "https://evil.example"}, "wrong_audience"),
    "for a service whose name begins as ours": (
        {"audience": f"{REPLY}metadata.xml.evil.example"},
        "wrong_audience",
    ),
    "for nobody": ({"audience": ""}, "wrong_audience"),
    "to another address": ({"recipient": "https://evil.example/"}, "wrong_subjectconfirmation"),
    "to an address that holds ours": (
        {"recipient": f"https://evil.example/?{REPLY}"},
        "wrong_subjectconfirmation",
    ),
    "to no address": ({"recipient": ""}, "wrong_subjectconfirmation"),
    "sent to an address that begins as ours": ({"destination": f"{REPLY}evil/"}, "wrong_destination"),
    "sent elsewhere": ({"destination": "https://evil.example/"}, "wrong_destination"),
    "of another issuer": ({"issuer": "https://evil.example"}, "wrong_issuer"),
    "in answer to nothing": ({"answers": ""}, "wrong_subjectconfirmation"),
    "of a log-in that failed": (
        {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"},
        "status_code_is_not_success",
    ),
    "about a passing name": (
        {"format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
        "transient",
    ),
    "about an empty name": ({"who": " "}, "nameid"),
    "about a long name": ({"who": "x" * 256}, "nameid"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_assertion_is_refused(idp: SamlProvider, asked: Asked, name: str):
    changes, reason = FORGERIES[name]
    sent = idp.answer(asked, **{"who": "ben", **changes})

    with pytest.raises(ProviderTrouble) as caught:
        saml.read_answer(party(idp), sent["SAMLResponse"])

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"rubbish",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"<a>" * 100_000,
        b"<a>" + b" " * 400_000 + b"</a>",
    ],
)
def test_document_that_is_none_is_refused(idp: SamlProvider, content: bytes):
    with pytest.raises(ProviderTrouble):
        saml.read_answer(party(idp), base64.b64encode(content).decode())


@pytest.mark.parametrize("signs", ["assertion", "response", "assertion response"])
def test_honest_assertion_is_believed(idp: SamlProvider, asked: Asked, signs: str):
    idp.people["ben"] = {
        "mail": ["Ben@Acme.test"],
        "displayName": ["Ben <b>Tan"],
        "groups": ["a", "b"],
    }
    context = "https://refeds.org/profile/mfa"
    sent = idp.answer(asked, "ben", signs=signs, context=context)

    found = saml.read_answer(party(idp), sent["SAMLResponse"])

    assert found.claims == Claims("ben", "ben@acme.test", "Ben <b>Tan", ("a", "b"), factor=True)
    assert found.answers == asked.id


def test_comment_within_a_name_changes_nobody(idp: SamlProvider, asked: Asked):
    """What is signed without comments is read without them, too: “ana”, a comment, “.evil” is nobody called ana."""
    sent = idp.answer(asked, "ana.evil")
    root = etree.fromstring(base64.b64decode(sent["SAMLResponse"]))
    name = part(root, NAME)
    name.text = "ana"
    comment = etree.Comment("x")
    comment.tail = ".evil"
    name.append(comment)

    found = saml.read_answer(party(idp), form(root, "")["SAMLResponse"])

    assert found.claims.subject == "ana.evil"


@pytest.mark.parametrize(
    "changes",
    [
        {"page": "javascript:alert(1)"},
        {"page": "http://elsewhere.example/sso"},
        {"page": ""},
        {"binding": "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"},
        {"keys": []},
        {"keys": [Keys(1024)]},
        {"doctype": '<!DOCTYPE md:EntityDescriptor [<!ENTITY x "y">]>'},
    ],
)
def test_metadata_that_cannot_be_used_is_refused(
    cast: Cast, client_as, idp: SamlProvider, changes: dict[str, Any]
):
    facts = {"name": "Acme account", "metadata": idp.metadata(**changes), "groups_claim": ""}

    answer = client_as(cast.ana).post(f"{SETTINGS}saml/", facts)

    assert answer.status_code == 422
    assert answer.context["form"].errors["metadata"]
    with workspace_scope(cast.acme.pk):
        assert not Provider.objects.exists()


def test_new_certificate_beside_the_old_one_is_believed(idp: SamlProvider, asked: Asked):
    both = replace(party(idp), provider=read_metadata(idp.metadata(keys=[idp.keys, STRANGER])))

    for keys in (idp.keys, STRANGER):
        assert (
            saml.read_answer(both, idp.answer(asked, "ben", keys=keys)["SAMLResponse"]).claims.subject
            == "ben"
        )
