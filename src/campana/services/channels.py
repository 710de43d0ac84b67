"""Making and showing channels. Whether a channel can leave this machine is decided here, once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

from campana.carriers.base import CarrierKind
from campana.domain import naming
from campana.domain.campaign import ChannelType
from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound
from campana.domain.pacing import TrunkLimits
from campana.services import (
    asking_again,
    channel_limits,
    channel_secrets,
    documents,
    standstill,
    window_document,
)
from campana.services.context import Context
from campana.services.window_document import WindowDocument
from campana.store import channels, owners
from campana.store.channels import Channel

Rate = Annotated[float, Meta(ge=0.001, le=10_000)]
Burst = Annotated[int, Meta(ge=1, le=1000)]
Lines = Annotated[int, Meta(ge=1, le=100_000)]
_LINES = {ChannelType.VOICE: 10}
_MESSAGES = 100_000
DailyAttempts = Annotated[int, Meta(ge=1, le=100_000_000)]


class ChannelDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A channel as written: its carrier's `config` has a shape of its own."""

    name: Annotated[str, Meta(min_length=1, max_length=100, extra_json_schema=naming.AS_NAME)]
    kind: str
    config: dict[str, Any]
    channel_type: ChannelType | None = None
    """Needed only where the kind can be several."""
    rate: Rate = 5.0
    """Attempts a second."""
    burst: Burst = 1
    lines: Lines | None = None
    """Attempts open at once; without it 10 calls, or 100,000 messages: those are open until their
    provider tells what became of them, which a phone that is off may make days."""
    daily_attempts: DailyAttempts | None = None
    """Attempts in a day of UTC."""
    window: WindowDocument | None = None
    """Hours in which it may be used at all, besides those of each campaign."""


_STAND_INS: Mapping[str, Any] = {"name": "?", "kind": "", "config": {}}
"""For the fields without which there is no channel."""


class TrunkLimitsDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """How much a trunk may be used, below its channel; what is left out is the channel's."""

    rate: Rate | None = None
    burst: Burst = 1
    lines: Lines | None = None
    daily_attempts: DailyAttempts | None = None


class ChannelLimitsDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """What may change of a channel; what is left out stays as it is.

    Of `config`, a secret that is left out stays too, as long as it goes where it did.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100, extra_json_schema=naming.AS_NAME)]
    config: dict[str, Any]
    rate: Rate
    burst: Burst
    lines: Lines
    daily_attempts: DailyAttempts | None = None
    window: WindowDocument | None = None
    """Hours in which it may be used at all; null for any that its campaigns have."""
    trunks: dict[str, TrunkLimitsDocument] = {}
    """By name, such as `sip:sip.carrier.example:5060;transport=udp`."""


async def create(context: Context, *, workspace_id: int, raw: object) -> Channel:
    """Make a channel.

    Raises:
        InvalidParameter: naming each field that is wrong, those of the carrier's config too.
        Conflict: the name is taken.
    """
    document, _, problems = documents.sift(ChannelDocument, raw, stand_ins=_STAND_INS)
    if document is None:
        raise InvalidParameter(problems=problems)
    # What cannot be read at all is told already, and was left out of the document.
    told = {each.pointer for each in problems}
    problems += _of_window(documents.inside(raw, "window"), context)
    if "/kind" in told:
        raise InvalidParameter(problems=problems)
    kind = context.carriers.get(document.kind)
    if kind is None:
        known = ", ".join(sorted(context.carriers))
        problems.append(FieldProblem(pointer="/kind", message=f"must be one of {known}"))
        raise InvalidParameter(problems=problems)
    channel_type, wrong = _channel_type(document, kind)
    problems += [each for each in wrong if each.pointer not in told]
    if "/config" in told:
        raise InvalidParameter(problems=problems)
    try:
        config = documents.read(kind.config, document.config)
    except InvalidParameter as error:
        problems += [_below("/config", each) for each in error.problems]
        raise InvalidParameter(problems=problems) from None
    problems += _too_fast(kind, config, document.rate)
    if problems:
        raise InvalidParameter(problems=problems)
    lines = document.lines or _LINES.get(channel_type, _MESSAGES)
    channel = Channel(
        id=context.new_id("chan"),
        workspace_id=workspace_id,
        name=document.name,
        kind=kind.kind,
        channel_type=channel_type,
        config=channel_secrets.sealed(context.secrets, kind, msgspec.to_builtins(config), kept={}),
        is_loopback=kind.is_loopback_only(config),
        rate=document.rate,
        burst=document.burst,
        lines=lines,
        daily_attempts=document.daily_attempts,
        created_at=context.clock.now(),
        window=msgspec.to_builtins(document.window),
    )
    channel = _with_shared_limits(kind, config, channel)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await channels.insert(tx, channel=channel):
            raise Conflict(f"there is a channel named {channel.name!r} already")
    return channel


def _channel_type(
    document: ChannelDocument, kind: CarrierKind
) -> tuple[ChannelType, list[FieldProblem]]:
    """What the channel is: as it says, or the only thing its kind can be; and what is wrong."""
    wanted, possible = document.channel_type, kind.channel_types
    if wanted is None and len(possible) == 1:
        return possible[0], []
    if wanted is not None and wanted in possible:
        return wanted, []
    message = f"must be one of {', '.join(possible)} on a channel of kind {kind.kind}"
    return possible[0], [FieldProblem(pointer="/channelType", message=message)]


async def change(
    context: Context, *, workspace_id: int, wanted: str, patch: Mapping[str, Any]
) -> Channel:
    """Change its name, its account, its hours, or its limits or a trunk's (JSON Merge Patch).

    In force with the next grant; another account within some seconds. When it returns, no attempt
    begins any more that was granted before, if a limit was lowered.

    Raises:
        NotFound: there is no channel of that id or name.
        InvalidParameter: naming each field that is wrong.
        Conflict: the name is taken, or a channel that could not leave the machine now could.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        channel = await channels.lock(tx, workspace_id=workspace_id, wanted=wanted)
        if channel is None:
            raise NotFound
        before = channel
        problems: list[FieldProblem] = []
        try:
            channel = _reconfigured(context, channel, patch.get("config", {}))
        except InvalidParameter as error:
            problems += error.problems
        trunks = {each.name: each for each in known_trunks(context, channel)}
        now = {
            "name": channel.name,
            "config": {},
            "rate": channel.rate,
            "burst": channel.burst,
            "lines": channel.lines,
            "dailyAttempts": channel.daily_attempts,
            "window": channel.window,
            "trunks": {name: _written(each) for name, each in trunks.items()},
        }
        raw = documents.merge(now, {**patch, "config": {}})
        document, _, wrong = documents.sift(ChannelLimitsDocument, raw, stand_ins=now)
        problems += wrong
        if document is None:
            raise InvalidParameter(problems=problems)
        kind = context.carriers[channel.kind]
        config = channel_secrets.config_of(context, kind=kind, stored=channel.config)
        problems += _too_fast(kind, config, document.rate)
        problems += _of_window(raw.get("window"), context)
        wanted_trunks, wrong = _trunks(document, trunks)
        problems += wrong
        if problems:
            raise InvalidParameter(problems=problems)
        changed = replace(
            channel,
            name=document.name,
            # Left as it was written where the trunks keep their limits.
            config=channel.config
            if wanted_trunks == trunks
            else _with_trunks(context, channel, wanted_trunks),
            rate=document.rate,
            burst=document.burst,
            lines=document.lines,
            daily_attempts=document.daily_attempts,
            window=msgspec.to_builtins(document.window),
        )
        if not await channels.configure(tx, channel=changed):
            raise Conflict(f"there is a channel named {changed.name!r} already")
        await channels.set_limits(tx, channel=changed)
        await asking_again.note(
            tx,
            workspace_id=workspace_id,
            channel_id=channel.id,
            reasons=channel_limits.eased(context, before, changed),
        )
        is_lower = (
            channel_limits.is_lower(channel, changed)
            or dict(before.config) != dict(channel.config)
            # Hours are asked for at each claim; what was promised under others goes back.
            or before.window != changed.window
            or any(
                channel_limits.is_trunk_lower(was, wanted_trunks[name])
                for name, was in trunks.items()
            )
        )
        if is_lower:
            await owners.revoke_promises(tx, channel_id=channel.id)
    if is_lower:
        await standstill.of_channel(context, workspace_id=workspace_id, channel_id=channel.id)
    return changed


def known_trunks(context: Context, channel: Channel) -> tuple[TrunkLimits, ...]:
    """The channel's trunks in the order they are tried; none where there is but one way."""
    kind = context.carriers[channel.kind]
    if kind.trunks is None:
        return ()
    return kind.trunks(channel_secrets.config_of(context, kind=kind, stored=channel.config))


