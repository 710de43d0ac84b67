"""Flows: their versions, an editor that says every error at its line, and a chat to try them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import CampanaError, InvalidParameter, VersionMismatch
from campana.flow.definition import Flow, load
from campana.services import documents, flows
from campana.services.flow_files import Checked
from campana.store.versioned import Stored
from campana.web.console import flow_chat, flow_text
from campana.web.console.authored import DRAFT, difference_page, overtaken
from campana.web.console.differences import Line, pairs
from campana.web.console.flow_chat import Chat
from campana.web.console.flow_drawing import drawings
from campana.web.console.forms import said_of, version_seen
from campana.web.console.language import say
from campana.web.console.pages import done, page, to
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.errors import status_of
from campana.web.versions import number_of

_READ, _WRITE = "flows:read", "flows:write"

_BEGINNING: Mapping[str, Any] = {
    "nodes": {
        "begin": {"type": "start", "next": "hello"},
        "hello": {"type": "send_message", "text": "Hello!", "next": "done"},
        "done": {"type": "end"},
    },
}
"""What a new one begins with."""


@get("/flows", opt=needs(_READ))
async def show_flows(request: PageRequest) -> Response[Any]:
    return await _list(request)


@post("/flows", opt=needs(_WRITE, action="flow.create"))
@guarded
async def create_flow(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    try:
        made = await flows.create(
            request.context,
            workspace_id=request.workspace_id,
            raw={"definition": {"name": given.get("name", ""), **_BEGINNING}},
        )
    except CampanaError as error:
        problems = {key.rpartition(".")[2]: text for key, text in said_of(error).items()}
        return await _list(request, given=given, problems=problems, status=status_of(error))
    return to(f"/flows/{made.id}")


@get("/flows/{flow_id:str}", opt=needs(_READ))
async def show_flow(request: PageRequest, flow_id: FromPath[str]) -> Response[Any]:
    return await _flow(request, flow_id)


@post("/flows/{flow_id:str}", opt=needs(_WRITE, action="flow.write"))
@guarded
async def write_flow(request: PageRequest, flow_id: FromPath[str]) -> Response[Any]:
    """Save the text as the draft, or publish it: only what can be run becomes a version."""
    given = await request.fields()
    text = await request.text_as_typed()
    is_published = given.get("then") == "publish"
    checked = await _checked(request, flow_id, text)
    if is_published and checked.flow is None:
        return await _flow(request, flow_id, text=text, given=given, checked=checked, status=400)
    stored = await flows.get(request.context, workspace_id=request.workspace_id, flow_id=flow_id)
    try:
        change = documents.difference(stored.draft, flow_text.definition_of(text))
        changed = await flows.change(
            request.context,
            workspace_id=request.workspace_id,
            flow_id=flow_id,
            patch={"definition": change},
            revision=version_seen(given, "revision", otherwise=stored.revision),
        )
        if is_published:
            made = await flows.publish(
                request.context,
                workspace_id=request.workspace_id,
                flow_id=flow_id,
                revision=changed.revision,
            )
            return done(
                f"/flows/{flow_id}", say("Version %(number)s is published.", number=made.number)
            )
    except VersionMismatch as error:
        stored = await flows.get(
            request.context, workspace_id=request.workspace_id, flow_id=flow_id
        )
        told = overtaken(
            stored,
            theirs=flow_text.text_of(stored.draft),
            typed=_tidied(text),
            given=given,
            error=error,
        )
        return await _flow(request, flow_id, text=text, **told)
    except CampanaError as error:
        return await _flow(
            request,
            flow_id,
            text=text,
            given=given,
            problems=said_of(error),
            status=status_of(error),
        )
    if checked.flow:
        return done(f"/flows/{flow_id}", say("Saved as a draft."))
    return done(f"/flows/{flow_id}", say("Saved; as it stands it cannot be published."))


@post("/flows/{flow_id:str}/try", opt=needs(_READ, action="flow.try"))
@guarded
async def try_flow(request: PageRequest, flow_id: FromPath[str]) -> Response[Any]:
    """Check the text, or talk to it: nothing is stored and nothing is sent."""
    given = await request.fields()
    text = await request.text_as_typed()
    checked = await _checked(request, flow_id, text)
    chat, problems = None, dict[str, str]()
    then = given.get("then", "")
    told = [] if then in {"check", "restart"} else await request.all_of("told")
    if then != "check" and checked.flow is not None:
        try:
            if then == "tell":
                told.append(flow_chat.told_by(given.get("what", ""), given.get("words", "")))
            chat = await flow_chat.play(
                request.context,
                workspace_id=request.workspace_id,
                flow_id=flow_id,
                definition=flow_text.definition_of(text),
                person=given.get("person", ""),
                told=told,
            )
        except InvalidParameter as error:
            problems = said_of(error)
    return await _flow(
        request, flow_id, text=text, given=given, checked=checked, chat=chat, problems=problems
    )


@post("/flows/{flow_id:str}/delete", opt=needs(_WRITE, action="flow.delete"))
@guarded
async def delete_flow(request: PageRequest, flow_id: FromPath[str]) -> Response[Any]:
    await flows.delete(request.context, workspace_id=request.workspace_id, flow_id=flow_id)
    return done("/flows", say("The flow is deleted."))


@get("/flows/{flow_id:str}/difference", opt=needs(_READ))
async def show_difference(request: PageRequest, flow_id: FromPath[str]) -> Response[Any]:
    """Between two versions, or a version and the draft (`draft`)."""
    stored = await flows.get(request.context, workspace_id=request.workspace_id, flow_id=flow_id)
    return await difference_page(
        request,
        stored,
        crumb=("/flows", say("Flows")),
        shown=partial(_shown, request, stored),
    )


async def _shown(request: PageRequest, stored: Stored, which: str) -> str:
    """The text of the draft or of a version."""
    return flow_text.text_of(await _definition(request, stored, which))


async def _definition(request: PageRequest, stored: Stored, which: str) -> Mapping[str, Any]:
    if which == DRAFT:
        return stored.draft
    found = await flows.version(
        request.context,
        workspace_id=request.workspace_id,
        flow_id=stored.id,
        number=number_of(which),
    )
    return found.definition or {}


def _readable(definition: Mapping[str, Any]) -> Flow | None:
    try:
        return load(definition)
    except InvalidParameter:
        return None


async def _checked(request: PageRequest, flow_id: str, text: str) -> Checked:
    return await flows.problems(
        request.context, workspace_id=request.workspace_id, flow_id=flow_id, raw={"text": text}
    )


def _tidied(text: str) -> str:
    """As the store would give it back; as it is typed where it cannot be read."""
    try:
        return flow_text.text_of(flow_text.definition_of(text))
    except InvalidParameter:
        return text


async def _list(
    request: PageRequest,
    *,
    status: int = 200,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response[str]:
    return page(
        request,
        "flows.html",
        status=status,
        rows=await flows.every(request.context, workspace_id=request.workspace_id),
        given=given or {},
        problems=problems or {},
    )


async def _flow(
    request: PageRequest,
    flow_id: str,
    *,
    status: int = 200,
    text: str | None = None,
    given: Mapping[str, str] | None = None,
    checked: Checked | None = None,
    chat: Chat | None = None,
    problems: Mapping[str, str] | None = None,
    lines: Sequence[Line] | None = None,
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    stored = await flows.get(context, workspace_id=workspace_id, flow_id=flow_id)
    every = await flows.versions(context, workspace_id=workspace_id, flow_id=flow_id)
    asked = request.query_params.get("version")
    flow = checked.flow if checked else None
    if text is None:
        definition = await _definition(request, stored, asked or DRAFT)
        text, flow = flow_text.text_of(definition), _readable(definition)
    return page(
        request,
        "flow.html",
        status=status,
        flow=stored,
        versions=every,
        shown_version=asked,
        pairs=pairs(every),
        text=text,
        rows=min(40, max(16, text.count("\n") + 2)),
        given=given or {},
        checked=checked,
        source=text.split("\n"),
        chat=chat,
        drawings=drawings(flow, chat.session if chat else None) if flow else [],
        problems=problems or {},
        lines=lines,
    )


ROUTES = [
    show_flows,
    create_flow,
    show_flow,
    write_flow,
    try_flow,
    delete_flow,
    show_difference,
]
