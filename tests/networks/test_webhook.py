"""Webhooks against a strict receiver: signatures, time, replays, keys, files, and what it cannot be asked."""

import hashlib
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from core.clock import now
from core.errors import Invalid
from core.http import OutboundClient
from core.ids import uuid7
from networks.models import Channel, ChannelSecret
from networks.protocol import Call, Draft, Finding, OutcomeKind, PrepareFailed
from networks.services.calls import call_for
from networks.services.channels import connect_channel, log_in_again
from networks.webhook.adapter import WebhookAdapter
from networks.webhook.receiver import PUBLISH, Receiver
from networks.webhook.signing import read_secret, sign, signed_headers
from tests.fakes.scripted import Answer, ScriptedServer
from tests.networks.conftest import Picture
from tests.peers.webhook.receiver import StrictReceiver

ADAPTER = WebhookAdapter()
KEY, NEWER = b"k" * 32, b"n" * 32


def _secret(key: bytes) -> str:
    return f"whsec_{b64encode(key).decode()}"


@pytest.fixture
def receiver():
    with StrictReceiver((KEY,)) as strict:
        yield strict


@pytest.fixture
def http():
    return OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def call(receiver, http, tmp_path):
    return Call(
        workspace_id=uuid7(),
        channel_id=uuid7(),
        facts={},
        limits={},
        credentials={"url": receiver.url, "secret": _secret(KEY)},
        http=http,
        open_media=lambda entry: tmp_path / entry["id"],
        refresh=None,
    )


@pytest.fixture
def connected(acme, receiver, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    return _connect(acme, receiver)


def _connect(cast, receiver, **more):
    credentials = {"url": receiver.url, "secret": _secret(KEY), **more}
    return connect_channel(
        workspace=cast.acme, kind="webhook", name="", credentials=credentials, by=cast.actor("ana")
    )


def _payload(text="Kopi baharu", *pictures, limits=None, **options):
    limits = limits or {"text_max": 5000, "media_max": 4, "image_bytes": 10_000_000, "alt_max": 1500}
    return dict(ADAPTER.render(Draft(text, tuple(pictures), options, "ms"), limits, {}).payload)


def _post(call, payload=None, prepared=None, key="key-1"):
    return ADAPTER.publish(
        call, payload or _payload(), prepared or {"media": []}, remote_key=key, idem_key="i"
    )


def _ask(call, key="key-1"):
    return ADAPTER.reconcile(call, _payload(), {}, remote_key=key, idem_key="i")


def test_a_signature_is_that_of_the_standard():
    key = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_connecting_publishes_nothing_and_keeps_the_address_sealed(acme, receiver, connected):
    assert (connected.capability, connected.handle) == ("D", "127.0.0.1")
    assert [kind for kind, _status in receiver.calls] == ["channel.test", "channel.test", "post.find"]
    assert receiver.live() == []
    assert receiver.url not in str(Channel.objects.filter(pk=connected.pk).values().get())
    assert set(ChannelSecret.objects.filter(channel=connected).values_list("field", flat=True)) == {
        "url",
        "secret",
    }


@pytest.mark.parametrize(
    ("told", "capability"),
    [
        ({}, "D"),
        ({"keeps_keys": False}, "N"),
        ({"finds": False}, "N"),
        ({"keeps_keys": "yes"}, "N"),
    ],
)
def test_the_class_is_what_the_receiver_says_and_proves(receiver, http, told, capability):
    receiver.told |= told
    found = ADAPTER.connect(http, {"url": receiver.url, "secret": _secret(KEY)})
    assert found.capability == capability


def test_a_receiver_that_says_it_can_be_asked_and_cannot_is_of_class_n(http):
    with ScriptedServer() as server:
        told = {"ok": True, "keeps_keys": True, "finds": True}
        server.on("POST", "/", Answer(200, told), Answer(401, {"error": "no"}), Answer(200, told))
        assert ADAPTER.connect(http, {"url": f"{server.url}/", "secret": _secret(KEY)}).capability == "N"


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([Answer(401, {"error": "no"})], "credentials.secret"),
        ([Answer(404, "<html>")], "credentials.url"),
        ([Answer(200, "ok")], "credentials.url"),
        ([Answer(200, {"ok": "yes"})], "credentials.url"),
        ([Answer(200, {"ok": True})], "credentials.secret"),
    ],
)
def test_a_receiver_that_does_not_keep_the_contract_is_refused(http, answers, field):
    with ScriptedServer() as server, pytest.raises(Invalid) as refusal:
        server.on("POST", "/", *answers)
        ADAPTER.connect(http, {"url": f"{server.url}/", "secret": _secret(KEY)})
    assert list(refusal.value.fields) == [field]


