"""The adapter against mastodon-mock, an emulator of Mastodon's API with a memory and its own faults.

It is no real Mastodon: its checks of tokens and scopes are lenient and it counts a link by its length, so these are
tested against scripted answers in tests/networks/test_mastodon.py instead.
"""

from datetime import datetime, timedelta

import pytest

from core.clock import now
from core.errors import Invalid
from networks.mastodon.adapter import MastodonAdapter
from networks.models import Channel
from networks.protocol import Draft, Finding, OutcomeKind, PrepareFailed
from networks.services.channels import connect_channel
from tests.peers.dropping_proxy import CUT_UPLOAD, DROP_ANSWER

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("mastodon")]
ADAPTER = MastodonAdapter()
TEXT = (
    "Kopi baharu & roti <hangat>!\n\nMenu: https://acme.test/menu?a=1&b=2#pagi dan #kopiO bersama @reader 🇲🇾"
)


def _render(connected, text=TEXT, *pictures, **options):
    channel = connected.channel
    draft = Draft(text, tuple(pictures), options, "ms")
    return ADAPTER.render(draft, channel.limits, channel.facts)


def _post(call, payload, prepared, key="key-1"):
    return ADAPTER.publish(call, payload, prepared, remote_key="", idem_key=key)


def _ask(call, payload, prepared):
    return ADAPTER.reconcile(call, payload, prepared, remote_key="", idem_key="")


def _live(mastodon, connected):
    """Return the posts that the server holds: the judge of every test."""
    path = f"/api/v1/accounts/{connected.channel.facts['account_id']}/statuses?limit=40"
    return mastodon.get(path, "reader-token")


def test_connecting_reads_what_the_server_allows(toots):
    channel = Channel.objects.get(pk=toots.channel.pk)
    assert channel.handle.startswith("@acme@127.0.0.1:")
    assert (channel.capability, channel.limits["text_max"], channel.limits["url_length"]) == ("K", 500, 23)
    assert "video/mp4" in channel.facts["media_types"]


