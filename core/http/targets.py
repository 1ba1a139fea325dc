"""Reads a URL strictly: what two parsers could read differently is refused, not repaired."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote

from django.utils.translation import gettext as _

from core.http.addresses import is_private, is_public
from core.http.errors import NotSent, Refused

Resolver = Callable[[str, int, float], Sequence[str]]

MAX_URL_LENGTH = 8192
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(#.*)?", re.IGNORECASE | re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff\ud800-\udfff]")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([1-9][0-9]{0,4}))?", re.IGNORECASE | re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NOT_ON_THE_INTERNET = tuple(
    ".localhost .local .internal .intranet .lan .home .corp .home.arpa .onion .test".split()
)
_PATH_SAFE = "!$%&'()*+,-./:;=?@[]_~"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows: ports, own hosts by name, and optionally only these hosts at all.

    `private_hosts` holds "host" (any port) or "host:port"; such a host may be spoken to by plain http and may
    have an address of an own network.
    """

    ports: frozenset[int] = frozenset({80, 443})
    private_hosts: frozenset[str] = frozenset()
    only_hosts: frozenset[str] | None = None

    def allows_private(self, host: str, port: int) -> bool:
        """Tell whether the operator named this host, or this host with this port."""
        return host in self.private_hosts or f"{host}:{port}" in self.private_hosts


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: what to connect to and what to ask for."""

    scheme: str
    host: str
    port: int
    path: str
    is_literal: bool
    is_trusted: bool

    @property
    def origin(self) -> tuple[str, str, int]:
        """Return what credentials belong to."""
        return self.scheme, self.host, self.port

    @property
    def host_header(self) -> str:
        """Return the Host header: the port only when it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _default_port(self.scheme) else f"{name}:{self.port}"


def read_target(url: str, policy: Policy) -> Target:
    """Read `url` under the policy.

    Raises: Refused, before any name is looked up.
    """
    match = None if len(url) > MAX_URL_LENGTH or _FORBIDDEN.search(url) else _URL.fullmatch(url)
    if match is None:
        raise _refusal(_("The address is not a plain https:// address."))
    scheme = match[1].lower()
    authority = _AUTHORITY.fullmatch(match[2])
    if authority is None:
        raise _refusal(_("The address names no plain host; names beyond ASCII are written as xn--…."))
    host, is_literal = _read_host(authority[1].lower())
    port = int(authority[2]) if authority[2] else _default_port(scheme)
    is_trusted = policy.allows_private(host, port)
    _check_policy(scheme, host, port, policy, is_literal=is_literal, is_trusted=is_trusted)
    path = quote(match[3], safe=_PATH_SAFE) or "/"
    return Target(scheme, host, port, path if path[0] == "/" else f"/{path}", is_literal, is_trusted)


def find_addresses(target: Target, resolve: Resolver, seconds: float) -> tuple[str, ...]:
    """Return the addresses to connect to, looked up once and all of them checked.

    One bad address among good ones refuses the whole host: a mixed answer is how rebinding looks.
    Raises: NotSent when the name has no address, Refused when one of them is not allowed.
    """
    addresses = (target.host,) if target.is_literal else tuple(resolve(target.host, target.port, seconds))
    if not addresses:
        raise NotSent(f"{target.host} has no address.", phase="dns", host=target.host)
    for address in addresses:
        if not (is_public(address) or (target.is_trusted and is_private(address))):
            raise _refusal(_not_public(target.host), target.host)
    return addresses


def _read_host(host: str) -> tuple[str, bool]:
    """Return the host in its one spelling and whether it is an IP address."""
    if host.startswith("["):
        try:
            return IPv6Address(host[1:-1]).compressed, True
        except AddressValueError:
            raise _refusal(_("The address holds a broken IPv6 address.")) from None
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refusal(_("The address names a host that cannot exist."))
    if not _NUMERIC.fullmatch(labels[-1]):
        return host, False
    try:
        return str(IPv4Address(host)), True
    except AddressValueError:
        raise _refusal(_("The address holds an IP address in an unusual spelling.")) from None


def _check_policy(
    scheme: str, host: str, port: int, policy: Policy, *, is_literal: bool, is_trusted: bool
) -> None:
    if (
        policy.only_hosts is not None
        and host not in policy.only_hosts
        and f"{host}:{port}" not in policy.only_hosts
    ):
        raise _refusal(_("This installation does not talk to {host}.").format(host=host), host)
    if is_trusted:
        return
    if scheme != "https":
        raise _refusal(_("{host} may only be reached by https.").format(host=host), host)
    if port not in policy.ports:
        raise _refusal(_("Port {port} is not allowed.").format(port=port), host)
    if not is_literal and ("." not in host or host.endswith(_NOT_ON_THE_INTERNET)):
        raise _refusal(_not_public(host), host)


def _not_public(host: str) -> str:
    return _("{host} is not a host of the public internet.").format(host=host)


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _refusal(message: str, host: str = "") -> Refused:
    return Refused(message, phase="guard", host=host)