@pytest.mark.parametrize(
    "secret", ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", _secret(b"x" * 65)]
)
def test_a_secret_that_is_none_is_refused_at_its_field(receiver, http, secret):
    with pytest.raises(Invalid) as refusal:
        ADAPTER.connect(http, {"url": receiver.url, "secret": secret})
    assert list(refusal.value.fields) == ["credentials.secret"]
    assert receiver.calls == []


def test_the_answer_gives_id_and_permalink(receiver, call):
    outcome = _post(call, _payload("Kopi", title="Baharu"))
    assert (outcome.kind, outcome.remote_id) == (OutcomeKind.ACCEPTED, "n1")
    assert outcome.remote_url == "https://intra.acme.test/posts/n1"
    assert receiver.posts["key-1"]["data"] == {
        "key": "key-1",
        "title": "Baharu",
        "text": "Kopi",
        "language": "ms",
        "media": [],
    }


def test_the_same_key_twice_is_one_post(receiver, call):
    assert (_ask(call).finding, _post(call).remote_id) == (Finding.NOT_LIVE, "n1")
    receiver.seen.clear()  # the second call may fall into the same second
    assert _post(call).remote_id == "n1"
    assert (_ask(call).finding, _ask(call).remote_id) == (Finding.LIVE, "n1")
    assert len(receiver.live()) == 1


def test_another_post_under_a_used_key_is_not_taken_for_ours(receiver, call):
    _post(call)
    assert _post(call, _payload("Teh")).kind == OutcomeKind.UNKNOWN
    assert receiver.live() == [("n1", "Kopi baharu")]


def test_the_secret_changes_without_a_pause(acme, receiver, connected):
    receiver.keys = (NEWER,)
    assert _post(call_for(connected)).kind == OutcomeKind.NEEDS_LOGIN
    credentials = {"url": receiver.url, "secret": _secret(NEWER), "previous_secret": _secret(KEY)}
    log_in_again(channel=connected, credentials=credentials, by=acme.actor("ana"))
    for keys in ((KEY,), (NEWER,)):
        receiver.keys = keys
        assert _post(call_for(connected), key=f"key-{keys[0][0]}").kind == OutcomeKind.ACCEPTED
    log_in_again(channel=connected, credentials={**credentials, "previous_secret": ""}, by=acme.actor("ana"))
    receiver.keys = (KEY,)
    assert _post(call_for(connected), key="key-9").kind == OutcomeKind.NEEDS_LOGIN


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_call_outside_the_window_is_refused(receiver, call, minutes):
    receiver.clock = (now() + timedelta(minutes=minutes)).timestamp
    assert _post(call).kind == OutcomeKind.NEEDS_LOGIN
    assert receiver.live() == []


