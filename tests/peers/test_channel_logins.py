"""Channels connected by logging in at their network, against a certified OAuth 2 server (issue 8, R12.4)."""

import threading
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from django.db import connection, connections
from django.test import Client

from activity.models import Entry
from core.clock import now
from core.http import outbound
from networks.adapters import adapters
from networks.models import Channel, ChannelSecret, NetworkApp
from networks.oauth.bearer import Bearer
from networks.oauth.exchange import LoginFailed
from networks.oauth.servers import OAuthServer, Tokens, logins
from networks.protocol import Capability, Connected, OutcomeKind
from networks.services.apps import app_of
from networks.services.calls import call_for
from networks.services.credentials import open_credentials, store_credentials
from networks.services.logins import try_login
from notifications.models import Notice
from publishing.receivers import login_needed
from teams.services.backups import set_backups
from teams.states import RoleKey
from teams.tenancy import workspace_scope
from tests.factories.people import make_member
from tests.fakes.networks import LIMITS, FakeNetwork
from tests.networks.test_health import duty_for

pytestmark = pytest.mark.peers

START = "/w/acme/channels/new/fake/journey/"
APP = "/w/acme/channels/new/fake/app/"
SECRET = "a-channel-secret"


@dataclass
class FakeLogin:
    """Logs in at the peer; the account is whom the peer's own page of the person names."""

    url: str
    app_steps = ("Make an app.",)

    @property
    def server(self) -> OAuthServer:
        scopes = {"openid": "say who it is", "post.write": "publish"}
        return OAuthServer(f"{self.url}/auth", f"{self.url}/token", scopes)

    def join(self, http, tokens: Tokens) -> Connected:
        about = http.request(
            "GET", f"{self.url}/me", headers={"Authorization": f"Bearer {tokens.access_token}"}
        )
        account = about.json_object()["sub"]
        return Connected(
            handle=f"@{account}",
            remote_account_id=account,
            name=account,
            capability=Capability.FINDABLE,
            limits=LIMITS,
            credentials=tokens.as_credentials(),
        )

    def look(self, call) -> str:
        answer = Bearer(call, self.server, seconds=10).request("GET", f"{self.url}/me")
        return str(answer.json_object()["sub"])


@pytest.fixture
def fake_network(monkeypatch):
    """A network whose accounts are connected by logging in only."""
    network = FakeNetwork()
    monkeypatch.setattr(FakeNetwork, "credential_fields", ())
    monkeypatch.setitem(adapters._entries, network.kind, network)
    return network


@pytest.fixture(autouse=True)
def login(settings, monkeypatch, oidc, fake_network):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    found = FakeLogin(oidc.url)
    monkeypatch.setitem(logins._entries, "fake", found)
    oidc.knows(kedai={}, reader={"posts": False}, another={})
    return found


def save_app(browser: Client, slug: str = "acme", **changes: str):
    form = {"client_id": "channels", "secret": SECRET, **changes}
    return browser.post(f"/w/{slug}/channels/new/fake/app/", form)


def come_back(browser: Client, address: str, **changes: str):
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query)) | changes
    return browser.get(f"{parts.path}?{urlencode(query)}")


def travel(browser: Client, oidc, who: str = "kedai", start: str = START):
    return come_back(browser, oidc.sign_in(browser.get(start)["Location"], who))


@pytest.fixture
def browser(cast, client_as) -> Client:
    found = client_as(cast.ana)
    assert save_app(found).status_code == 302
    return found


@pytest.fixture
def channel(cast, browser, oidc):
    assert travel(browser, oidc).status_code == 302
    with workspace_scope(cast.acme.pk):
        return Channel.objects.get(kind="fake")


def in_acme(cast):
    return workspace_scope(cast.acme.pk)


def test_an_account_is_connected_by_logging_in_and_tried_without_publishing(
    cast, browser, oidc, fake_network
):
    back = travel(browser, oidc)

    with in_acme(cast):
        channel = Channel.objects.get(kind="fake")
        kept = open_credentials(channel)
        assert sorted(kept) == ["access_token", "expires_at", "refresh_token", "scope"]
        assert Entry.objects.filter(verb="networks.channel.connected", subject_id=channel.pk).count() == 1
    assert (back.status_code, back["Location"]) == (302, f"/w/acme/channels/{channel.pk}/trial/")
    page = browser.get(back["Location"]).content.decode()
    assert "The account answers" in page
    assert page.count("circle-check") == 4
    assert "does not work" not in page
    assert fake_network.live == {}


