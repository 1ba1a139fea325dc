"""The built-in network: an item is put once under its key, shown to the public, and taken down."""

import hashlib
import json
import re
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.http import Refused
from core.ids import uuid7
from files.models import Media
from files.services.media import describe_media, process_media, upload_media
from networks.models import Channel, NewsroomItem
from networks.newsroom.adapter import LIMITS, NewsroomAdapter, newsroom_client
from networks.protocol import Draft, Finding, OutcomeKind
from networks.services.calls import call_for
from networks.services.credentials import open_credentials
from networks.states import ChannelStatus
from teams.tenancy import workspace_scope
from tests.networks.conftest import Picture
from tests.support.media import encoded, picture

ADAPTER = NewsroomAdapter()


def _payload(text: str = "Kopi baharu hari ini: https://acme.test", title: str = "Menu baharu") -> dict:
    draft = Draft(text, options={"title": title}, language="ms")
    return dict(ADAPTER.render(draft, LIMITS.as_json(), {}).payload)


def _publish(call, payload, key):
    return ADAPTER.publish(call, payload, {}, remote_key=key, idem_key="")


def _reconcile(call, payload, key):
    return ADAPTER.reconcile(call, payload, {}, remote_key=key, idem_key="")


def test_every_workspace_has_a_newsroom_with_a_sealed_secret(acme):
    channel = Channel.objects.get(kind="newsroom")
    secret = open_credentials(channel)["secret"]
    assert (channel.name, channel.status, channel.capability) == ("Newsroom", ChannelStatus.ACTIVE, "D")
    assert secret.startswith("cb_nws_")
    assert secret.encode() not in bytes(channel.secrets.get().sealed)


def test_publishing_puts_the_payload_as_it_was_rendered(newsroom_call, live_cast, client):
    key, payload = ADAPTER.mint_key(uuid7()), _payload()
    outcome = _publish(newsroom_call, payload, key)
    assert (outcome.kind, outcome.http_status, outcome.remote_id) == (OutcomeKind.ACCEPTED, 201, key)
    with workspace_scope(live_cast.acme.pk):
        assert NewsroomItem.objects.get(key=key).payload == payload
    page = client.get(f"/n/acme/{key}/")
    assert page.status_code == 200
    assert "Kopi baharu hari ini" in page.content.decode()
    assert '<a href="https://acme.test" rel="nofollow">' in page.content.decode()


def test_the_same_item_twice_is_one_item(newsroom_call, live_cast):
    key, payload = ADAPTER.mint_key(uuid7()), _payload()
    first, second = (_publish(newsroom_call, payload, key) for _ in range(2))
    assert (first.http_status, second.http_status) == (201, 200)
    assert second.kind == OutcomeKind.ACCEPTED
    with workspace_scope(live_cast.acme.pk):
        assert NewsroomItem.objects.count() == 1


def test_another_item_under_the_same_key_is_rejected(newsroom_call, live_cast):
    key = ADAPTER.mint_key(uuid7())
    _publish(newsroom_call, _payload("one"), key)
    outcome = _publish(newsroom_call, _payload("two"), key)
    assert (outcome.kind, outcome.http_status) == (OutcomeKind.REJECTED, 409)
    assert _reconcile(newsroom_call, _payload("two"), key).finding == Finding.UNDECIDED


def test_reconcile_finds_what_is_live_and_only_that(newsroom_call):
    key, payload = ADAPTER.mint_key(uuid7()), _payload()
    assert _reconcile(newsroom_call, payload, key).finding == Finding.NOT_LIVE
    _publish(newsroom_call, payload, key)
    found = _reconcile(newsroom_call, payload, key)
    assert (found.finding, found.remote_id) == (Finding.LIVE, key)
    assert found.remote_url.endswith(f"/n/acme/{key}/")


def test_an_item_taken_down_is_gone_and_does_not_come_back(newsroom_call, client):
    key, payload = ADAPTER.mint_key(uuid7()), _payload()
    _publish(newsroom_call, payload, key)
    assert ADAPTER.delete(newsroom_call, key).kind == OutcomeKind.ACCEPTED
    assert client.get(f"/n/acme/{key}/").status_code == 404
    again = _publish(newsroom_call, payload, key)
    assert (again.kind, again.http_status) == (OutcomeKind.REJECTED, 410)
    assert _reconcile(newsroom_call, payload, key).finding == Finding.LIVE


def test_a_wrong_secret_needs_a_new_login_and_changes_nothing(newsroom_call, live_cast):
    stranger = replace(newsroom_call, credentials={"secret": "cb_nws_" + "x" * 43})
    outcome = _publish(stranger, _payload(), ADAPTER.mint_key(uuid7()))
    assert (outcome.kind, outcome.http_status) == (OutcomeKind.NEEDS_LOGIN, 401)
    with workspace_scope(live_cast.acme.pk):
        assert not NewsroomItem.objects.exists()


