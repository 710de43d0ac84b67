"""Templates: how they read to a person, who lacks what they say, and what their provider says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.campaign import ChannelType
from campana.domain.errors import (
    CampanaError,
    FieldProblem,
    InvalidParameter,
    VersionMismatch,
)
from campana.domain.ids import numbered
from campana.services import channel_tests, documents, template_sync, templates
from campana.store import channels as store_channels
from campana.store import templates as store
from campana.store.channels import Channel
from campana.web.console import template_page
from campana.web.console.differences import Line, difference
from campana.web.console.forms import said_of, texts_below, version_seen
from campana.web.console.language import in_words, marked, say, say_many
from campana.web.console.pages import done, page, to
from campana.web.console.paging import last_page, number_asked
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.template_page import TESTS
from campana.web.errors import status_of

_PAGE = 50
_READ, _WRITE = "templates:read", "templates:write"
_KINDS = (ChannelType.WHATSAPP, ChannelType.SMS, ChannelType.EMAIL)

_OF_A_TEST = {"to": "address", "template": "", "contactId": ""}
"""Fields of a test and of its form; what is wrong with the template stands above the form."""

_BEGINNINGS: Mapping[ChannelType, str] = {
    ChannelType.SMS: 'text: "Hello {{ contact.first_name }}."\n',
    ChannelType.EMAIL: 'subject: "For {{ contact.first_name }}"\n'
    'text: "Hello {{ contact.first_name }}."\n',
    ChannelType.WHATSAPP: 'text: "Hello {{ contact.first_name }}."\n'
    "provider:\n"
    "  name: greeting\n"
    "  language: en_US\n"
    "  variables:\n"
    '    "1": "{{ contact.first_name }}"\n',
}
"""What a new one begins with."""


@get("/templates", opt=needs(_READ))
async def show_templates(request: PageRequest) -> Response[Any]:
    return await _list(request)


@post("/templates", opt=needs(_WRITE, action="template.create"))
@guarded
async def create_template(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    kind = given.get("channel", "")
    channel_type = ChannelType(kind) if kind in set(_KINDS) else ChannelType.SMS
    try:
        made = await templates.create(
            request.context,
            workspace_id=request.workspace_id,
            raw={
                "name": given.get("name", ""),
                "channelType": channel_type.value,
                "content": documents.read_yaml(_BEGINNINGS[channel_type]),
            },
        )
    except CampanaError as error:
        return await _list(request, given=given, problems=said_of(error), status=status_of(error))
    return to(f"/templates/{made.id}")


@get("/templates/{template_id:str}", opt=needs(_READ))
async def show_template(request: PageRequest, template_id: FromPath[str]) -> Response[Any]:
    return await _template(request, template_id)


@post("/templates/{template_id:str}", opt=needs(_WRITE, action="template.change"))
@guarded
async def change_template(request: PageRequest, template_id: FromPath[str]) -> Response[Any]:
    """Write the draft over; `version` is the one that was looked at."""
    given = await request.fields()
    found = await templates.get(
        request.context, workspace_id=request.workspace_id, template_id=template_id
    )
    try:
        # A patch says what changes, a form all of it.
        change = documents.difference(found.draft, _read(given.get("content", "")))
        await templates.change(
            request.context,
            workspace_id=request.workspace_id,
            template_id=template_id,
            patch={"name": given.get("name", ""), "content": change},
            version=version_seen(given, "version", otherwise=found.version),
        )
        if given.get("then") == "publish":
            await templates.publish(
                request.context, workspace_id=request.workspace_id, template_id=template_id
            )
    except VersionMismatch as error:
        # What is there by now, against what was typed; saved again, that holds.
        now = await templates.get(
            request.context, workspace_id=request.workspace_id, template_id=template_id
        )
        return await _template(
            request,
            template_id,
            given={**given, "version": str(now.version)},
            lines=difference(_text_of(now.name, now.draft), _tidied(given)),
            status=status_of(error),
        )
    except CampanaError as error:
        return await _template(
            request, template_id, given=given, problems=said_of(error), status=status_of(error)
        )
    is_published = given.get("then") == "publish"
    said = say("Published.") if is_published else say("Saved.")
    return done(f"/templates/{template_id}", said)


@post("/templates/{template_id:str}/delete", opt=needs(_WRITE, action="template.delete"))
@guarded
async def delete_template(request: PageRequest, template_id: FromPath[str]) -> Response[Any]:
    await templates.delete(
        request.context, workspace_id=request.workspace_id, template_id=template_id
    )
    return done("/templates", say("The template is deleted."))


@post("/templates/sync/{channel_id:str}", opt=needs("channels:write", action="channel.sync"))
@guarded
async def sync_templates(request: PageRequest, channel_id: FromPath[str]) -> Response[Any]:
    found = await template_sync.sync(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )
    ours = sum(len(each.ours) for each in found)
    said = say_many(
        "The provider knows %(count)s template, %(ours)s of them here.",
        "The provider knows %(count)s templates, %(ours)s of them here.",
        len(found),
        ours=ours,
    )
    return done("/templates", said)


@post("/templates/{template_id:str}/test", opt=needs(TESTS, action="template.test"))
@guarded
async def test_template(request: PageRequest, template_id: FromPath[str]) -> Response[Any]:
    """Send the draft, as it reads to the contact that was looked at, to one address."""
    given = await request.fields()
    found = await templates.get(
        request.context, workspace_id=request.workspace_id, template_id=template_id
    )
    values = texts_below(given, "said_values.")
    contact = given.get("reader") or None
    try:
        await channel_tests.send(
            request.context,
            workspace_id=request.workspace_id,
            channel_id=given.get("channel", ""),
            raw={
                "to": given.get("address") or "",
                "template": found.id,
                "draft": True,
                "values": {name: text for name, text in values.items() if text},
                **({"contactId": contact} if contact else {}),
            },
            asked_by=request.visitor.name,
            form=given.get("form") or None,
        )
    except CampanaError as error:
        said = {_OF_A_TEST.get(name, name): text for name, text in said_of(error).items()}
        return await _template(
            request, template_id, given=given, problems=said, status=status_of(error)
        )
    seen = {"contact": contact or "", "tested": given.get("channel", "")}
    query = urlencode({**seen, **{f"values.{name}": text for name, text in values.items()}})
    return done(f"/templates/{template_id}?{query}#test", say("The test is on its way."))


async def _list(
    request: PageRequest,
    *,
    status: int = 200,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response[str]:
    number = number_asked(request)
    asked = request.query_params.get("channel", "")
    syncable: list[Channel] = []
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        found, total = await store.page(
            tx,
            workspace_id=request.workspace_id,
            channel_type=ChannelType(asked) if asked in set(_KINDS) else None,
            limit=_PAGE,
            offset=(number - 1) * _PAGE,
        )
        for kind in request.context.carriers.values():
            if kind.templates is not None:
                every = await store_channels.of_kind(tx, kind=kind.kind)
                syncable += [e for e in every if e.workspace_id == request.workspace_id]
    return page(
        request,
        "templates.html",
        status=status,
        rows=found,
        total=total,
        number=number,
        last=last_page(total, _PAGE),
        asked=asked,
        kinds=[(each.value, say(each.value)) for each in _KINDS],
        syncable=syncable,
        given=given or {},
        problems=problems or {},
    )


async def _template(
    request: PageRequest,
    template_id: str,
    *,
    status: int = 200,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    lines: Sequence[Line] | None = None,
) -> Response[str]:
    found = await templates.get(
        request.context, workspace_id=request.workspace_id, template_id=template_id
    )
    as_it_is = {
        "name": found.name,
        "content": documents.write_yaml(_filled(found.draft)),
        "version": str(found.version),
    }
    shown = await template_page.beside(request, found)
    lacking = shown.lacking
    return page(
        request,
        "template.html",
        status=status,
        template=found,
        provider=found.draft.get("provider"),
        versions=await templates.versions(
            request.context, workspace_id=request.workspace_id, template_id=template_id
        ),
        given=as_it_is if given is None or "content" not in given else given,
        typed=given or {},
        problems=problems or {},
        lines=lines,
        seen=shown,
        first_lacking=[numbered("ctc", each) for each in lacking.first] if lacking else [],
        query=urlencode({name: text for name, text in request.query_params.items() if text}),
        form=request.context.new_id("form"),
    )


def _filled(draft: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of a draft, what is read first before the rest; without what was left out."""
    first = [name for name in ("subject", "text", "name", "language") if name in draft]
    kept = {name: draft[name] for name in [*first, *draft] if draft[name] not in (None, [], {})}
    return {
        name: _filled(cast("dict[str, Any]", value)) if isinstance(value, dict) else value
        for name, value in kept.items()
    }


