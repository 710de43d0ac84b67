"""Channels: how each is doing, what it may do in a second and a day, and making new ones.

Secrets go in and are never shown again. A page stores only the fields that were changed on it, so
that two people at one channel do not undo each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.campaign import ChannelType
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter
from campana.services import (
    caller_ids,
    channel_checks,
    channel_tests,
    channels,
    flow_callers,
    trunk_registrations,
)
from campana.services.channel_checks import Checked
from campana.services.context import Context
from campana.store import channels as store
from campana.store.channels import MOST_WAITING, Channel
from campana.web.console import drafts, hours, written
from campana.web.console.drafts import Document, Part, Step, Texts, number, plain
from campana.web.console.language import in_words, marked, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.together import marks, marks_of
from campana.web.console.wizard import said_of_step, typed_of
from campana.web.console.words import kind_words
from campana.web.errors import status_of

_READ, _WRITE = "channels:read", "channels:write"
_NUMBERS = {"rate": "rate", "burst": "burst", "lines": "lines", "daily": "dailyAttempts"}


def _show(document: Document) -> dict[str, str]:
    """The texts of a channel as its API shape has it."""
    window: Mapping[str, Any] | None = document.get("window")
    return {
        "name": str(document.get("name") or ""),
        **{field: plain(document.get(key)) for field, key in _NUMBERS.items()},
        "has_hours": "on" if window else "",
        **hours.shown(window, unsaid=hours.ORDINARY),
        "secret_config": written.shown(document.get("config")),
    }


def _read(given: Texts, document: Document) -> Part:
    values: dict[str, Any] = {"name": given["name"].strip()}
    values |= {key: number(given[field]) for field, key in _NUMBERS.items()}
    window, problems = hours.read(given) if given["has_hours"] else (None, {})
    shown = _show(document)
    if not given["has_hours"] and any(given[name].strip() != shown[name] for name in hours.FIELDS):
        problems["has_hours"] = marked("tick this, and the hours below hold")
    if not problems:
        values["window"] = window
    try:
        config = written.read(given["secret_config"])
    except written.Unreadable as error:
        problems["secret_config"] = str(error)
    else:
        values["config"] = {} if config is None else config
    return Part(values=values, problems=problems)


FORM = Step(
    path="channel",
    name=marked("Channel"),
    fields=("name", *_NUMBERS, "has_hours", *hours.FIELDS, "secret_config"),
    show=_show,
    read=_read,
    places={
        "/name": "name",
        **{f"/{key}": field for field, key in _NUMBERS.items()},
        "/window": "has_hours",
        **{f"/window/{field}": field for field in hours.FIELDS},
        "/window/closedDates": "closed_dates",
        "/config": "secret_config",
        "/kind": "kind",
        "/channelType": "channel_type",
    },
    texts=("secret_config",),
)
_OF_HOURS = ("has_hours", *hours.FIELDS)


@get("/channels", opt=needs(_READ))
async def show_channels(request: PageRequest) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await store.list_all(tx, workspace_id=workspace_id)
        standing = await store.standing(tx, workspace_id=workspace_id, now=context.clock.now())
    return page(
        request,
        "channels.html",
        channels=found,
        standing={each.id: each for each in standing},
        most_waiting=MOST_WAITING,
    )


@get("/channels/new", opt=needs(_WRITE))
async def new_channel(request: PageRequest) -> Response[Any]:
    return await _new(request, values={**_show({}), "rate": "5", "burst": "1"})


@post("/channels/new", opt=needs(_WRITE, action="channel.create"))
@guarded
async def create_channel(request: PageRequest) -> Response[Any]:
    typed, sent = await typed_of(request, FORM)
    part = FORM.read(typed, {})
    raw = {key: value for key, value in part.values.items() if value is not None}
    raw["kind"] = sent.get("kind", "").strip()
    if sent.get("channel_type", "").strip():
        raw["channelType"] = sent["channel_type"].strip()
    try:
        if part.problems:
            raise _unread(part.problems)
        made = await channels.create(request.context, workspace_id=request.workspace_id, raw=raw)
    except CampanaError as error:
        return await _new(
            request, values={**typed, **sent}, status=status_of(error),
            problems=said_of_step(FORM, error, typed),
        )  # fmt: skip
    return done(f"/channels/{made.id}", say("The channel is made."))


@get("/channels/{channel_id:str}", opt=needs(_READ))
async def show_channel(request: PageRequest, channel_id: FromPath[str]) -> Response[Any]:
    found = await _channel(request, channel_id)
    return await _page(request, found, values=_show(_document(request.context, found)))


@post("/channels/{channel_id:str}", opt=needs(_WRITE, action="channel.change"))
@guarded
async def change_channel(request: PageRequest, channel_id: FromPath[str]) -> Response[Any]:
    found = await _channel(request, channel_id)
    document = _document(request.context, found)
    typed, sent = await typed_of(request, FORM)
    seen = marks_of(sent.get("seen", ""))
    touched = _touched(typed, seen)
    now = _show(document)
    if changed := [
        name
        for name in touched
        if seen.get(name) != drafts.mark(now[name]) != drafts.mark(typed[name])
    ]:
        return await _page(
            request, found, values={**now, **{name: typed[name] for name in touched}},
            changed={name: now[name] for name in changed}, status=412,
        )  # fmt: skip
    # What was not touched says what it says today.
    part = FORM.read({**now, **{name: typed[name] for name in touched}}, document)
    patch = drafts.patch_of(document, part.values)
    try:
        if part.problems:
            raise _unread(part.problems)
        if unwritable := drafts.nulls(part.values, document):
            raise InvalidParameter(problems=unwritable)
        if patch:
            await channels.change(
                request.context, workspace_id=request.workspace_id, wanted=found.id, patch=patch
            )
    except CampanaError as error:
        return await _page(
            request, found, values={**now, **{name: typed[name] for name in touched}},
            status=status_of(error), problems=said_of_step(FORM, error, typed),
        )  # fmt: skip
    return done(f"/channels/{found.id}", say("Kept. It holds from the next attempt on."))


@post("/channels/{channel_id:str}/test", opt=needs(_WRITE, action="channel.test"))
@guarded
async def test_channel(request: PageRequest, channel_id: FromPath[str]) -> Response[Any]:
    found = await _channel(request, channel_id)
    values = _show(_document(request.context, found))
    try:
        checked = await channel_checks.check(request.context, found)
    except CampanaError as error:
        return await _page(
            request,
            found,
            values=values,
            problems={"test": in_words(error.message)},
            status=status_of(error),
        )
    return await _page(request, found, values=values, checked=checked)


def _touched(typed: Mapping[str, str], seen: Mapping[str, str]) -> set[str]:
    """Fields that say something else than the page did; hours are one thing."""
    touched = {name for name in FORM.fields if drafts.mark(typed[name]) != seen.get(name)}
    return touched | set(_OF_HOURS) if touched & set(_OF_HOURS) else touched


async def _page(
    request: PageRequest,
    channel: Channel,
    *,
    values: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
    changed: Mapping[str, str] | None = None,
    checked: Checked | None = None,
    status: int = 200,
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    async with context.db.read(workspace_id=workspace_id) as tx:
        standing = await store.standing(tx, workspace_id=workspace_id, now=context.clock.now())
        actions = await store.actions(tx, channel_id=channel.id)
        numbers = await caller_ids.today(tx, context, channel)
        registrations = await trunk_registrations.of_channel(tx, context, channel)
    tests = await channel_tests.latest(context, workspace_id=workspace_id, channel_id=channel.id)
    shown = _show(_document(context, channel))
    return page(
        request,
        "channel.html",
        status=status,
        channel=channel,
        standing=next(each for each in standing if each.id == channel.id),
        most_waiting=MOST_WAITING,
        actions=actions,
        numbers=numbers,
        tests=tests,
        trunks=channels.known_trunks(context, channel),
        registrations=registrations,
        ways_in={each.trunk for each in flow_callers.ways_in(context, channel)},
        values=values,
        problems=dict(problems or {}),
        known=FORM.fields,
        changed=changed or {},
        checked=checked,
        kind_name=kind_words(channel.kind),
        secrets=_secrets(context, channel.kind),
        fields=_fields(context, channel.kind),
        seen=marks(shown),
    )


async def _new(
    request: PageRequest,
    *,
    values: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    kinds = request.context.carriers
    return page(
        request,
        "channel_new.html",
        status=status,
        values={"kind": "", "channel_type": "", **values},
        problems=dict(problems or {}),
        known=[*FORM.fields, "kind", "channel_type"],
        kinds=[(kind, kind_words(kind)) for kind in kinds],
        types=[(each.value, say(each.value)) for each in ChannelType],
        fields={kind: _fields(request.context, kind) for kind in kinds},
        secrets={kind: _secrets(request.context, kind) for kind in kinds},
        names={kind: kind_words(kind) for kind in kinds},
    )


async def _channel(request: PageRequest, channel_id: str) -> Channel:
    return await channels.with_id(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )


def _document(context: Context, channel: Channel) -> dict[str, Any]:
    """The channel as the API shows it, as far as it can be changed."""
    return {
        "name": channel.name,
        "config": channels.shown_config(context, channel),
        "rate": channel.rate,
        "burst": channel.burst,
        "lines": channel.lines,
        **({"dailyAttempts": channel.daily_attempts} if channel.daily_attempts else {}),
        **({"window": _said(channel.window)} if channel.window is not None else {}),
    }


def _said(window: Mapping[str, Any]) -> dict[str, Any]:
    """Of a stored window what is not a default."""
    return {key: value for key, value in window.items() if value}


def _fields(context: Context, kind: str) -> list[tuple[str, bool]]:
    """The fields of an account of this kind, and which of them it needs."""
    if kind not in context.carriers:
        return []
    return [
        (each.encode_name, each.required)
        for each in msgspec.structs.fields(context.carriers[kind].config)
    ]


def _secrets(context: Context, kind: str) -> list[str]:
    found = context.carriers[kind].secrets if kind in context.carriers else ()
    return [f"{each.within}[].{each.name}" if each.within else each.name for each in found]


def _unread(problems: Mapping[str, str]) -> InvalidParameter:
    return InvalidParameter(
        problems=[FieldProblem(parameter=name, message=text) for name, text in problems.items()]
    )


ROUTES = [show_channels, new_channel, create_channel, show_channel, change_channel, test_channel]
