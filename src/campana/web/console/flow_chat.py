"""A chat with a flow beside its editor: what was told comes with the form, and is replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.flow.session import Session
from campana.services import documents, flows
from campana.services.context import Context
from campana.services.flows import Step
from campana.web.console.language import marked, say

_MOST = 200
_BY_WAIT: Mapping[str, str] = {
    "call": "callEnded",
    "webhook": "webhookAnswered",
    "lookup": "lookedUp",
    "intent": "intentFound",
    "handoff": "handedBack",
}
"""What answers a wait of this kind; any other is answered in words, or by time."""
WORDS: Mapping[str, str] = {
    "reply": marked("They write"),
    "timedOut": marked("Time passes, until a wait ends"),
    "callEnded": marked("The call ends with this result"),
    "webhookAnswered": marked("The program answers this JSON"),
    "lookedUp": marked("The table has this row, as JSON"),
    "intentFound": marked("They mean"),
    "handedBack": marked("The person hands back"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """How a chat stands: its steps, what was told, and what can be told next."""

    steps: Sequence[tuple[Step, Sequence[Mapping[str, Any]]]]
    told: Sequence[str]
    """Each input as JSON."""
    choices: Sequence[tuple[str, str]]
    session: Session


async def play(
    context: Context,
    *,
    workspace_id: int,
    flow_id: str,
    definition: Mapping[str, Any],
    person: str,
    told: Sequence[str],
) -> Chat:
    """The whole chat anew; nothing is sent, asked or stored.

    Raises:
        NotFound, InvalidParameter: of the definition, of the person, or of an input.
    """
    steps = await flows.simulate(
        context,
        workspace_id=workspace_id,
        flow_id=flow_id,
        raw={
            "definition": definition,
            "contact": {"fields": _fields(person)},
            "inputs": [_decoded(each) for each in told[:_MOST]],
        },
    )
    session = steps[-1].sprint.session
    kinds = {wait.kind for wait in session.waits}
    fitting = ["reply", *(_BY_WAIT[kind] for kind in _BY_WAIT if kind in kinds)]
    if any(wait.until is not None for wait in session.waits):
        fitting.append("timedOut")
    return Chat(
        steps=[(each, flows.events_of(each)) for each in steps],
        told=told,
        choices=[(key, say(WORDS[key])) for key in fitting],
        session=session,
    )


def told_by(what: str, words: str) -> str:
    """The next input of a chat, as the form says it, as JSON.

    Raises:
        InvalidParameter: it is none, or its JSON cannot be read.
    """
    made: dict[str, Any] = {"type": what}
    match what:
        case "reply":
            made["text"] = words
        case "callEnded":
            made |= {"disposition": "completed"} | ({"result": words} if words else {})
        case "webhookAnswered":
            made |= {"status": 200} | ({"body": _decoded(words)} if words else {})
        case "lookedUp":
            made |= {"row": _decoded(words)} if words else {}
        case "intentFound":
            made |= {"intent": words} if words else {}
        case "timedOut" | "handedBack":
            pass
        case _:
            raise InvalidParameter(
                problems=[
                    FieldProblem(pointer="/what", message=marked("is nothing that can be told"))
                ]
            )
    return msgspec.json.encode(made).decode()


def _fields(text: str) -> dict[str, str]:
    """`first_name: Ana`, a line each."""
    found: object = documents.read_yaml(text) if text.strip() else dict[str, object]()
    if not isinstance(found, dict):
        raise InvalidParameter(
            problems=[
                FieldProblem(pointer="/person", message=marked("must be lines as first_name: Ana"))
            ]
        )
    fields = cast("dict[str, object]", found)
    return {key: "" if value is None else str(value) for key, value in fields.items()}


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/words", message=marked("must be JSON"))]
        ) from None
