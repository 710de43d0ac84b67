"""What a language model is told and allowed in a VoiceBot, as people write it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from campana.domain import prompted, transfer
from campana.domain.earlier import MOST as MOST_EARLIER

_SHORTEST_RING, _LONGEST_RING = transfer.TIMEOUT_SECONDS


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class EndToolDocument(_Document, frozen=True, tag_field="type", tag="end"):
    """It may end the call, and say which of `results` it came to."""

    results: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=20)
    ] = []


class OptOutToolDocument(_Document, frozen=True, tag_field="type", tag="opt_out"):
    """It may say that the person wants no more calls."""


class CallbackToolDocument(_Document, frozen=True, tag_field="type", tag="schedule_callback"):
    """It may say when the person wants to be called again."""


class TransferToolDocument(_Document, frozen=True, tag_field="type", tag="transfer"):
    """It may hand the call over to somebody else, whom you name: the bot's `transferTo` if not."""

    to: Annotated[str, Meta(min_length=1, max_length=320)] | None = None
    """A number (E.164) or `sip:name@host` of one of the channel's trunks."""
    description: Annotated[str, Meta(max_length=1000)] = ""
    """When it is to do so."""
    timeout_seconds: Annotated[float, Meta(ge=_SHORTEST_RING, le=_LONGEST_RING)] = 25.0
    """How long it may ring there."""


class ResultToolDocument(_Document, frozen=True, tag_field="type", tag="set_result"):
    """It may say what came of the call, as the prompt's `result` asks for."""


class HttpToolDocument(_Document, frozen=True, tag_field="type", tag="http"):
    """It may have a program asked, with arguments that `parameters` (JSON Schema) allows."""

    name: Annotated[str, Meta(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")]
    description: Annotated[str, Meta(min_length=1, max_length=1000)]
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    parameters: dict[str, Any] = {}
    credential: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    timeout_seconds: Annotated[float, Meta(ge=1, le=30)] = 5.0


ToolDocument = (
    EndToolDocument
    | OptOutToolDocument
    | CallbackToolDocument
    | TransferToolDocument
    | ResultToolDocument
    | HttpToolDocument
)


class ModelDocument(_Document, frozen=True):
    """Which language model speaks, and its limits; the installation's where no `url` is given."""

    url: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    credential: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] = 0.3
    max_tokens: Annotated[int, Meta(ge=16, le=4000)] = 300
    """Of one reply."""
    turn_seconds: Annotated[float, Meta(ge=1, le=30)] = prompted.TURN_SECONDS
    """Without a word of it for so long, the bot's steps take over."""
    call_tokens: Annotated[int, Meta(ge=500, le=1_000_000)] = prompted.TOKENS_OF_A_CALL


class PromptDocument(_Document, frozen=True):
    """What a language model is told, and the only things that it may do."""

    goal: Annotated[str, Meta(min_length=1, max_length=8000)]
    persona: Annotated[str, Meta(max_length=4000)] = ""
    model: ModelDocument = ModelDocument()
    tools: Annotated[list[ToolDocument], Meta(min_length=1, max_length=20)] = field(
        default_factory=lambda: [EndToolDocument()]
    )
    result: dict[str, Any] | None = None
    """JSON Schema of what `set_result` takes."""
    history: Annotated[int, Meta(ge=0, le=MOST_EARLIER)] = 0
    """How many earlier contacts with the person it is told of: when, on which channel, and what
    came of each; nothing that was said."""
    filler: Annotated[str, Meta(min_length=1, max_length=200)] = "One moment, please."
    filler_seconds: Annotated[float, Meta(ge=0.3, le=30)] = prompted.FILLER_SECONDS
    listen_seconds: Annotated[float, Meta(ge=1, le=30)] = 8.0


def prompt_of(document: PromptDocument) -> prompted.Prompt:
    """The domain's Prompt of one as written."""
    return prompted.Prompt(
        goal=document.goal,
        persona=document.persona,
        model=prompted.Model(
            url=document.model.url,
            name=document.model.name,
            credential=document.model.credential,
            temperature=document.model.temperature,
            max_tokens=document.model.max_tokens,
            turn_seconds=document.model.turn_seconds,
            call_tokens=document.model.call_tokens,
        ),
        tools=tuple(_tool(tool) for tool in document.tools),
        result=document.result,
        history=document.history,
        filler=document.filler,
        filler_seconds=document.filler_seconds,
        listen_seconds=document.listen_seconds,
    )


def _tool(document: ToolDocument) -> prompted.Tool:
    match document:
        case EndToolDocument():
            return prompted.EndTool(results=tuple(document.results))
        case OptOutToolDocument():
            return prompted.OptOutTool()
        case CallbackToolDocument():
            return prompted.CallbackTool()
        case TransferToolDocument():
            return prompted.TransferTool(
                to=document.to, description=document.description, seconds=document.timeout_seconds
            )
        case ResultToolDocument():
            return prompted.ResultTool()
        case HttpToolDocument():
            return prompted.HttpTool(
                name=document.name,
                description=document.description,
                url=document.url,
                method=document.method,
                parameters=document.parameters,
                credential=document.credential,
                seconds=document.timeout_seconds,
            )
