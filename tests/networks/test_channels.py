"""Channels: connected, logged in again, renamed, disconnected, restricted; and what the API and pages say."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity.models import Entry
from core.errors import Invalid, NotAllowed, NotFound, WrongState
from networks.adapters import adapter_of
from networks.models import Channel, ChannelUserGrant
from networks.permissions import PUBLISH, WRITE
from networks.protocol import Draft, Outcome, OutcomeKind, PrepareFailed
from networks.selectors import channels_usable_by, channels_visible_to, get_channel, grants_of
from networks.services.channels import (
    connect_channel,
    disconnect_channel,
    log_in_again,
    make_sample_channel,
    mark_needs_login,
    note_outcome,
    rename_channel,
)
from networks.services.credentials import open_credentials
from networks.services.grants import restrict_channel, set_grant
from networks.states import ChannelStatus, GrantLevel
from teams.actors import Actor
from teams.services.members import end_membership
from tests.networks.conftest import connect


def test_connecting_keeps_what_the_network_told(acme, fake_channel):
    channel = Channel.objects.get(pk=fake_channel.pk)
    assert (channel.name, channel.handle, channel.remote_account_id) == ("acme", "@acme", "id-acme")
    assert (channel.capability, channel.status) == ("D", ChannelStatus.ACTIVE)
    assert channel.limits["text_max"] == 280
    assert Entry.objects.filter(verb="networks.channel.connected", subject_id=channel.pk).count() == 1


def test_only_admins_connect(acme, fake_network):
    with pytest.raises(NotAllowed) as refusal:
        connect(acme, by="cleo")
    assert refusal.value.ask == ("Ana Rahman",)
    assert not Channel.objects.filter(kind="fake").exists()


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ({"account": "acme", "token": "bad"}, "credentials.token"),
        ({"account": "acme"}, "credentials.token"),
        ({"account": "acme", "token": "good", "extra": "x"}, "credentials.extra"),
        ({"account": "acme", "token": "good" * 600}, "credentials.token"),
    ],
)
def test_credentials_that_do_not_fit_are_refused_by_field(acme, fake_network, credentials, field):
    with pytest.raises(Invalid) as refusal:
        connect_channel(
            workspace=acme.acme, kind="fake", name="", credentials=credentials, by=acme.actor("ana")
        )
    assert field in refusal.value.fields
    assert not Channel.objects.filter(kind="fake").exists()


@pytest.mark.parametrize("kind", ["newsroom", "instagram", "nonsense"])
def test_a_network_without_accounts_cannot_be_connected(acme, kind):
    with pytest.raises(Invalid):
        connect_channel(workspace=acme.acme, kind=kind, name="", credentials={}, by=acme.actor("ana"))


def test_the_same_account_twice_is_refused(acme, fake_channel):
    with pytest.raises(WrongState) as refusal:
        connect(acme)
    assert refusal.value.code == "already_connected"


def test_disconnecting_forgets_the_credentials_and_connecting_brings_the_same_channel_back(
    acme, fake_channel
):
    disconnect_channel(channel=fake_channel, by=acme.actor("ana"))
    assert fake_channel.status == ChannelStatus.DISCONNECTED
    assert open_credentials(fake_channel) == {}
    assert fake_channel not in channels_visible_to(acme.actor("ana"))
    assert connect(acme, token="good-2").pk == fake_channel.pk


def test_the_newsroom_cannot_be_disconnected(acme):
    with pytest.raises(WrongState):
        disconnect_channel(channel=Channel.objects.get(kind="newsroom"), by=acme.actor("ana"))


def test_a_channel_that_needs_a_login_is_told_once_and_mended_by_logging_in(acme, fake_channel):
    by = Actor.system(acme.acme.pk)
    assert mark_needs_login(channel=fake_channel, reason="Token expired.", by=by)
    assert not mark_needs_login(channel=fake_channel, reason="Token expired.", by=by)
    assert Entry.objects.filter(verb="networks.channel.login_needed").count() == 1
    log_in_again(
        channel=fake_channel, credentials={"account": "acme", "token": "good-3"}, by=acme.actor("ana")
    )
    fake_channel.refresh_from_db()
    assert (fake_channel.status, fake_channel.last_error) == (ChannelStatus.ACTIVE, "")
    assert open_credentials(fake_channel)["token"] == "good-3"


def test_logging_in_as_another_account_is_refused(acme, fake_channel):
    with pytest.raises(Invalid):
        log_in_again(
            channel=fake_channel, credentials={"account": "rival", "token": "good"}, by=acme.actor("ana")
        )
    assert open_credentials(fake_channel)["token"] == "good-1"


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        (OutcomeKind.ACCEPTED, "", ChannelStatus.ACTIVE),
        (OutcomeKind.UNKNOWN, "It broke off.", ChannelStatus.ACTIVE),
        (OutcomeKind.RATE_LIMITED, "", ChannelStatus.ACTIVE),
        (OutcomeKind.NEEDS_LOGIN, "It broke off.", ChannelStatus.NEEDS_LOGIN),
    ],
)
def test_outcomes_show_in_the_channels_health(acme, fake_channel, kind, error, status):
    outcome = Outcome(kind, reason="It broke off.")
    note_outcome(channel=fake_channel, outcome=outcome, by=Actor.system(acme.acme.pk))
    fake_channel.refresh_from_db()
    assert (fake_channel.last_error, fake_channel.status) == (error, status)
    assert bool(fake_channel.last_success_at) == (kind == OutcomeKind.ACCEPTED)


@pytest.mark.parametrize(
    "kind", ["instagram", "facebook", "linkedin", "tiktok", "x", "youtube", "pinterest", "threads"]
)
def test_a_sample_renders_and_never_publishes(acme, kind):
    channel = make_sample_channel(
        workspace=acme.acme, kind=kind, name=kind, handle="@acme", by=acme.actor("ana")
    )
    adapter = adapter_of(channel)
    limit = channel.limits["text_max"]
    assert adapter.render(Draft("a" * limit), channel.limits, {}).problems == ()
    over = adapter.render(Draft("a" * (limit + 1)), channel.limits, {})
    assert [problem.code for problem in over.problems] == ["text_too_long"]
    assert adapter.publish(None, {}, {}, remote_key="", idem_key="").kind == OutcomeKind.REJECTED
    with pytest.raises(PrepareFailed):
        adapter.prepare(None, {})
    assert not channel.can_publish


def test_a_sample_of_a_connectable_network_gets_the_sample_adapter(acme, fake_network):
    sample = make_sample_channel(
        workspace=acme.acme, kind="fake", name="Try", handle="@try", by=acme.actor("ana")
    )
    assert adapter_of(sample) is not fake_network
    assert adapter_of(sample).publish(None, {}, {}, remote_key="k", idem_key="").kind == OutcomeKind.REJECTED
    assert fake_network.live == {}


def test_restricting_hides_a_channel_until_it_is_granted(acme, fake_channel):
    ana, ben = acme.actor("ana"), acme.actor("ben")
    restrict_channel(channel=fake_channel, is_restricted=True, by=ana)
    with pytest.raises(NotFound):
        get_channel(ben, fake_channel.pk)
    set_grant(channel=fake_channel, holder=acme.ben, level=GrantLevel.WRITE, by=ana)
    assert get_channel(ben, fake_channel.pk, WRITE) == fake_channel
    with pytest.raises(NotAllowed) as refusal:
        get_channel(ben, fake_channel.pk, PUBLISH)
    assert refusal.value.ask == ("Ana Rahman",)
    assert [(grant.holder, grant.level) for grant in grants_of(fake_channel)] == [
        (acme.ben, GrantLevel.WRITE)
    ]
    set_grant(channel=fake_channel, holder=acme.ben, level=None, by=ana)
    assert fake_channel not in channels_usable_by(ben)


def test_a_grant_ends_with_the_membership(acme, fake_channel):
    ana = acme.actor("ana")
    restrict_channel(channel=fake_channel, is_restricted=True, by=ana)
    set_grant(channel=fake_channel, holder=acme.ben, level=GrantLevel.PUBLISH, by=ana)
    assert ChannelUserGrant.objects.count() == 3
    end_membership(member=acme.ben, by=ana)
    assert ChannelUserGrant.objects.count() == 0


def test_a_grant_does_not_widen_a_role(acme, fake_channel):
    ana = acme.actor("ana")
    restrict_channel(channel=fake_channel, is_restricted=True, by=ana)
    set_grant(channel=fake_channel, holder=acme.vera, level=GrantLevel.PUBLISH, by=ana)
    vera = acme.actor("vera")
    assert get_channel(vera, fake_channel.pk) == fake_channel
    assert fake_channel not in channels_usable_by(vera)


def test_renaming_needs_a_name(acme, fake_channel):
    with pytest.raises(Invalid):
        rename_channel(channel=fake_channel, name="  ", by=acme.actor("ana"))
    assert rename_channel(channel=fake_channel, name="Main", by=acme.actor("ana")).name == "Main"


def test_api_lists_and_connects(acme, fake_network, client_as):
    client = client_as(acme.ana)
    body = {"network": "fake", "name": "Main", "credentials": {"account": "acme", "token": "good"}}
    made = client.post("/api/v1/w/acme/channels/", body, content_type="application/json")
    assert made.status_code == 201
    assert set(made.json()) >= {"id", "network", "name", "handle", "capability", "status", "limits"}
    assert made.json()["name"] == "Main"
    listed = client.get("/api/v1/w/acme/channels/").json()
    assert [row["name"] for row in listed["results"]] == ["Newsroom", "Main"]
    assert listed["next"] is None


def test_api_names_the_networks_with_their_credentials(acme, client_as):
    listed = client_as(acme.ben).get("/api/v1/w/acme/networks/").json()["results"]
    by_kind = {row["network"]: row for row in listed}
    assert by_kind["newsroom"]["credentials"] == []
    assert by_kind["newsroom"]["options"][0]["name"] == "title"


def test_api_refuses_a_contributor_and_says_whom_to_ask(acme, fake_network, client_as):
    body = {"network": "fake", "name": "", "credentials": {"account": "a", "token": "good"}}
    answer = client_as(acme.farah).post("/api/v1/w/acme/channels/", body, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["why"]["ask"] == ["Ana Rahman"]


def test_pages_show_health_in_words(acme, fake_channel, client_as):
    mark_needs_login(channel=fake_channel, reason="Token expired.", by=Actor.system(acme.acme.pk))
    page = client_as(acme.ben).get(reverse("networks:channels", args=["acme"])).content.decode()
    assert "Needs a new log-in" in page
    assert "Token expired." in page
    assert "Log in again; posts wait until then." in page


def test_connect_form_asks_what_the_network_needs_and_connects(acme, fake_network, client_as):
    client = client_as(acme.ana)
    address = reverse("networks:new_channel", args=["acme", "fake"])
    assert 'type="password" name="token"' in client.get(address).content.decode()
    refused = client.post(address, {"name": "", "account": "acme", "token": "bad"})
    assert refused.status_code == 422
    assert "The token is not known." in refused.content.decode()
    assert "bad" not in refused.content.decode().split("<main", 1)[1]
    done = client.post(address, {"name": "", "account": "acme", "token": "good"}, follow=True)
    assert "acme is connected." in done.content.decode()


def test_channel_page_takes_grants(acme, fake_channel, client_as):
    client = client_as(acme.ana)
    client.post(reverse("networks:restriction", args=["acme", fake_channel.pk]), {"restricted": "yes"})
    data = {"holder": f"member:{acme.ben.pk}", "level": "write"}
    page = client.post(reverse("networks:grants", args=["acme", fake_channel.pk]), data, follow=True)
    assert "Ben Tan" in page.content.decode()
    assert [grant.level for grant in grants_of(fake_channel)] == [GrantLevel.WRITE]


def test_channels_of_another_workspace_are_not_found(acme, fake_channel, client_as):
    client = client_as(acme.eve)
    assert client.get(f"/w/acme/channels/{fake_channel.pk}/").status_code == 404
    assert client.get(f"/w/other/channels/{fake_channel.pk}/").status_code == 404
    assert client.get(f"/api/v1/w/other/channels/{fake_channel.pk}/").status_code == 404


def test_the_list_asks_the_same_number_of_questions_for_one_and_three(acme, fake_network, client_as):
    client = client_as(acme.ben)
    client.get("/w/acme/channels/")
    with CaptureQueriesContext(connection) as one:
        client.get("/w/acme/channels/")
    for account in ("second", "third"):
        connect(acme, account=account)
    with CaptureQueriesContext(connection) as three:
        client.get("/w/acme/channels/")
    assert len(three) == len(one)
