"""What Mastodon's adapter makes of the servers that speak its API, as they answer in the wild."""

import json
from datetime import UTC, datetime

import pytest

from core.errors import Invalid
from core.http import OutboundClient
from core.ids import uuid7
from networks.mastodon.adapter import MastodonAdapter
from networks.mastodon.instance import capability_of, limits_of
from networks.mastodon.matching import is_same, words
from networks.protocol import Call, Draft, Finding, OutcomeKind, PrepareFailed
from tests.fakes.scripted import Answer, ScriptedServer
from tests.networks.conftest import Picture

ADAPTER = MastodonAdapter()
OWN = {
    "domain": "mastodon.example",
    "version": "4.4.3",
    "source_url": "https://github.com/mastodon/mastodon",
    "configuration": {
        "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
        "media_attachments": {
            "supported_mime_types": ["image/png", "video/mp4"],
            "description_limit": 1500,
            "image_size_limit": 16777216,
            "video_size_limit": 103809024,
        },
    },
}
PLEROMA = {"version": "2.7.2 (compatible; Pleroma 2.6.2)", "max_toot_chars": 5000}
GOTOSOCIAL = {
    "version": "0.17.3+git-1a2b3c4",
    "configuration": {"statuses": {"max_characters": 5000, "max_media_attachments": 6}},
}
LIMITS = limits_of(OWN).as_json()
ME = {"id": "7", "acct": "acme", "display_name": "Acme Kopi"}
SINCE = "2026-11-23T09:00:00+00:00"
STATUSES = "/api/v1/statuses"
MINE = "/api/v1/accounts/7/statuses"
VERIFY = "/api/v1/accounts/verify_credentials"


@pytest.fixture
def server():
    with ScriptedServer() as scripted:
        scripted.on("GET", "/api/v2/instance", Answer(200, OWN))
        scripted.on("GET", VERIFY, Answer(200, ME))
        yield scripted


@pytest.fixture
def http():
    return OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def call(server, http, tmp_path):
    path = tmp_path / "cup.png"
    path.write_bytes(b"\x89PNG" + b"x" * 500)
    return Call(
        workspace_id=uuid7(),
        channel_id=uuid7(),
        facts={"server": server.url, "account_id": "7", "media_types": []},
        limits=LIMITS,
        credentials={"access_token": "token-1"},
        http=http,
        open_media=lambda _entry: path,
        refresh=None,
    )


def _payload(text="Kopi baharu", *pictures, **options):
    return ADAPTER.render(Draft(text, tuple(pictures), options, "ms"), LIMITS, {}).payload


def _post(call, payload=None, prepared=None):
    prepared = prepared or {"media_ids": [], "since": SINCE}
    return ADAPTER.publish(call, payload or _payload(), prepared, remote_key="", idem_key="key-1")


def _connect(server, http, **more):
    return ADAPTER.connect(http, {"server": server.url, "access_token": "token-1", **more})


@pytest.mark.parametrize(
    ("document", "capability"),
    [
        (OWN, "K"),
        ({"version": "4.3.1+glitch"}, "K"),
        ({"version": "4.5.0-beta.1"}, "K"),
        (PLEROMA, "F"),
        (GOTOSOCIAL, "F"),
        ({"version": "3.5.3 (compatible; Pixelfed 0.12.5)"}, "F"),
        ({"version": "4.2.1 (compatible; Iceshrimp 2023.12.9)"}, "F"),
        ({"version": "takahe/0.11.0"}, "F"),
        ({}, "F"),
    ],
)
def test_the_key_is_trusted_only_where_the_server_says_it_is_mastodon(document, capability):
    assert capability_of(document) == capability


@pytest.mark.parametrize(
    ("document", "text_max", "media_max"),
    [(OWN, 500, 4), (PLEROMA, 5000, 4), (GOTOSOCIAL, 5000, 6), ({}, 500, 4),
     ({"configuration": {"statuses": {"max_characters": "many"}}}, 500, 4), ({"configuration": []}, 500, 4)],
)  # fmt: skip
def test_limits_are_the_servers_own(document, text_max, media_max):
    limits = limits_of(document)
    assert (limits.text_max, limits.media_max) == (text_max, media_max)


