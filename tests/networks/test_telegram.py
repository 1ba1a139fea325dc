"""Telegram against a strict Bot API: what it refuses, what a message holds, what follows when an answer is lost."""

from dataclasses import replace

import pytest
from PIL import Image

from core.errors import Invalid
from core.http import OutboundClient
from core.ids import uuid7
from networks.models import Channel, ChannelSecret
from networks.protocol import Call, Draft, Finding, OutcomeKind, PrepareFailed
from networks.services.channels import connect_channel
from networks.telegram.adapter import LIMITS, TelegramAdapter
from tests.factories.deliveries import allow_policy, plan
from tests.fakes.scripted import Answer, ScriptedServer
from tests.networks.conftest import Picture
from tests.peers.dropping_proxy import DROP_ANSWER, DroppingProxy
from tests.peers.telegram.bot_api import TOKEN, BotApi, Chat
from tests.publishing.test_delivering import claim_and_deliver, settle_now

ADAPTER = TelegramAdapter()
CHANNEL = -1001234567890


@pytest.fixture
def api():
    with BotApi() as peer:
        yield peer


@pytest.fixture
def http():
    return OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def call(api, http, tmp_path):
    def open_media(entry):
        return tmp_path / entry["id"]

    return Call(
        workspace_id=uuid7(),
        channel_id=uuid7(),
        facts={"server": api.url, "chat_id": CHANNEL, "username": "acmekopi"},
        limits=LIMITS.as_json(),
        credentials={"bot_token": TOKEN},
        http=http,
        open_media=open_media,
        refresh=None,
    )


def _credentials(api, **more):
    return {"server": api.url, "bot_token": TOKEN, "chat": "@acmekopi", **more}


def _payload(text="Kopi baharu", *media, **options):
    return dict(ADAPTER.render(Draft(text, tuple(media), options, "ms"), LIMITS.as_json(), {}).payload)


def _post(call, payload=None):
    return ADAPTER.publish(call, payload or _payload(), {}, remote_key="", idem_key="i")


def _photo(folder, size=(64, 48), **more):
    picture = Picture(width=size[0], height=size[1], **more)
    path = folder / str(picture.pk)
    Image.new("RGB", size, (10, 120, 130)).save(path, "PNG")
    return replace(picture, bytes=path.stat().st_size)


def _codes(draft):
    return [problem.code for problem in ADAPTER.render(draft, LIMITS.as_json(), {}).problems]


