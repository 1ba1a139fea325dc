"""Discord against a strict peer: webhook and bot, what is refused, its buckets, and what follows a lost answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.clock import now
from core.errors import Invalid
from core.http import OutboundClient
from core.ids import uuid7
from networks.discord.adapter import LIMITS, DiscordAdapter
from networks.models import Channel, ChannelSecret
from networks.protocol import Call, Draft, Finding, OutcomeKind, PrepareFailed
from networks.services.channels import connect_channel
from publishing import ledger
from tests.factories.deliveries import allow_policy, delivery_of, plan
from tests.fakes.scripted import Answer, ScriptedServer
from tests.networks.conftest import Picture
from tests.peers.discord.api import BOT_ID, BOT_TOKEN, CHANNEL, GUILD, WEBHOOK_ID, WEBHOOK_TOKEN, Discord
from tests.peers.dropping_proxy import DROP_ANSWER, DroppingProxy
from tests.publishing.test_delivering import claim_and_deliver, settle_now

ADAPTER = DiscordAdapter()


@pytest.fixture
def discord():
    with Discord() as peer:
        yield peer


@pytest.fixture
def http():
    return OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def by_hook(discord, http, tmp_path):
    def open_media(entry):
        return tmp_path / entry["id"]

    facts = {"server": discord.url, "mode": "webhook", "webhook_id": WEBHOOK_ID}
    return Call(
        workspace_id=uuid7(),
        channel_id=uuid7(),
        facts={**facts, "channel_id": CHANNEL, "guild_id": GUILD},
        limits=LIMITS.as_json(),
        credentials={"webhook_token": WEBHOOK_TOKEN},
        http=http,
        open_media=open_media,
        refresh=None,
    )


@pytest.fixture
def by_bot(by_hook):
    facts = {**by_hook.facts, "mode": "bot", "bot_id": BOT_ID}
    return replace(by_hook, facts=facts, credentials={"bot_token": BOT_TOKEN})


@pytest.fixture
def call(request):
    return request.getfixturevalue(request.param)


both = pytest.mark.parametrize("call", ["by_hook", "by_bot"], indirect=True)


def _bot(server, **more):
    return {"server": server, "bot_token": BOT_TOKEN, "channel_id": CHANNEL, **more}


def _payload(text="Kopi baharu", *media, **options):
    return dict(ADAPTER.render(Draft(text, tuple(media), options, "ms"), LIMITS.as_json(), {}).payload)


def _post(call, payload=None, key="key-1"):
    prepared = {"since": now().isoformat()}
    return ADAPTER.publish(call, payload or _payload(), prepared, remote_key="", idem_key=key)


def _ask(call, since=None):
    prepared = {"since": (since or now()).isoformat()}
    return ADAPTER.reconcile(call, _payload(), prepared, remote_key="", idem_key="key-1")


def _file(folder, content=b"\x89PNG" + b"x" * 200, **more):
    picture = Picture(bytes=len(content), **more)
    (folder / str(picture.pk)).write_bytes(content)
    return picture


def _connect(cast, credentials):
    return connect_channel(
        workspace=cast.acme, kind="discord", name="", credentials=credentials, by=cast.actor("ana")
    )


def test_a_webhook_is_looked_up_and_kept_like_a_password(acme, discord, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    channel = _connect(acme, {"webhook_url": discord.webhook_url})
    assert (channel.capability, channel.name) == ("N", "Berita")
    assert discord.calls == [f"GET /webhooks/{WEBHOOK_ID}/…"]
    assert WEBHOOK_TOKEN not in str(Channel.objects.filter(pk=channel.pk).values().get())
    fields = ChannelSecret.objects.filter(channel=channel).values_list("field", flat=True)
    assert list(fields) == ["webhook_token"]


def test_a_bot_can_be_asked_and_is_of_class_k(discord, http):
    connected = ADAPTER.connect(http, _bot(discord.url))
    assert (connected.capability, connected.handle) == ("K", "#berita")
    assert discord.messages == []


@pytest.mark.parametrize(
    ("given", "peer", "field"),
    [
        ({}, {}, "webhook_url"),
        ({"webhook_url": "https://discord.com/channels/1/2"}, {}, "webhook_url"),
        ({"webhook_url": "{url}/api/webhooks/1100/wrong"}, {}, "webhook_url"),
        ({"webhook_url": "{hook}"}, {"is_hook_deleted": True}, "webhook_url"),
        ({"webhook_url": "{hook}"}, {"hook_type": 3}, "webhook_url"),
        ({"webhook_url": "{hook}", "bot_token": BOT_TOKEN}, {}, "webhook_url"),
        ({"bot_token": "wrong-token-0", "channel_id": CHANNEL}, {}, "bot_token"),
        ({"bot_token": "a b", "channel_id": CHANNEL}, {}, "bot_token"),
        ({"bot_token": BOT_TOKEN, "channel_id": "berita"}, {}, "channel_id"),
        ({"bot_token": BOT_TOKEN, "channel_id": "77"}, {}, "channel_id"),
        ({"bot_token": BOT_TOKEN, "channel_id": CHANNEL}, {"may_see": False}, "channel_id"),
        ({"bot_token": BOT_TOKEN, "channel_id": CHANNEL}, {"channel_type": 15}, "channel_id"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(discord, http, given, peer, field):
    for name, value in peer.items():
        setattr(discord, name, value)
    places = {"url": discord.url, "hook": discord.webhook_url}
    credentials = {name: value.format(**places) for name, value in given.items()}
    with pytest.raises(Invalid) as refusal:
        ADAPTER.connect(http, {"server": discord.url, **credentials})
    assert list(refusal.value.fields) == [f"credentials.{field}"]


@both
def test_a_message_notifies_nobody_unless_asked_and_gives_its_link(discord, call):
    outcome = _post(call, _payload("@everyone Kopi", silent=True))
    assert (outcome.kind, outcome.remote_id) == (OutcomeKind.ACCEPTED, "900000")
    assert outcome.remote_url == f"{discord.url}/channels/{GUILD}/{CHANNEL}/900000"
    (message,) = discord.messages
    assert (message["content"], message["flags"]) == ("@everyone Kopi", 1 << 12)
    assert message["allowed_mentions"] == {"parse": []}
    _post(call, _payload("@everyone", ping=True, no_preview=True), key="key-2")
    assert discord.messages[1]["allowed_mentions"] == {"parse": ["everyone", "roles", "users"]}
    assert discord.messages[1]["flags"] == 1 << 2


@both
def test_files_go_with_their_descriptions(discord, call, tmp_path):
    payload = _payload("", _file(tmp_path, alt="Secawan kopi ☕"), _file(tmp_path, alt=""))
    assert set(ADAPTER.prepare(call, payload)) == {"since"}
    assert _post(call, payload).kind == OutcomeKind.ACCEPTED
    (message,) = discord.messages
    assert [file["description"] for file in message["attachments"]] == ["Secawan kopi ☕", ""]


@both
def test_a_message_is_deleted_once(discord, call):
    ident = _post(call).remote_id
    assert [ADAPTER.delete(call, ident).kind for _ in range(2)] == [OutcomeKind.ACCEPTED] * 2
    assert discord.messages == []


@pytest.mark.parametrize(
    ("draft", "codes"),
    [
        (Draft("☕" * 2000), []),
        (Draft("☕" * 2001), ["text_too_long"]),
        (Draft(""), ["empty"]),
        (Draft("", (Picture(),)), []),
        (Draft("x", (Picture(),) * 11), ["too_many_media"]),
        (Draft("x", (Picture(bytes=11_000_000),)), ["image_too_large"]),
        (Draft("x", (Picture(kind="video", mime="video/mp4", bytes=11_000_000),)), ["video_too_large"]),
        (Draft("x", (Picture(alt="a" * 1025),)), ["alt_too_long"]),
    ],
)
def test_what_discord_would_refuse_is_named_before(draft, codes):
    assert [problem.code for problem in ADAPTER.render(draft, LIMITS.as_json(), {}).problems] == codes


@both
def test_a_message_that_will_not_do_is_refused_for_good(discord, call, tmp_path):
    large = _file(tmp_path, b"x" * (10 * 1024 * 1024 + 1))
    for payload in (
        {**_payload(), "content": "a" * 2001},
        {**_payload(), "content": ""},
        {**_payload(), "flags": 1},
        _payload("x", replace(_file(tmp_path), alt="a" * 1025)),
        _payload("x", large),
    ):
        assert _post(call, payload).kind == OutcomeKind.REJECTED
    assert discord.messages == []


def test_more_files_than_ten_are_refused_for_good(discord, by_hook, tmp_path):
    payload = _payload("x", *[_file(tmp_path) for _ in range(11)])
    assert _post(by_hook, payload).kind == OutcomeKind.REJECTED


def test_a_file_that_is_gone_is_found_out_before_anything_is_sent(discord, by_hook):
    def gone(_entry):
        raise FileNotFoundError(2, "No such file or directory")

    lost = replace(by_hook, open_media=gone)
    with pytest.raises(PrepareFailed):
        ADAPTER.prepare(lost, _payload("x", Picture()))
    assert _post(lost, _payload("x", Picture())).kind == OutcomeKind.NOT_SENT
    assert discord.calls == []


@pytest.mark.parametrize(
    ("call", "peer"),
    [
        ("by_hook", {"is_hook_deleted": True}),
        ("by_bot", {"may_see": False}),
        ("by_bot", {"may_send": False}),
    ],
    indirect=["call"],
)
def test_who_was_shut_out_needs_a_new_log_in(discord, call, peer):
    for name, value in peer.items():
        setattr(discord, name, value)
    assert _post(call).kind == OutcomeKind.NEEDS_LOGIN


def test_a_wrong_key_needs_a_new_log_in(by_hook, by_bot):
    assert _post(replace(by_hook, credentials={"webhook_token": "x"})).kind == OutcomeKind.NEEDS_LOGIN
    assert _post(replace(by_bot, credentials={"bot_token": "x"})).kind == OutcomeKind.NEEDS_LOGIN


@pytest.mark.parametrize(("is_global", "seconds"), [(False, 3), (True, 65)])
def test_a_pause_is_that_of_the_bucket_or_of_discord_as_a_whole(discord, by_hook, is_global, seconds):
    discord.bucket.left, discord.bucket.reset_after, discord.is_global = 0, 2.2, is_global
    outcome = _post(by_hook)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RATE_LIMITED, seconds)


def test_the_last_call_of_a_bucket_says_how_long_it_is_empty(discord, by_hook):
    discord.bucket.left, discord.bucket.reset_after = 2, 8.2
    assert [_post(by_hook).retry_after_seconds for _ in range(2)] == [None, 9]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<html>"),
        Answer(200, {}),
        Answer(204, ""),
        Answer(400, {"code": 0, "message": "400: Bad Request"}),
        Answer(400, "<html>"),
        Answer(401, "<html>"),
        Answer(403, {"code": 40333, "message": "internal network error"}),
        Answer(404, {"code": 0, "message": "404: Not Found"}),
        Answer(500, {"code": 0, "message": "500: Internal Server Error"}),
        Answer(502, "<html>"),
    ],
)
def test_any_other_answer_proves_nothing(by_bot, answer):
    with ScriptedServer() as server:
        server.on("POST", f"/api/v10/channels/{CHANNEL}/messages", answer)
        assert (
            _post(replace(by_bot, facts={**by_bot.facts, "server": server.url})).kind == OutcomeKind.UNKNOWN
        )


def test_the_same_nonce_makes_one_message_within_minutes_and_none_is_sent_by_a_webhook(
    discord, by_bot, by_hook
):
    assert {_post(by_bot).remote_id for _ in range(2)} == {"900000"}
    assert _post(by_bot, key="key-2").remote_id == "900001"
    discord.clock = (now() + timedelta(minutes=6)).timestamp
    assert _post(by_bot).remote_id == "900002"
    assert timedelta(seconds=ADAPTER.resend_seconds) < timedelta(minutes=5)
    assert _post(by_hook).kind == OutcomeKind.ACCEPTED


def test_a_bot_finds_its_own_message_and_no_other(discord, by_bot, by_hook):
    assert _ask(by_bot).finding == Finding.UNDECIDED
    _post(by_hook)
    assert _ask(by_bot).finding == Finding.NOT_LIVE
    mine = _post(by_bot).remote_id
    found = _ask(by_bot)
    assert (found.finding, found.remote_id) == (Finding.LIVE, mine)
    assert _ask(by_bot, since=now() + timedelta(minutes=5)).finding == Finding.NOT_LIVE


def test_a_channel_that_hides_its_messages_decides_nothing(discord, by_bot):
    _post(by_bot)
    discord.may_read = False
    assert _ask(by_bot).finding == Finding.UNDECIDED
    discord.may_see = False
    assert _ask(by_bot).finding == Finding.UNDECIDED


@pytest.mark.parametrize(("mode", "state"), [("webhook", "needs_attention"), ("bot", "published")])
def test_a_lost_answer(acme, discord, settings, mode, state):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    allow_policy(acme.acme)
    with DroppingProxy(discord.port) as proxy:
        hook = {"webhook_url": discord.webhook_url.replace(discord.url, proxy.url)}
        channel = _connect(acme, hook if mode == "webhook" else _bot(proxy.url))
        proxy.lose(DROP_ANSWER, b"POST")
        post = plan(acme.acme, [channel], "Kopi", payload=_payload("Kopi"))
        assert claim_and_deliver(post).state == "unknown"
        row = settle_now(post)
    assert row.state == state
    assert [message["content"] for message in discord.messages] == ["Kopi"]


def test_nothing_is_claimed_for_a_channel_whose_bucket_is_empty(acme, discord, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    allow_policy(acme.acme)
    channel = _connect(acme, {"webhook_url": discord.webhook_url})
    discord.bucket.left, discord.bucket.reset_after = 1, 600.0
    first = plan(acme.acme, [channel], "Satu", payload=_payload("Satu"))
    assert claim_and_deliver(first).state == "published"
    second = plan(acme.acme, [channel], "Dua", payload=_payload("Dua"))
    assert ledger.claim_due() == []
    assert delivery_of(second).state == "scheduled"
