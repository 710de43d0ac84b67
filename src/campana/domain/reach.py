"""Where a message of ours may go: to public addresses, over https, and nowhere else.

Whoever may name a URL could otherwise have us knock on doors inside our own network. This decides
about texts and numbers; names are resolved in `services/outbound.py`, which asks here about every
address it is about to connect to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

REFUSAL = "must be an https URL of a public address that answers"
"""The one sentence for every refusal: which it was would tell what our network looks like."""

Ip = IPv4Address | IPv6Address

# What the standard library calls global and is not, or not for us: addresses that carry an IPv4
# address inside, and relays that would forward there.
_CARRIERS = [
    ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local use
        "2001::/23",  # Teredo, ORCHID and other protocol assignments
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local, deprecated
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "192.88.99.0/24",  # 6to4 relays
        "192.0.0.0/24",  # protocol assignments
    )
]

# A dotted name whose last label is not a number: every odd spelling of an IPv4 address (decimal,
# octal, hexadecimal, short forms) ends in a label that is one.
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_TEXT = re.compile(r"[\x21-\x7e]{1,2000}")
_ODD = frozenset('\\^`{}|<>"')
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LOCAL_NAMES = (
    *("localhost", "local", "localdomain", "internal", "home.arpa", "lan", "intranet"),
    *("onion", "alt", "test", "invalid"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A URL taken apart: whom to resolve, and what to ask for there."""

    scheme: str
    host: str
    """A name in lower case, or an address without brackets."""
    port: int
    target: str
    """Path and query."""
    address: Ip | None
    """When the host is an address already."""

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def destination(url: str, *, allow_loopback: bool = False) -> Destination | None:
    """The URL taken apart; None when we do not go there, whatever its name resolves to.

    Args:
        url: as somebody wrote it.
        allow_loopback: this machine may be named, by address, and over http too: for trying things
            out.
    """
    if not _TEXT.fullmatch(url) or _ODD & set(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc or parts.fragment:
        return None
    if port == 0 or parts.netloc.endswith(":"):
        return None
    host = (parts.hostname or "").lower()
    address = _literal(host, is_bracketed="[" in parts.netloc)
    if address is None and ("[" in parts.netloc or not _is_public_name(host)):
        return None
    if address is not None and not may_connect(address, allow_loopback=allow_loopback):
        return None
    if parts.scheme == "http" and not (allow_loopback and address and address.is_loopback):
        return None
    query = f"?{parts.query}" if parts.query else ""
    return Destination(
        scheme=parts.scheme,
        host=host,
        port=port or _DEFAULT_PORTS[parts.scheme],
        target=(parts.path or "/") + query,
        address=address,
    )


def may_connect(address: Ip, *, allow_loopback: bool = False) -> bool:
    """Whether a connection to this very address may be made."""
    if allow_loopback and address in _LOOPBACKS:
        return True
    if any(address in network for network in _CARRIERS if network.version == address.version):
        return False
    if isinstance(address, IPv6Address) and (address.scope_id or address not in _UNICAST):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


_LOOPBACKS = frozenset([IPv4Address("127.0.0.1"), IPv6Address("::1")])
_UNICAST = ip_network("2000::/3")


def _literal(host: str, *, is_bracketed: bool) -> Ip | None:
    """The address a host is in its one plain spelling."""
    try:
        found = ip_address(host)
    except ValueError:
        return None
    plain = str(found) == host if isinstance(found, IPv4Address) else is_bracketed
    return found if plain else None


def _is_public_name(host: str) -> bool:
    if len(host) > 253 or not _NAME.fullmatch(host):
        return False
    return not any(host == name or host.endswith("." + name) for name in _LOCAL_NAMES)
