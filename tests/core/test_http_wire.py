"""Where a call fails decides whether it may be repeated: these tests fail it at every place, over real sockets."""

import gzip
import select
import socket
import ssl
import time
import zlib
from pathlib import Path

import pytest

from core.http import (
    BytesBody,
    FileBody,
    NotReadable,
    NotSent,
    OutboundClient,
    OutboundError,
    Part,
    Refused,
    Response,
    Unknown,
)
from core.http.bodies import MultipartBody
from core.http.targets import Policy, read_target
from core.http.wire import Deadline, exchange
from tests.support.certificates import Authority
from tests.support.netfaults import (
    Behaviour,
    FaultServer,
    answer,
    answering,
    black_hole,
    closed_port,
    dripping,
    read_little_then_reset,
    read_then_close,
    read_then_reset,
    reset,
    swallowing,
)

LOOPBACK = OutboundClient(allow_private_hosts=frozenset({"127.0.0.1"}))
TOLERANCE_SECONDS = 2.5  # a busy machine may keep the test waiting; the server would drip for far longer
BIG = b"x" * 20_000_000
OK = b"HTTP/1.1 200 OK\r\n"


def call(server: FaultServer, method: str = "POST", **options) -> Response:
    return LOOPBACK.request(method, f"{server.url}/path?q=1", **({"deadline_seconds": 5} | options))


def test_closed_port_is_not_sent():
    with closed_port() as port, pytest.raises(NotSent) as caught:
        LOOPBACK.request("POST", f"http://127.0.0.1:{port}/", json={})
    assert (caught.value.phase, isinstance(caught.value, Refused)) == ("connect", False)


def test_connection_reset_before_the_first_byte_is_not_sent():
    with FaultServer(reset) as server, socket.create_connection(("127.0.0.1", server.port)) as sock:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        assert poll.poll(5000)
        target = read_target(f"{server.url}/", Policy(private_hosts=frozenset({"127.0.0.1"})))
        with pytest.raises(NotSent) as caught:
            exchange(
                sock,
                target,
                b"POST / HTTP/1.1\r\n\r\n",
                BytesBody(b""),
                method="POST",
                deadline=Deadline(5),
                max_bytes=9,
            )
        assert caught.value.phase == "send"


def test_reset_at_a_random_moment_is_never_taken_for_an_answer():
    with FaultServer(reset) as server:
        for _ in range(30):
            with pytest.raises((NotSent, Unknown)):
                call(server, json={})
        assert server.received == []