def test_a_server_without_the_newer_document_is_read_by_the_older(server, http):
    server.on("GET", "/api/v2/instance", Answer(404, "<html>"))
    server.on("GET", "/api/v1/instance", Answer(200, PLEROMA))
    connected = _connect(server, http)
    assert (connected.capability, connected.limits.text_max) == ("F", 5000)


def test_a_server_that_speaks_something_else_is_refused_at_its_field(server, http):
    server.on("GET", "/api/v2/instance", Answer(200, "<html>"))
    with pytest.raises(Invalid) as refusal:
        _connect(server, http)
    assert list(refusal.value.fields) == ["credentials.server"]


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_a_bad_token_is_refused_whatever_status_says_so(server, http, status):
    server.on("GET", VERIFY, Answer(status, {"error": "no"}))
    with pytest.raises(Invalid) as refusal:
        _connect(server, http)
    assert list(refusal.value.fields) == ["credentials.access_token"]


def test_a_token_that_may_only_read_is_refused(server, http):
    server.on("GET", "/api/v1/apps/verify_credentials", Answer(200, {"scopes": ["read"]}))
    with pytest.raises(Invalid, match="read only"):
        _connect(server, http)


def test_the_token_never_goes_to_the_public_document(server, http):
    _connect(server, http)
    assert "authorization" not in server.requests("GET", "/api/v2/instance")[0].headers


def test_the_post_carries_key_and_payload_and_no_time(server, call):
    server.on("POST", STATUSES, Answer(200, {"id": "1", "url": "https://mastodon.example/@acme/1"}))
    outcome = _post(call, _payload("Kopi", content_warning="Makanan", visibility="unlisted"))
    assert (outcome.kind, outcome.remote_id, outcome.http_status) == (OutcomeKind.ACCEPTED, "1", 200)
    (asked,) = server.requests("POST", STATUSES)
    assert asked.headers["idempotency-key"] == "key-1"
    assert asked.json() == {
        "status": "Kopi",
        "spoiler_text": "Makanan",
        "visibility": "unlisted",
        "sensitive": True,
        "language": "ms",
    }


@pytest.mark.parametrize(
    ("answer", "verify", "kind"),
    [
        (Answer(200, "<html>"), 200, OutcomeKind.UNKNOWN),
        (Answer(200, {}), 200, OutcomeKind.UNKNOWN),
        (Answer(422, {"error": "Validation failed: Text is too long"}), 200, OutcomeKind.REJECTED),
        (Answer(422, "<html>"), 200, OutcomeKind.UNKNOWN),
        (Answer(400, {"error": "Bad request"}), 200, OutcomeKind.UNKNOWN),
        (Answer(400, {"error": "Bad token"}), 400, OutcomeKind.NEEDS_LOGIN),
        (Answer(401, {"error": "The access token was revoked"}), 401, OutcomeKind.NEEDS_LOGIN),
        (Answer(422, {"error": "This method requires an authenticated user"}), 422, OutcomeKind.NEEDS_LOGIN),
        (Answer(401, "<html>"), 503, OutcomeKind.UNKNOWN),
        (Answer(404, "<html>"), 200, OutcomeKind.UNKNOWN),
        (Answer(500, {"error": "x"}), 200, OutcomeKind.UNKNOWN),
        (Answer(504, "<html>"), 200, OutcomeKind.UNKNOWN),
    ],
)
def test_only_listed_answers_are_definitive(server, call, answer, verify, kind):
    server.on("POST", STATUSES, answer)
    server.on("GET", VERIFY, Answer(verify, ME if verify == 200 else {"error": "no"}))
    assert _post(call).kind == kind
    assert len(server.requests("POST", STATUSES)) == 1


def test_a_429_asks_for_its_pause(server, call):
    server.on("POST", STATUSES, Answer(429, {"error": "Too many requests"}, (("Retry-After", "42"),)))
    assert _post(call).retry_after_seconds == 42


