"""Pinterest against a strict peer: what it takes and refuses, and what follows a lost answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.clock import now
from core.errors import Invalid
from core.http import OutboundClient
from core.ids import uuid7
from networks.oauth.servers import Tokens
from networks.pinterest.adapter import PinterestAdapter
from networks.pinterest.login import LIMITS, SCOPES, PinterestLogin
from networks.protocol import Call, Draft, Finding, OutcomeKind, PrepareFailed
from networks.services.apps import store_app
from networks.services.channels import admit_account
from tests.factories.deliveries import allow_policy, plan
from tests.fakes.scripted import Answer, ScriptedServer
from tests.networks.conftest import Picture
from tests.peers.dropping_proxy import DROP_ANSWER, DroppingProxy
from tests.peers.pinterest.api import (
    ALL,
    BOARD,
    CLIENT_ID,
    CLIENT_SECRET,
    NAME,
    SECOND,
    USER,
    Pinterest,
)
from tests.publishing.test_delivering import claim_and_deliver, settle_now

ADAPTER = PinterestAdapter()
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
BOARDS = [{"id": BOARD, "name": "Menu"}, {"id": SECOND, "name": "Latte Art"}]


@pytest.fixture
def pinterest():
    with Pinterest() as peer:
        yield peer


@pytest.fixture
def http():
    return OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def call(pinterest, http, tmp_path):
    return _call(pinterest, http, tmp_path)


def _call(peer, http, folder, scopes=ALL):
    kept = {name: str(value) for name, value in peer.let_in(scopes).items()}

    def refresh(known, exchange):
        kept.update(exchange(known))
        return kept

    return Call(
        workspace_id=uuid7(),
        channel_id=uuid7(),
        facts={"server": peer.url, "username": NAME, "boards": BOARDS},
        limits=LIMITS.as_json(),
        credentials=dict(kept),
        http=http,
        open_media=lambda entry: folder / entry["id"],
        refresh=refresh,
        app=APP,
    )


@pytest.fixture
def picture(tmp_path):
    return _file(tmp_path)


def _file(folder, content=b"\x89PNG" + b"x" * 200, **more):
    made = Picture(bytes=len(content), **more)
    (folder / str(made.pk)).write_bytes(content)
    return made


def _render(text="Kopi baharu", *media, facts=None, **options):
    draft = Draft(text, tuple(media), options, "ms")
    return ADAPTER.render(draft, LIMITS.as_json(), facts or {"boards": BOARDS})


def _payload(text="Kopi baharu", *media, **options):
    return dict(_render(text, *media, **options).payload)


def _post(call, payload):
    return ADAPTER.publish(call, payload, ADAPTER.prepare(call, payload), remote_key="", idem_key="key")


def _ask(call, payload, since=None):
    prepared = {"since": (since or now()).isoformat()}
    return ADAPTER.reconcile(call, payload, prepared, remote_key="", idem_key="key")


def _tokens(given):
    return Tokens(given["access_token"], given["refresh_token"], None, frozenset(SCOPES))


def _codes(*media, text="x", **options):
    return [problem.code for problem in _render(text, *media, **options).problems]


def test_whose_account_it_is_and_its_boards_are_read_and_nothing_is_published(pinterest, http):
    connected = PinterestLogin(pinterest.url).join(http, _tokens(pinterest.let_in()))
    assert (connected.handle, connected.capability, connected.remote_account_id) == (NAME, "F", USER)
    assert connected.facts["boards"] == BOARDS
    assert pinterest.calls == ["GET /v5/user_account", "GET /v5/boards"]


def test_an_account_that_cannot_be_read_or_has_no_board_is_not_connected(pinterest, http):
    tokens = _tokens(pinterest.let_in())
    with pytest.raises(Invalid):
        PinterestLogin(pinterest.url).join(http, replace(tokens, access_token="wrong"))
    pinterest.boards.clear()
    with pytest.raises(Invalid, match="no public board"):
        PinterestLogin(pinterest.url).join(http, tokens)


def test_what_pinterest_would_refuse_is_named_before():
    one = Picture()
    assert _codes(one, title="a" * 100, link="https://kopi.my", board="latte  art") == []
    assert _codes() == ["media_needed"]
    assert _codes(*[one] * 6) == ["too_many_media"]
    assert _codes(one, text="a" * 801) == ["text_too_long"]
    assert _codes(one, title="a" * 101) == ["title_too_long"]
    assert _codes(one, board="Teh") == ["board_unknown"]
    assert _codes(one, link="kopi.my") == ["link_wrong"]
    assert _codes(Picture(mime="image/webp")) == ["media_type"]
    assert _codes(Picture(bytes=21 * 1024 * 1024)) == ["image_too_large"]
    assert _codes(*[Picture(bytes=17 * 1024 * 1024)] * 2) == ["media_too_large"]
    assert _codes(*[Picture(alt="a" * 300)] * 2) == ["alt_too_long"]
    assert _codes(Picture(kind="video", mime="video/mp4")) == ["video_not_taken", "media_type"]


def test_a_pin_stands_on_its_board_with_words_link_and_description(pinterest, call, picture):
    payload = _payload(
        "Kopi ☕", picture, title="Menu baharu", link="https://kopi.my/menu", board="Latte art"
    )
    outcome = _post(call, payload)
    (pin,) = pinterest.pins
    assert (outcome.kind, outcome.remote_id) == (OutcomeKind.ACCEPTED, pin["id"])
    assert outcome.remote_url == f"https://www.pinterest.com/pin/{pin['id']}/"
    assert (pin["board_id"], pin["title"], pin["description"]) == (SECOND, "Menu baharu", "Kopi ☕")
    assert (pin["link"], pin["alt_text"]) == ("https://kopi.my/menu", "A cup of coffee")
    assert pin["pictures"] == [b"\x89PNG" + b"x" * 200]


def test_several_pictures_become_one_pin(pinterest, call, tmp_path):
    pictures = [
        _file(tmp_path, b"\x89PNG" + bytes([number]) * 9, alt=f"Cawan {number}") for number in range(3)
    ]
    assert _post(call, _payload("", *pictures)).kind == OutcomeKind.ACCEPTED
    assert pinterest.pins[0]["alt_text"] == "Cawan 0; Cawan 1; Cawan 2"
    assert [content[-1] for content in pinterest.pins[0]["pictures"]] == [0, 1, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"board_id": "7"},
        {"board_id": "x"},
        {"title": "a" * 101},
        {"description": "a" * 801},
        {"alt_text": "a" * 501},
        {"link": "kopi.my"},
        {"link": "https://kopi.my/" + "a" * 2048},
        {"media": []},
    ],
)
def test_a_pin_that_will_not_do_is_refused_for_good(pinterest, call, picture, changes):
    assert _post(call, {**_payload("x", picture), **changes}).kind == OutcomeKind.REJECTED
    assert pinterest.pins == []


@pytest.mark.parametrize("more", [{"mime": "image/jpeg"}, {"mime": "image/webp"}])
def test_a_picture_that_is_none_is_refused_for_good(pinterest, call, picture, more):
    assert _post(call, _payload("x", replace(picture, **more))).kind == OutcomeKind.REJECTED
    assert pinterest.pins == []


def test_a_picture_that_is_too_large_and_too_many_are_refused_for_good(pinterest, call, tmp_path, picture):
    large = _file(tmp_path, b"\x89PNG" + b"x" * (20 * 1024 * 1024))
    assert _post(call, _payload("x", large)).kind == OutcomeKind.REJECTED
    assert _post(call, _payload("x", *[picture] * 6)).kind == OutcomeKind.REJECTED
    assert pinterest.pins == []


def test_a_field_that_pinterest_does_not_know_is_refused_by_the_peer(pinterest, call):
    headers = {"Authorization": f"Bearer {call.credentials['access_token']}"}
    body = {"board_id": BOARD, "note": "x"}
    answer = call.http.request("POST", f"{pinterest.url}/v5/pins", json=body, headers=headers)
    assert (answer.status, "unknown fields ['note']" in answer.json_object()["message"]) == (400, True)


def test_a_token_without_the_right_makes_nothing(pinterest, http, tmp_path, picture):
    call = _call(pinterest, http, tmp_path, "boards:read pins:read")
    outcome = _post(call, _payload("x", picture))
    assert (outcome.kind, "scopes" in outcome.reason, pinterest.pins) == (OutcomeKind.REJECTED, True, [])


def test_a_token_that_ended_is_renewed_and_the_pin_made_once(pinterest, call, picture):
    pinterest.access.clear()
    assert _post(call, _payload("x", picture)).kind == OutcomeKind.ACCEPTED
    assert (len(pinterest.pins), len(pinterest.exchanges)) == (1, 1)


def test_a_log_in_that_was_withdrawn_needs_a_new_one(pinterest, call, picture):
    payload = _payload("x", picture)
    pinterest.access.clear()
    assert _post(replace(call, app={**APP, "client_secret": "x"}), payload).kind == OutcomeKind.NEEDS_LOGIN
    pinterest.fresh.clear()
    assert _post(call, payload).kind == OutcomeKind.NEEDS_LOGIN
    soon = replace(call, credentials={**call.credentials, "expires_at": now().isoformat()})
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(soon, payload)
    assert failure.value.outcome.kind == OutcomeKind.NEEDS_LOGIN


def test_a_file_that_is_gone_is_found_out_before_anything_is_sent(pinterest, call):
    payload = _payload("x", Picture())
    outcome = ADAPTER.publish(call, payload, {}, remote_key="", idem_key="k")
    assert (outcome.kind, pinterest.calls) == (OutcomeKind.NOT_SENT, [])


def test_a_pause_is_kept_and_nothing_was_made(pinterest, call, picture):
    pinterest.left = 0
    assert _post(call, _payload("x", picture)).kind == OutcomeKind.RATE_LIMITED
    assert pinterest.pins == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<html>"),
        Answer(201, {}),
        Answer(400, "<html>"),
        Answer(403, {"error": "proxy"}),
        Answer(409, {"code": 1, "message": "x"}),
        Answer(500, {"code": 12, "message": "x"}),
        Answer(502, "<html>"),
    ],
)
def test_any_other_answer_proves_nothing(call, picture, answer):
    with ScriptedServer() as server:
        server.on("POST", "/v5/pins", answer)
        elsewhere = replace(call, facts={**call.facts, "server": server.url})
        assert _post(elsewhere, _payload("x", picture)).kind == OutcomeKind.UNKNOWN


def test_its_own_pin_is_found_in_any_order_and_no_other(pinterest, call, picture):
    payload = _payload("Kopi & teh", picture, title="Menu", link="https://kopi.my")
    assert _ask(call, payload).finding == Finding.NOT_LIVE
    _post(call, {**payload, "title": "Lain"})
    _post(call, {**payload, "board_id": SECOND})
    assert _ask(call, payload).finding == Finding.NOT_LIVE
    mine = _post(call, payload).remote_id
    for number in range(5):
        _post(call, _payload(f"Lain {number}", picture))
    pinterest.page = 3
    found = _ask(call, payload)
    assert (found.finding, found.remote_id) == (Finding.LIVE, mine)
    assert _ask(call, payload, since=now() + timedelta(minutes=10)).finding == Finding.NOT_LIVE


def test_a_board_that_cannot_be_read_to_its_end_decides_nothing(pinterest, call, picture):
    payload = _payload("x", picture)
    for number in range(9):
        _post(call, _payload(f"Lain {number}", picture))
    pinterest.page = 1
    assert _ask(call, payload).finding == Finding.UNDECIDED
    pinterest.is_down = True
    assert _ask(call, payload).finding == Finding.UNDECIDED
    pinterest.is_down = False
    del pinterest.boards[BOARD]
    assert _ask(call, payload).finding == Finding.UNDECIDED


def test_a_pin_is_deleted_once(pinterest, call, picture):
    ident = _post(call, _payload("x", picture)).remote_id
    assert [ADAPTER.delete(call, ident).kind for _ in range(2)] == [OutcomeKind.ACCEPTED] * 2
    assert pinterest.pins == []


@pytest.fixture
def on_loopback(settings, monkeypatch, tmp_path):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    monkeypatch.setattr("networks.services.calls.open_media", lambda entry: tmp_path / entry["id"])


@pytest.mark.usefixtures("on_loopback")
def test_a_lost_answer_is_found_on_the_board(acme, pinterest, http, picture):
    allow_policy(acme.acme)
    ana = acme.actor("ana")
    store_app(workspace=acme.acme, kind="pinterest", client_id=CLIENT_ID, secret=CLIENT_SECRET, by=ana)
    with DroppingProxy(pinterest.port) as proxy:
        connected = PinterestLogin(proxy.url).join(http, _tokens(pinterest.let_in()))
        channel = admit_account(workspace=acme.acme, kind="pinterest", name="", connected=connected, by=ana)
        proxy.lose(DROP_ANSWER, b"POST /v5/pins")
        post = plan(acme.acme, [channel], "Kopi", payload=_payload("Kopi", picture))
        assert claim_and_deliver(post).state == "unknown"
        row = settle_now(post)
    assert (row.state, row.remote_id) == ("published", pinterest.pins[0]["id"])
    assert len(pinterest.pins) == 1
