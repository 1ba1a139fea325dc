"""The one way out: every call to another system goes through an `OutboundClient`."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode, urljoin

from django.conf import settings

from core.http.bodies import Body, BytesBody, FormValue, MultipartBody, Part, form_body, json_body
from core.http.errors import NotSent, Refused
from core.http.responses import Response
from core.http.targets import Policy, Resolver, Target, find_addresses, read_target
from core.http.wire import Answer, Deadline, connect, exchange

USER_AGENT = "Collab/1.0"
MAX_LOOKUPS = 32

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e\x80-\xff\t]*")
# Set here and nowhere else, or belonging to one hop: never taken from a caller, who may have them from a browser.
_OWN_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-connection",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-real-ip",
    }
)
_KEPT_ACROSS_ORIGINS = frozenset({"accept", "accept-language", "user-agent"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_lookups = threading.BoundedSemaphore(MAX_LOOKUPS)


def look_up(host: str, port: int, seconds: float) -> Sequence[str]:
    """Return the addresses of a name, waiting no longer than `seconds`.

    getaddrinfo knows no time-out, so it runs in a thread that may be left behind; their number is bounded.
    Raises: NotSent.
    """
    found: list[str] = []
    failure: list[str] = []

    def run() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(info[4][0]) for info in infos))
        except (OSError, UnicodeError) as error:
            failure.append(type(error).__name__)
        finally:
            _lookups.release()

    if not _lookups.acquire(timeout=seconds):
        raise NotSent(
            f"{host} could not be looked up: too many look-ups are waiting.", phase="dns", host=host
        )
    thread = threading.Thread(target=run, name="outbound-dns", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        _lookups.release()
        raise NotSent(f"{host} could not be looked up: no thread is free.", phase="dns", host=host) from error
    thread.join(seconds)
    if not found:
        reason = failure[0] if failure else "timed out"
        raise NotSent(f"{host} could not be looked up ({reason}).", phase="dns", host=host)
    return tuple(found)


class OutboundClient:
    """Speaks HTTP to hosts of the public internet, and to those of the own network that the operator named.

    A call looks the name up once, checks every address, connects to what was checked, and never follows where it
    was not asked to. Each call has a connection of its own: a kept one that the other side had closed would make
    an outcome unknown that is none. No cookies, no proxies, nothing from the environment.
    """

    def __init__(
        self,
        *,
        allow_private_hosts: frozenset[str] = frozenset(),
        only_hosts: frozenset[str] | None = None,
        ports: frozenset[int] = frozenset({80, 443}),
        ca_bundle: str | None = None,
        connect_seconds: float = 5.0,
        user_agent: str = USER_AGENT,
        resolve: Resolver = look_up,
    ) -> None:
        self._policy = Policy(
            ports, _lower(allow_private_hosts), None if only_hosts is None else _lower(only_hosts)
        )
        self._ca_bundle = ca_bundle
        self._connect_seconds = connect_seconds
        self._user_agent = user_agent
        self._resolve = resolve

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Load the authorities once, when the first call needs them."""
        return _tls_context(self._ca_bundle)

    def check(self, url: str) -> None:
        """Refuse a URL that no call could reach, without looking its name up; for forms that store one.

        Raises: Refused.
        """
        read_target(url, self._policy)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, FormValue] | None = None,
        json: Any = None,
        data: Mapping[str, FormValue] | None = None,
        body: bytes | Body | None = None,
        multipart: Sequence[Part] | None = None,
        deadline_seconds: float = 20.0,
        max_response_bytes: int = 1_000_000,
        follow_redirects: int = 0,
    ) -> Response:
        """Make one call and return its complete answer, whatever its status.

        `follow_redirects` is for GET and HEAD; each hop is checked like the first, under the same deadline, and
        only harmless headers go to another origin.
        Units: the deadline covers look-up, connecting, sending and receiving, of all hops together.
        Raises: NotSent, Refused, Unknown; ValueError and OSError for a body that cannot be built or read.
        """
        started = time.monotonic()
        deadline = Deadline(deadline_seconds)
        content = _choose_body(json, data, body, multipart)
        _check_request(method, headers or {}, content, follow_redirects)
        url = _with_params(url, params)
        target = read_target(url, self._policy)
        sent_headers = dict(headers or {})
        for hops_left in range(follow_redirects, -1, -1):
            answer = self._call(
                method, target, sent_headers, content, deadline=deadline, max_bytes=max_response_bytes
            )
            location = answer.headers.get("location", "")
            if not follow_redirects or answer.status not in _REDIRECTS or not location:
                break
            if not hops_left:
                raise Refused(f"{target.host} redirects too often.", phase="redirect", host=target.host)
            url = urljoin(url, location)
            previous, target = target, read_target(url, self._policy)
            if target.origin != previous.origin:
                sent_headers = {k: v for k, v in sent_headers.items() if k.lower() in _KEPT_ACROSS_ORIGINS}
        elapsed_ms = round((time.monotonic() - started) * 1000)
        return Response(answer.status, answer.headers, answer.body, elapsed_ms, url)

    def _call(
        self,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        body: Body | None,
        *,
        deadline: Deadline,
        max_bytes: int,
    ) -> Answer:
        """Make one exchange: look up once, check, connect to what was checked, send, receive."""
        try:
            addresses = find_addresses(target, self._resolve, min(self._connect_seconds, deadline.left()))
        except TimeoutError as error:
            raise NotSent("No time was left for the call.", phase="dns", host=target.host) from error
        head = self._head(method, target, headers, body)
        with connect(target, addresses, lambda: self._context, deadline, self._connect_seconds) as sock:
            return exchange(
                sock,
                target,
                head,
                body or BytesBody(b""),
                method=method,
                deadline=deadline,
                max_bytes=max_bytes,
            )

    def _head(self, method: str, target: Target, headers: Mapping[str, str], body: Body | None) -> bytes:
        fields = {"Host": target.host_header, "User-Agent": self._user_agent, "Accept": "*/*"}
        if body is not None and body.content_type:
            fields["Content-Type"] = body.content_type
        own = {name.lower() for name in headers}
        fields = {name: value for name, value in fields.items() if name.lower() not in own} | dict(headers)
        fields |= {"Accept-Encoding": "identity", "Connection": "close"}
        if body is not None or method in ("POST", "PUT", "PATCH"):
            fields["Content-Length"] = str(body.length if body is not None else 0)
        lines = [
            f"{method} {target.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in fields.items()),
            "",
            "",
        ]
        return "\r\n".join(lines).encode("latin-1")


