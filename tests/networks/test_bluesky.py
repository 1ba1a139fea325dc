"""What Bluesky's adapter makes of texts and answers; the real server is asked in tests/peers."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound, Permanent
from core.http import OutboundClient
from core.ids import uuid7
from networks.bluesky.adapter import BlueskyAdapter
from networks.bluesky.keys import tid_of
from networks.bluesky.richtext import facets, mentions
from networks.protocol import Call, Capability, Counting, Draft, Finding, Limits, OutcomeKind, PrepareFailed
from tests.fakes.scripted import Answer, ScriptedServer
from tests.networks.conftest import Picture

ADAPTER = BlueskyAdapter()
LIMITS = Limits(300, Counting.GRAPHEMES, 4, 2_000_000, alt_max=2000).as_json()
PUT = "/xrpc/com.atproto.repo.putRecord"
GET = "/xrpc/com.atproto.repo.getRecord"
PAYLOAD = {"text": "Hai", "facets": [], "mentions": [], "langs": [], "label": "", "media": []}
PREPARED = {"record": {"$type": "app.bsky.feed.post", "text": "Hai", "createdAt": "2026-11-23T00:00:00.000Z"}}
EXPIRED = Answer(400, {"error": "ExpiredToken"})
WRITTEN = {"uri": "at://did:plc:acme/app.bsky.feed.post/k", "cid": "bafy", "validationStatus": "valid"}


@pytest.fixture
def server():
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def call(server):
    return Call(
        workspace_id=uuid7(),
        channel_id=uuid7(),
        facts={"service": server.url, "did": "did:plc:acme"},
        limits=LIMITS,
        credentials={"identifier": "acme.test", "app_password": "p", "access_jwt": "a1", "refresh_jwt": "r1"},
        http=OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"})),
        open_media=None,
        refresh=lambda known, exchange: {**known, **exchange(known)},
    )


def _put(call):
    return ADAPTER.publish(call, PAYLOAD, PREPARED, remote_key="k", idem_key="")


def _shown(text: str) -> list[tuple[str, str]]:
    raw = text.encode()
    return [
        (
            raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(),
            next(value for name, value in facet["features"][0].items() if name != "$type"),
        )
        for facet in facets(text)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#kopi", [("#kopi", "kopi")]),
        ("🇲🇾 #kopiO, ya", [("#kopiO", "kopiO")]),
        ("#123 #1a #", [("#1a", "1a")]),
        ("＃kopi (#teh)", [("＃kopi", "kopi"), ("#teh", "teh")]),
        ("kopi#teh https://a.my/#x", [("https://a.my/#x", "https://a.my/#x")]),
        ("#" + "x" * 65, []),
        ("#️⃣ satu", []),
        ("é https://a.my/ü #café", [("https://a.my/ü", "https://a.my/ü"), ("#café", "café")]),
    ],
)
def test_facets_cover_exactly_their_bytes(text, found):
    assert _shown(text) == found


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@acme.test hai", ["acme.test"]),
        ("(@Acme.Bsky.social), ya", ["acme.bsky.social"]),
        ("ben@acme.test @acme @a_b.test", []),
        ("kepada @a.test.", ["a.test"]),
    ],
)
def test_mentions_are_handles(text, handles):
    found = mentions(text)
    assert [mention["handle"] for mention in found] == handles


@given(st.text(max_size=120))
def test_facets_never_leave_the_text_or_split_a_character(text):
    raw, last = text.encode(), 0
    for facet in facets(text):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert last <= start < end <= len(raw)
        raw[start:end].decode()
        last = end


def test_record_keys_are_timestamp_ids_that_grow_with_time():
    keys = [
        tid_of(UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62)))
        for milliseconds in range(10**12, 10**12 + 50)
    ]
    assert keys == sorted(set(keys))
    assert {len(key) for key in keys} == {13}
    assert tid_of(UUID("01a207bc-b4d4-71fb-b324-b3793eec8032")) == tid_of(
        UUID("01a207bc-b4d4-71fb-b324-b3793eec8032")
    )


def test_the_payload_holds_all_that_will_be_sent():
    picture = Picture()
    payload = ADAPTER.render(Draft("Hai #kopi", (picture,), {"label": "nudity"}, "ms"), LIMITS, {}).payload
    assert set(payload) == {"text", "facets", "mentions", "langs", "label", "media"}
    assert (payload["langs"], payload["label"]) == (["ms"], "nudity")
    assert payload["media"][0]["digest"] == picture.digest


@pytest.mark.parametrize(
    ("draft", "codes"),
    [
        (Draft("a" * 301), ["text_too_long"]),
        (Draft("\u0301".join("a" * 299) + "b" * 0), []),
        (Draft("👩‍👩‍👧" * 200), ["text_too_long"]),
        (Draft(""), ["empty"]),
        (Draft("x", (Picture(kind="video", mime="video/mp4"),)), ["video_not_taken"]),
        (Draft("x", (Picture(mime="image/tiff"),)), ["image_type"]),
        (Draft("x", (Picture(alt=" "),)), ["alt_missing"]),
        (Draft("x", options={"label": "nonsense"}), ["label_unknown"]),
        (Draft("x", options={"replies": "nonsense"}), ["replies_unknown"]),
        (Draft("x", options={"quote": "https://acme.test/post/1"}), ["quote_unknown"]),
        (Draft("x", options={"quote": "https://bsky.app/profile/acme.test/post/3lsm4xd2abc2d"}), []),
    ],
)
def test_problems_are_named_before_anything_is_sent(draft, codes):
    assert [problem.code for problem in ADAPTER.render(draft, LIMITS, {}).problems] == codes


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, WRITTEN), OutcomeKind.ACCEPTED),
        (Answer(200, "<html>"), OutcomeKind.UNKNOWN),
        (Answer(200, {}), OutcomeKind.UNKNOWN),
        (Answer(200, []), OutcomeKind.UNKNOWN),
        (
            Answer(400, {"error": "InvalidRequest", "message": "text must not be longer"}),
            OutcomeKind.REJECTED,
        ),
        (Answer(400, {"error": "BlobNotFound"}), OutcomeKind.NOT_SENT),
        (Answer(400, {"error": "SomethingNew"}), OutcomeKind.UNKNOWN),
        (Answer(400, "<html>"), OutcomeKind.UNKNOWN),
        (Answer(403, {"error": "InvalidRequest"}), OutcomeKind.UNKNOWN),
        (Answer(500, {"error": "InternalServerError"}), OutcomeKind.UNKNOWN),
        (Answer(502, "<html>"), OutcomeKind.UNKNOWN),
        (Answer(400, {"error": "AccountTakedown", "message": "Taken down"}), OutcomeKind.NEEDS_LOGIN),
        (Answer(301, {}, (("Location", "https://elsewhere.test/"),)), OutcomeKind.UNKNOWN),
    ],
)
def test_only_listed_answers_are_definitive(server, call, answer, kind):
    server.on("POST", PUT, answer)
    assert _put(call).kind == kind
    assert len(server.requests("POST", PUT)) == 1


@pytest.mark.parametrize(("header", "seconds"), [((("Retry-After", "290"),), 290), ((), None)])
def test_a_429_says_how_long_to_wait(server, call, header, seconds):
    server.on("POST", PUT, Answer(429, {"error": "RateLimitExceeded"}, header))
    outcome = _put(call)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RATE_LIMITED, seconds)


def test_a_token_refused_once_is_refreshed_and_the_call_made_once_more(server, call):
    server.on("POST", PUT, Answer(400, {"error": "ExpiredToken"}), Answer(200, WRITTEN))
    server.on(
        "POST",
        "/xrpc/com.atproto.server.refreshSession",
        Answer(200, {"accessJwt": "a2", "refreshJwt": "r2"}),
    )
    assert _put(call).kind == OutcomeKind.ACCEPTED
    assert [asked.headers["authorization"] for asked in server.asked] == [
        "Bearer a1",
        "Bearer r1",
        "Bearer a2",
    ]


def test_a_token_refused_for_ever_needs_a_login_after_two_tries(server, call):
    server.on("POST", PUT, Answer(400, {"error": "InvalidToken", "message": "Bad token"}))
    server.on(
        "POST",
        "/xrpc/com.atproto.server.refreshSession",
        Answer(200, {"accessJwt": "a2", "refreshJwt": "r2"}),
    )
    outcome = _put(call)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NEEDS_LOGIN, "Bad token")
    assert len(server.requests("POST", PUT)) == 2


@pytest.mark.parametrize(
    ("refresh", "login", "kind"),
    [
        (Answer(503, "<html>"), None, OutcomeKind.NOT_SENT),
        (EXPIRED, Answer(401, {"error": "AuthenticationRequired"}), OutcomeKind.NEEDS_LOGIN),
        (EXPIRED, Answer(429, {}, (("Retry-After", "7"),)), OutcomeKind.RATE_LIMITED),
        (Answer(200, {}), None, OutcomeKind.NOT_SENT),
    ],
)  # fmt: skip
def test_a_session_that_cannot_be_renewed_says_why(server, call, refresh, login, kind):
    server.on("POST", PUT, Answer(400, {"error": "ExpiredToken"}))
    server.on("POST", "/xrpc/com.atproto.server.refreshSession", refresh)
    if login:
        server.on("POST", "/xrpc/com.atproto.server.createSession", login)
    assert _put(call).kind == kind


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (Answer(200, {"uri": "at://x/app.bsky.feed.post/k", "value": {"text": "Hai"}}), Finding.LIVE),
        (Answer(200, {"uri": "at://x/app.bsky.feed.post/k", "value": {"text": "Lain"}}), Finding.UNDECIDED),
        (Answer(400, {"error": "RecordNotFound"}), Finding.NOT_LIVE),
        (Answer(400, {"error": "InvalidRequest"}), Finding.UNDECIDED),
        (Answer(404, "<html>"), Finding.UNDECIDED),
        (Answer(200, "<html>"), Finding.UNDECIDED),
        (Answer(500, {}), Finding.UNDECIDED),
    ],
)
def test_reconcile_decides_only_on_the_servers_own_word(server, call, answer, finding):
    server.on("GET", GET, answer)
    found = ADAPTER.reconcile(call, PAYLOAD, PREPARED, remote_key="k", idem_key="")
    assert found.finding == finding
    assert server.asked[0].query == "repo=did%3Aplc%3Aacme&collection=app.bsky.feed.post&rkey=k"


def test_the_call_never_asks_to_overwrite(server, call):
    server.on("POST", PUT, Answer(200, WRITTEN))
    _put(call)
    assert server.asked[0].json() == {
        "repo": "did:plc:acme",
        "collection": "app.bsky.feed.post",
        "rkey": "k",
        "record": PREPARED["record"],
        "swapRecord": None,
    }


def test_the_adapter_is_of_class_d():
    assert Capability.DETERMINISTIC == "D"
    assert ADAPTER.mint_key(uuid7()) != ADAPTER.mint_key(uuid7())


def test_without_a_prepared_record_nothing_is_sent(server, call):
    outcome = ADAPTER.publish(call, PAYLOAD, {}, remote_key="k", idem_key="")
    assert (outcome.kind, outcome.prepare_again) == (OutcomeKind.NOT_SENT, True)
    assert server.asked == []


def test_a_picture_that_is_gone_from_the_server_is_uploaded_again(server, call):
    server.on("POST", PUT, Answer(400, {"error": "BlobNotFound"}))
    assert _put(call).prepare_again


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Permanent("The stored file is not the one that was approved."), OutcomeKind.REJECTED),
        (NotFound("The picture or video is gone."), OutcomeKind.REJECTED),
        (OSError("disk"), OutcomeKind.NOT_SENT),
    ],
)
def test_a_file_that_cannot_be_opened_stops_before_anything_is_sent(server, call, error, kind):
    def open_media(_entry):
        raise error

    server.on(
        "POST",
        "/xrpc/com.atproto.server.refreshSession",
        Answer(200, {"accessJwt": "a2", "refreshJwt": "r2"}),
    )
    payload = ADAPTER.render(Draft("Hai", (Picture(),)), LIMITS, {}).payload
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(replace(call, open_media=open_media), payload)
    assert failure.value.outcome.kind == kind
    assert not server.requests("POST", "/xrpc/com.atproto.repo.uploadBlob")