def test_what_is_asked_carries_state_challenge_scopes_and_the_one_address(browser):
    away = browser.get(START)

    asked = parse_qs(urlsplit(away["Location"]).query)
    assert asked["redirect_uri"] == ["http://localhost:8000/w/acme/channels/new/fake/return/"]
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    assert asked["scope"] == ["openid post.write"]
    assert min(len(asked[name][0]) for name in ("state", "code_challenge")) >= 32
    assert (away["Cache-Control"], away["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_the_apps_secret_and_the_tokens_stand_nowhere_in_the_clear(cast, browser, channel):
    with in_acme(cast):
        assert app_of("fake").secret == SECRET
        canaries = [SECRET, *[open_credentials(channel)[name] for name in ("access_token", "refresh_token")]]
        assert SECRET not in repr(app_of("fake"))
        assert all(canary not in repr(call_for(channel)) for canary in canaries)
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                for canary in canaries:
                    cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{canary}%"])
                    assert cursor.fetchone() == (0,), table
    for path in (APP, f"/w/acme/channels/{channel.pk}/trial/", "/api/v1/w/acme/networks/"):
        page = browser.get(path).content.decode()
        assert all(canary not in page for canary in canaries), path


# What is refused


def test_a_code_counts_once(cast, browser, oidc):
    address = oidc.sign_in(browser.get(START)["Location"], "kedai")
    state = parse_qs(urlsplit(browser.get(START)["Location"]).query)["state"][0]
    assert come_back(browser, address).status_code == 302
    again = come_back(browser, address)
    assert (again.status_code, "was not begun in this browser" in again.content.decode()) == (422, True)
    replayed = come_back(browser, address, state=state)
    assert (replayed.status_code, "invalid_grant" in replayed.content.decode()) == (422, True)
    with in_acme(cast):
        assert Channel.objects.filter(kind="fake").count() == 1


@pytest.mark.parametrize("state", ["", "x" * 32])
def test_a_wrong_state_is_refused_before_anything_is_asked(cast, browser, oidc, state):
    address = oidc.sign_in(browser.get(START)["Location"], "kedai")

    assert come_back(browser, address, state=state).status_code == 422
    with in_acme(cast):
        assert not Channel.objects.filter(kind="fake").exists()


def test_another_browser_cannot_use_the_way_back(cast, browser, client_as, oidc):
    address = oidc.sign_in(browser.get(START)["Location"], "kedai")

    assert come_back(client_as(cast.ana), address).status_code == 422
    assert come_back(Client(), address).status_code == 302
    with in_acme(cast):
        assert not Channel.objects.filter(kind="fake").exists()


def test_an_answer_for_one_workspace_connects_nothing_in_another(cast, client_as, oidc):
    eve = client_as(cast.eve)
    assert save_app(eve, "other").status_code == 302
    address = oidc.sign_in(eve.get(START.replace("acme", "other"))["Location"], "kedai")

    assert come_back(eve, address.replace("/w/other/", "/w/acme/")).status_code == 404
    ana = client_as(cast.ana)
    save_app(ana)
    assert come_back(ana, address.replace("/w/other/", "/w/acme/")).status_code == 422
    for workspace in (cast.acme, cast.other):
        with workspace_scope(workspace.pk):
            assert not Channel.objects.filter(kind="fake").exists()
    assert come_back(eve, address).status_code == 302


def test_a_member_of_both_carries_no_answer_from_one_to_the_other(cast, browser, client_as, oidc):
    """The state is bound to the workspace, not only to the session."""
    with workspace_scope(cast.other.pk):
        make_member(cast.other, cast.ana.user, RoleKey.ADMIN)
    assert save_app(browser, "other").status_code == 302
    address = oidc.sign_in(browser.get(START)["Location"], "kedai")

    strayed = come_back(browser, address.replace("/w/acme/", "/w/other/"))
    assert (strayed.status_code, "was not begun in this browser" in strayed.content.decode()) == (422, True)
    with workspace_scope(cast.other.pk):
        assert not Channel.objects.filter(kind="fake").exists()


def test_each_workspace_has_its_own_app(cast, browser, client_as):
    eve = client_as(cast.eve)
    assert "channels" not in eve.get(APP.replace("acme", "other")).context["form"]["client_id"].initial
    way = eve.get(START.replace("acme", "other"))
    assert way["Location"] == APP.replace("acme", "other")


def test_who_may_not_connect_channels_may_not_begin(cast, browser, client_as):
    ben = client_as(cast.ben)
    for path in (APP, START, START.replace("journey", "return")):
        assert ben.get(path).status_code == 403


def test_whom_the_network_refuses_is_told(cast, browser, oidc):
    back = travel(browser, oidc, "nobody-there")
    assert (back.status_code, "access_denied" in back.content.decode()) == (422, True)


def test_too_few_rights_are_named_and_nothing_is_connected(cast, browser, oidc):
    back = travel(browser, oidc, "reader")

    assert back.status_code == 422
    assert "These rights were not granted: post.write" in back.content.decode()
    with in_acme(cast):
        assert not Channel.objects.filter(kind="fake").exists()


def test_a_wrong_secret_is_told_in_words(browser, oidc):
    assert save_app(browser, secret="another").status_code == 302
    back = travel(browser, oidc)
    assert (back.status_code, "invalid_client" in back.content.decode()) == (422, True)


def test_an_app_needs_its_secret_and_keeps_it(cast, browser):
    assert save_app(browser, secret="").status_code == 302
    with in_acme(cast):
        assert app_of("fake").secret == SECRET
    assert save_app(browser, client_id="new", secret="").status_code == 422
    assert save_app(browser, client_id="é").status_code == 422
    with in_acme(cast):
        assert NetworkApp.objects.get().client_id == "channels"


def test_logging_in_again_as_somebody_else_is_refused(cast, browser, channel, oidc):
    start = browser.get(f"/w/acme/channels/{channel.pk}/login/")["Location"]
    assert start == f"{START}?channel={channel.pk}"

    back = travel(browser, oidc, "another", start)

    assert (back.status_code, "this channel is @kedai" in back.content.decode()) == (422, True)
    assert travel(browser, oidc, "kedai", start).status_code == 302


# What keeps a log-in alive


def expire(channel: Channel) -> dict[str, str]:
    kept = open_credentials(channel) | {"expires_at": now().isoformat()}
    store_credentials(channel=channel, credentials=kept)
    return kept


def revoke(oidc, token: str) -> None:
    answer = outbound().request(
        "POST",
        f"{oidc.url}/token/revocation",
        data={"token": token, "client_id": "channels", "client_secret": SECRET},
    )
    assert answer.status in (200, 400, 401)
    if not answer.ok:
        raise AssertionError(answer.text)


def test_a_token_that_ends_is_renewed_and_the_new_one_is_kept_before_it_is_used(cast, channel, login, oidc):
    seen = []
    with in_acme(cast):
        before = expire(channel)
        bearer = Bearer(call_for(channel), login.server, seconds=10)
        send = bearer._send

        def watched(method, url, **content):
            seen.append(open_credentials(channel)["access_token"] == bearer._credentials["access_token"])
            return send(method, url, **content)

        bearer._send = watched
        bearer.keep_fresh()
        assert bearer.request("GET", f"{oidc.url}/me").json_object()["sub"] == "kedai"
        after = open_credentials(channel)
    assert seen == [True]
    assert after["refresh_token"] != before["refresh_token"]
    assert after["access_token"] != before["access_token"]


def test_a_refused_token_is_renewed_once_and_the_call_made_again(cast, channel, login):
    with in_acme(cast):
        store_credentials(channel=channel, credentials=open_credentials(channel) | {"access_token": "gone"})
        found = try_login(channel=channel, by=cast.actor("ana"))
        assert [one.is_well for one in found] == [True] * 4
        assert open_credentials(channel)["access_token"] != "gone"


def test_a_withdrawn_log_in_is_noticed_and_its_owner_and_backup_are_told(cast, channel, oidc):
    with in_acme(cast):
        duty_for(cast, channel, "ben")
        set_backups(member=cast.ben, backups=[cast.jun, cast.cleo], by=cast.actor("ana"))
        kept = expire(channel)
        revoke(oidc, kept["refresh_token"])
        store_credentials(channel=channel, credentials=kept | {"access_token": "gone"})
        found = try_login(channel=channel, by=cast.actor("ana"))
        assert (found[0].is_well, "invalid_grant" in found[0].note) == (False, True)
        channel.refresh_from_db()
        assert channel.status == "needs_login"
        login_needed(Entry.objects.get(verb="networks.channel.login_needed", subject_id=channel.pk))
        told = Notice.objects.filter(type="publishing.login_needed")
        assert set(told.values_list("member_id", flat=True)) == {cast.ben.pk, cast.jun.pk}


def test_two_workers_renew_once_at_the_network(live_cast, client_as, login, oidc):
    """The server withdraws everything when a refresh token is used twice, so a second exchange would show."""
    ana = client_as(live_cast.ana)
    assert save_app(ana).status_code == 302
    assert travel(ana, oidc).status_code == 302
    with workspace_scope(live_cast.acme.pk):
        channel = Channel.objects.get(kind="fake")
        expire(channel)
        calls = [call_for(channel), call_for(channel)]
    begun, results = threading.Barrier(2, timeout=20), []

    def work(call):
        bearer = Bearer(call, login.server, seconds=20)
        begun.wait()
        try:
            bearer.keep_fresh()
            results.append(
                (bearer._credentials["access_token"], bearer.request("GET", f"{oidc.url}/me").status)
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert len(results) == 2
    assert len(set(results)) == 1
    assert results[0][1] == 200
    with workspace_scope(live_cast.acme.pk):
        kept = open_credentials(channel)
        assert kept["access_token"] == results[0][0]
        expire(channel)
        Bearer(call_for(channel), login.server, seconds=20).keep_fresh()
        assert ChannelSecret.objects.filter(channel=channel).count() == 4


def test_a_log_in_that_cannot_be_renewed_says_so(cast, channel, login):
    with in_acme(cast):
        call = replace(call_for(channel), credentials={"access_token": "x", "refresh_token": ""})
        call = replace(call, refresh=lambda known, exchange: exchange(known))
        with pytest.raises(LoginFailed) as failure:
            Bearer(call, login.server, seconds=5)._renew()
    assert failure.value.outcome.kind == OutcomeKind.NEEDS_LOGIN