def _reconfigured(context: Context, channel: Channel, patch: object) -> Channel:
    """The channel with another account, as far as the patch says."""
    if not patch:
        return channel
    if not isinstance(patch, Mapping):
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/config", message="must be an object")]
        )
    kind = context.carriers[channel.kind]
    before = channel_secrets.opened(context.secrets, kind, channel.config)
    written, problems = channel_secrets.patched(kind, before, cast("Mapping[str, Any]", patch))
    try:
        read = documents.read(kind.config, written)
    except InvalidParameter as error:
        raise _in_config([*problems, *error.problems]) from None
    if problems:
        raise _in_config(problems)
    whole = channel_secrets.restored(
        kind, msgspec.to_builtins(read), before=before, written=written
    )
    is_loopback = kind.is_loopback_only(read)
    if channel.is_loopback and not is_loopback:
        # Campaigns may run on it at all hours, because nobody could be reached by it.
        raise Conflict("the channel cannot leave this machine: make another for what can")
    changed = replace(
        channel,
        config=channel_secrets.sealed(context.secrets, kind, whole, kept=channel.config),
        is_loopback=is_loopback,
    )
    return _with_shared_limits(kind, read, changed)


def _of_window(raw: object, context: Context) -> list[FieldProblem]:
    return [
        _below("/window", each) for each in window_document.unusable(raw, now=context.clock.now())
    ]


def _with_shared_limits(kind: CarrierKind, config: Struct, channel: Channel) -> Channel:
    """With what its provider limits besides its pace, where a claim finds it."""
    portfolio = kind.portfolio(config) if kind.portfolio is not None else None
    interval = kind.pair_interval
    return replace(
        channel,
        portfolio=portfolio.name if portfolio is not None else None,
        portfolio_limit=portfolio.limit if portfolio is not None else None,
        pair_seconds=interval.total_seconds() if interval is not None else None,
    )


def _too_fast(kind: CarrierKind, config: Struct, rate: float) -> list[FieldProblem]:
    """What the provider allows is the most there is."""
    most = kind.most_a_second(config) if kind.most_a_second is not None else math.inf
    if rate <= most:
        return []
    return [FieldProblem(pointer="/rate", message=f"must be at most {most:g} on this account")]


def _trunks(
    document: ChannelLimitsDocument, known: Mapping[str, TrunkLimits]
) -> tuple[Mapping[str, TrunkLimits], list[FieldProblem]]:
    """Every trunk's limits as the document has them (none where it has none), and what is wrong."""
    problems = [
        FieldProblem(pointer=f"/trunks/{name}", message="there is no such trunk on this channel")
        for name in document.trunks
        if name not in known
    ]
    given = {name: document.trunks.get(name, TrunkLimitsDocument()) for name in known}
    return {
        name: TrunkLimits(
            name=name,
            rate=each.rate,
            burst=each.burst,
            lines=each.lines,
            daily=each.daily_attempts,
        )
        for name, each in given.items()
    }, problems


def _written(limits: TrunkLimits) -> dict[str, Any]:
    return {
        "rate": limits.rate,
        "burst": limits.burst,
        "lines": limits.lines,
        "dailyAttempts": limits.daily,
    }


def _with_trunks(
    context: Context, channel: Channel, limits: Mapping[str, TrunkLimits]
) -> Mapping[str, Any]:
    kind = context.carriers[channel.kind]
    if kind.limit_trunks is None:
        return channel.config
    known = channel_secrets.config_of(context, kind=kind, stored=channel.config)
    limited = msgspec.to_builtins(kind.limit_trunks(known, limits))
    return channel_secrets.sealed(context.secrets, kind, limited, kept=channel.config)


async def get(context: Context, *, workspace_id: int, wanted: str) -> Channel:
    """The channel of that id or name.

    Raises:
        NotFound: there is none in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await channels.find(tx, workspace_id=workspace_id, wanted=wanted)
    if found is None:
        raise NotFound
    return found


async def with_id(context: Context, *, workspace_id: int, channel_id: str) -> Channel:
    """The channel of that id: a name is for people on the command line, an address is an id.

    Raises:
        NotFound: there is none in this workspace.
    """
    found = await get(context, workspace_id=workspace_id, wanted=channel_id)
    if found.id != channel_id:
        raise NotFound
    return found


def shown_config(context: Context, channel: Channel) -> dict[str, Any]:
    """The config without its secrets."""
    kind = context.carriers[channel.kind]
    return channel_secrets.shown(kind=kind, stored=channel.config)


def _in_config(problems: Sequence[FieldProblem]) -> InvalidParameter:
    return InvalidParameter(problems=[_below("/config", each) for each in problems])


def _below(pointer: str, problem: FieldProblem) -> FieldProblem:
    return FieldProblem(pointer=f"{pointer}{problem.pointer}", message=problem.message)