def test_the_secret_of_one_workspace_does_not_open_anothers_newsroom(newsroom_call, live_cast):
    elsewhere = replace(newsroom_call, facts={"workspace": "other"})
    assert _publish(elsewhere, _payload(), ADAPTER.mint_key(uuid7())).kind == OutcomeKind.NEEDS_LOGIN
    with workspace_scope(live_cast.other.pk):
        assert not NewsroomItem.objects.exists()


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"title": 1, "text": "", "language": "", "media": []}',
     json.dumps({"title": "", "text": "bell\u0007", "language": "", "media": []}),
     json.dumps({"title": "", "text": "x" * 20_001, "language": "", "media": []}),
     json.dumps({"title": "", "text": "", "language": "", "media": [{"id": "../etc"}]})],
)  # fmt: skip
def test_malformed_items_are_refused(acme, client, body):
    secret = open_credentials(Channel.objects.get(kind="newsroom"))["secret"]
    answer = client.put(
        "/n/acme/items/k1/",
        body,
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 422
    assert not NewsroomItem.objects.exists()


def test_a_file_that_is_not_the_approved_one_is_refused(newsroom_call, live_cast):
    payload = dict(ADAPTER.render(Draft("x", (Picture(),)), LIMITS.as_json(), {}).payload)
    outcome = _publish(newsroom_call, payload, ADAPTER.mint_key(uuid7()))
    assert (outcome.kind, outcome.http_status) == (OutcomeKind.REJECTED, 422)


def test_feeds_hold_the_items(newsroom_call, client):
    key = ADAPTER.mint_key(uuid7())
    _publish(newsroom_call, _payload("Satu & <dua>"), key)
    atom = client.get("/n/acme/feed.atom")
    assert atom["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert f"/n/acme/{key}/" in atom.content.decode()
    feed = json.loads(client.get("/n/acme/feed.json").content)
    assert [entry["content_text"] for entry in feed["items"]] == ["Satu & <dua>"]
    assert "Satu &amp; &lt;dua&gt;" in client.get("/n/acme/").content.decode()


def test_the_page_of_an_unknown_workspace_is_not_found(cast, client):
    assert client.get("/n/nowhere/").status_code == 404


def test_the_newsrooms_client_reaches_nothing_else(settings):
    settings.NEWSROOM_URL = "http://127.0.0.1:8105"
    with pytest.raises(Refused):
        newsroom_client().request("GET", "http://127.0.0.1:8106/")
    with pytest.raises(Refused):
        newsroom_client().request("GET", "https://example.org/")


def test_a_server_that_is_not_there_is_not_sent(acme, settings):
    settings.NEWSROOM_URL = "http://127.0.0.1:9"
    call = call_for(Channel.objects.get(kind="newsroom"))
    assert _publish(call, _payload(), "k").kind == OutcomeKind.NOT_SENT
    assert _reconcile(call, _payload(), "k").finding == Finding.UNDECIDED


def test_render_says_what_is_wrong():
    rendered = ADAPTER.render(
        Draft("", (Picture(alt=""),), options={"title": "x" * 201}), LIMITS.as_json(), {}
    )
    assert {problem.code: problem.is_blocking for problem in rendered.problems} == {
        "alt_missing": False,
        "title_too_long": True,
    }


def test_a_real_picture_is_shown_with_its_approved_description(
    newsroom_call, live_cast, client, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path / "media"
    by = live_cast.actor
    with workspace_scope(live_cast.acme.pk):
        upload = SimpleUploadedFile("kopi.png", encoded(picture(), "PNG"))
        media = upload_media(file=upload, name="kopi.png", alt="Secawan <kopi>", by=by("ben"))
    process_media(workspace_id=live_cast.acme.pk, media_id=media.pk)
    with workspace_scope(live_cast.acme.pk):
        media.refresh_from_db()
        payload = dict(ADAPTER.render(Draft("Gambar", (media,)), LIMITS.as_json(), {}).payload)
    key = ADAPTER.mint_key(uuid7())
    assert _publish(newsroom_call, payload, key).kind == OutcomeKind.ACCEPTED
    with workspace_scope(live_cast.acme.pk):
        describe_media(media=media, alt="Changed since", by=by("ben"))
    page = client.get(f"/n/acme/{key}/").content.decode()
    assert 'alt="Secawan &lt;kopi&gt;"' in page
    assert client.get(re.search(r'<img src="([^"]+)"', page)[1]).status_code == 200
    (entry,) = json.loads(client.get("/n/acme/feed.json").content)["items"]
    shown = client.get(entry["attachments"][0]["url"].removeprefix(settings.BASE_URL))
    assert hashlib.sha256(b"".join(shown.streaming_content)).hexdigest() == payload["media"][0]["digest"]
    with workspace_scope(live_cast.acme.pk):
        Media.objects.filter(pk=media.pk).update(digest="0" * 64)
    assert "<img" not in client.get(f"/n/acme/{key}/").content.decode()
