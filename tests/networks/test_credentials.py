"""Stored credentials open in their own place only, are refreshed once, and never show."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import envelope
from networks.models import Channel, ChannelSecret, WorkspaceKey
from networks.services.calls import call_for
from networks.services.credentials import open_credentials, refresh_credentials, store_credentials
from teams.tenancy import workspace_scope
from tests.networks.conftest import connect

CANARY = "good-canary-6f1d0c9e"


def test_credentials_come_back_as_they_were_given(fake_channel):
    assert open_credentials(fake_channel) == {"account": "acme", "token": "good-1"}


def test_storing_again_forgets_what_is_not_named(fake_channel):
    store_credentials(channel=fake_channel, credentials={"token": "good-2"})
    assert open_credentials(fake_channel) == {"token": "good-2"}


def test_a_value_copied_to_another_channel_does_not_open(acme, fake_channel):
    second = connect(acme, account="second", token="good-second")
    stolen = fake_channel.secrets.get(field="token").sealed
    second.secrets.filter(field="token").update(sealed=stolen)
    with pytest.raises(envelope.Tampered):
        open_credentials(second)


def test_a_value_copied_to_another_field_does_not_open(fake_channel):
    stolen = fake_channel.secrets.get(field="token").sealed
    fake_channel.secrets.filter(field="account").update(sealed=stolen)
    with pytest.raises(envelope.Tampered):
        open_credentials(fake_channel)


def test_each_workspace_has_a_data_key_of_its_own(cast):
    keys = []
    for workspace in (cast.acme, cast.other):
        with workspace_scope(workspace.pk):
            keys.append(bytes(WorkspaceKey.objects.get().wrapped))
    assert keys[0] != keys[1]


def test_a_canary_stands_nowhere_in_the_database(acme, fake_network):
    connect(acme, token=CANARY)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{CANARY}%"])
            assert cursor.fetchone() == (0,), table
            cursor.execute(
                f"SELECT count(*) FROM \"{table}\" t WHERE t::text LIKE '%%' || encode(%s, 'hex') || '%%'",
                [CANARY.encode()],
            )
            assert cursor.fetchone() == (0,), table


def test_a_canary_is_in_no_page_api_answer_or_repr(acme, fake_network, client_as):
    channel = connect(acme, token=CANARY)
    client = client_as(acme.ana)
    pages = [
        "/w/acme/channels/",
        f"/w/acme/channels/{channel.pk}/",
        f"/w/acme/channels/{channel.pk}/login/",
        "/api/v1/w/acme/channels/",
        f"/api/v1/w/acme/channels/{channel.pk}/",
        "/api/v1/w/acme/networks/",
    ]
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert CANARY not in answer.content.decode(), path
    assert CANARY not in repr(call_for(channel))


def test_a_canary_is_in_no_log(acme, fake_network, client_as, caplog, capfd):
    caplog.set_level("DEBUG")
    client = client_as(acme.ana)
    body = {"network": "fake", "name": "", "credentials": {"account": "acme", "token": CANARY}}
    answer = client.post("/api/v1/w/acme/channels/", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    refused = {**body, "credentials": {"account": "acme", "token": f"bad-{CANARY}"}}
    assert (
        client.post("/api/v1/w/acme/channels/", refused, content_type="application/json").status_code == 422
    )
    written = capfd.readouterr()
    assert CANARY not in caplog.text + written.out + written.err


def test_rotation_rewraps_every_workspace_and_everything_still_opens(cast, fake_network, settings):
    with workspace_scope(cast.acme.pk):
        channel = connect(cast)
    settings.COLLAB_KEYS = [envelope.new_ring_key("k2"), *settings.COLLAB_KEYS]
    out = StringIO()
    call_command("rotate_credential_keys", stdout=out)
    assert "2 data keys are now wrapped with k2." in out.getvalue()
    settings.COLLAB_KEYS = settings.COLLAB_KEYS[:1]
    with workspace_scope(cast.acme.pk):
        assert open_credentials(channel)["token"] == "good-1"
    out = StringIO()
    call_command("rotate_credential_keys", stdout=out)
    assert "0 data keys" in out.getvalue()


def test_rotation_without_the_old_key_changes_nothing_and_says_so(cast, settings):
    settings.COLLAB_KEYS = [envelope.new_ring_key("k9")]
    with pytest.raises(CommandError, match="acme: the ring holds no key 'k1'"):
        call_command("rotate_credential_keys", stdout=StringIO())


def test_a_refresh_is_skipped_where_another_worker_was_faster(fake_channel):
    known = open_credentials(fake_channel)
    store_credentials(channel=fake_channel, credentials={**known, "token": "good-newer"})
    calls = []
    standing = refresh_credentials(
        fake_channel.workspace_id, fake_channel.pk, known, lambda _: calls.append(1) or {}
    )
    assert (standing["token"], calls) == ("good-newer", [])


def test_a_failed_refresh_leaves_what_stood(fake_channel):
    known = open_credentials(fake_channel)

    def exchange(_standing):
        raise RuntimeError("the network is down")

    with pytest.raises(RuntimeError):
        refresh_credentials(fake_channel.workspace_id, fake_channel.pk, known, exchange)
    assert open_credentials(fake_channel) == known


def test_two_workers_refresh_once(live_cast, fake_network):
    with workspace_scope(live_cast.acme.pk):
        channel = connect(live_cast)
        known = open_credentials(channel)
    exchanges: list[str] = []
    inside, results = threading.Barrier(2, timeout=10), []

    def exchange(standing):
        exchanges.append(standing["token"])
        return {"token": f"good-{len(exchanges) + 1}"}

    def work():
        inside.wait()
        try:
            results.append(refresh_credentials(live_cast.acme.pk, channel.pk, known, exchange)["token"])
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert exchanges == ["good-1"]
    assert results == ["good-2", "good-2"]
    with workspace_scope(live_cast.acme.pk):
        assert ChannelSecret.objects.filter(channel=channel).count() == 2
        assert open_credentials(Channel.objects.get(pk=channel.pk))["token"] == "good-2"