def test_an_upload_is_awaited_until_it_is_processed(server, call):
    server.on("POST", "/api/v2/media", Answer(202, {"id": "m1", "url": None}))
    server.on("GET", "/api/v1/media/m1", Answer(206, {"id": "m1", "url": None}), Answer(200, {"id": "m1"}))
    prepared = ADAPTER.prepare(call, _payload("x", Picture(alt="Secawan kopi ☕")))
    assert prepared["media_ids"] == ["m1"]
    (sent,) = server.requests("POST", "/api/v2/media")
    assert "Secawan kopi ☕".encode() in sent.body
    assert sent.headers["content-type"].startswith("multipart/form-data")
    assert len(server.requests("GET", "/api/v1/media/m1")) == 2


def test_a_server_with_the_older_upload_is_served_too(server, call):
    server.on("POST", "/api/v1/media", Answer(200, {"id": "m1", "url": "https://x.example/m1"}))
    assert ADAPTER.prepare(call, _payload("x", Picture()))["media_ids"] == ["m1"]


@pytest.mark.parametrize(
    ("answer", "verify", "kind"),
    [
        (Answer(422, {"error": "Validation failed"}), 200, OutcomeKind.REJECTED),
        (Answer(413, "<html>"), 200, OutcomeKind.REJECTED),
        (Answer(422, {"error": "x"}), 401, OutcomeKind.NEEDS_LOGIN),
        (Answer(503, "<html>"), 200, OutcomeKind.NOT_SENT),
        (Answer(429, {}, (("Retry-After", "5"),)), 200, OutcomeKind.RATE_LIMITED),
        (Answer(200, "<html>"), 200, OutcomeKind.NOT_SENT),
    ],
)
def test_a_failed_upload_leaves_nothing_live(server, call, answer, verify, kind):
    server.on("POST", "/api/v2/media", answer)
    server.on("GET", VERIFY, Answer(verify, ME if verify == 200 else {"error": "no"}))
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(call, _payload("x", Picture()))
    assert failure.value.outcome.kind == kind


def _status(content: str, ident: str = "9", at: str = "2026-11-23T09:00:05.000Z", **more):
    return {
        "id": ident,
        "created_at": at,
        "content": content,
        "spoiler_text": "",
        "media_attachments": [],
        "url": f"https://mastodon.example/@acme/{ident}",
        "in_reply_to_id": None,
        "reblog": None,
        **more,
    }


MASTODON_HTML = (
    "<p>Kopi &amp; roti</p><p>Menu:<br />"
    '<a href="https://acme.test/menu/pagi/2026" rel="nofollow noopener" translate="no" target="_blank">'
    '<span class="invisible">https://</span><span class="ellipsis">acme.test/menu/pagi</span>'
    '<span class="invisible">/2026</span></a> '
    '<a href="https://mastodon.example/tags/kopi" class="mention hashtag" rel="tag">#<span>kopi</span></a> '
    '<span class="h-card" translate="no"><a href="https://other.example/@reader" class="u-url mention">'
    "@<span>reader</span></a></span></p>"
)
MASTODON_TEXT = "Kopi & roti\n\nMenu:\nhttps://acme.test/menu/pagi/2026 #kopi @reader@other.example"


