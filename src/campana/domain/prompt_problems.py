"""Everything wrong with a prompt, told at once and by place. It does not judge the wording."""

from __future__ import annotations

import re
from collections.abc import Iterator

from campana.domain.disposition import RESULTS
from campana.domain.earlier import MOST as MOST_EARLIER
from campana.domain.errors import FieldProblem
from campana.domain.json_shapes import MOST_CHARACTERS, wrong_with
from campana.domain.prompted import (
    EndTool,
    HttpTool,
    JsonObject,
    Model,
    Prompt,
    ResultTool,
    TransferTool,
    name_of,
    size_of,
)
from campana.domain.reach import REFUSAL, destination
from campana.domain.transfer import TIMEOUT_SECONDS
from campana.domain.transfer import wrong_with as wrong_with_target

TOOL_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OWN = frozenset({"end", "opt_out", "schedule_callback", "set_result", "transfer"})
_SECONDS = (1.0, 30.0)


def problems(prompt: Prompt) -> list[FieldProblem]:
    """What must be mended before it can be used, each with its JSON pointer below the bot."""
    return [
        FieldProblem(pointer=f"/prompt{pointer}", message=message)
        for pointer, message in _wrong(prompt)
    ]


def _wrong(prompt: Prompt) -> Iterator[tuple[str, str]]:
    if not prompt.goal.strip():
        yield "/goal", "must say what the call is for"
    yield from _model(prompt.model)
    if not _SECONDS[0] <= prompt.listen_seconds <= _SECONDS[1]:
        yield "/listenSeconds", "must be between 1 and 30"
    if not 0.3 <= prompt.filler_seconds <= prompt.model.turn_seconds:
        yield "/fillerSeconds", "must be at least 0.3 and not more than model.turnSeconds"
    if not 0 <= prompt.history <= MOST_EARLIER:
        yield "/history", f"must be between 0 and {MOST_EARLIER}"
    yield from _tools(prompt)
    has_tool = any(isinstance(tool, ResultTool) for tool in prompt.tools)
    if prompt.result is not None:
        yield from _schema(prompt.result, "/result")
        if not has_tool:
            yield "/tools", "must have set_result, or nothing can set the result"
    elif has_tool:
        yield "/result", "must say what set_result takes"


def _model(model: Model) -> Iterator[tuple[str, str]]:
    if model.url is None and model.credential is not None:
        yield "/model/credential", "means nothing without a url of your own"
    if model.url is not None and model.name is None:
        yield "/model/name", "must say which model of your endpoint is meant"
    if model.url is not None and destination(model.url, allow_loopback=True) is None:
        yield "/model/url", REFUSAL
    for name, value, low, high in (
        ("temperature", model.temperature, 0, 2),
        ("maxTokens", model.max_tokens, 16, 4_000),
        ("turnSeconds", model.turn_seconds, *_SECONDS),
        ("callTokens", model.call_tokens, 500, 1_000_000),
    ):
        if not low <= value <= high:
            yield f"/model/{name}", f"must be between {low:g} and {high:g}"


def _tools(prompt: Prompt) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for index, tool in enumerate(prompt.tools):
        at, name = f"/tools/{index}", name_of(tool)
        if name in seen:
            yield f"{at}/name", f"there is a tool {name} already"
        seen.add(name)
        if isinstance(tool, EndTool):
            yield from _results(tool, f"{at}/results")
        if isinstance(tool, HttpTool):
            yield from _http(tool, at)
        if isinstance(tool, TransferTool):
            yield from _transfer(tool, at)
    if not any(isinstance(tool, EndTool) for tool in prompt.tools):
        yield "/tools", "must have end, or the model cannot end the call"


def _results(tool: EndTool, at: str) -> Iterator[tuple[str, str]]:
    for index, result in enumerate(tool.results):
        if result in RESULTS:
            yield f"{at}/{index}", f"{result} is what a tool of its own is for"
        elif result in tool.results[:index]:
            yield f"{at}/{index}", f"{result} is there already"


def _http(tool: HttpTool, at: str) -> Iterator[tuple[str, str]]:
    if not TOOL_NAME.fullmatch(tool.name):
        yield f"{at}/name", "must be small letters, digits and _, beginning with a letter"
    elif tool.name in _OWN:
        yield f"{at}/name", f"{tool.name} is a tool of its own kind"
    if destination(tool.url, allow_loopback=True) is None:
        yield f"{at}/url", REFUSAL
    if not tool.description.strip():
        yield f"{at}/description", "must tell the model what it does"
    if not _SECONDS[0] <= tool.seconds <= _SECONDS[1]:
        yield f"{at}/timeoutSeconds", "must be between 1 and 30"
    if tool.parameters:
        yield from _schema(tool.parameters, f"{at}/parameters")


def _transfer(tool: TransferTool, at: str) -> Iterator[tuple[str, str]]:
    if tool.to is not None and (wrong := wrong_with_target(tool.to)):
        yield f"{at}/to", wrong
    low, high = TIMEOUT_SECONDS
    if not low <= tool.seconds <= high:
        yield f"{at}/timeoutSeconds", f"must be between {low:g} and {high:g}"


def _schema(schema: JsonObject, at: str) -> Iterator[tuple[str, str]]:
    if size_of(schema) > MOST_CHARACTERS:
        yield at, f"is more than {MOST_CHARACTERS} characters of JSON"
        return
    for pointer, message in wrong_with(schema):
        yield at + pointer, message