def test_connecting_looks_up_bot_and_chat_and_sends_nothing(acme, api, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    channel = connect_channel(
        workspace=acme.acme, kind="telegram", name="", credentials=_credentials(api), by=acme.actor("ana")
    )
    assert (channel.capability, channel.handle, channel.name) == ("N", "@acmekopi", "Acme Kopi")
    assert api.calls == ["getMe", "getChat", "getChatMember"]
    assert TOKEN not in str(Channel.objects.filter(pk=channel.pk).values().get())
    assert list(ChannelSecret.objects.filter(channel=channel).values_list("field", flat=True)) == [
        "bot_token"
    ]


@pytest.mark.parametrize(
    ("given", "chat", "told"),
    [
        ({"bot_token": "secret"}, {}, ("bot_token", "as BotFather gives it")),
        ({"bot_token": f"{TOKEN}x"}, {}, ("bot_token", "does not know this token")),
        ({"chat": "@nobody"}, {}, ("chat", "as an administrator first")),
        ({"chat": "acmekopi/../x"}, {}, ("chat", "@name")),
        ({}, {"status": "kicked"}, ("chat", "as an administrator first")),
        ({}, {"status": "member"}, ("chat", "right to post")),
        ({}, {"may_post": False}, ("chat", "right to post")),
        ({}, {"type": "private"}, ("chat", "neither a channel nor a group")),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(api, http, given, chat, told):
    api.chats = [replace(api.chats[0], **chat)]
    with pytest.raises(Invalid, match=told[1]) as refusal:
        ADAPTER.connect(http, _credentials(api, **given))
    assert list(refusal.value.fields) == [f"credentials.{told[0]}"]


def test_another_server_is_no_bot_api(http):
    with ScriptedServer() as server, pytest.raises(Invalid) as refusal:
        ADAPTER.connect(http, {"server": server.url, "bot_token": TOKEN, "chat": "@acmekopi"})
    assert list(refusal.value.fields) == ["credentials.server"]


def test_a_text_stands_as_typed_and_what_is_bold_is_said_by_its_place(api, call):
    outcome = _post(
        call, _payload("☕🇲🇾 *Kopi*\n_bukan_ [pautan](x)", bold_headline=True, silent=True, no_preview=True)
    )
    assert (outcome.kind, outcome.remote_id) == (OutcomeKind.ACCEPTED, "1")
    assert outcome.remote_url == "https://t.me/acmekopi/1"
    (message,) = api.messages
    assert message.text == "☕🇲🇾 *Kopi*\n_bukan_ [pautan](x)"
    assert message.entities == [{"type": "bold", "offset": 0, "length": 12}]
    assert message.fields["disable_notification"] is True
    assert message.fields["link_preview_options"] == {"is_disabled": True}
    assert "protect_content" not in message.fields


def test_a_private_channel_links_for_its_members(call):
    found = _post(replace(call, facts={**call.facts, "username": ""}))
    assert found.remote_url == "https://t.me/c/1234567890/1"


@pytest.mark.parametrize(
    ("file", "method"),
    [
        ({}, "sendPhoto"),
        ({"mime": "video/mp4", "kind": "video"}, "sendVideo"),
        ({"mime": "image/gif", "kind": "gif"}, "sendAnimation"),
    ],
)
def test_one_file_goes_with_its_caption(api, call, tmp_path, file, method):
    payload = _payload("Kopi ☕", _photo(tmp_path, **file), bold_headline=True)
    assert ADAPTER.prepare(call, payload) == {}
    assert api.calls == []
    assert _post(call, payload).kind == OutcomeKind.ACCEPTED
    assert api.calls == [method]
    (message,) = api.messages
    assert (message.text, message.entities[0]["length"]) == ("Kopi ☕", 6)


def test_several_files_are_one_album_with_one_caption(api, call, tmp_path):
    payload = _payload("Kopi", *[_photo(tmp_path) for _ in range(3)])
    outcome = _post(call, payload)
    assert (outcome.remote_id, outcome.remote_url) == ("1,2,3", "https://t.me/acmekopi/1")
    assert [message.text for message in api.messages] == ["Kopi", "", ""]
    assert ADAPTER.delete(call, outcome.remote_id).kind == OutcomeKind.ACCEPTED
    assert api.messages == []


def _long(number):
    return "☕" * number


@pytest.mark.parametrize(
    ("draft", "codes"),
    [
        (Draft(_long(4096)), []),
        (Draft("🇲" * 2049), ["text_too_long"]),
        (Draft(_long(1024), (Picture(),)), []),
        (Draft(_long(1025), (Picture(),)), ["text_too_long"]),
        (Draft("", (Picture(),)), []),
        (Draft(""), ["empty"]),
        (Draft("x", (Picture(),) * 11), ["too_many_media"]),
        (Draft("x", (Picture(bytes=11_000_000),)), ["image_too_large"]),
        (Draft("x", (Picture(kind="video", mime="video/webm"),)), ["video_type"]),
        (Draft("x", (Picture(kind="video", mime="video/mp4", bytes=60_000_000),)), ["video_too_large"]),
        (Draft("x", (Picture(mime="image/tiff"),)), ["image_type"]),
        (Draft("x", (Picture(width=9000, height=1001),)), ["image_dimensions"]),
        (Draft("x", (Picture(width=2100, height=100),)), ["image_ratio"]),
        (Draft("x", (Picture(kind="gif", mime="image/gif"), Picture())), ["gif_in_album"]),
    ],
)
def test_what_telegram_would_refuse_is_named_before(draft, codes):
    assert _codes(draft) == codes


@pytest.mark.parametrize("text", ["☕" * 4097, ""])
def test_a_text_of_wrong_length_is_refused_for_good(api, call, text):
    assert _post(call, {**_payload(), "text": text}).kind == OutcomeKind.REJECTED
    assert api.messages == []


def test_a_caption_and_a_picture_that_will_not_do_are_refused_for_good(api, call, tmp_path):
    fine, long = _photo(tmp_path), _photo(tmp_path, size=(2100, 100))
    assert _post(call, {**_payload("x", fine), "text": "☕" * 1025}).kind == OutcomeKind.REJECTED
    assert _post(call, _payload("x", long)).reason == "Bad Request: PHOTO_INVALID_DIMENSIONS"
    marked = {**_payload(), "entities": [{"type": "bold", "offset": 9, "length": 9}]}
    assert _post(call, marked).kind == OutcomeKind.REJECTED
    assert api.messages == []


def test_a_picture_that_is_none_or_empty_is_refused_for_good(api, call, tmp_path):
    picture = _photo(tmp_path)
    for content in (b"no picture", b""):
        (tmp_path / str(picture.pk)).write_bytes(content)
        assert _post(call, _payload("x", picture)).kind == OutcomeKind.REJECTED
    assert api.messages == []


def test_a_file_that_is_gone_is_found_out_before_anything_is_sent(api, call):
    with pytest.raises(PrepareFailed):
        ADAPTER.prepare(replace(call, open_media=_gone), _payload("x", Picture()))
    assert _post(call, _payload("x", Picture())).kind == OutcomeKind.NOT_SENT
    assert api.calls == []


def _gone(_entry):
    raise FileNotFoundError(2, "No such file or directory")


def test_a_pause_is_as_long_as_telegram_says_in_its_answer(api, call):
    api.flood = 37
    outcome = _post(call)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RATE_LIMITED, 37)
    assert _post(call).kind == OutcomeKind.ACCEPTED


@pytest.mark.parametrize(
    ("chat", "revoked"),
    [
        ({"status": "kicked"}, False),
        ({"may_post": False}, False),
        ({"migrated_to": -1009}, False),
        ({"id": -9}, False),
        ({}, True),
    ],
)
def test_a_bot_that_was_shut_out_needs_a_new_log_in(api, call, chat, revoked):
    api.is_revoked = revoked
    api.chats = [replace(Chat(CHANNEL), **chat)]
    assert _post(call).kind == OutcomeKind.NEEDS_LOGIN
    assert api.messages == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<html>"),
        Answer(200, {"ok": False}),
        Answer(200, {"ok": True, "result": True}),
        Answer(400, {"ok": False, "error_code": 400, "description": "Bad Request: something new"}),
        Answer(400, "<html>"),
        Answer(401, "<html>"),
        Answer(404, "<html>"),
        Answer(409, {"ok": False, "error_code": 409, "description": "Conflict"}),
        Answer(502, {"ok": False, "error_code": 502, "description": "Bad Gateway"}),
    ],
)
def test_any_other_answer_proves_nothing(call, answer):
    with ScriptedServer() as server:
        server.on("POST", f"/bot{TOKEN}/sendMessage", answer)
        assert _post(replace(call, facts={**call.facts, "server": server.url})).kind == OutcomeKind.UNKNOWN


def test_what_may_not_be_deleted_stays_and_is_said(api, call):
    _post(call)
    api.chats = [replace(api.chats[0], may_delete=False)]
    assert ADAPTER.delete(call, "1").reason == "Bad Request: message can't be deleted"
    assert len(api.messages) == 1


def test_bots_cannot_ask_so_a_lost_answer_is_left_to_people(acme, api, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    allow_policy(acme.acme)
    with DroppingProxy(api.port) as proxy:
        credentials = _credentials(api, server=proxy.url)
        channel = connect_channel(
            workspace=acme.acme, kind="telegram", name="", credentials=credentials, by=acme.actor("ana")
        )
        proxy.lose(DROP_ANSWER, b"sendMessage")
        post = plan(acme.acme, [channel], "Kopi", payload=_payload("Kopi"))
        assert claim_and_deliver(post).state == "unknown"
        row = settle_now(post)
    assert (row.state, row.reason) == ("needs_attention", "cannot_ask")
    assert [message.text for message in api.messages] == ["Kopi"]


def test_reconciling_claims_nothing(call):
    assert ADAPTER.reconcile(call, {}, {}, remote_key="", idem_key="").finding == Finding.UNDECIDED
