"""Log-in by a workspace's own provider, against a certified one (issue 3, line 7; ARCHITECTURE §3)."""

import re
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.cache import cache
from django.test import Client

from activity.models import Entry
from collab import live
from teams.models import GroupRule, Identity, Invitation, Membership, Provider, Role, Team, User
from teams.services.groups import create_team
from teams.services.invitations import mail_invitation
from teams.services.members import end_membership
from teams.states import RoleKey
from teams.tenancy import workspace_scope
from tests.factories.people import PASSWORD, Cast, make_member, prove
from tests.peers.servers import OidcServer

pytestmark = pytest.mark.peers

MEMBERS = "/w/acme/members/"
SETTINGS = "/w/acme/log-in/"
CONNECTION = "/sso/acme/connection/"


@pytest.fixture(autouse=True)
def _on_loopback(settings, db, monkeypatch):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    monkeypatch.setattr(live, "connection", SimpleNamespace(close=lambda: None))
    cache.clear()


def configure(client_as, member: Membership, oidc: OidcServer, **changes: str) -> Client:
    """Set the provider up as an owner does: configure, try, switch on."""
    owner = client_as(member)
    slug = member.workspace.slug
    form = {"name": "Acme account", "issuer": oidc.url, "client_id": "collab", "secret": "a-shared-secret"}
    response = owner.post(f"/w/{slug}/log-in/provider/", {**form, "groups_claim": "groups", **changes})
    assert response.status_code == 302, response.content.decode()
    oidc.knows(trier={"email": "trier@acme.test", "groups": ["testers"]})
    travel(owner, oidc, "trier", f"/w/{slug}/log-in/trial/")
    owner.get(f"/w/{slug}/log-in/")
    assert owner.post(f"/w/{slug}/log-in/switch/", {"state": "on"}).status_code == 302
    return owner


def travel(browser: Client, oidc: OidcServer, who: str, start: str = "/sso/acme/start/"):
    """Go to the provider, sign in there, come back; return what our callback answers."""
    away = browser.get(start)
    assert away.status_code == 302, away.content.decode()
    return come_back(browser, oidc.sign_in(away["Location"], who))


def come_back(browser: Client, address: str):
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


def connect(browser: Client, oidc: OidcServer, who: str) -> Client:
    """Connect the person who is logged in with what the provider calls him."""
    assert travel(browser, oidc, who)["Location"] == CONNECTION
    assert browser.post(CONNECTION).status_code == 302
    return browser


def identities(cast: Cast) -> list[tuple[str, str]]:
    with workspace_scope(cast.acme.pk):
        return sorted(Identity.objects.values_list("subject", "member__user__name"))


@pytest.fixture
def connected(cast: Cast, client_as, oidc: OidcServer) -> Cast:
    """Acme with the provider switched on, and Ben connected with it."""
    configure(client_as, cast.ana, oidc)
    oidc.knows(ben={"email": "ben@acme.test"})
    connect(client_as(cast.ben), oidc, "ben")
    return cast


def test_member_connects_once_and_then_logs_in_by_the_provider(connected: Cast, oidc: OidcServer):
    browser = Client()

    back = travel(browser, oidc, "ben", "/sso/acme/start/?next=/w/acme/absences/")

    assert (back.status_code, back["Location"]) == (302, "/w/acme/absences/")
    page = browser.get(MEMBERS)
    assert page.status_code == 200
    assert "Ben Tan, your account" in page.content.decode()
    assert browser.get("/api/v1/w/acme/members/").status_code == 200
    assert live.workspace_of.func(browser.cookies["sessionid"].value, "acme") == connected.acme.pk
    assert browser.get("/")["Location"].startswith("/w/acme/")
    with workspace_scope(connected.acme.pk):
        assert Entry.objects.filter(verb="teams.identity.connected").count() == 1


def test_public_client_without_a_secret_proves_itself_by_pkce(cast: Cast, client_as, oidc: OidcServer):
    configure(client_as, cast.ana, oidc, client_id="public", secret="")
    oidc.knows(ben={"email": "ben@acme.test"})

    connect(client_as(cast.ben), oidc, "ben")

    assert identities(cast) == [("ben", "Ben Tan")]