@pytest.mark.parametrize(
    ("behaviour", "phase"),
    [
        (read_then_reset, "answer"),
        (read_then_close, "answer"),
        (answering(b"HTTP/1.1 20"), "answer"),
        (answering(OK + b"Content-Le"), "answer"),
        (answering(OK + b"Content-Length: 10\r\n\r\nonly"), "body"),
        (answering(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), "body"),
        (answering(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel"), "body"),
        (answering(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"), "body"),
        (answering(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), "body"),
        (answering(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "body"),
        (answering(OK + b"Content-Length: -1\r\n\r\nab"), "body"),
        (answering(b"SSH-2.0-OpenSSH_9\r\n"), "answer"),
        (answering(b"<html>no status line</html>"), "answer"),
        (answering(b"\x00" * 70000), "answer"),
        (answering(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "answer"),
        (answering(OK + b"X: y\r\n" * 200 + b"\r\n"), "answer"),
        (answering(OK + b"X: " + b"y" * 70000 + b"\r\n\r\n"), "answer"),
    ],
    ids=[
        "reset", "close", "half-status", "half-header", "short-body", "no-last-chunk", "half-chunk", "bad-chunk",
        "odd-coding", "two-lengths", "negative-length", "not-http", "html",
        "zeros", "switching", "many-headers", "long-header",
    ],
)  # fmt: skip
def test_answer_that_is_not_whole_is_unknown(behaviour: Behaviour, phase: str):
    with FaultServer(behaviour) as server, pytest.raises(Unknown) as caught:
        call(server, json={"text": "hello"})
    assert caught.value.phase == phase
    assert caught.value.answer_status == (200 if phase == "body" else None)
    assert server.received[0].endswith(b'{"text":"hello"}')


def test_reset_while_the_body_is_under_way_is_unknown():
    with FaultServer(read_little_then_reset) as server, pytest.raises(Unknown):
        call(server, body=BIG)
    assert server.connections == 1


def test_answer_before_the_whole_body_was_taken_counts():
    def behave(sock: socket.socket, server: FaultServer) -> None:
        sock.recv(100)
        sock.sendall(answer(b"too large", status="413 Content Too Large"))
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 20):
            pass

    with FaultServer(behave) as server:
        assert call(server, body=BIG).status == 413


@pytest.mark.parametrize(
    "behaviour",
    [
        swallowing,
        black_hole,
        dripping(b"", b"H", 0.05),
        dripping(OK + b"X-A: ", b"a", 0.05),
        dripping(OK, b"X-A: b\r\n", 0.05),
        dripping(OK + b"Content-Length: 1000\r\n\r\n", b"a", 0.05),
        dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", 0.05),
        dripping(OK + b"\r\n", b"a", 0.05),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
    ],
    ids=["silent", "black-hole", "status", "header", "headers", "body", "chunks", "endless", "interim"],
)
def test_deadline_holds_against_a_slow_server(behaviour: Behaviour):
    with FaultServer(behaviour) as server:
        started = time.monotonic()
        with pytest.raises(Unknown):
            call(server, json={}, deadline_seconds=0.5)
        assert time.monotonic() - started < 0.5 + TOLERANCE_SECONDS


def test_deadline_holds_while_sending():
    with FaultServer(black_hole) as server:
        started = time.monotonic()
        with pytest.raises(Unknown) as caught:
            call(server, body=BIG, deadline_seconds=0.5)
        assert time.monotonic() - started < 0.5 + TOLERANCE_SECONDS
    assert caught.value.phase == "send"


def test_deadline_covers_all_hops_together():
    def behave(sock: socket.socket, server: FaultServer) -> None:
        sock.recv(65536)
        server.is_over.wait(0.2)
        sock.sendall(answer(b"", "Location: /on", status="302 Found"))

    with FaultServer(behave) as server:
        started = time.monotonic()
        with pytest.raises(OutboundError):
            call(server, "GET", follow_redirects=20, deadline_seconds=0.5)
        assert time.monotonic() - started < 0.5 + TOLERANCE_SECONDS
    assert server.connections == 3


def test_handshake_that_never_ends_is_not_sent():
    with FaultServer(black_hole) as server:
        started = time.monotonic()
        with pytest.raises(NotSent) as caught:
            LOOPBACK.request("POST", f"https://127.0.0.1:{server.port}/", json={}, deadline_seconds=0.5)
        assert time.monotonic() - started < 0.5 + TOLERANCE_SECONDS
    assert caught.value.phase == "tls"


def test_call_without_time_is_not_sent():
    with FaultServer(answering(answer())) as server, pytest.raises(NotSent):
        call(server, deadline_seconds=0)
    assert server.connections == 0


@pytest.mark.parametrize(
    "start",
    [
        answer(b"a" * 1001),
        OK + b"Content-Length: 99999999999999999999\r\n\r\n",
        OK + b"\r\n" + b"a" * 1001,
        OK + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"a" * 1001 + b"\r\n0\r\n\r\n",
        answer(gzip.compress(b"\0" * 50_000_000, 9)[:100_000], "Content-Encoding: gzip"),
        answer(gzip.compress(b"a" * 1001), "Content-Encoding: gzip"),
        answer(zlib.compress(b"\0" * 500_000), "Content-Encoding: deflate"),
    ],
    ids=["length", "absurd-length", "endless", "chunked", "gzip-bomb", "gzip", "deflate"],
)
def test_answer_larger_than_the_cap_is_unknown(start: bytes):
    with (
        FaultServer(answering(start)) as server,
        pytest.raises(Unknown, match="larger than 1000 bytes") as caught,
    ):
        call(server, json={}, max_response_bytes=1000)
    assert caught.value.answer_status == 200


def test_answer_as_large_as_the_cap_is_whole():
    with FaultServer(answering(answer(b"a" * 1000))) as server:
        assert call(server, max_response_bytes=1000).body == b"a" * 1000


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        (answer(b"hello"), 200, b"hello"),
        (answer(b"no", status="404 Not Found"), 404, b"no"),
        (OK + b"\r\nuntil the end", 200, b"until the end"),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
            200,
            b"abcde",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"late"), 200, b"late"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + answer(b"late"), 200, b"late"),
        (answer(gzip.compress(b"packed"), "Content-Encoding: gzip"), 200, b"packed"),
        (answer(b"", "Location: https://example.com/", status="302 Found"), 302, b""),
        (answer(b"x", status="503 Service Unavailable"), 503, b"x"),
    ],
    ids=["length", "404", "until-close", "chunked", "204", "100", "103", "gzip", "302", "503"],
)
def test_whole_answer_is_returned_whatever_its_status(sent: bytes, status: int, body: bytes):
    with FaultServer(answering(sent)) as server:
        response = call(server, json={})
    assert (response.status, response.body) == (status, body)
    assert server.connections == 1


def test_head_has_no_body_but_its_headers():
    with FaultServer(answering(OK + b"Content-Length: 5000000\r\n\r\n")) as server:
        response = call(server, "HEAD")
    assert (response.body, response.headers["content-length"]) == (b"", "5000000")


def test_cut_gzip_is_unknown():
    with (
        FaultServer(answering(answer(gzip.compress(b"packed")[:-4], "Content-Encoding: gzip"))) as server,
        pytest.raises(Unknown),
    ):
        call(server)


def test_request_says_who_asks_and_nothing_from_elsewhere(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "")
    with FaultServer(answering(answer(b"{}", "Set-Cookie: a=b"))) as server:
        call(server, headers={"Authorization": "Bearer abc"}, json={"ü": 1})
        call(server, "GET")
    head, _, body = server.received[0].partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        "POST /path?q=1 HTTP/1.1",
        f"Host: {server.host}",
        "User-Agent: Collab/1.0",
        "Accept: */*",
        "Content-Type: application/json",
        "Authorization: Bearer abc",
        "Accept-Encoding: identity",
        "Connection: close",
        "Content-Length: 8",
    ]
    assert body == '{"ü":1}'.encode()
    assert b"ookie" not in server.received[1]


