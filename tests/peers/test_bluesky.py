"""The adapter against a real PDS: the server's own records are the judge."""

import pytest

from core.errors import Invalid
from core.ids import uuid7
from networks.bluesky.adapter import BlueskyAdapter
from networks.models import Channel
from networks.protocol import Draft, Finding, OutcomeKind, PrepareFailed
from networks.services.calls import call_for
from networks.services.channels import connect_channel
from networks.services.credentials import open_credentials, store_credentials
from tests.networks.conftest import Picture
from tests.peers import servers
from tests.peers.dropping_proxy import CUT_UPLOAD, DROP_ANSWER

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("pds")]
ADAPTER = BlueskyAdapter()
TEXT = "Kopi 🇲🇾 baharu! https://acme.test/menu?a=1&b=ü dan #kopiO, bersama @{handle} (café) 👩‍👩‍👧"


def _render(connected, text, *pictures, **options):
    channel = connected.channel
    draft = Draft(text, tuple(pictures), options, "ms")
    return ADAPTER.render(draft, channel.limits, channel.facts)


def _put(call, payload, prepared, key):
    return ADAPTER.publish(call, payload, prepared, remote_key=key, idem_key="")


def _ask(call, payload, prepared, key):
    return ADAPTER.reconcile(call, payload, prepared, remote_key=key, idem_key="")


def _covered(text: str, facet: dict) -> str:
    start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
    return text.encode()[start:end].decode()


def test_connecting_reads_the_account(bluesky, account):
    channel = Channel.objects.get(pk=bluesky.channel.pk)
    assert (channel.handle, channel.remote_account_id) == (f"@{account.handle}", account.did)
    assert (channel.capability, channel.limits["text_max"], channel.limits["media_max"]) == ("D", 300, 4)
    assert set(open_credentials(channel)) == {"identifier", "app_password", "access_jwt", "refresh_jwt"}


