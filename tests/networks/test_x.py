"""X against a strict peer: what it counts, takes and refuses, and what follows a lost answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.clock import now
from core.errors import Invalid
from core.http import OutboundClient
from core.ids import uuid7
from networks.models import Channel
from networks.oauth.servers import Tokens
from networks.protocol import Call, Draft, Finding, OutcomeKind, PrepareFailed
from networks.services.apps import store_app
from networks.services.channels import admit_account
from networks.services.credentials import open_credentials, store_credentials
from networks.texts import count_x
from networks.x.adapter import XAdapter
from networks.x.login import LIMITS, SCOPES, XLogin
from networks.x.uploads import SEGMENT_BYTES
from tests.factories.deliveries import allow_policy, plan
from tests.fakes.scripted import Answer, ScriptedServer
from tests.networks.conftest import Picture
from tests.peers.dropping_proxy import DROP_ANSWER, DroppingProxy
from tests.peers.x.api import CLIENT_ID, CLIENT_SECRET, NAME, USER, X, weight
from tests.publishing.test_delivering import claim_and_deliver, settle_now

ADAPTER = XAdapter()
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def x():
    with X() as peer:
        yield peer


@pytest.fixture
def http():
    return OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def call(x, http, tmp_path):
    return _call(x, http, tmp_path)


def _call(x, http, folder, scopes=""):
    kept = x.let_in(scopes)

    def refresh(known, exchange):
        kept.update(exchange(known))
        return kept

    return Call(
        workspace_id=uuid7(),
        channel_id=uuid7(),
        facts={"server": x.url, "user_id": USER, "username": NAME},
        limits=LIMITS.as_json(),
        credentials=dict(kept),
        http=http,
        open_media=lambda entry: folder / entry["id"],
        refresh=refresh,
        app=APP,
    )


def _render(text="Kopi baharu", *media, **options):
    return ADAPTER.render(Draft(text, tuple(media), options, "ms"), LIMITS.as_json(), {})


def _payload(text="Kopi baharu", *media, **options):
    return dict(_render(text, *media, **options).payload)


def _file(folder, content=b"\x89PNG" + b"x" * 200, **more):
    picture = Picture(bytes=len(content), **more)
    (folder / str(picture.pk)).write_bytes(content)
    return picture


def _post(call, payload=None):
    payload = payload or _payload()
    return ADAPTER.publish(call, payload, ADAPTER.prepare(call, payload), remote_key="", idem_key="key")


def _ask(call, since=None, payload=None):
    prepared = {"since": (since or now()).isoformat()}
    return ADAPTER.reconcile(call, payload or _payload(), prepared, remote_key="", idem_key="key")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Kopi", 4),
        ("Kopi é", 6),
        ("Cafe\u0301", 4),
        ("咖啡", 4),
        ("👾", 2),
        ("🙋🏽", 2),
        ("👨\u200d🎤", 2),
        ("👨\u200d👩\u200d👧\u200d👦", 2),
        ("🇲🇾", 2),
        ("1\ufe0f\u20e3", 2),
        ("‘Kopi’ – “panas”", 16),
        ("a … b", 6),
        ("https://example.com", 23),
        ("Lihat https://example.com/a/very/long/path?with=query ya", 32),
        ("kopi.my dan https://t.my", 51),
    ],
)
def test_a_text_is_counted_as_x_counts(text, length):
    assert count_x(text) == length


@pytest.mark.parametrize(
    ("draft", "codes"),
    [
        (Draft("a" * 280), []),
        (Draft("咖" * 141), ["text_too_long"]),
        (Draft(""), ["empty"]),
        (Draft("", (Picture(),) * 4), []),
        (Draft("x", (Picture(),) * 5), ["too_many_media"]),
        (Draft("x", (Picture(bytes=6_000_000),)), ["image_too_large"]),
        (Draft("x", (Picture(mime="image/tiff"),)), ["media_type"]),
        (Draft("x", (Picture(kind="gif", mime="image/gif"), Picture())), ["media_mixed"]),
        (Draft("x", (Picture(kind="video", mime="video/mp4", duration_ms=141_000),)), ["video_too_long"]),
        (Draft("x", (Picture(alt="a" * 1001),)), ["alt_too_long"]),
        (Draft("x", options={"reply_settings": "friends"}), ["replies_unknown"]),
    ],
)
def test_what_x_would_refuse_is_named_before(draft, codes):
    assert [problem.code for problem in ADAPTER.render(draft, LIMITS.as_json(), {}).problems] == codes


def test_whose_account_it_is_is_read_and_nothing_is_published(x, http):
    given = x.let_in()
    tokens = Tokens(given["access_token"], given["refresh_token"], None, frozenset(SCOPES))
    connected = XLogin(x.url).join(http, tokens)
    assert (connected.handle, connected.capability, connected.remote_account_id) == (f"@{NAME}", "F", USER)
    assert x.calls == ["GET /2/users/me"]
    with pytest.raises(Invalid):
        XLogin(x.url).join(http, replace(tokens, access_token="wrong"))


def test_a_post_says_who_may_reply_and_how_it_was_made(x, call):
    outcome = _post(call, _payload(reply_settings="mentionedUsers", made_with_ai=True, paid_partnership=True))
    (post,) = x.posts
    assert (outcome.kind, outcome.remote_id) == (OutcomeKind.ACCEPTED, post["id"])
    assert outcome.remote_url == f"https://x.com/{NAME}/status/{post['id']}"
    asked = {"reply_settings": "mentionedUsers", "made_with_ai": True, "paid_partnership": True}
    assert post["asked"] == {"text": "Kopi baharu", **asked}


def test_files_go_in_pieces_with_their_descriptions(x, call, tmp_path):
    large = b"\x89PNG" + b"y" * SEGMENT_BYTES
    payload = _payload("", _file(tmp_path, large, alt="Secawan kopi ☕"), _file(tmp_path, alt=""))
    assert _post(call, payload).kind == OutcomeKind.ACCEPTED
    assert x.posts[0]["alts"] == ["Secawan kopi ☕", ""]
    assert [len(piece) for piece in next(iter(x.files.values())).pieces.values()] == [SEGMENT_BYTES, 4]


def test_a_video_is_waited_for_until_x_has_processed_it(x, call, tmp_path):
    x.looks_needed = 2
    payload = _payload("x", _file(tmp_path, kind="video", mime="video/mp4", duration_ms=1000))
    assert _post(call, payload).kind == OutcomeKind.ACCEPTED
    assert x.calls.count("GET /2/media/upload") == 2


def test_a_video_that_x_cannot_use_is_refused_for_good(x, call, tmp_path):
    x.is_broken_video = True
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(call, _payload("x", _file(tmp_path, kind="video", mime="video/mp4")))
    assert failure.value.outcome.kind == OutcomeKind.REJECTED


def test_a_file_that_x_no_longer_keeps_is_uploaded_again(x, call, tmp_path):
    payload = _payload("x", _file(tmp_path))
    prepared = ADAPTER.prepare(call, payload)
    over = prepared | {"until": (now() - timedelta(seconds=1)).isoformat()}
    assert ADAPTER.publish(call, payload, over, remote_key="", idem_key="k").prepare_again
    x.files.clear()
    outcome = ADAPTER.publish(call, payload, prepared, remote_key="", idem_key="k")
    assert (outcome.kind, outcome.prepare_again) == (OutcomeKind.NOT_SENT, True)
    assert x.posts == []


def test_files_are_needed_before_a_post_with_files(x, call):
    outcome = ADAPTER.publish(call, _payload("x", Picture()), {}, remote_key="", idem_key="k")
    assert (outcome.kind, outcome.prepare_again, x.calls) == (OutcomeKind.NOT_SENT, True, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "咖" * 141},
        {"text": ""},
        {"reply_settings": "friends"},
        {"text": 7},
    ],
)
def test_a_post_that_will_not_do_is_refused_for_good(x, call, changes):
    payload = {**_payload(), **changes}
    outcome = ADAPTER.publish(call, payload, {"since": now().isoformat()}, remote_key="", idem_key="k")
    assert (outcome.kind, x.posts) == (OutcomeKind.REJECTED, [])


def test_a_field_that_x_does_not_know_is_refused_by_the_peer(x, call):
    answer = call.http.request(
        "POST",
        f"{x.url}/2/tweets",
        json={"text": "x", "title": "y"},
        headers={"Authorization": f"Bearer {call.credentials['access_token']}"},
    )
    assert (answer.status, x.posts) == (400, [])
    assert "unknown fields ['title']" in answer.json_object()["detail"]


@pytest.mark.parametrize(
    "files", [{"bytes": 6_000_000}, {"mime": "image/tiff2"}, {"kind": "video", "mime": "image/png"}]
)
def test_a_file_that_will_not_do_is_refused_for_good(call, tmp_path, files):
    picture = replace(_file(tmp_path), **files)
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(call, _payload("x", picture))
    assert failure.value.outcome.kind == OutcomeKind.REJECTED


def test_photos_and_a_video_do_not_go_together(x, call, tmp_path):
    payload = _payload("x", _file(tmp_path), _file(tmp_path, kind="video", mime="video/mp4"))
    assert (_post(call, payload).kind, x.posts) == (OutcomeKind.REJECTED, [])


def test_a_token_without_the_right_proves_nothing_and_makes_nothing(x, http, tmp_path):
    call = _call(x, http, tmp_path, "tweet.read users.read offline.access")
    assert (_post(call).kind, x.posts) == (OutcomeKind.UNKNOWN, [])
    assert _ask(call).finding == Finding.NOT_LIVE
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(call, _payload("x", _file(tmp_path)))
    assert failure.value.outcome.kind == OutcomeKind.NOT_SENT


def test_an_app_that_x_shut_out_needs_a_new_log_in(x, call):
    x.is_enrolled = False
    assert _post(call).kind == OutcomeKind.NEEDS_LOGIN


def test_a_token_that_ended_is_renewed_and_the_post_made_once(x, call):
    x.access.clear()
    assert (_post(call).kind, len(x.posts), len(x.exchanges)) == (OutcomeKind.ACCEPTED, 1, 1)


def test_a_log_in_that_was_withdrawn_needs_a_new_one(x, call):
    x.access.clear()
    x.fresh.clear()
    assert _post(call).kind == OutcomeKind.NEEDS_LOGIN
    soon = replace(call, credentials={**call.credentials, "expires_at": now().isoformat()})
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(soon, _payload())
    assert failure.value.outcome.kind == OutcomeKind.NEEDS_LOGIN


def test_a_wrong_app_secret_needs_a_new_log_in(x, call):
    x.access.clear()
    assert _post(replace(call, app={**APP, "client_secret": "x"})).kind == OutcomeKind.NEEDS_LOGIN


def test_a_pause_lasts_until_the_window_begins_anew(x, call):
    x.window.left, x.window.resets_at = 0, int(now().timestamp()) + 300
    outcome = _post(call)
    assert outcome.kind == OutcomeKind.RATE_LIMITED
    assert 290 <= outcome.retry_after_seconds <= 301
    assert outcome.quota.left == 0


def test_what_is_left_of_the_window_is_told(x, call):
    outcome = _post(call)
    assert (outcome.quota.left, outcome.quota.most) == (199, 200)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<html>"),
        Answer(201, {}),
        Answer(400, {"title": "Bad Request"}),
        Answer(400, "<html>"),
        Answer(401, "<html>"),
        Answer(403, {"type": "about:blank", "title": "Forbidden", "detail": "Forbidden"}),
        Answer(403, "<html>"),
        Answer(404, {}),
        Answer(503, {"type": "about:blank", "title": "Service Unavailable", "detail": "x"}),
    ],
)
def test_any_other_answer_proves_nothing(call, answer):
    with ScriptedServer() as server:
        server.on("POST", "/2/tweets", answer)
        elsewhere = replace(call, facts={**call.facts, "server": server.url})
        assert _post(elsewhere).kind == OutcomeKind.UNKNOWN


def test_its_own_post_is_found_among_others_with_links_and_files(x, call, tmp_path):
    payload = _payload("Kopi & teh: https://example.com/menu?a=1 <baharu>", _file(tmp_path))
    assert _ask(call, payload=payload).finding == Finding.NOT_LIVE
    mine = _post(call, payload).remote_id
    for number in range(7):
        _post(call, _payload(f"Lain {number}"))
    x.page = 5
    found = _ask(call, payload=payload)
    assert (found.finding, found.remote_id) == (Finding.LIVE, mine)
    assert _ask(call, since=now() + timedelta(minutes=10), payload=payload).finding == Finding.NOT_LIVE


def test_a_timeline_that_cannot_be_read_decides_nothing(x, call):
    _post(call)
    x.hides_timeline = True
    assert _ask(call).finding == Finding.UNDECIDED
    x.hides_timeline, x.page = False, 1
    for number in range(4):
        _post(call, _payload(f"Lain {number}"))
    assert _ask(call, payload=_payload("Tiada")).finding == Finding.UNDECIDED


def test_the_same_words_twice_are_an_earlier_try_that_stands_or_an_older_post(x, call):
    first = _post(call).remote_id
    again = _post(call)
    assert (again.kind, again.remote_id) == (OutcomeKind.ACCEPTED, first)
    late = {"since": (now() + timedelta(minutes=10)).isoformat()}
    older = ADAPTER.publish(call, _payload(), late, remote_key="", idem_key="k")
    assert (older.kind, first in older.reason) == (OutcomeKind.REJECTED, True)
    x.hides_timeline = True
    assert _post(call).kind == OutcomeKind.UNKNOWN
    assert len(x.posts) == 1


def test_a_post_is_deleted_once(x, call):
    ident = _post(call).remote_id
    assert [ADAPTER.delete(call, ident).kind for _ in range(2)] == [OutcomeKind.ACCEPTED] * 2
    assert x.posts == []


def _channel(cast, x, server) -> Channel:
    ana, given = cast.actor("ana"), x.let_in()
    store_app(workspace=cast.acme, kind="x", client_id=CLIENT_ID, secret=CLIENT_SECRET, by=ana)
    tokens = Tokens(given["access_token"], given["refresh_token"], None, frozenset(SCOPES))
    client = OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))
    connected = XLogin(server).join(client, tokens)
    return admit_account(workspace=cast.acme, kind="x", name="", connected=connected, by=ana)


@pytest.mark.parametrize("is_refreshed", [False, True])
def test_a_lost_answer_is_found_on_the_timeline(acme, x, settings, is_refreshed):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    allow_policy(acme.acme)
    with DroppingProxy(x.port) as proxy:
        channel = _channel(acme, x, proxy.url)
        if is_refreshed:
            kept = open_credentials(channel) | {"expires_at": now().isoformat()}
            store_credentials(channel=channel, credentials=kept)
        proxy.lose(DROP_ANSWER, b"POST /2/tweets")
        post = plan(acme.acme, [channel], "Kopi", payload=_payload("Kopi"))
        assert claim_and_deliver(post).state == "unknown"
        row = settle_now(post)
    assert (row.state, row.remote_id) == ("published", x.posts[0]["id"])
    assert len(x.posts) == 1
    assert len(x.exchanges) == is_refreshed
    assert open_credentials(channel)["refresh_token"] in x.fresh


def test_the_peers_count_and_ours_agree():
    for text in (
        "Kopi",
        "咖啡 é",
        "‘x’ https://example.com/a y",
        "a … \N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    ):
        assert weight(text) == count_x(text)