@pytest.mark.parametrize(
    "header",
    [
        "Host", "Cookie", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Transfer-Encoding", "Content-Length",
        "Connection", "Proxy-Authorization", "Upgrade", "TE", "Expect", "Via",
        "X-Real-IP", "Accept-Encoding", "Sec-Fetch-Mode",
    ],
)  # fmt: skip
def test_headers_of_a_hop_or_of_a_browser_are_refused(header: str):
    with FaultServer(answering(answer())) as server:
        for name in (header, header.lower(), header.upper()):
            with pytest.raises(Refused):
                call(server, headers={name: "x"})
        assert server.connections == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nY: b"),
        ("X", "a\nb"),
        ("X", "a\rb"),
        ("X", "a\0"),
        ("X", "€"),
        ("X\r\nY", "a"),
        ("X:", "a"),
        ("", "a"),
        ("X Y", "a"),
        ("Ü", "a"),
    ],
)
def test_header_that_could_split_the_request_is_refused(name: str, value: str):
    with FaultServer(answering(answer())) as server, pytest.raises(Refused):
        call(server, headers={name: value})
    assert server.connections == 0


def test_content_type_that_could_split_the_request_is_refused():
    with FaultServer(answering(answer())) as server, pytest.raises(Refused):
        call(server, body=BytesBody(b"", "text/plain\r\nX: y"))
    assert server.connections == 0


def test_form_and_parameters_are_encoded():
    with FaultServer(answering(answer())) as server:
        call(server, data={"a": "1 &", "b": ["x", "y"]}, params={"p": "ü"})
    assert server.received[0].startswith(b"POST /path?q=1&p=%C3%BC HTTP/1.1\r\n")
    assert server.received[0].endswith(b"\r\n\r\na=1+%26&b=x&b=y")


def test_multipart_streams_a_file_with_its_length(tmp_path: Path):
    file = tmp_path / "film.mp4"
    file.write_bytes(BIG)
    parts = [
        Part("caption", "Grüße"),
        Part("media", FileBody.of(file, content_type="video/mp4"), 'a"\r\nb.mp4'),
    ]
    with FaultServer(answering(answer())) as server:
        assert call(server, multipart=parts).status == 200
    head, _, body = server.received[0].partition(b"\r\n\r\n")
    boundary = head.split(b"boundary=")[1].split(b"\r\n")[0]
    assert f"Content-Length: {len(body)}".encode() in head
    _, caption, media, end = body.split(b"--" + boundary)
    assert caption == 'Content-Disposition: form-data; name="caption"\r\n\r\nGrüße\r\n'.encode().join(
        [b"\r\n", b""]
    )
    assert media.startswith(
        b'\r\nContent-Disposition: form-data; name="media"; filename="a%22%0D%0Ab.mp4"\r\n'
    )
    assert media.endswith(b"Content-Type: video/mp4\r\n\r\n" + BIG + b"\r\n")
    assert end == b"--\r\n"


