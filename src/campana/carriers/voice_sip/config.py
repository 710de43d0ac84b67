"""The config of a channel of kind `voice_sip`: its trunks, and the numbers it calls from."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from campana.domain.pacing import TrunkLimits
from campana.domain.places import is_country
from campana.voice.driver import Trunk

Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$", description="Name or address")]
Number = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164, with its plus")]
Word = Annotated[str, Meta(pattern=r"^[!#-:=?-\[\]-~]{1,128}$")]
"""What the SIP stack takes unquoted: no space, quote, backslash, semicolon or angle bracket."""
Secret = Annotated[str, Meta(pattern=r"^[ !#-\[\]-~]{0,128}$")]
"""What it takes in quotes: neither a quote nor a backslash."""

_ACCOUNT = r"^[A-Za-z0-9.+_~-]{1,64}$"


def _network(source: str) -> None:
    ipaddress.ip_network(source, strict=False)


class InboundConfig(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Calls that come in by a trunk, for flows that wait for one: over UDP, from its host and from
    nowhere else but these addresses."""

    addresses: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9A-Fa-f.:/]{2,43}$")], ...], Meta(max_length=64)
    ] = ()
    """Addresses and networks, as `203.0.113.7` or `203.0.113.0/28`."""
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="ISO 3166")] | None = None
    """Of callers' numbers that come without one; that of the number called when left out."""

    def __post_init__(self) -> None:
        for each in self.addresses:
            _network(each)
        if self.country is not None and not is_country(self.country):
            raise ValueError(f"country {self.country!r} is none, such as US")


class RegisterConfig(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """For trunks that want us to register before they take or send calls: one voice worker does,
    with the trunk's username and password."""

    account: Annotated[str, Meta(pattern=_ACCOUNT)] | None = None
    """The name before the host in the account's address; the username when left out."""
    seconds: Annotated[int, Meta(ge=60, le=86_400)] = 300
    """For how long at a time; the trunk may ask for more."""


class TrunkConfig(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The way to a carrier. With a username, a 401 or 407 is answered.

    Its limits lie below the channel's; what is left out is limited by the channel alone.
    """

    host: Host
    port: Annotated[int, Meta(ge=1, le=65535)] = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: Word | None = None
    password: Secret | None = None
    srtp: bool = False
    """Sound is encrypted, or there is no call; over `tls` alone, for the keys travel with it."""
    rate: Annotated[float, Meta(ge=0.001, le=10_000)] | None = None
    """Calls placed a second."""
    burst: Annotated[int, Meta(ge=1, le=1000)] = 1
    lines: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """Calls open at once."""
    daily_attempts: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    """Calls placed in a day of UTC."""
    inbound: InboundConfig | None = None
    """Left out, no call is taken from it."""
    register: RegisterConfig | None = None
    """Left out, we do not register."""

    def __post_init__(self) -> None:
        if self.register is not None:
            if self.username is None:
                raise ValueError("register needs a username")
            if self.register.account is None and not re.match(_ACCOUNT, self.username):
                raise ValueError("register needs an account where the username has other signs")
        if self.srtp and self.transport != "tls":
            raise ValueError("srtp needs the transport tls: its keys travel in the signalling")
        if self.inbound is not None and self.transport != "udp":
            raise ValueError("inbound needs the transport udp: calls come in by that alone")

    @property
    def name(self) -> str:
        """What it is called in records: `sip:agent@sip.example.com:5060;transport=udp`."""
        user = f"{self.username}@" if self.username else ""
        return f"sip:{user}{self.host}:{self.port};transport={self.transport}"

    def limits(self) -> TrunkLimits:
        """As pacing takes it."""
        return TrunkLimits(
            name=self.name,
            rate=self.rate,
            burst=self.burst,
            lines=self.lines,
            daily=self.daily_attempts,
            registers=self.register is not None,
        )

    def __repr__(self) -> str:
        """Without the password: configs end up in logs."""
        return f"TrunkConfig({self.transport}:{self.host}:{self.port}, {self.username})"

    def trunk(self) -> Trunk:
        """As the voice driver takes it."""
        return Trunk(
            host=self.host,
            port=self.port,
            transport=self.transport,
            username=self.username,
            password=self.password,
            srtp=self.srtp,
        )


class Config(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A channel of kind `voice_sip`."""

    trunks: Annotated[tuple[TrunkConfig, ...], Meta(min_length=1, max_length=8)]
    """Tried in this order: the first that is within its limits, and the next when one answers that
    it cannot."""
    caller_ids: Annotated[tuple[Number, ...], Meta(min_length=1, max_length=1000)]
    """Calls are placed from each in turn, but for campaigns that choose one of them."""
    calls_per_caller_id: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """From each of them in a day of UTC, over all channels and campaigns of the workspace. Whoever
    is next when all have had theirs is called on the next day."""
    display_name: Annotated[str, Meta(max_length=64)] | None = None
    ring_seconds: Annotated[int, Meta(ge=3, le=120)] = 30
    """From the INVITE; then the call is cancelled."""

    def __post_init__(self) -> None:
        if len({trunk.name for trunk in self.trunks}) < len(self.trunks):
            raise ValueError("trunks must differ in host, port, transport or username")