def test_words_of_a_status_are_those_that_were_sent():
    assert words(MASTODON_HTML) == "Kopi & roti Menu: https://acme.test/menu/pagi/2026 #kopi @reader"
    payload = _payload(MASTODON_TEXT)
    assert is_same(_status(MASTODON_HTML), payload, datetime(2026, 11, 23, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    "changed",
    [
        {"content": "<p>Teh</p>"},
        {"created_at": "2026-11-23T08:40:00Z"},
        {"spoiler_text": "Makanan"},
        {"media_attachments": [{"id": "1"}]},
        {"in_reply_to_id": "3"},
        {"reblog": {"id": "4"}},
        {"poll": {"options": [{"title": "ya"}]}},
    ],
)
def test_a_status_that_differs_is_not_ours(changed):
    status = _status(MASTODON_HTML) | changed
    assert not is_same(status, _payload(MASTODON_TEXT), datetime(2026, 11, 23, 9, tzinfo=UTC))


def _reconcile(call, text="Kopi baharu"):
    prepared = {"media_ids": [], "since": SINCE}
    return ADAPTER.reconcile(call, _payload(text), prepared, remote_key="", idem_key="key-1")


def test_reconcile_reads_on_until_it_is_past_the_time(server, call):
    page = [_status(f"<p>{n}</p>", str(n)) for n in range(40, 0, -1)]
    server.on("GET", MINE, Answer(200, page), Answer(200, [_status("<p>Kopi baharu</p>", "0")]))
    found = _reconcile(call)
    assert (found.finding, found.remote_id) == (Finding.LIVE, "0")
    assert "max_id=1" in server.requests("GET", MINE)[1].query


@pytest.mark.parametrize(
    ("answers", "finding"),
    [
        ([Answer(200, [])], Finding.NOT_LIVE),
        ([Answer(200, [_status("<p>x</p>", at="2026-11-23T08:00:00Z")])], Finding.NOT_LIVE),
        ([Answer(200, [_status("<p>x</p>", str(n)) for n in range(40)])], Finding.UNDECIDED),
        ([Answer(403, {"error": "This action is outside the authorized scopes"})], Finding.UNDECIDED),
        ([Answer(200, "<html>")], Finding.UNDECIDED),
        ([Answer(200, {"error": "x"})], Finding.UNDECIDED),
        ([Answer(200, [{"id": "1"}])], Finding.UNDECIDED),
        ([Answer(502, "<html>")], Finding.UNDECIDED),
    ],
)
def test_reconcile_is_undecided_where_it_cannot_know(server, call, answers, finding):
    server.on("GET", MINE, *answers)
    assert _reconcile(call).finding == finding


@pytest.mark.parametrize(
    ("draft", "facts", "codes"),
    [
        (Draft("a" * 501), {}, ["text_too_long"]),
        (Draft("a" * 490, options={"content_warning": "b" * 11}), {}, ["text_too_long"]),
        (Draft("https://acme.test/" + "x" * 900), {}, []),
        (Draft("x", options={"visibility": "direct"}), {}, ["visibility_unknown"]),
        (Draft("x", options={"poll": "Robusta | Arabica"}), {}, []),
        (Draft("x", options={"poll": "Robusta"}), {}, ["poll_answers"]),
        (Draft("x", options={"poll": "1|2|3|4|5"}), {}, ["poll_answers"]),
        (Draft("x", options={"poll": "1|2|3"}), {"polls": {"max_options": 2}}, ["poll_answers"]),
        (Draft("x", options={"poll": "ya | ya"}), {}, ["poll_twice"]),
        (Draft("x", options={"poll": f"ya | {'☕' * 51}"}), {}, ["poll_answer_too_long"]),
        (Draft("x", options={"poll": "ya | tidak", "poll_ends": "60"}), {}, ["poll_ends"]),
        (Draft("x", options={"poll": "ya | tidak", "poll_ends": "soon"}), {}, ["poll_ends"]),
        (Draft("x", (Picture(),), {"poll": "ya | tidak"}), {}, ["poll_with_files"]),
        (Draft("x", (Picture(mime="image/webp"),)), {"media_types": ["image/png"]}, ["media_type"]),
        (Draft("x", (Picture(), Picture(kind="video", mime="video/mp4"))), {}, ["media_mixed"]),
    ],
)
def test_problems_are_named_before_anything_is_sent(draft, facts, codes):
    assert [problem.code for problem in ADAPTER.render(draft, LIMITS, facts).problems] == codes


def test_the_payload_is_plain_json():
    payload = _payload("Kopi", Picture())
    assert json.loads(json.dumps(payload)) == payload


def test_settling_and_sending_again_stay_inside_the_hour_for_which_a_key_is_kept():
    assert ADAPTER.settle_seconds >= 60
    assert ADAPTER.settle_seconds < ADAPTER.resend_seconds <= 50 * 60


def test_without_its_uploaded_files_nothing_is_sent(server, call):
    outcome = _post(call, _payload("x", Picture()))
    assert (outcome.kind, outcome.prepare_again) == (OutcomeKind.NOT_SENT, True)
    assert server.asked == []


def test_reconcile_without_the_time_of_preparing_is_undecided(call):
    found = ADAPTER.reconcile(call, _payload(), {}, remote_key="", idem_key="")
    assert found.finding == Finding.UNDECIDED