def test_what_we_ask_carries_state_nonce_and_challenge(connected: Cast):
    away = Client().get("/sso/acme/start/")

    asked = parse_qs(urlsplit(away["Location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 32
    assert asked["redirect_uri"] == ["http://localhost:8000/sso/acme/callback/"]


def test_answer_counts_once_and_only_in_the_browser_that_asked(connected: Cast, oidc: OidcServer):
    browser, thief = Client(), Client()
    address = oidc.sign_in(browser.get("/sso/acme/start/")["Location"], "ben")

    stolen = come_back(thief, address)

    assert stolen.status_code == 422
    assert "was not begun in this browser" in stolen.content.decode()
    assert thief.get(MEMBERS).status_code == 302
    assert come_back(browser, address).status_code == 302
    assert come_back(browser, address).status_code == 422


def test_whom_the_provider_refuses_is_told_and_not_logged_in(connected: Cast, oidc: OidcServer):
    browser = Client()

    back = travel(browser, oidc, "nobody-there")

    assert back.status_code == 422
    assert "access_denied" in back.content.decode()
    assert browser.get(MEMBERS).status_code == 302


# A hostile provider gets nothing


def test_session_of_one_workspaces_provider_opens_no_other_workspace(
    connected: Cast, client_as, oidc: OidcServer
):
    """Ben belongs to both; what acme's provider says is worth nothing in the other one, not even its name."""
    with workspace_scope(connected.other.pk):
        make_member(connected.other, connected.ben.user, RoleKey.ADMIN)
    browser = Client()
    travel(browser, oidc, "ben")

    assert browser.get(MEMBERS).status_code == 200
    assert "Other Tea" not in browser.get(MEMBERS).content.decode()
    assert browser.get("/w/other/members/").status_code == 302
    assert browser.get("/api/v1/w/other/members/").status_code == 401
    assert browser.get("/api/v1/workspaces/").status_code == 401
    assert live.workspace_of.func(browser.cookies["sessionid"].value, "other") is None
    own = client_as(connected.ben)
    assert own.get("/w/other/members/").status_code == 200
    assert "Other Tea" in own.get(MEMBERS).content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/second-step/?workspace=acme",
        "/workspaces/new/",
        "/accounts/password/change/",
        "/accounts/password/set/",
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/sessions/",
        "/accounts/reauthenticate/",
        "/operator/",
    ],
)
def test_session_of_a_provider_reaches_nothing_of_the_account(connected: Cast, oidc: OidcServer, path: str):
    """No change of password, address or second step; no list of sessions."""
    browser = Client()
    travel(browser, oidc, "ben")

    for response in (browser.get(path), browser.post(path, {"password": PASSWORD, "email": "x@evil.test"})):
        assert response.status_code in (302, 405)
        assert response.status_code == 405 or response["Location"].startswith("/accounts/login/")
    user = User.objects.get(pk=connected.ben.user_id)
    assert user.check_password(PASSWORD)
    assert user.email == "ben@acme.test"


def test_session_of_a_provider_opens_no_doors_before_the_own_factor(connected: Cast, oidc: OidcServer):
    """What asks again (tokens, roles, members) leads to the person's own log-in, and afterwards it works."""
    browser = Client()
    travel(browser, oidc, "ben")

    refused = browser.post("/w/acme/tokens/", {"purpose": "a program", "days": "30"})

    assert (refused.status_code, refused["Location"]) == (
        302,
        "/accounts/login/?next=%2Fw%2Facme%2Ftokens%2F",
    )
    browser.post("/accounts/login/", {"login": "ben@acme.test", "password": PASSWORD})
    made = browser.post("/w/acme/tokens/", {"purpose": "a program", "days": "30"})
    assert "Your new token" in made.content.decode()


@pytest.mark.parametrize("victim", ["eve@other.test", "ana@acme.test", "EVE@OTHER.TEST"])
def test_provider_that_asserts_somebody_elses_address_gets_nothing(
    connected: Cast, oidc: OidcServer, victim: str
):
    """Eve is of another workspace, Ana of this one and its owner: an address identifies nobody."""
    oidc.knows(mallory={"email": victim, "email_verified": True, "name": "Mallory"})
    browser = Client()

    back = travel(browser, oidc, "mallory")

    assert back["Location"] == CONNECTION
    page = browser.get(CONNECTION).content.decode()
    assert "One step is left" in page
    assert "Eve Lim" not in page
    assert "Ana Rahman" not in page
    assert browser.post(CONNECTION).status_code == 403
    for path in (MEMBERS, "/w/other/members/"):
        assert browser.get(path).status_code == 302
    assert identities(connected) == [("ben", "Ben Tan")]
    with workspace_scope(connected.acme.pk):
        assert Membership.objects.count() == 6
        assert Invitation.objects.count() == 0


def test_provider_cannot_connect_somebody_by_lending_him_its_answer(
    connected: Cast, client_as, oidc: OidcServer
):
    """Mallory's answer, opened in Cleo's browser, is nobody's; and it takes her own confirmation to connect."""
    oidc.knows(mallory={"email": "cleo@acme.test"})
    mallory, cleo = Client(), client_as(connected.cleo)
    address = oidc.sign_in(mallory.get("/sso/acme/start/")["Location"], "mallory")

    assert come_back(cleo, address).status_code == 422
    assert "Log in first" in cleo.get(CONNECTION).content.decode()
    assert cleo.post(CONNECTION).status_code == 403
    assert identities(connected) == [("ben", "Ben Tan")]


def test_connecting_needs_a_fresh_proof_of_the_person(connected: Cast, client_as, oidc: OidcServer):
    oidc.knows(cleo={"email": "cleo@acme.test"})
    cleo = prove(client_as(connected.cleo), minutes_ago=20)

    travel(cleo, oidc, "cleo")
    refused = cleo.post(CONNECTION)

    assert refused["Location"].startswith("/accounts/reauthenticate/")
    assert identities(connected) == [("ben", "Ben Tan")]
    prove(cleo)
    assert cleo.post(CONNECTION).status_code == 302
    assert identities(connected) == [("ben", "Ben Tan"), ("cleo", "Cleo Marchetti")]


def test_an_identity_is_one_members_only(connected: Cast, client_as, oidc: OidcServer):
    """Ben's identity, used in Cleo's browser, logs Ben in there and Cleo out; it does not become hers."""
    cleo = client_as(connected.cleo)

    travel(cleo, oidc, "ben")

    assert "Ben Tan, your account" in cleo.get(MEMBERS).content.decode()
    assert cleo.get("/account/").status_code == 302
    assert identities(connected) == [("ben", "Ben Tan")]


# How it ends


def test_membership_that_ends_ends_the_session(connected: Cast, oidc: OidcServer):
    browser = Client()
    travel(browser, oidc, "ben")
    assert browser.get(MEMBERS).status_code == 200

    with workspace_scope(connected.acme.pk):
        end_membership(member=connected.ben, by=connected.actor("ana"))

    assert browser.get(MEMBERS).status_code == 302
    assert travel(Client(), oidc, "ben")["Location"] == CONNECTION


@pytest.mark.parametrize("how", ["identity", "switch", "removal", "password"])
def test_connection_switch_or_changed_password_ends_the_session(
    connected: Cast, client_as, oidc: OidcServer, how: str
):
    browser, owner = Client(), client_as(connected.ana)
    travel(browser, oidc, "ben")
    assert browser.get(MEMBERS).status_code == 200

    if how == "identity":
        with workspace_scope(connected.acme.pk):
            pk = Identity.objects.get().pk
        owner.post(f"{SETTINGS}connections/{pk}/removal/")
    elif how == "switch":
        owner.post(f"{SETTINGS}switch/", {"state": "off"})
    elif how == "removal":
        owner.post(f"{SETTINGS}provider/removal/")
    else:
        connected.ben.user.set_password("another-long-password")
        connected.ben.user.save()

    assert browser.get(MEMBERS).status_code == 302
    assert live.workspace_of.func(browser.cookies["sessionid"].value, "acme") is None


def test_signing_out_ends_it(connected: Cast, oidc: OidcServer):
    browser = Client()
    travel(browser, oidc, "ben")
    assert 'action="/account/leaving/"' in browser.get(MEMBERS).content.decode()

    browser.post("/account/leaving/")

    assert browser.get(MEMBERS).status_code == 302


def test_logging_in_as_another_person_forgets_what_the_provider_said(connected: Cast, oidc: OidcServer):
    browser = Client()
    travel(browser, oidc, "ben")

    browser.post("/accounts/login/", {"login": "eve@other.test", "password": PASSWORD})

    assert browser.get(MEMBERS).status_code == 404
    assert browser.get("/w/other/members/").status_code == 200


def test_another_issuer_is_another_authority(connected: Cast, client_as, oidc: OidcServer, settings):
    """An admin who puts a provider of his own in place does not become whom the old one vouched for."""
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1", "localhost"})
    with workspace_scope(connected.acme.pk):
        Provider.objects.update(issuer="https://login.acme.test")

    configure(client_as, connected.ana, oidc)

    assert identities(connected) == []
    browser = Client()
    assert travel(browser, oidc, "ben")["Location"] == CONNECTION
    assert browser.get(MEMBERS).status_code == 302


# Demanded


def test_workspace_that_demands_the_provider_lets_nobody_in_otherwise_but_owners(
    connected: Cast, client_as, oidc: OidcServer, api_as
):
    owner = client_as(connected.ana)
    owner.post(f"{SETTINGS}switch/", {"state": "only"})
    ben, cleo = client_as(connected.ben), client_as(connected.cleo)

    refused = cleo.get(MEMBERS)

    assert (refused.status_code, refused["Location"]) == (302, "/sso/acme/?next=%2Fw%2Facme%2Fmembers%2F")
    assert cleo.get("/api/v1/w/acme/members/").json()["code"] == "provider_required"
    assert live.workspace_of.func(cleo.cookies["sessionid"].value, "acme") is None
    assert owner.get(MEMBERS).status_code == 200
    assert api_as(connected.ben).get("/api/v1/w/acme/members/").status_code == 200
    assert ben.get(MEMBERS).status_code == 302
    travel(ben, oidc, "ben")
    assert ben.get(MEMBERS).status_code == 200
    assert ben.get("/account/").status_code == 200
    assert live.workspace_of.func(ben.cookies["sessionid"].value, "acme") == connected.acme.pk
    page = cleo.get(CONNECTION)
    assert "Go on with Acme account" in page.content.decode()


def test_member_can_still_connect_where_the_provider_is_demanded(
    connected: Cast, client_as, oidc: OidcServer
):
    client_as(connected.ana).post(f"{SETTINGS}switch/", {"state": "only"})
    oidc.knows(cleo={"email": "cleo@acme.test"})
    cleo = client_as(connected.cleo)

    connect(cleo, oidc, "cleo")

    assert cleo.get(MEMBERS).status_code == 200


def test_it_cannot_be_switched_on_untried(cast: Cast, client_as, oidc: OidcServer):
    owner = client_as(cast.ana)
    form = {"name": "Acme", "issuer": oidc.url, "client_id": "collab", "secret": "a-shared-secret"}
    owner.post(f"{SETTINGS}provider/", form)

    refused = owner.post(f"{SETTINGS}switch/", {"state": "only"})

    assert refused.status_code == 422
    assert "Try the log-in first" in refused.content.decode()
    assert Client().get("/sso/acme/").status_code == 404
    cast.acme.refresh_from_db()
    assert not cast.acme.settings.get("provider_only")


def test_trial_shows_what_the_provider_says_and_connects_nobody(cast: Cast, client_as, oidc: OidcServer):
    owner = configure(client_as, cast.ana, oidc)
    oidc.knows(ana={"email": "ana@idp.test", "groups": ["Editors", "Leads"], "amr": ["pwd", "mfa"]})

    back = travel(owner, oidc, "ana", f"{SETTINGS}trial/")
    page = owner.get(back["Location"]).content.decode()

    assert "The trial went well" in page
    assert "ana@idp.test" in page
    assert "Editors, Leads" in page
    assert "the provider saw one" in page
    assert identities(cast) == []


# Second step


def test_second_step_is_not_passed_round_by_a_provider_that_saw_none(
    connected: Cast, client_as, oidc: OidcServer
):
    connected.acme.settings = {**connected.acme.settings, "second_step": True}
    connected.acme.save()
    plain, strong = Client(), Client()
    travel(plain, oidc, "ben")

    assert plain.get(MEMBERS)["Location"].startswith("/account/second-step/")
    oidc.knows(ben={"email": "ben@acme.test", "amr": ["pwd", "mfa"]})
    travel(strong, oidc, "ben")
    assert strong.get(MEMBERS).status_code == 200


# Newcomers and groups


def test_newcomer_joins_by_the_mail_and_is_connected_then(live_cast: Cast, client_as, oidc: OidcServer):
    """The mail proves the address; the account is made by its owner, never by the provider."""
    owner = configure(client_as, live_cast.ana, oidc, invites="on")
    with workspace_scope(live_cast.acme.pk):
        contributor = Role.objects.get(key=RoleKey.CONTRIBUTOR)
    owner.post(f"{SETTINGS}newcomers/", {"role": str(contributor.pk)})
    oidc.knows(nadia={"email": "nadia@acme.test", "name": "Nadia"})
    browser = Client()

    back = travel(browser, oidc, "nadia")

    assert back["Location"] == CONNECTION
    assert not User.objects.filter(email="nadia@acme.test").exists()
    with workspace_scope(live_cast.acme.pk):
        asked = Invitation.objects.get(email="nadia@acme.test").pk
    mail.outbox.clear()
    mail_invitation(workspace_id=live_cast.acme.pk, invitation_id=asked)
    (sent,) = mail.outbox
    assert sent.to == ["nadia@acme.test"]
    link = re.search(r"http\S+/invitation/\S+", sent.body)[0].removeprefix(django_settings.BASE_URL)
    browser.get(link)
    joined = browser.post("/invitation/", {"name": "Nadia Ali", "password": "long-enough-9876"})
    assert joined["Location"] == CONNECTION
    assert browser.post(CONNECTION).status_code == 302
    assert identities(live_cast) == [("nadia", "Nadia Ali")]
    later = Client()
    travel(later, oidc, "nadia")
    assert later.get(MEMBERS).status_code == 200
    with workspace_scope(live_cast.acme.pk):
        assert Membership.objects.get(user__email="nadia@acme.test").role == contributor


def test_page_for_strangers_does_not_tell_who_has_an_account(cast: Cast, client_as, oidc: OidcServer):
    configure(client_as, cast.ana, oidc, invites="on")
    pages = []
    for address in ("eve@other.test", "ana@acme.test", "nobody@nowhere.test"):
        oidc.knows(mallory={"email": address})
        browser = Client()
        travel(browser, oidc, "mallory")
        text = browser.get(CONNECTION).content.decode().replace(address, "")
        pages.append(re.sub(r'value="[\w-]{64}"|"X-CSRFToken": "\w+"|nonce="[^"]+"', "", text))

    assert len(set(pages)) == 1


def test_groups_give_role_and_team_and_take_them_away(connected: Cast, client_as, oidc: OidcServer):
    owner = client_as(connected.ana)
    with workspace_scope(connected.acme.pk):
        lead = Role.objects.get(key=RoleKey.LEAD)
        team = create_team(name="Editors", members=[], by=connected.actor("ana"))
    owner.post(f"{SETTINGS}rules/", {"group": "leads", "role": str(lead.pk)})
    owner.post(f"{SETTINGS}rules/", {"group": "editors", "team": str(team.pk)})
    oidc.knows(ben={"email": "ben@acme.test", "groups": ["leads", "editors", "unknown"]})

    travel(Client(), oidc, "ben")

    with workspace_scope(connected.acme.pk):
        ben = Membership.objects.get(pk=connected.ben.pk)
        assert (ben.role.key, [row.name for row in ben.teams.all()]) == ("lead", ["Editors"])
        assert team.group in ben.user.groups.all()
    oidc.knows(ben={"email": "ben@acme.test", "groups": []})
    travel(Client(), oidc, "ben")
    with workspace_scope(connected.acme.pk):
        ben = Membership.objects.get(pk=connected.ben.pk)
        assert (ben.role.key, [row.name for row in ben.teams.all()]) == ("viewer", [])
        assert team.group not in ben.user.groups.all()


def test_no_group_makes_or_unmakes_an_owner(connected: Cast, client_as, oidc: OidcServer):
    owner = client_as(connected.ana)
    with workspace_scope(connected.acme.pk):
        owners, viewer = Role.objects.get(key=RoleKey.OWNER), Role.objects.get(key=RoleKey.VIEWER)
    assert owner.post(f"{SETTINGS}rules/", {"group": "all", "role": str(owners.pk)}).status_code == 422
    assert owner.post(f"{SETTINGS}rules/", {"group": "all", "role": str(viewer.pk)}).status_code == 302
    oidc.knows(ana={"email": "ana@acme.test", "groups": ["all"]})

    connect(owner, oidc, "ana")

    with workspace_scope(connected.acme.pk):
        assert Membership.objects.get(pk=connected.ana.pk).role.key == "owner"
        assert GroupRule.objects.count() == 1
        assert Team.objects.count() == 0
