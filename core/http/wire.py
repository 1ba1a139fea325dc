"""One HTTP/1.1 exchange over one fresh connection, under one deadline.

Sockets only know a time-out per call, so a server that drips a byte a second could hold a worker for ever: here the
time-out is computed again before each call from what is left of the whole.
"""

import contextlib
import http.client
import io
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.http.bodies import Body
from core.http.errors import NotSent, Unknown
from core.http.responses import Headers
from core.http.targets import Target

HEAD_BYTES = 256 * 1024
MAX_INTERIM_ANSWERS = 8
MAX_ADDRESSES = 4
READ_BYTES = 64 * 1024


class Deadline:
    """An instant on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left.

        Raises: TimeoutError when there are none.
        """
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("deadline reached")
        return seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and decoded body of one exchange."""

    status: int
    headers: Headers
    body: bytes


class TooLargeError(Exception):
    """More bytes came than the caller takes."""


class _DeadlineReader(io.RawIOBase):
    """Reads the socket under the deadline and counts what came."""

    def __init__(self, sock: socket.socket, deadline: Deadline, max_bytes: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self._bytes_left = max_bytes
        self.is_ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub asks for the wider Buffer
        self._sock.settimeout(self._deadline.left())
        count = self._sock.recv_into(buffer)
        self.is_ended = count == 0
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise TooLargeError
        return count


class _Stream:
    """What http.client wants of a socket: a file. The same one for every interim answer."""

    def __init__(self, reader: "io.BufferedReader[_DeadlineReader]") -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> "io.BufferedReader[_DeadlineReader]":
        return self._reader


def connect(
    target: Target,
    addresses: Sequence[str],
    tls: Callable[[], ssl.SSLContext],
    deadline: Deadline,
    seconds: float,
) -> socket.socket:
    """Connect to one of the checked addresses, by number, and make TLS with the name the URL holds.

    Raises: NotSent. A certificate that does not fit is NotSent as well: the request was not yet written.
    """
    phase = "connect"
    try:
        limit = Deadline(min(seconds, deadline.left()))
        sock = _open(addresses[:MAX_ADDRESSES], target.port, limit)
        if target.scheme == "http":
            return sock
        phase = "tls"
        return _secure(sock, tls(), target.host, limit)
    except ssl.SSLCertVerificationError as error:
        message = f"{target.host} has no valid certificate: {error.verify_message}."
        raise NotSent(message, phase="tls", host=target.host) from error
    except OSError as error:
        message = f"No connection to {target.host} ({_name(error)})."
        raise NotSent(message, phase=phase, host=target.host) from error


def exchange(
    sock: socket.socket,
    target: Target,
    head: bytes,
    body: Body,
    *,
    method: str,
    deadline: Deadline,
    max_bytes: int,
) -> Answer:
    """Send the request and read the whole answer.

    A server may answer and hang up before it took the whole body (413, 401): a complete answer counts then too.
    Raises: NotSent when the system took not a single byte, else Unknown.
    """
    try:
        _send(sock, target, head, body, deadline)
    except OSError as error:
        with contextlib.suppress(Unknown):
            return _receive(sock, target, method, deadline, max_bytes)
        raise Unknown(f"{target.host} broke off ({_name(error)}).", phase="send", host=target.host) from error
    return _receive(sock, target, method, deadline, max_bytes)


def _open(addresses: Sequence[str], port: int, limit: Deadline) -> socket.socket:
    """Try the addresses in order; each gets an equal share of the time left."""
    for left in range(len(addresses), 0, -1):
        try:
            return _open_one(addresses[-left], port, limit.left() / left)
        except OSError:
            if left == 1:
                raise
    raise OSError("no address to try")


def _open_one(address: str, port: int, seconds: float) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.connect((address, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _secure(sock: socket.socket, context: ssl.SSLContext, host: str, limit: Deadline) -> ssl.SSLSocket:
    """Shake hands; an end without TLS's own farewell will count as cut off, not as the end of the body."""
    try:
        secure = context.wrap_socket(
            sock, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
    except BaseException:
        sock.close()
        raise
    try:
        secure.settimeout(limit.left())
        secure.do_handshake()
    except BaseException:
        secure.close()
        raise
    return secure


def _send(sock: socket.socket, target: Target, head: bytes, body: Body, deadline: Deadline) -> None:
    """Send head and body; a small body goes out together with the head.

    Raises: NotSent, Unknown when a file cannot be read to its end, OSError when the connection breaks.
    """
    is_begun = False
    for piece in _pieces(target, head, body):
        view = memoryview(piece)
        while view:
            try:
                sock.settimeout(deadline.left())
                view = view[sock.send(view) :]
            except OSError as error:
                # Plain TCP: the failing call took nothing. TLS: a part of the record may be under way.
                if is_begun or isinstance(sock, ssl.SSLSocket):
                    raise
                message = f"The connection to {target.host} broke before the request ({_name(error)})."
                raise NotSent(message, phase="send", host=target.host) from error
            is_begun = True


def _pieces(target: Target, head: bytes, body: Body) -> Iterator[bytes]:
    """Yield what to send; what cannot be read from disk is told apart from what cannot be sent."""
    is_small = body.length <= READ_BYTES
    try:
        if is_small:
            yield head + b"".join(body.chunks())
            return
        yield head
        yield from body.chunks()
    except OSError as error:
        message = f"The body for {target.host} could not be read ({_name(error)})."
        kind = NotSent if is_small else Unknown
        raise kind(message, phase="send", host=target.host) from error


def _receive(sock: socket.socket, target: Target, method: str, deadline: Deadline, max_bytes: int) -> Answer:
    raw = _DeadlineReader(sock, deadline, max_bytes + HEAD_BYTES)
    status: int | None = None
    phase = "answer"
    try:
        with io.BufferedReader(raw, READ_BYTES) as reader:
            answer = _read_head(reader, method)
            status, phase = answer.status, "body"
            headers = Headers(answer.getheaders())
            body = _decode(_read_body(answer, headers, max_bytes), headers, max_bytes)
            return Answer(status, headers, body)
    except TooLargeError as error:
        message = f"The answer of {target.host} is larger than {max_bytes} bytes."
        raise Unknown(message, phase=phase, host=target.host, answer_status=status) from error
    except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
        message = f"{target.host} gave no complete answer ({_name(error)})."
        raise Unknown(message, phase=phase, host=target.host, answer_status=status) from error


def _read_head(reader: "io.BufferedReader[_DeadlineReader]", method: str) -> http.client.HTTPResponse:
    """Read status line and headers, passing over interim answers (100, 103)."""
    for _ in range(MAX_INTERIM_ANSWERS):
        answer = http.client.HTTPResponse(_Stream(reader), method=method)  # type: ignore[arg-type]  # it only wants makefile
        answer.begin()
        if reader.raw.is_ended:  # http.client takes an end among the headers for the end of the headers
            raise http.client.HTTPException("headers cut off")
        if answer.status >= 200:
            return answer
        answer.fp = io.BufferedReader(io.BytesIO())  # an interim answer closes what it holds when it goes
        if answer.status == http.client.SWITCHING_PROTOCOLS:
            break
    raise http.client.HTTPException("no final answer")


def _read_body(answer: http.client.HTTPResponse, headers: Headers, max_bytes: int) -> bytes:
    """Read the body to its announced end.

    Raises: TooLargeError early when the announced length says so; IncompleteRead when it ends before.
    """
    coding = headers.get("transfer-encoding", "")
    if coding and coding.lower() != "chunked":
        raise http.client.HTTPException("unknown transfer encoding")
    lengths = set(headers.get_all("content-length"))
    if not coding and (len(lengths) > 1 or any(not (text.isascii() and text.isdigit()) for text in lengths)):
        raise http.client.HTTPException("contradicting lengths")
    if answer.length is not None and answer.length > max_bytes:
        raise TooLargeError
    content = bytearray()
    while chunk := answer.read(READ_BYTES):
        content += chunk
        if len(content) > max_bytes:
            raise TooLargeError
    if answer.length:
        raise http.client.IncompleteRead(bytes(content[:0]), answer.length)
    return bytes(content)


def _decode(content: bytes, headers: Headers, max_bytes: int) -> bytes:
    """Undo gzip or deflate, which some servers use though nobody asked, without ever holding more than the cap."""
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding in ("", "identity") or not content:
        return content
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise http.client.HTTPException("unknown content encoding")
    decoder = zlib.decompressobj(wbits=47)
    result = decoder.decompress(content, max_bytes + 1)
    if len(result) > max_bytes:
        raise TooLargeError
    if not decoder.eof:
        raise http.client.IncompleteRead(b"")
    return result


def _name(error: BaseException) -> str:
    """Return what went wrong without anything the other side wrote."""
    return "timed out" if isinstance(error, TimeoutError) else type(error).__name__
