"""Making and showing channels. Whether a channel can leave this machine is decided here, once."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound
from campana.services import documents, window_document
from campana.services.context import Context
from campana.services.window_document import WindowDocument
from campana.store import channels
from campana.store.channels import Channel


class ChannelDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A channel as written: its carrier's `config` has a shape of its own."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    kind: str
    config: dict[str, Any]
    rate: Annotated[float, Meta(gt=0, le=10_000)] = 5.0
    """Attempts a second."""
    burst: Annotated[int, Meta(ge=1, le=1000)] = 1
    lines: Annotated[int, Meta(ge=1, le=100_000)] = 10
    """Attempts open at once."""
    window: WindowDocument | None = None
    """Hours in which it may be used at all, besides those of each campaign."""


async def create(context: Context, *, workspace_id: int, raw: object) -> Channel:
    """Make a channel.

    Raises:
        InvalidParameter: naming each field that is wrong, those of the carrier's config too.
        Conflict: the name is taken.
    """
    document = documents.read(ChannelDocument, raw)
    kind = context.carriers.get(document.kind)
    if kind is None:
        known = ", ".join(sorted(context.carriers))
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/kind", message=f"must be one of {known}")]
        )
    problems = window_document.problems(document.window) if document.window else []
    if problems:
        raise InvalidParameter(problems=[_below("/window", each) for each in problems])
    try:
        config = documents.read(kind.config, document.config)
    except InvalidParameter as error:
        raise InvalidParameter(
            problems=[_below("/config", each) for each in error.problems]
        ) from None
    channel = Channel(
        id=context.new_id("chan"),
        workspace_id=workspace_id,
        name=document.name,
        kind=kind.kind,
        channel_type=kind.channel_type,
        config=msgspec.to_builtins(config),
        is_loopback=kind.is_loopback_only(config),
        rate=document.rate,
        burst=document.burst,
        lines=document.lines,
        created_at=context.clock.now(),
        window=msgspec.to_builtins(document.window),
    )
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await channels.insert(tx, channel=channel):
            raise Conflict(f"there is a channel named {channel.name!r} already")
    return channel


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


def shown_config(context: Context, channel: Channel) -> dict[str, Any]:
    """The config without its secrets."""
    kind = context.carriers[channel.kind]
    return dict(kind.masked(msgspec.convert(channel.config, kind.config)))


def _below(pointer: str, problem: FieldProblem) -> FieldProblem:
    return FieldProblem(pointer=f"{pointer}{problem.pointer}", message=problem.message)
