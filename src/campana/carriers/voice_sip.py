"""Voice over SIP trunks: the config of such a channel, and what the outcome of a call means.

The calls are placed by `voice`; this is what the rest of Campana has to know of them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, assert_never
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from campana.carriers.account import SecretField
from campana.carriers.base import CarrierError, CarrierKind
from campana.domain.address import Unusable, parse_phone
from campana.domain.answered_by import AnsweredBy
from campana.domain.caller_id import CallerIds
from campana.domain.calling_in import CallsIn
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.pacing import TrunkLimits
from campana.voice.call_result import CallResult
from campana.voice.driver import Placement, Trunk, Unreachable
from campana.voice.options import ask_options
from campana.voice.registering import Account

Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$", description="Name or address")]
Number = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164, with its plus")]
Word = Annotated[str, Meta(pattern=r"^[!#-:=?-\[\]-~]{1,128}$")]
"""What the SIP stack takes unquoted: no space, quote, backslash, semicolon or angle bracket."""
Secret = Annotated[str, Meta(pattern=r"^[ !#-\[\]-~]{0,128}$")]
"""What it takes in quotes: neither a quote nor a backslash."""


_ACCOUNT = re.compile(r"^[A-Za-z0-9.+_~-]{1,64}$")


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


class RegisterConfig(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """For trunks that want us to register before they take or send calls: one voice worker does,
    with the trunk's username and password."""

    account: Annotated[str, Meta(pattern=r"^[A-Za-z0-9.+_~-]{1,64}$")] | None = None
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
            if self.register.account is None and not _ACCOUNT.match(self.username):
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


DISPOSITIONS: dict[int, Disposition] = {
    403: Disposition.BLOCKED,
    404: Disposition.INVALID_NUMBER,
    408: Disposition.NO_ANSWER,
    410: Disposition.INVALID_NUMBER,
    433: Disposition.BLOCKED,  # anonymity disallowed, RFC 5079
    480: Disposition.NO_ANSWER,
    484: Disposition.INVALID_NUMBER,
    486: Disposition.BUSY,
    487: Disposition.NO_ANSWER,
    600: Disposition.BUSY,
    603: Disposition.DECLINED,
    604: Disposition.INVALID_NUMBER,
    607: Disposition.OPT_OUT,  # the person says we are unwanted, RFC 8197
    608: Disposition.BLOCKED,  # rejected by an intermediary, RFC 8688
}
"""Final SIP codes with a meaning of their own. Of the others 5xx is congestion, else an error."""


def disposition_of_status(status: int) -> Disposition:
    """What a final code that refused a call means."""
    if status in DISPOSITIONS:
        return DISPOSITIONS[status]
    return Disposition.CONGESTION if 500 <= status <= 599 else Disposition.CARRIER_ERROR


_NO_PERSON: dict[AnsweredBy | None, Disposition] = {
    AnsweredBy.MACHINE: Disposition.VOICEMAIL,
    AnsweredBy.SCREENER: Disposition.VOICEMAIL,
    # Nobody can be reached there by voice, today or any other day.
    AnsweredBy.FAX: Disposition.INVALID_NUMBER,
}


def disposition_of(result: CallResult) -> Disposition:
    """What became of the attempt."""
    match result.end:
        case "answered" if result.answered_by in _NO_PERSON and result.result is None:
            return _NO_PERSON[result.answered_by]
        case "answered" if result.is_transferred:
            return Disposition.TRANSFERRED
        case "answered" if result.finished or result.result is not None:
            # Whoever hangs up during the goodbye has heard and answered all there was.
            return Disposition.COMPLETED
        case "answered":
            is_ours = result.reason == "cancelled"
            return Disposition.CANCELLED if is_ours else Disposition.HUNG_UP
        case "refused":
            return disposition_of_status(result.status or 0)
        case "no_answer":
            return Disposition.NO_ANSWER
        case "failed":
            return Disposition.CARRIER_ERROR
        case "too_late":
            return Disposition.NOT_SENT
        case "cancelled":
            # We stopped while it rang: to the person a missed call, and as harmless to repeat.
            return Disposition.NO_ANSWER
        case _:
            assert_never(result.end)


def passes_on(status: int) -> bool:
    """The 5xx codes are about the server that answers; 6xx and 4xx are about the person called, or
    about what every trunk of this account would say."""
    return 500 <= status <= 599


def trunks(config: Config) -> tuple[TrunkLimits, ...]:
    """In the order they are tried."""
    return tuple(trunk.limits() for trunk in config.trunks)


def limit_trunks(config: Config, limits: Mapping[str, TrunkLimits]) -> Config:
    """The config with these limits for its trunks."""
    return msgspec.structs.replace(
        config,
        trunks=tuple(
            msgspec.structs.replace(
                trunk, rate=each.rate, burst=each.burst, lines=each.lines, daily_attempts=each.daily
            )
            for trunk in config.trunks
            for each in [limits[trunk.name]]
        ),
    )


