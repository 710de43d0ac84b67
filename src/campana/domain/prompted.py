"""A bot that a language model speaks for, as data: what it is for, what it may do, how long it may
take.

It stands inside a script: the script's greeting is said first, and its steps are what the call
falls back to when the model fails. `model_talk` runs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

JsonObject = Mapping[str, Any]

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

TOKENS_OF_A_CALL = 20_000
"""Of prompts and answers together: some twenty turns of a talk with a page of instructions."""
TURN_SECONDS = 6.0
FILLER_SECONDS = 1.5
"""After which somebody on the telephone asks whether anybody is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTool:
    """The model may end the call; with `results` it says which of them it came to."""

    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutTool:
    """The model may say that the person wants no more calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTool:
    """The model may say when the person wants to be called again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferTool:
    """The model may hand the call over to somebody else; to whom, the bot's author has said."""

    to: str | None = None
    """A number or a SIP URI; the bot's own where it is None."""
    description: str = ""
    """When it is to be used, for the model."""
    seconds: float = 25.0
    """How long it may ring there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTool:
    """The model may say what came of the call, in the shape of the bot's `result`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTool:
    """The model may have a program asked; where, the bot's author has said."""

    name: str
    description: str
    url: str
    method: Method = "POST"
    parameters: JsonObject = field(default_factory=dict[str, Any])
    """JSON Schema of the arguments."""
    credential: str | None = None
    """By name, of the workspace."""
    seconds: float = 5.0


Tool = EndTool | OptOutTool | CallbackTool | TransferTool | ResultTool | HttpTool


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Which model speaks, and its limits."""

    url: str | None = None
    """Of the workspace's own endpoint (`…/v1`); the installation's without one."""
    name: str | None = None
    """Which of the endpoint's models; the installation's without one."""
    credential: str | None = None
    """What proves who we are to an endpoint of the workspace's own, by name."""
    temperature: float = 0.3
    max_tokens: int = 300
    """Of one reply."""
    turn_seconds: float = TURN_SECONDS
    """Without a word of it for so long, it has failed."""
    call_tokens: int = TOKENS_OF_A_CALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the model is told and allowed. Goal and persona may have placeholders, as all texts."""

    goal: str
    persona: str = ""
    model: Model = Model()
    tools: tuple[Tool, ...] = (EndTool(),)
    """Nothing else can be done, whatever the model or the person on the line says."""
    result: JsonObject | None = None
    """JSON Schema of what `set_result` takes."""
    history: int = 0
    """How many earlier contacts with the person it is told of (`domain.earlier`)."""
    filler: str = "One moment, please."
    """Said when an answer takes longer than `filler_seconds`."""
    filler_seconds: float = FILLER_SECONDS
    listen_seconds: float = 8.0
    """Silence allowed after the bot has spoken."""


def name_of(tool: Tool) -> str:
    """What the model calls it."""
    match tool:
        case EndTool():
            return "end"
        case OptOutTool():
            return "opt_out"
        case CallbackTool():
            return "schedule_callback"
        case TransferTool():
            return "transfer"
        case ResultTool():
            return "set_result"
        case HttpTool(name=name):
            return name
        case _:
            assert_never(tool)


def parameters_of(tool: Tool, prompt: Prompt) -> JsonObject:
    """The JSON Schema of its arguments."""
    match tool:
        case EndTool(results=results) if results:
            return _object({"result": {"type": "string", "enum": list(results)}}, "result")
        case EndTool() | OptOutTool() | TransferTool():
            return _object({})
        case CallbackTool():
            at = {
                "type": "string",
                "maxLength": 40,
                "description": "Their local date and time, such as 2026-12-01T17:00; left out when"
                " they did not say when.",
            }
            return _object({"at": at})
        case ResultTool():
            return prompt.result or _object({})
        case HttpTool(parameters=parameters):
            return parameters or _object({})
        case _:
            assert_never(tool)


def description_of(tool: Tool) -> str:
    """What the model is told of it."""
    match tool:
        case EndTool():
            return "End the call. Say goodbye first, in the same answer."
        case OptOutTool():
            return "The person does not want to be called again. A goodbye is said for you."
        case CallbackTool():
            return "The person wants to be called at another time. A goodbye is said for you."
        case TransferTool(description=description):
            what = "Hand the call over to a person; that is said for you. Perhaps nobody answers."
            return f"{what} {description}".strip()
        case ResultTool():
            return "Keep what came of the call. Call it as soon as you know, and before end."
        case HttpTool(description=description):
            return description
        case _:
            assert_never(tool)


def texts_of(prompt: Prompt) -> tuple[str, ...]:
    """Everything of it that may have placeholders."""
    return tuple(text for text in (prompt.goal, prompt.persona, prompt.filler) if text)


def size_of(schema: JsonObject) -> int:
    """How many characters it has as JSON."""
    return len(json.dumps(schema))


def _object(properties: JsonObject, *required: str) -> JsonObject:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