def test_multipart_length_is_that_of_its_bytes():
    body = MultipartBody([Part("a", "ü" * 10), Part("b", BytesBody(b"123", "text/plain"), "b.txt")])
    assert body.length == len(b"".join(body.chunks()))


def test_slice_of_a_file_is_sent(tmp_path: Path):
    file = tmp_path / "chunked"
    file.write_bytes(b"0123456789")
    with FaultServer(answering(answer())) as server:
        call(server, "PUT", body=FileBody.of(file, offset=3, length=4))
    assert server.received[0].endswith(b"\r\n\r\n3456")


@pytest.mark.parametrize(("offset", "length"), [(0, 11), (11, None), (-1, 2), (8, 3), (2, -1)])
def test_slice_beyond_the_file_is_a_mistake(tmp_path: Path, offset: int, length: int | None):
    file = tmp_path / "short"
    file.write_bytes(b"0123456789")
    with pytest.raises(ValueError, match="10 bytes"):
        FileBody.of(file, offset=offset, length=length)


@pytest.mark.parametrize(("size", "kind"), [(100, NotSent), (5_000_000, Unknown)])
def test_file_that_shrinks_under_way_is_told_by_what_was_sent(
    tmp_path: Path, size: int, kind: type[OutboundError]
):
    file = tmp_path / "shrinking"
    file.write_bytes(b"a" * size)
    body = FileBody.of(file)
    file.write_bytes(b"a" * (size // 2))
    with FaultServer(answering(answer())) as server:
        started = time.monotonic()
        with pytest.raises(kind):
            call(server, body=body)
        assert time.monotonic() - started < 2


def test_json_that_is_none_is_not_readable():
    for content in (b"", b"<html>", b"NaN", b"[" * 100_000, b"\xff\xfe", b"9" * 5000):
        with FaultServer(answering(answer(content))) as server, pytest.raises(NotReadable) as caught:
            call(server).json()
        assert caught.value.answer_status == 200
    with FaultServer(answering(answer(b"[1]"))) as server:
        response = call(server)
    assert response.json() == [1]
    with pytest.raises(NotReadable):
        response.json_object()


def test_errors_and_answers_show_no_secret():
    with FaultServer(answering(answer(b"SECRET-BODY", "X: SECRET-HEAD"))) as server:
        response = LOOPBACK.request("GET", f"{server.url}/?access_token=SECRET-QUERY")
    with FaultServer(read_then_reset) as server, pytest.raises(Unknown) as caught:
        LOOPBACK.request(
            "POST", f"{server.url}/?access_token=SECRET-QUERY", headers={"Authorization": "SECRET"}
        )
    assert "SECRET" not in repr(response) + repr(caught.value) + str(caught.value)


def test_mistakes_of_the_caller_are_told_before_anything_is_sent():
    with FaultServer(answering(answer())) as server:
        for options in ({"json": 1, "data": {}}, {"follow_redirects": 1}, {"json": float("nan")}):
            with pytest.raises(ValueError, match=r"."):
                call(server, **options)
        for method in ("TRACE", "CONNECT", "get", "GET / HTTP/1.1\r\nX:"):
            with pytest.raises(ValueError, match="method"):
                call(server, method)
        assert server.connections == 0


def test_no_redirect_is_followed_unasked():
    with FaultServer(answering(answer(b"", "Location: /other", status="302 Found"))) as server:
        assert call(server, "GET").status == 302
        assert server.connections == 1


def test_redirects_are_followed_up_to_the_number_asked_for():
    hop = answer(b"", "Location: /next", status="307 Temporary Redirect")
    with FaultServer(answering(hop, hop, answer(b"there"))) as server:
        response = call(server, "GET", follow_redirects=2, headers={"Authorization": "Bearer a"})
        assert (response.body, response.url) == (b"there", f"{server.url}/next")
        assert all(b"Authorization: Bearer a" in request for request in server.received)
    with FaultServer(answering(hop)) as server, pytest.raises(Refused, match="too often"):
        call(server, "GET", follow_redirects=4)
    assert server.connections == 5


def test_credentials_stay_behind_when_the_origin_changes():
    with FaultServer(answering(answer(b"there"))) as other:
        hop = answer(b"", f"Location: {other.url}/x", status="301 Moved")
        with FaultServer(answering(hop)) as server:
            call(
                server,
                "GET",
                follow_redirects=1,
                headers={"Authorization": "a", "X-Api-Key": "b", "Accept": "text/html"},
            )
    assert b"Authorization: a" in server.received[0]
    assert [line for line in other.received[0].split(b"\r\n")[1:] if line] == [
        f"Host: {other.host}".encode(), b"User-Agent: Collab/1.0", b"Accept: text/html", b"Accept-Encoding: identity",
        b"Connection: close",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/", "//169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://localhost/",
        "http://0x7f.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)", "https://u:p@127.0.0.1/",
        "https://10.0.0.1/", "http://example.com/", "\\\\127.0.0.1\\x", "http://127.0.0.2/",
    ],
)  # fmt: skip
def test_redirect_to_where_the_first_hop_could_not_go_is_refused(location: str):
    with FaultServer(answering(answer(b"", f"Location: {location}", status="302 Found"))) as server:
        with pytest.raises(Refused):
            call(server, "GET", follow_redirects=5)
        assert server.connections == 1


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    """Return an authority that the client trusts."""
    return Authority(tmp_path_factory.mktemp("authority"))


def trusting(authority: Authority, *hosts: str) -> OutboundClient:
    return OutboundClient(
        allow_private_hosts=frozenset(hosts),
        ca_bundle=str(authority.bundle),
        resolve=lambda *_: ["127.0.0.1"],
    )


def test_tls_checks_the_name_of_the_address_though_it_connects_by_number(authority: Authority):
    with FaultServer(
        answering(answer(b"safe")), authority.server_context(names=("api.example.com",))
    ) as server:
        url = f"https://api.example.com:{server.port}/"
        assert trusting(authority, "api.example.com").request("POST", url, json={}).body == b"safe"


def test_tls_accepts_a_certificate_for_a_number(authority: Authority):
    with FaultServer(answering(answer(b"safe")), authority.server_context(ips=("127.0.0.1",))) as server:
        assert trusting(authority, "127.0.0.1").request("GET", f"{server.url}/").body == b"safe"


@pytest.mark.parametrize("case", ["other name", "expired", "unknown authority"])
def test_certificate_that_does_not_fit_is_not_sent(authority: Authority, tmp_path: Path, case: str):
    issuer = Authority(tmp_path, "Somebody") if case == "unknown authority" else authority
    name = "other.example.com" if case == "other name" else "api.example.com"
    context = issuer.server_context(names=(name,), days=-1 if case == "expired" else 1)
    with FaultServer(answering(answer()), context) as server, pytest.raises(NotSent) as caught:
        url = f"https://api.example.com:{server.port}/"
        trusting(authority, "api.example.com").request("POST", url, json={"text": "hello"})
    assert (caught.value.phase, server.received) == ("tls", [])
    assert "certificate" in str(caught.value)


def test_plain_server_where_tls_was_asked_for_is_not_sent(authority: Authority):
    with FaultServer(answering(answer())) as server, pytest.raises(NotSent) as caught:
        trusting(authority, "127.0.0.1").request("POST", f"https://127.0.0.1:{server.port}/", json={})
    assert caught.value.phase == "tls"


def test_tls_older_than_1_2_is_not_spoken():
    assert LOOPBACK._context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert LOOPBACK._context.check_hostname
    assert LOOPBACK._context.verify_mode == ssl.CERT_REQUIRED


def test_body_cut_off_without_the_farewell_of_tls_is_unknown(authority: Authority):
    with FaultServer(
        answering(OK + b"\r\nhalf an ans"), authority.server_context(ips=("127.0.0.1",))
    ) as server:
        with pytest.raises(Unknown) as caught:
            trusting(authority, "127.0.0.1").request("POST", f"{server.url}/", json={})
    assert (caught.value.phase, caught.value.answer_status) == ("body", 200)


def test_drip_under_tls_meets_the_deadline(authority: Authority):
    behaviour = dripping(OK + b"Content-Length: 1000\r\n\r\n", b"a", 0.05)
    with FaultServer(behaviour, authority.server_context(ips=("127.0.0.1",))) as server:
        started = time.monotonic()
        with pytest.raises(Unknown):
            trusting(authority, "127.0.0.1").request("GET", f"{server.url}/", deadline_seconds=0.5)
        assert time.monotonic() - started < 0.5 + TOLERANCE_SECONDS
