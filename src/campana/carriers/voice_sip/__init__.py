"""Voice over SIP trunks.

The calls are placed by `voice`; this is what the rest of Campana has to know of them. Settings are
in `config` and the meaning of outcomes in `codes` beside this.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from campana.carriers.account import SecretField
from campana.carriers.base import CarrierError, CarrierKind
from campana.carriers.voice_sip import codes
from campana.carriers.voice_sip.config import Config, TrunkConfig
from campana.domain.address import Unusable, parse_phone
from campana.domain.caller_id import CallerIds
from campana.domain.calling_in import CallsIn
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.pacing import TrunkLimits
from campana.voice.call_result import CallResult
from campana.voice.driver import Placement, Unreachable
from campana.voice.options import ask_options
from campana.voice.registering import Account


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
        return codes.passes_on(status)

    def disposition_of(self, result: CallResult) -> Disposition:
        """What became of the attempt."""
        return codes.disposition_of(result)