def _text_of(name: str, draft: Mapping[str, Any]) -> str:
    """A name and what stands under it, as lines that can be compared."""
    return f"{documents.write_yaml({'name': name})}{documents.write_yaml(_filled(draft))}"


def _tidied(given: Mapping[str, str]) -> str:
    """What was typed, written as the store would give it back where it can be read."""
    name, typed = given.get("name", ""), given.get("content", "")
    try:
        return _text_of(name, _read(typed))
    except InvalidParameter:
        return f"{documents.write_yaml({'name': name})}{typed}"


def _read(text: str) -> Mapping[str, Any]:
    """The content as it was written, in YAML.

    Raises:
        InvalidParameter: it cannot be read; says in which line.
    """
    try:
        found = documents.read_yaml(text)
    except InvalidParameter as error:
        [problem] = error.problems
        said = f"{problem.pointer}: {in_words(problem.message)}"
        raise InvalidParameter(problems=[FieldProblem(pointer="/content", message=said)]) from None
    if not isinstance(found, dict):
        problem = FieldProblem(pointer="/content", message=marked("must have fields, such as text"))
        raise InvalidParameter(problems=[problem])
    return cast("dict[str, Any]", found)


ROUTES = [
    show_templates,
    create_template,
    show_template,
    change_template,
    delete_template,
    test_template,
    sync_templates,
]
