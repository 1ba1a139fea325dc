"""Which IP addresses the outbound client may connect to.

An own list, not only `ipaddress.is_global`: that answer changed between Python releases and knows no addresses
that carry another one inside (NAT64, 6to4, Teredo, ISATAP).
Source: IANA IPv4 and IPv6 Special-Purpose Address Registries, read 2026-11.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_V4_PRIVATE = tuple(
    IPv4Network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
_V4_NEVER = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",  # metadata service of one cloud, inside the carrier-grade NAT range
        "168.63.129.16/32",  # platform service of another cloud, in an otherwise public range
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_V6_GLOBAL = IPv6Network("2000::/3")
_V6_PRIVATE = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_V6_NEVER = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3fff::/20",
        "fd00:ec2::/32",  # metadata services on IPv6
        "fd20:ce::/32",
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(text: str) -> bool:
    """Tell whether the address is an ordinary unicast address of the internet."""
    address = _parse(text)
    if isinstance(address, IPv4Address):
        return address.is_global and not _within(address, _V4_NEVER) and not _within(address, _V4_PRIVATE)
    if address is None or address not in _V6_GLOBAL or _within(address, _V6_NEVER):
        return False
    return address.is_global and (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP


def is_private(text: str) -> bool:
    """Tell whether the address is one of an own network, which an operator may allow by name.

    Link-local, metadata, multicast and embedded forms are never among them.
    """
    address = _parse(text)
    if isinstance(address, IPv4Address):
        return _within(address, _V4_PRIVATE) and not _within(address, _V4_NEVER)
    return address is not None and _within(address, _V6_PRIVATE) and not _within(address, _V6_NEVER)


def _parse(text: str) -> Address | None:
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def _within(address: Address, networks: tuple[IPv4Network, ...] | tuple[IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)