def test_a_token_that_the_server_does_not_know_is_refused_at_its_field(acme, mastodon, settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    credentials = {"server": mastodon.url, "access_token": "stranger"}
    with pytest.raises(Invalid) as refusal:
        connect_channel(
            workspace=acme.acme, kind="mastodon", name="", credentials=credentials, by=acme.actor("ana")
        )
    assert list(refusal.value.fields) == ["credentials.access_token"]


def test_what_the_server_holds_is_what_was_rendered(toots, mastodon, pictures):
    options = {"content_warning": "Makanan", "visibility": "unlisted"}
    payload = _render(toots, TEXT, pictures.make(alt="Secawan kopi ☕"), **options).payload
    call = toots.call()
    prepared = ADAPTER.prepare(call, payload)
    outcome = _post(call, payload, prepared)
    assert outcome.kind == OutcomeKind.ACCEPTED, outcome
    (status,) = _live(mastodon, toots)
    assert (status["id"], status["url"]) == (outcome.remote_id, outcome.remote_url)
    source = mastodon.get(f"/api/v1/statuses/{status['id']}/source", "acme-token")
    assert source["text"].encode() == payload["status"].encode()
    assert (source["spoiler_text"], status["visibility"], status["language"]) == ("Makanan", "unlisted", "ms")
    assert status["sensitive"] is True
    assert [media["description"] for media in status["media_attachments"]] == ["Secawan kopi ☕"]


def test_a_poll_is_asked_as_it_was_written_and_found_again(toots, mastodon):
    options = {"poll": "Robusta | Arabica |Liberica", "poll_ends": "21600", "poll_multiple": True}
    payload, call = _render(toots, "Yang mana?", **options).payload, toots.call()
    prepared = ADAPTER.prepare(call, payload)
    plain = _render(toots, "Yang mana?").payload
    assert _post(call, plain, prepared, "other").kind == OutcomeKind.ACCEPTED
    assert _ask(call, payload, prepared).finding == Finding.NOT_LIVE
    outcome = _post(call, payload, prepared)
    poll = mastodon.get(f"/api/v1/statuses/{outcome.remote_id}", "reader-token")["poll"]
    assert [option["title"] for option in poll["options"]] == ["Robusta", "Arabica", "Liberica"]
    assert poll["multiple"] is True
    assert timedelta(hours=5.9) < datetime.fromisoformat(poll["expires_at"]) - now() < timedelta(hours=6.1)
    found = _ask(call, payload, prepared)
    assert (found.finding, found.remote_id) == (Finding.LIVE, outcome.remote_id)


def test_the_same_key_twice_is_one_post(toots, mastodon):
    payload, call = _render(toots).payload, toots.call()
    prepared = ADAPTER.prepare(call, payload)
    first, second = (_post(call, payload, prepared) for _ in range(2))
    assert first.remote_id == second.remote_id
    assert len(_live(mastodon, toots)) == 1


@pytest.mark.parametrize(
    "text", [TEXT, "Satu\nDua\n\nTiga", "“Kopi” — it's <b>not</b> bold & that's all", "@reader hai"]
)
def test_reconcile_finds_the_post_among_others(toots, text):
    payload, call = _render(toots, text).payload, toots.call()
    prepared = ADAPTER.prepare(call, payload)
    other = _render(toots, f"{text} (lain)").payload
    _post(call, other, prepared, "other")
    assert _ask(call, payload, prepared).finding == Finding.NOT_LIVE
    outcome = _post(call, payload, prepared)
    found = _ask(call, payload, prepared)
    assert (found.finding, found.remote_id) == (Finding.LIVE, outcome.remote_id)


def test_an_older_post_with_the_same_words_is_not_taken_for_this_one(toots):
    payload, call = _render(toots).payload, toots.call()
    _post(call, payload, ADAPTER.prepare(call, payload))
    later = {"media_ids": [], "since": "2099-01-01T00:00:00+00:00"}
    assert _ask(call, payload, later).finding == Finding.NOT_LIVE


def test_a_lost_answer_is_unknown_reconciled_as_live_and_safe_to_send_again(toots, mastodon, mastodon_proxy):
    payload, call = _render(toots).payload, toots.call(server=mastodon_proxy.url)
    prepared = ADAPTER.prepare(call, payload)
    mastodon_proxy.lose(DROP_ANSWER, b"POST /api/v1/statuses")
    assert _post(call, payload, prepared).kind == OutcomeKind.UNKNOWN
    assert len(mastodon_proxy.faulted) == 1
    assert _ask(call, payload, prepared).finding == Finding.LIVE
    assert _post(call, payload, prepared).kind == OutcomeKind.ACCEPTED
    assert len(_live(mastodon, toots)) == 1


def test_a_request_cut_on_its_way_is_unknown_and_reconciled_as_not_live(toots, mastodon, mastodon_proxy):
    payload, call = _render(toots).payload, toots.call(server=mastodon_proxy.url)
    prepared = ADAPTER.prepare(call, payload)
    mastodon_proxy.lose(CUT_UPLOAD, b"POST /api/v1/statuses")
    assert _post(call, payload, prepared).kind == OutcomeKind.UNKNOWN
    assert _ask(call, payload, prepared).finding == Finding.NOT_LIVE
    assert _live(mastodon, toots) == []


def test_a_lost_upload_is_nothing_sent(toots, mastodon, mastodon_proxy, pictures):
    payload = _render(toots, "Gambar", pictures.make(size=(600, 400))).payload
    mastodon_proxy.lose(DROP_ANSWER, b"/api/v2/media")
    with pytest.raises(PrepareFailed) as failure:
        ADAPTER.prepare(toots.call(server=mastodon_proxy.url), payload)
    assert failure.value.outcome.kind == OutcomeKind.NOT_SENT
    assert _live(mastodon, toots) == []


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        ({"type": "ratelimit"}, OutcomeKind.RATE_LIMITED),
        ({"type": "status", "status": 503}, OutcomeKind.UNKNOWN),
        ({"type": "malformed"}, OutcomeKind.UNKNOWN),
        ({"type": "status", "status": 401, "body": {"error": "x"}}, OutcomeKind.UNKNOWN),
    ],
)
def test_the_servers_faults_are_not_taken_for_refusals(toots, mastodon, effect, kind):
    payload, call = _render(toots).payload, toots.call()
    prepared = ADAPTER.prepare(call, payload)
    rule = {"match": {"methods": ["POST"], "path": "/api/v1/statuses"}, "effect": effect, "remaining": 1}
    mastodon.post("/api/v1/_mock/faults", rule)
    assert _post(call, payload, prepared).kind == kind
    assert _live(mastodon, toots) == []


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [("a" * 500, True), ("a" * 501, False)],
)
def test_our_limit_is_the_servers_limit(toots, mastodon, text, is_taken):
    rendered, call = _render(toots, text), toots.call()
    assert (not rendered.problems) == is_taken
    outcome = _post(call, rendered.payload, ADAPTER.prepare(call, rendered.payload))
    assert outcome.kind == (OutcomeKind.ACCEPTED if is_taken else OutcomeKind.REJECTED)
    assert len(_live(mastodon, toots)) == int(is_taken)


def test_deleting_takes_the_post_down(toots, mastodon):
    payload, call = _render(toots).payload, toots.call()
    outcome = _post(call, payload, ADAPTER.prepare(call, payload))
    assert ADAPTER.delete(call, outcome.remote_id).kind == OutcomeKind.ACCEPTED
    assert _live(mastodon, toots) == []
    assert ADAPTER.delete(call, outcome.remote_id).kind == OutcomeKind.ACCEPTED
