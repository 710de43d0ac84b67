"""A test over a channel, to oneself: one message or one call, and what became of the last ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.campaign import ChannelType
from campana.domain.errors import CampanaError, InsufficientScope, NotFound
from campana.services import channel_tests, channels, own_numbers, template_document
from campana.services.context import Context
from campana.store import templates
from campana.store.channels import Channel
from campana.store.templates import StoredTemplate
from campana.web.console.forms import WHOLE, said_of, texts_below
from campana.web.console.language import in_words, say
from campana.web.console.pages import done, page, render
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.talk_parts import Part
from campana.web.errors import status_of

_WRITE = "channels:write"
MADE = "made"
"""Id of the element that is filled anew."""
_ID = re.compile(r"chan_[0-9a-z]{1,40}", re.ASCII)
_TEMPLATES = 200
"""Of the newest, those that can be chosen from."""
_FIELDS = {"to": "address", "text": "said", "subject": "said_subject", "template": "template"}
"""The fields of a test and of the form: what says whom or what is not in the audit log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsMade:
    """What became of the last tests on a channel."""

    channel_id: str

    async def parts(
        self, context: Context, templates: Environment, *, workspace_id: int
    ) -> dict[str, str]:
        made = await channel_tests.latest(
            context, workspace_id=workspace_id, channel_id=self.channel_id
        )
        return {MADE: render(templates, "channel_tests_made.html", context, tests=made)}


def tests_asked(request: PageRequest) -> frozenset[Part]:
    """The tests that an open page shows.

    Raises:
        NotFound: it names what cannot be a channel.
        InsufficientScope: its person may not send any.
    """
    channel_id = request.query_params.get("channel")
    if channel_id is None:
        return frozenset()
    if not _ID.fullmatch(channel_id):
        raise NotFound
    if not request.may(_WRITE):
        raise InsufficientScope(f"your role does not include {_WRITE}")
    return frozenset[Part]({TestsMade(channel_id=channel_id)})


@get("/channels/{channel_id:str}/tests", opt=needs(_WRITE))
async def show_tests(request: PageRequest, channel_id: FromPath[str]) -> Response[Any]:
    return await _page(request, await _channel(request, channel_id))


@post("/channels/{channel_id:str}/tests", opt=needs(_WRITE, action="channel.send_test"))
@guarded
async def send_test(request: PageRequest, channel_id: FromPath[str]) -> Response[Any]:
    found = await _channel(request, channel_id)
    given = await request.fields()
    raw: dict[str, Any] = {name: given[key] for name, key in _FIELDS.items() if given.get(key)}
    raw.setdefault("to", "")
    if "template" in raw:
        raw.pop("text", None)
        said = texts_below(given, "said_values.")
        raw["values"] = {name: text for name, text in said.items() if text}
    try:
        await channel_tests.send(
            request.context,
            workspace_id=request.workspace_id,
            channel_id=found.id,
            raw=raw,
            asked_by=request.visitor.name,
            form=given.get("form") or None,
        )
    except CampanaError as error:
        return await _page(
            request, found, given=given, problems=_at_fields(error), status=status_of(error)
        )
    return done(f"/channels/{found.id}/tests", say("On its way."))


def _at_fields(error: CampanaError) -> dict[str, str]:
    """What was wrong, at the fields of the form; of the rest, the sentence."""
    told = {_FIELDS.get(name, name): text for name, text in said_of(error).items()}
    if any(name in _FIELDS.values() for name in told):
        return told
    return {WHOLE: in_words(error.message), **{name: text for name, text in told.items() if name}}


async def _page(
    request: PageRequest,
    channel: Channel,
    *,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    made = await channel_tests.latest(
        request.context, workspace_id=request.workspace_id, channel_id=channel.id
    )
    ready = await _templates(request, channel)
    is_email = channel.channel_type == ChannelType.EMAIL
    own = (
        request.visitor.email
        if is_email
        else await own_numbers.get(request.context, visitor=request.visitor)
    )
    return page(
        request,
        "channel_tests.html",
        status=status,
        channel=channel,
        tests=made,
        is_call=channel.channel_type == ChannelType.VOICE,
        is_email=is_email,
        is_whatsapp=channel.channel_type == ChannelType.WHATSAPP,
        most=channel_tests.MOST_AN_HOUR,
        ready=ready,
        ready_names=[(each.id, each.name) for each in ready],
        places=sorted({name for each in ready for name in _places(each)}),
        given=given if given is not None else {"address": own or ""},
        problems=dict(problems or {}),
        form=request.context.new_id("form"),
    )


async def _templates(request: PageRequest, channel: Channel) -> list[StoredTemplate]:
    """What may be sent there: published, and not refused by its provider."""
    if channel.channel_type == ChannelType.VOICE or not request.may("templates:read"):
        return []
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        every, _ = await templates.page(
            tx,
            workspace_id=request.workspace_id,
            channel_type=ChannelType(channel.channel_type),
            limit=_TEMPLATES,
            offset=0,
        )
    return [
        each
        for each in every
        if each.published is not None and each.provider_status not in {"rejected", "paused"}
    ]


def _places(template: StoredTemplate) -> list[str]:
    """What whoever sends it fills in."""
    return template_document.asked(template_document.stored(template.draft))


async def _channel(request: PageRequest, channel_id: str) -> Channel:
    return await channels.with_id(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )


ROUTES = [show_tests, send_test]
