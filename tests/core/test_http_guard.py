"""The outbound client talks to the public internet and to named hosts, whatever the address looks like."""

import socket
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import NotSent, OutboundClient, Refused, outbound
from core.http.addresses import is_private, is_public
from core.http.targets import Policy, find_addresses, read_target
from tests.support.hostile_urls import URLS, V4_NOT_PUBLIC, V6_NOT_PUBLIC
from tests.support.netfaults import FaultServer, answer, answering, closed_port


class Lookups:
    """A resolver that gives one answer after the other and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.hosts: list[str] = []

    def __call__(self, host: str, port: int, seconds: float) -> Sequence[str]:
        self.hosts.append(host)
        return self.answers[min(len(self.hosts), len(self.answers)) - 1]


@pytest.fixture
def opened(monkeypatch) -> list[object]:
    """Every address that a socket was asked to connect to."""
    seen: list[object] = []
    original = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        seen.append(address)
        original(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return seen


def test_corpus_is_large_and_without_repeats():
    assert len(set(URLS)) >= 300


@pytest.mark.parametrize("url", URLS, ids=ascii)
def test_hostile_address_is_refused_before_any_lookup_or_connection(url: str, opened: list[object]):
    lookups = Lookups(["127.0.0.1"])
    with pytest.raises(Refused):
        OutboundClient(resolve=lookups).request("GET", url, deadline_seconds=1)
    assert (lookups.hosts, opened) == ([], [])


@pytest.mark.parametrize("address", [*V4_NOT_PUBLIC, *V6_NOT_PUBLIC, "fe80::1%eth0", "", "no address"])
def test_name_with_an_address_that_is_not_public_is_refused(address: str, opened: list[object]):
    for answer_ in ([address], ["93.184.216.34", address], [address, "2606:4700::1111"]):
        with pytest.raises(Refused):
            OutboundClient(resolve=Lookups(answer_)).request("POST", "https://shop.example.com/hook", json={})
    assert opened == []


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"]
)
def test_ordinary_addresses_are_public(address: str):
    assert (is_public(address), is_private(address)) == (True, False)


@given(st.ip_addresses())
def test_public_is_never_wider_than_what_the_registry_calls_global(ip):
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_link_local:
        assert not is_public(str(ip))


@given(st.ip_addresses(v=4))
def test_embedded_ipv4_address_never_passes(ip):
    for prefix in ("::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::"):
        assert not is_public(f"{prefix}{ip}")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str):
    for url in (text, f"https://{text}", f"https://example.com{text}"):
        try:
            target = read_target(url, Policy())
        except Refused:
            continue
        assert target.scheme == "https"
        assert target.port in (80, 443)
        assert target.path.isascii()
        assert "\r" not in target.path + target.host


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://example.com", "example.com", "/"),
        ("HTTPS://Example.COM:443/A?b=c#d", "example.com", "/A?b=c"),
        ("https://xn--bcher-kva.example/ü", "xn--bcher-kva.example", "/%C3%BC"),
        ("https://a_b.example.com?x=%2F&y=ä", "a_b.example.com", "/?x=%2F&y=%C3%A4"),
        ("https://[2606:4700:0:0::1111]/", "2606:4700::1111", "/"),
        ("https://8.8.8.8/", "8.8.8.8", "/"),
    ],
)
def test_plain_addresses_are_read(url: str, host: str, path: str):
    target = read_target(url, Policy())
    assert (target.host, target.path) == (host, path)


def test_check_refuses_without_a_lookup():
    client = OutboundClient(resolve=Lookups(["127.0.0.1"]))
    client.check("https://example.com/hook")
    with pytest.raises(Refused, match="https"):
        client.check("http://example.com/hook")


def test_rebinding_name_is_looked_up_once_and_reached_where_it_was_checked():
    with FaultServer(answering(answer(b"outer"))) as outer, FaultServer(answering(answer(b"inner"))) as inner:
        lookups = Lookups(["127.0.0.1"], ["127.0.0.2"])
        client = OutboundClient(
            allow_private_hosts=frozenset({f"rebind.example.com:{outer.port}"}), resolve=lookups
        )
        response = client.request("GET", f"http://rebind.example.com:{outer.port}/")
        assert (response.body, lookups.hosts, inner.connections) == (b"outer", ["rebind.example.com"], 0)
        assert f"Host: rebind.example.com:{outer.port}".encode() in outer.received[0]


def test_rebinding_between_hops_is_refused():
    with FaultServer(answering(answer(b"", "Location: /again", status="302 Found"))) as server:
        lookups = Lookups(["127.0.0.1"], ["169.254.169.254"])
        client = OutboundClient(
            allow_private_hosts=frozenset({f"a.example.com:{server.port}"}), resolve=lookups
        )
        with pytest.raises(Refused):
            client.request("GET", f"http://a.example.com:{server.port}/", follow_redirects=3)
        assert (server.connections, len(lookups.hosts)) == (1, 2)


def test_system_resolver_is_never_asked_for_a_number(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("getaddrinfo was called")

    with FaultServer(answering(answer())) as server:
        monkeypatch.setattr(socket, "getaddrinfo", fail)
        client = OutboundClient(allow_private_hosts=frozenset({server.host}))
        assert client.request("GET", f"{server.url}/").status == 200


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "100.100.100.200", "fe80::1", "224.0.0.1", "0.0.0.0", "::ffff:10.0.0.1"]
)
def test_named_host_still_may_not_lead_to_metadata_or_special_addresses(address: str):
    target = read_target("http://peer.lan/", Policy(private_hosts=frozenset({"peer.lan"})))
    with pytest.raises(Refused):
        find_addresses(target, Lookups([address]), 1)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "127.0.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "8.8.8.8"]
)
def test_named_host_may_be_in_the_own_network(address: str):
    target = read_target("http://peer.lan/", Policy(private_hosts=frozenset({"peer.lan"})))
    assert find_addresses(target, Lookups([address]), 1) == (address,)


def test_permission_for_one_port_is_none_for_another():
    policy = Policy(private_hosts=frozenset({"127.0.0.1:8080"}))
    assert read_target("http://127.0.0.1:8080/", policy).is_trusted
    with pytest.raises(Refused):
        read_target("http://127.0.0.1:8081/", policy)


def test_egress_list_refuses_everything_else():
    client = OutboundClient(only_hosts=frozenset({"api.example.com"}), resolve=Lookups(["10.0.0.1"]))
    client.check("https://api.example.com/x")
    with pytest.raises(Refused, match="does not talk to"):
        client.check("https://example.com/x")


def test_name_that_does_not_exist_is_not_sent():
    with pytest.raises(NotSent) as caught:
        OutboundClient().request("GET", "https://no-such-name.invalid/")
    assert (caught.value.phase, isinstance(caught.value, Refused)) == ("dns", False)


def test_slow_lookup_is_given_up_at_the_deadline(monkeypatch):
    with closed_port() as port:
        import threading

        release = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(10) and [])
        with pytest.raises(NotSent, match="timed out"):
            OutboundClient(ports=frozenset({port})).request(
                "GET", f"https://slow.example.com:{port}/", deadline_seconds=0.2
            )
        release.set()


def test_process_wide_client_follows_the_settings(settings):
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset({"peer.lan:3000"})
    settings.OUTBOUND_ONLY_HOSTS = None
    outbound().check("http://peer.lan:3000/")
    assert outbound() is outbound()
    settings.OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset()
    with pytest.raises(Refused):
        outbound().check("http://peer.lan:3000/")