def test_connecting_with_a_wrong_password_says_so_at_the_field(acme, pds, account, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    credentials = {"service": pds.url, "identifier": account.handle, "app_password": "wrong-password"}
    with pytest.raises(Invalid) as refusal:
        connect_channel(
            workspace=acme.acme, kind="bluesky", name="", credentials=credentials, by=acme.actor("ana")
        )
    assert list(refusal.value.fields) == ["credentials.app_password"]
    assert not Channel.objects.filter(kind="bluesky").exists()


def test_a_loopback_server_that_the_operator_did_not_name_is_refused(acme, pds, account):
    credentials = {"service": pds.url, "identifier": account.handle, "app_password": account.app_password}
    with pytest.raises(Invalid) as refusal:
        connect_channel(
            workspace=acme.acme, kind="bluesky", name="", credentials=credentials, by=acme.actor("ana")
        )
    assert list(refusal.value.fields) == ["credentials.service"]


def test_what_the_server_holds_is_what_was_rendered(bluesky, account, pds, pictures):
    friend = servers.make_account(pds)
    text = TEXT.format(handle=friend.handle)
    payload = _render(bluesky, text, pictures.make(size=(64, 48), alt="Secawan kopi ☕")).payload
    call = bluesky.call()
    prepared = ADAPTER.prepare(call, payload)
    key = ADAPTER.mint_key(uuid7())
    outcome = _put(call, payload, prepared, key)
    assert outcome.kind == OutcomeKind.ACCEPTED, outcome
    (record,) = account.records()
    value = record["value"]
    assert (record["uri"], record["uri"].rsplit("/", 1)[-1]) == (outcome.remote_id, key)
    assert value == prepared["record"]
    assert value["text"].encode() == payload["text"].encode()
    assert value["langs"] == ["ms"]
    marked = [(_covered(value["text"], facet), facet["features"][0]) for facet in value["facets"]]
    assert marked == [
        ("https://acme.test/menu?a=1&b=ü", {"$type": "app.bsky.richtext.facet#link", "uri": "https://acme.test/menu?a=1&b=ü"}),
        ("#kopiO", {"$type": "app.bsky.richtext.facet#tag", "tag": "kopiO"}),
        (f"@{friend.handle}", {"$type": "app.bsky.richtext.facet#mention", "did": friend.did}),
    ]  # fmt: skip
    (image,) = value["embed"]["images"]
    assert (image["alt"], image["aspectRatio"]) == ("Secawan kopi ☕", {"width": 64, "height": 48})
    assert image["image"]["size"] == payload["media"][0]["bytes"]


def test_a_post_quotes_another_beside_its_picture(bluesky, account, pictures):
    first, call = _render(bluesky, "Satu").payload, bluesky.call()
    ident = _put(call, first, ADAPTER.prepare(call, first), ADAPTER.mint_key(uuid7())).remote_id
    address = f"https://bsky.app/profile/{account.handle}/post/{ident.rsplit('/', 1)[-1]}"
    for quote, media in ((address, []), (ident, [pictures.make()])):
        payload = _render(bluesky, "Dua", *media, quote=quote).payload
        prepared = ADAPTER.prepare(call, payload)
        assert _put(call, payload, prepared, ADAPTER.mint_key(uuid7())).kind == OutcomeKind.ACCEPTED
    standing, plain, pictured = account.records()
    wanted = {"uri": ident, "cid": standing["cid"]}
    assert plain["value"]["embed"] == {"$type": "app.bsky.embed.record", "record": wanted}
    assert pictured["value"]["embed"]["record"]["record"] == wanted
    assert len(pictured["value"]["embed"]["media"]["images"]) == 1


def test_a_quoted_post_that_is_gone_is_found_out_before_anything_is_sent(bluesky, account):
    payload = _render(bluesky, "Dua", quote=f"at://{account.did}/app.bsky.feed.post/3lsm4xd2abc2d").payload
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(bluesky.call(), payload)
    assert failure.value.outcome.kind == OutcomeKind.REJECTED
    assert account.records() == []


@pytest.mark.parametrize(
    ("replies", "rules"), [("nobody", []), ("followers", ["followerRule"]), ("mentioned", ["mentionRule"])]
)
def test_who_may_reply_is_said_before_the_post_stands(bluesky, account, pds, replies, rules):
    payload, call, key = (
        _render(bluesky, "Kopi", replies=replies).payload,
        bluesky.call(),
        ADAPTER.mint_key(uuid7()),
    )
    prepared = ADAPTER.prepare(call, payload)
    assert [_put(call, payload, prepared, key).kind for _ in range(2)] == [OutcomeKind.ACCEPTED] * 2
    (post,) = account.records()
    query = f"repo={account.did}&collection=app.bsky.feed.threadgate"
    (gate,) = pds.get(f"/xrpc/com.atproto.repo.listRecords?{query}")["records"]
    assert (gate["uri"].rsplit("/", 1)[-1], gate["value"]["post"]) == (key, post["uri"])
    assert gate["value"]["allow"] == [{"$type": f"app.bsky.feed.threadgate#{rule}"} for rule in rules]


def test_a_post_whose_replies_could_not_be_closed_is_not_sent(bluesky, account, pds_proxy):
    payload, call, key = (
        _render(bluesky, "Kopi", replies="nobody").payload,
        bluesky.call(),
        ADAPTER.mint_key(uuid7()),
    )
    prepared = ADAPTER.prepare(call, payload)
    pds_proxy.lose(DROP_ANSWER, b"putRecord")
    lost = _put(bluesky.call(service=pds_proxy.url), payload, prepared, key)
    assert (lost.kind, account.records()) == (OutcomeKind.NOT_SENT, [])
    assert _put(call, payload, prepared, key).kind == OutcomeKind.ACCEPTED


def test_a_mention_of_nobody_stays_plain_text(bluesky, account):
    payload = _render(bluesky, "Hello @nobody-here.test").payload
    call = bluesky.call()
    prepared = ADAPTER.prepare(call, payload)
    assert "facets" not in prepared["record"]
    assert _put(call, payload, prepared, ADAPTER.mint_key(uuid7())).kind == OutcomeKind.ACCEPTED


def test_the_same_key_twice_is_one_record(bluesky, account):
    payload, call, key = _render(bluesky, "Once").payload, bluesky.call(), ADAPTER.mint_key(uuid7())
    prepared = ADAPTER.prepare(call, payload)
    first, second = (_put(call, payload, prepared, key) for _ in range(2))
    assert (first.kind, second.kind) == (OutcomeKind.ACCEPTED, OutcomeKind.ACCEPTED)
    assert first.remote_id == second.remote_id
    assert len(account.records()) == 1


def test_prepared_anew_the_same_key_still_is_one_record(bluesky, account):
    payload, call, key = _render(bluesky, "Once").payload, bluesky.call(), ADAPTER.mint_key(uuid7())
    first, second = ADAPTER.prepare(call, payload), ADAPTER.prepare(call, payload)
    second["record"]["createdAt"] = "2026-01-01T00:00:00.000Z"
    assert _put(call, payload, first, key).kind == OutcomeKind.ACCEPTED
    assert _put(call, payload, second, key).kind == OutcomeKind.ACCEPTED
    (record,) = account.records()
    assert record["value"]["createdAt"] == first["record"]["createdAt"]


def test_another_post_under_the_key_is_never_overwritten(bluesky, account):
    call, key = bluesky.call(), ADAPTER.mint_key(uuid7())
    first, second = _render(bluesky, "First").payload, _render(bluesky, "Second").payload
    _put(call, first, ADAPTER.prepare(call, first), key)
    assert _put(call, second, ADAPTER.prepare(call, second), key).kind == OutcomeKind.UNKNOWN
    assert _ask(call, second, {}, key).finding == Finding.UNDECIDED
    assert [record["value"]["text"] for record in account.records()] == ["First"]


def test_reconcile_says_live_only_for_what_is_there(bluesky, account):
    payload, call, key = _render(bluesky, "Here").payload, bluesky.call(), ADAPTER.mint_key(uuid7())
    prepared = ADAPTER.prepare(call, payload)
    assert _ask(call, payload, prepared, key).finding == Finding.NOT_LIVE
    outcome = _put(call, payload, prepared, key)
    found = _ask(call, payload, prepared, key)
    assert (found.finding, found.remote_id, found.remote_url) == (
        Finding.LIVE,
        outcome.remote_id,
        outcome.remote_url,
    )


def test_deleting_takes_the_record_down(bluesky, account):
    payload, call, key = _render(bluesky, "Gone soon").payload, bluesky.call(), ADAPTER.mint_key(uuid7())
    outcome = _put(call, payload, ADAPTER.prepare(call, payload), key)
    assert ADAPTER.delete(call, outcome.remote_id).kind == OutcomeKind.ACCEPTED
    assert account.records() == []
    assert ADAPTER.delete(call, outcome.remote_id).kind == OutcomeKind.ACCEPTED


def test_a_lost_answer_is_unknown_and_reconciled_as_live(bluesky, account, pds_proxy):
    payload, key = _render(bluesky, "Sekali sahaja").payload, ADAPTER.mint_key(uuid7())
    call = bluesky.call(service=pds_proxy.url)
    prepared = ADAPTER.prepare(call, payload)
    pds_proxy.lose(DROP_ANSWER, b"putRecord")
    assert _put(call, payload, prepared, key).kind == OutcomeKind.UNKNOWN
    assert len(pds_proxy.faulted) == 1
    assert _ask(call, payload, prepared, key).finding == Finding.LIVE
    assert _put(call, payload, prepared, key).kind == OutcomeKind.ACCEPTED
    assert len(account.records()) == 1


def test_a_request_cut_on_its_way_is_unknown_and_reconciled_as_not_live(bluesky, account, pds_proxy):
    payload, key = _render(bluesky, "Potong").payload, ADAPTER.mint_key(uuid7())
    call = bluesky.call(service=pds_proxy.url)
    prepared = ADAPTER.prepare(call, payload)
    pds_proxy.lose(CUT_UPLOAD, b"putRecord")
    assert _put(call, payload, prepared, key).kind == OutcomeKind.UNKNOWN
    assert _ask(call, payload, prepared, key).finding == Finding.NOT_LIVE
    assert account.records() == []


@pytest.mark.parametrize("fault", [DROP_ANSWER, CUT_UPLOAD])
def test_a_lost_upload_is_nothing_sent(bluesky, account, pds_proxy, pictures, fault):
    payload = _render(bluesky, "Gambar", pictures.make(size=(600, 400))).payload
    pds_proxy.lose(fault, b"uploadBlob")
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(bluesky.call(service=pds_proxy.url), payload)
    assert failure.value.outcome.kind == OutcomeKind.NOT_SENT
    assert account.records() == []


def test_a_used_up_token_is_refreshed_and_kept(bluesky, account):
    kept = open_credentials(bluesky.channel)
    store_credentials(
        channel=bluesky.channel, credentials={**kept, "access_jwt": kept["access_jwt"][:-6] + "AAAAAA"}
    )
    payload, call, key = _render(bluesky, "Segar").payload, bluesky.call(), ADAPTER.mint_key(uuid7())
    assert _put(call, payload, ADAPTER.prepare(call, payload), key).kind == OutcomeKind.ACCEPTED
    renewed = open_credentials(bluesky.channel)
    assert renewed["access_jwt"] != call.credentials["access_jwt"]
    assert renewed["refresh_jwt"] != kept["refresh_jwt"]
    assert len(account.records()) == 1


def test_without_a_session_the_app_password_logs_in_again(bluesky, account):
    kept = open_credentials(bluesky.channel)
    broken = {**kept, "access_jwt": "x.y.z", "refresh_jwt": "x.y.z"}
    store_credentials(channel=bluesky.channel, credentials=broken)
    payload, call, key = _render(bluesky, "Semula").payload, bluesky.call(), ADAPTER.mint_key(uuid7())
    assert _put(call, payload, ADAPTER.prepare(call, payload), key).kind == OutcomeKind.ACCEPTED
    assert open_credentials(bluesky.channel)["refresh_jwt"].count(".") == 2


def test_a_withdrawn_app_password_needs_a_new_login(bluesky, account, pds):
    pds.post("/xrpc/com.atproto.server.revokeAppPassword", {"name": "collab"}, account.token)
    kept = open_credentials(bluesky.channel)
    broken = {**kept, "access_jwt": "x.y.z"}
    store_credentials(channel=bluesky.channel, credentials=broken)
    payload, call = _render(bluesky, "Tamat").payload, bluesky.call()
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(call, payload)
    assert failure.value.outcome.kind == OutcomeKind.NEEDS_LOGIN
    record = {"$type": "app.bsky.feed.post", "text": "Tamat", "createdAt": "2026-01-01T00:00:00Z"}
    outcome = _put(call, payload, {"record": record}, ADAPTER.mint_key(uuid7()))
    assert outcome.kind == OutcomeKind.NEEDS_LOGIN
    assert account.records() == []


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [("a" * 300, True), ("a" * 301, False), ("👩‍👩‍👧" * 100 + "क्षि" * 60, True), ("🇲🇾" * 301, False)],
)
def test_our_limit_is_the_servers_limit(bluesky, account, text, is_taken):
    rendered, call = _render(bluesky, text), bluesky.call()
    assert (not rendered.problems) == is_taken
    outcome = _put(call, rendered.payload, ADAPTER.prepare(call, rendered.payload), ADAPTER.mint_key(uuid7()))
    assert outcome.kind == (OutcomeKind.ACCEPTED if is_taken else OutcomeKind.REJECTED)
    assert len(account.records()) == int(is_taken)