def test_a_call_caught_on_its_way_cannot_be_made_again(receiver, http):
    body = b'{"type":"post.find","timestamp":"2026-11-27T09:00:00Z","data":{"key":"key-1"}}'
    headers = signed_headers((KEY,), "ask_1", int(now().timestamp()), body)
    headers = {**headers, "Content-Type": "application/json"}
    answers = [http.request("POST", receiver.url, headers=headers, body=body).status for _ in range(2)]
    assert answers == [200, 409]
    changed = http.request("POST", receiver.url, headers=headers, body=body.replace(b"key-1", b"key-2"))
    assert changed.status == 401


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"key": "k"}, 422),
        ({"key": "k", "title": "", "text": "x", "language": "", "media": [], "more": 1}, 422),
    ],
)
def test_a_call_with_other_fields_is_refused(receiver, http, data, status):
    strict = Receiver(http, receiver.url, (KEY,))
    assert strict.send(PUBLISH, data, ident="post_k").status == status


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, {}), OutcomeKind.UNKNOWN),
        (Answer(200, {"id": ""}), OutcomeKind.UNKNOWN),
        (Answer(204, ""), OutcomeKind.UNKNOWN),
        (Answer(302, {"error": "x"}, (("Location", "https://acme.test/"),)), OutcomeKind.UNKNOWN),
        (Answer(400, {"error": "x"}), OutcomeKind.UNKNOWN),
        (Answer(401, "<html>"), OutcomeKind.UNKNOWN),
        (Answer(401, {"error": "x"}), OutcomeKind.NEEDS_LOGIN),
        (Answer(410, {"error": "x"}), OutcomeKind.NEEDS_LOGIN),
        (Answer(422, {"error": "x"}), OutcomeKind.REJECTED),
        (Answer(422, "<html>"), OutcomeKind.UNKNOWN),
        (Answer(429, {}, (("Retry-After", "30"),)), OutcomeKind.RATE_LIMITED),
        (Answer(500, {"error": "x"}), OutcomeKind.UNKNOWN),
    ],
)
def test_only_listed_answers_are_definitive(call, answer, kind):
    with ScriptedServer() as server:
        server.on("POST", "/", answer)
        found = _post(replace(call, credentials={**call.credentials, "url": f"{server.url}/"}))
    assert found.kind == kind


def test_a_permalink_that_no_browser_may_follow_is_left_out(call):
    with ScriptedServer() as server:
        server.on("POST", "/", Answer(200, {"id": 7, "url": "javascript:alert(1)"}))
        found = _post(replace(call, credentials={**call.credentials, "url": f"{server.url}/"}))
    assert (found.remote_id, found.remote_url) == ("7", "")


def _picture(folder, content: bytes = b"\x89PNG" + b"x" * 200, **more) -> Picture:
    picture = Picture(digest=hashlib.sha256(content).hexdigest(), bytes=len(content), **more)
    (folder / str(picture.pk)).write_bytes(content)
    return picture


def test_files_are_handed_over_before_the_post(receiver, call, tmp_path):
    payload = _payload("Kopi", _picture(tmp_path, alt="Secawan kopi ☕"))
    prepared = ADAPTER.prepare(call, payload)
    assert [kind for kind, _ in receiver.calls] == ["media.put"]
    assert _post(call, payload, prepared).kind == OutcomeKind.ACCEPTED
    (file,) = receiver.posts["key-1"]["data"]["media"]
    assert (file["alt"], file["id"][:2]) == ("Secawan kopi ☕", "f-")
    assert len(receiver.files) == 1


def test_a_file_that_is_refused_leaves_nothing_live(receiver, call, tmp_path):
    payload = _payload("Kopi", _picture(tmp_path, mime="video/mp4"))
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(call, payload)
    assert failure.value.outcome.kind == OutcomeKind.REJECTED
    assert _post(call, payload).kind == OutcomeKind.NOT_SENT
    assert receiver.live() == []


def test_a_post_is_taken_down_once(receiver, call):
    _post(call)
    assert ADAPTER.delete(call, "n1").kind == OutcomeKind.ACCEPTED
    assert receiver.live() == []
    assert ADAPTER.delete(call, "n2").kind == OutcomeKind.ACCEPTED


def test_the_limits_are_those_that_the_receiver_says(acme, receiver, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    receiver.told |= {"text_max": 20, "media_max": 0, "name": "Papan notis"}
    channel = _connect(acme, receiver)
    assert channel.name == "Papan notis"
    found = ADAPTER.render(Draft("a" * 21, (Picture(),)), channel.limits, channel.facts)
    assert [problem.code for problem in found.problems] == ["text_too_long", "too_many_media"]


def test_the_page_says_step_by_step_what_to_do_and_connects(acme, receiver, settings, client_as):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    client = client_as(acme.ana)
    page = reverse("networks:new_channel", args=[acme.acme.slug, "webhook"])
    shown = client.get(page).content.decode()
    assert "openssl rand -base64 32" in shown
    refused = client.post(page, {"url": receiver.url, "secret": _secret(NEWER)})
    assert refused.status_code == 422
    assert "does it have the same secret and time?" in refused.content.decode()
    told = client.post(page, {"url": receiver.url, "secret": _secret(KEY)})
    assert told.status_code == 302
    assert Channel.objects.get(kind="webhook").status == "active"