def outbound() -> OutboundClient:
    """Return this process's client, set up from OUTBOUND_ALLOW_PRIVATE_HOSTS, _ONLY_HOSTS, _PORTS and _CA_BUNDLE."""
    only = getattr(settings, "OUTBOUND_ONLY_HOSTS", None)
    return _configured(
        frozenset(getattr(settings, "OUTBOUND_ALLOW_PRIVATE_HOSTS", ())),
        None if only is None else frozenset(only),
        frozenset(getattr(settings, "OUTBOUND_PORTS", (80, 443))),
        getattr(settings, "OUTBOUND_CA_BUNDLE", None) or None,
    )


@lru_cache(maxsize=8)
def _configured(
    private: frozenset[str], only: frozenset[str] | None, ports: frozenset[int], ca_bundle: str | None
) -> OutboundClient:
    return OutboundClient(allow_private_hosts=private, only_hosts=only, ports=ports, ca_bundle=ca_bundle)


def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Build a verifying context; unlike ssl's default one it writes no key log when the environment asks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_bundle:
        context.load_verify_locations(cafile=ca_bundle)
    else:
        context.load_default_certs()
    return context


def _lower(hosts: frozenset[str]) -> frozenset[str]:
    return frozenset(host.lower().replace("[", "").replace("]", "") for host in hosts)


def _with_params(url: str, params: Mapping[str, FormValue] | None) -> str:
    if not params:
        return url
    base = url.partition("#")[0]
    return f"{base}{'&' if '?' in base else '?'}{urlencode(params, doseq=True)}"


def _choose_body(
    json: Any,
    data: Mapping[str, FormValue] | None,
    body: bytes | Body | None,
    multipart: Sequence[Part] | None,
) -> Body | None:
    if sum(value is not None for value in (json, data, body, multipart)) > 1:
        raise ValueError("give one of json, data, body, multipart")
    if json is not None:
        return json_body(json)
    if data is not None:
        return form_body(data)
    if multipart is not None:
        return MultipartBody(multipart)
    return BytesBody(body) if isinstance(body, bytes) else body


def _check_request(method: str, headers: Mapping[str, str], body: Body | None, follow_redirects: int) -> None:
    """Raise Refused for what must not be written, ValueError for what is a mistake of the caller."""
    if method not in _METHODS:
        raise ValueError(f"method {method!r} is not one of {sorted(_METHODS)}")
    if follow_redirects and (method not in ("GET", "HEAD") or body is not None):
        raise ValueError("only GET and HEAD without a body may follow redirects")
    types = {"Content-Type": body.content_type} if body is not None else {}
    for name, value in [*headers.items(), *types.items()]:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Refused("A header holds characters that headers cannot hold.", phase="guard")
        if name.lower() in _OWN_HEADERS or name.lower().startswith(("x-forwarded-", "proxy-", "sec-")):
            raise Refused(f"The header {name} is not passed on.", phase="guard")