def test_five_pictures_are_too_many_for_us_and_for_the_server(bluesky, account, pictures):
    five = [pictures.make(f"p{n}") for n in range(5)]
    rendered, call = _render(bluesky, "Lima", *five), bluesky.call()
    assert [problem.code for problem in rendered.problems] == ["too_many_media"]
    outcome = _put(call, rendered.payload, ADAPTER.prepare(call, rendered.payload), ADAPTER.mint_key(uuid7()))
    assert (outcome.kind, outcome.http_status) == (OutcomeKind.REJECTED, 400)
    assert account.records() == []


def test_a_picture_too_large_is_a_problem_before_anything_is_sent(bluesky):
    rendered = _render(bluesky, "Besar", Picture(bytes=2_000_001))
    assert [problem.code for problem in rendered.problems] == ["image_too_large"]


def test_too_many_log_ins_ask_for_a_pause(acme, tmp_path, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with servers.pds(tmp_path, rate_limits=True) as server:
        account = servers.make_account(server)
        credentials = {
            "service": server.url,
            "identifier": account.handle,
            "app_password": account.app_password,
        }
        by = acme.actor("ana")
        channel = connect_channel(
            workspace=acme.acme, kind="bluesky", name="", credentials=credentials, by=by
        )
        store_credentials(
            channel=channel,
            credentials={"identifier": account.handle, "app_password": account.app_password},
        )
        call = call_for(channel)
        for _ in range(29):
            server.post(
                "/xrpc/com.atproto.server.createSession",
                {"identifier": account.handle, "password": account.app_password},
            )
        with pytest.raises(PrepareFailed) as failure:
            ADAPTER.prepare(
                call, {"media": [], "mentions": [], "facets": [], "text": "x", "langs": [], "label": ""}
            )
        outcome = failure.value.outcome
        assert outcome.kind == OutcomeKind.RATE_LIMITED
        assert 0 < outcome.retry_after_seconds <= 300