def is_loopback_only(config: Config) -> bool:
    """Every trunk is a literal loopback address; a name may mean another machine tomorrow."""
    return all(_is_loopback(trunk.host) for trunk in config.trunks)


def senders(config: Config) -> tuple[str, ...]:
    """The numbers that may be shown."""
    return config.caller_ids


def caller_ids(config: Config) -> CallerIds:
    """The same, and how often each may be called from."""
    return CallerIds(numbers=config.caller_ids, calls_a_day=config.calls_per_caller_id)


def calls_in(config: Config) -> tuple[CallsIn, ...]:
    """The trunks that people call us by."""
    read = parse_phone(config.caller_ids[0], default_country=None)
    own = "" if isinstance(read, Unusable) else read.country
    return tuple(
        CallsIn(
            trunk=trunk.name,
            host=trunk.host,
            sources=trunk.inbound.addresses,
            country=trunk.inbound.country or own,
            authority=f"{f'[{trunk.host}]' if ':' in trunk.host else trunk.host}:{trunk.port}",
        )
        for trunk in config.trunks
        if trunk.inbound is not None
    )


def hosts(config: Config) -> tuple[str, ...]:
    """Those of the trunks: a call is handed to a name there and nowhere else."""
    return tuple(dict.fromkeys(trunk.host for trunk in config.trunks))


def masked(config: Config) -> Mapping[str, Any]:
    """The config without its passwords."""
    shown: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(config))
    for trunk in shown["trunks"]:
        trunk.pop("password")
    return shown


async def check(config: Config) -> str:
    """That every trunk answers SIP. Whether it knows the username, only a call shows.

    Raises:
        CarrierError: one of them does not.
    """
    found = await asyncio.gather(*(_asked(trunk) for trunk in config.trunks))
    detail = "; ".join(
        f"{trunk.host}: {said}" for trunk, (_, said) in zip(config.trunks, found, strict=True)
    )
    if not all(is_there for is_there, _ in found):
        raise CarrierError(Disposition.NOT_SENT, retryable=True, detail=detail)
    return detail


async def _asked(trunk: TrunkConfig) -> tuple[bool, str]:
    try:
        return True, await ask_options(trunk.trunk(), token=secrets.token_hex(8))
    except Unreachable as error:
        return False, error.message


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


KIND = CarrierKind(
    kind="voice_sip",
    channel_types=(ChannelType.VOICE,),
    config=Config,
    is_loopback_only=is_loopback_only,
    senders=senders,
    caller_ids=caller_ids,
    masked=masked,
    secrets=(
        SecretField("password", within="trunks", goes_to=("host", "port", "transport", "username")),
    ),
    check=check,
    trunks=trunks,
    limit_trunks=limit_trunks,
    hosts=hosts,
    calls_in=calls_in,
)


class VoiceSip:
    """The voice worker's side of the adapter."""

    kind = KIND.kind

    def placement(
        self,
        config: Mapping[str, Any],
        *,
        attempt_id: UUID,
        to: str,
        caller_id: str | None,
        may_send: Callable[[], bool],
        trunk: str | None = None,
    ) -> Placement:
        """The call on that trunk or the channel's first, from `caller_id` or else the channel's
        first."""
        known = msgspec.convert(config, Config)
        chosen = next((each for each in known.trunks if each.name == trunk), known.trunks[0])
        return Placement(
            attempt_id=attempt_id,
            to=to,
            trunk=chosen.trunk(),
            caller_id=caller_id or known.caller_ids[0],
            display_name=known.display_name,
            ring_seconds=known.ring_seconds,
            may_send=may_send,
        )

    def caller_ids(self, config: Mapping[str, Any]) -> CallerIds:
        """The numbers a channel calls from."""
        return caller_ids(msgspec.convert(config, Config))

    def calls_in(self, config: Mapping[str, Any]) -> tuple[CallsIn, ...]:
        """By which trunks of a channel people may call us."""
        return calls_in(msgspec.convert(config, Config))

    def registrations(self, config: Mapping[str, Any]) -> tuple[Account, ...]:
        """Whom to register as."""
        return tuple(
            Account(
                trunk=trunk.name,
                way=trunk.trunk(),
                user=trunk.register.account or trunk.username or "",
                seconds=trunk.register.seconds,
                takes_calls=trunk.inbound is not None,
            )
            for trunk in msgspec.convert(config, Config).trunks
            if trunk.register is not None
        )

    def passes_on(self, status: int) -> bool:
        """May another trunk be tried?"""
        return passes_on(status)

    def disposition_of(self, result: CallResult) -> Disposition:
        """What became of the attempt."""
        return disposition_of(result)
