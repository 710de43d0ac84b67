"""Flows as people keep them: a draft that is written over, versions that stay as they are.

A draft may be wrong while it is written; only what can be run becomes a version. Campaigns pin one,
and a session stays on the version it began with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct

from campana.domain.clock import parse_moment
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.window import zone_named
from campana.flow import events as flow_events
from campana.flow import inputs, interpreter
from campana.flow.definition import Flow, load
from campana.flow.inputs import TimedOut
from campana.flow.interpreter import Sprint
from campana.flow.session import Contact, Session, Trigger
from campana.services import documents, text_problems, versioned
from campana.services.context import Context
from campana.services.flow_files import Checked, check
from campana.services.versioned import Sort
from campana.store import flows as store
from campana.store.versioned import Content, Stored, Version

_MAX_INPUTS = 200
"""Of a simulation."""
_MAX_SKIPS = 1_000
"""Waits that a simulation lets run out, all inputs together."""

_Text = Annotated[str, Meta(max_length=4096)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]


class FlowDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A flow: its definition, whose `name` is the flow's."""

    definition: dict[str, Any]


class FlowCheckDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """What is to be checked: a definition, or the text of a file; nothing is the draft."""

    definition: dict[str, Any] | None = None
    text: Annotated[str, Meta(max_length=1_000_000)] | None = None


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Whom the flow is told it talks with."""

    fields: dict[_Name, _Text] = {}
    zones: Annotated[list[_Name], Meta(max_length=20)] = []


class SimulationDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A chat: who it is with, when it begins, and what it is told, each after some time.

    Time is virtual: `afterSeconds` of an input pass first, and every wait that ends meanwhile ends.
    """

    contact: Person = Person()
    params: dict[_Name, _Text] = {}
    at: Annotated[str, Meta(max_length=40)] | None = None
    inputs: Annotated[list[dict[str, Any]], Meta(max_length=_MAX_INPUTS)] = []
    definition: dict[str, Any] | None = None
    version: Annotated[int, Meta(ge=1)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What came of one input of a simulation (None: of the start)."""

    at: datetime
    told: Mapping[str, Any] | None
    sprint: Sprint


async def create(context: Context, *, workspace_id: int, raw: object) -> Stored:
    """Make a draft (`versioned.create`)."""
    return await versioned.create(context, FLOWS, workspace_id=workspace_id, raw=raw)


async def get(context: Context, *, workspace_id: int, flow_id: str) -> Stored:
    """One flow, by id or by name (`versioned.get`)."""
    return await versioned.get(context, FLOWS, workspace_id=workspace_id, wanted=flow_id)


async def every(context: Context, *, workspace_id: int) -> list[Stored]:
    """All of the workspace, by name."""
    return await versioned.every(context, FLOWS, workspace_id=workspace_id)


async def write(context: Context, *, workspace_id: int, flow_id: str, raw: object) -> Stored:
    """Write the whole draft anew (`versioned.write`)."""
    return await versioned.write(context, FLOWS, workspace_id=workspace_id, wanted=flow_id, raw=raw)


async def change(
    context: Context,
    *,
    workspace_id: int,
    flow_id: str,
    patch: Mapping[str, Any],
    revision: int | None,
) -> Stored:
    """Apply a JSON Merge Patch to the draft (`versioned.change`)."""
    return await versioned.change(
        context,
        FLOWS,
        workspace_id=workspace_id,
        wanted=flow_id,
        patch=patch,
        revision=revision,
    )


async def delete(context: Context, *, workspace_id: int, flow_id: str) -> None:
    """Remove a flow that was never published (`versioned.delete`)."""
    await versioned.delete(context, FLOWS, workspace_id=workspace_id, wanted=flow_id)


async def publish(
    context: Context, *, workspace_id: int, flow_id: str, revision: int | None = None
) -> Version:
    """Make the draft a version (`versioned.publish`)."""
    return await versioned.publish(
        context, FLOWS, workspace_id=workspace_id, wanted=flow_id, revision=revision
    )


async def versions(context: Context, *, workspace_id: int, flow_id: str) -> list[Version]:
    """Latest first, without definitions (`versioned.versions`)."""
    return await versioned.versions(context, FLOWS, workspace_id=workspace_id, wanted=flow_id)


async def version(context: Context, *, workspace_id: int, flow_id: str, number: int) -> Version:
    """One version with its definition (`versioned.version`)."""
    return await versioned.version(
        context, FLOWS, workspace_id=workspace_id, wanted=flow_id, number=number
    )


async def problems(context: Context, *, workspace_id: int, flow_id: str, raw: object) -> Checked:
    """Everything that is wrong with a text, a definition, or else the draft.

    The lines are those of the text; of what is no text, those of its JSON, two spaces a step.

    Raises:
        NotFound, InvalidParameter
    """
    asked = documents.read(FlowCheckDocument, raw)
    if asked.text is not None:
        await get(context, workspace_id=workspace_id, flow_id=flow_id)
        return check(asked.text)
    definition: Mapping[str, Any] | None = asked.definition
    stored = await get(context, workspace_id=workspace_id, flow_id=flow_id)
    return check(text_problems.as_text(stored.draft if definition is None else definition))


async def simulate(context: Context, *, workspace_id: int, flow_id: str, raw: object) -> list[Step]:
    """A whole chat with a flow, in virtual time. Nothing is sent, asked or stored.

    Raises:
        NotFound
        InvalidParameter: the document, one of its inputs, or the definition is wrong.
    """
    asked = documents.read(SimulationDocument, raw)
    stored = await get(context, workspace_id=workspace_id, flow_id=flow_id)
    definition: Mapping[str, Any] | None = asked.definition
    if asked.version is not None:
        found = await version(
            context, workspace_id=workspace_id, flow_id=stored.id, number=asked.version
        )
        definition = found.definition
    flow = load(stored.draft if definition is None else definition)
    _check_zones(asked.contact.zones)
    now = _whole(_moment(asked.at) if asked.at else context.clock.now())
    person = Contact(fields=asked.contact.fields, zones=tuple(asked.contact.zones or ["UTC"]))
    first = interpreter.start(flow, person, Trigger(params=asked.params), now)
    steps = [Step(at=now, told=None, sprint=first)]
    for index, each in enumerate(asked.inputs):
        _play(flow, steps, each, at=f"/inputs/{index}")
    return steps


def _play(flow: Flow, steps: list[Step], given: Mapping[str, Any], *, at: str) -> None:
    """One input: time passes, waits end, then it is told."""
    after = given.get("afterSeconds", 0)
    if isinstance(after, bool) or not isinstance(after, int | float) or not 0 <= after <= 4e8:
        raise _wrong(f"{at}/afterSeconds", "must be seconds, from 0 on")
    moment = _whole(steps[-1].at + timedelta(seconds=after))
    told = {key: value for key, value in given.items() if key != "afterSeconds"}
    _let_pass(flow, steps, moment)
    if not told:
        return
    if told.get("type") == "timedOut" and "wait" not in told:
        soonest = _soonest(steps[-1].sprint.session)
        if soonest is None:
            raise _wrong(at, "nothing waits that could time out")
        _tell(flow, steps, TimedOut(wait=soonest[1]), max(soonest[0], moment))
        return
    try:
        said = inputs.read(_answering(told, steps[-1].sprint.session))
    except InvalidParameter as error:
        raise InvalidParameter(
            problems=[
                FieldProblem(pointer=f"{at}{each.pointer or ''}", message=each.message)
                for each in error.problems
            ]
        ) from None
    _tell(flow, steps, said, moment)


def _answering(told: Mapping[str, Any], session: Session) -> dict[str, Any]:
    """An input that does not say which wait or message it answers means the oldest that fits."""
    full = dict(told)
    kinds = {
        "callEnded": "call",
        "webhookAnswered": "webhook",
        "lookedUp": "lookup",
        "intentFound": "intent",
        "handedBack": "handoff",
        "messageReported": "message",
    }
    kind = kinds.get(str(told.get("type")))
    for wait in session.waits:
        if wait.kind != kind:
            continue
        if kind == "message":
            full.setdefault("message", wait.message)
        else:
            full.setdefault("wait", wait.number)
        break
    return full


def _let_pass(flow: Flow, steps: list[Step], until: datetime) -> None:
    """Every wait whose time is up by then ends, the first first."""
    for _ in range(_MAX_SKIPS):
        soonest = _soonest(steps[-1].sprint.session)
        if soonest is None or soonest[0] > until:
            return
        _tell(flow, steps, TimedOut(wait=soonest[1]), max(soonest[0], steps[-1].at))
    raise InvalidParameter(f"More than {_MAX_SKIPS} waits ran out in this simulation.")


def _soonest(session: Session) -> tuple[datetime, int] | None:
    ends = [(wait.until, wait.number) for wait in session.waits if wait.until is not None]
    return min(ends, default=None)


def _tell(flow: Flow, steps: list[Step], told: inputs.Input, now: datetime) -> None:
    sprint = interpreter.resume(flow, steps[-1].sprint.session, told, now)
    steps.append(Step(at=now, told=inputs.as_json(told), sprint=sprint))


def events_of(step: Step) -> Sequence[Mapping[str, Any]]:
    """What came of it, for programs."""
    return [
        flow_events.as_json(event, number=number)
        for number, event in enumerate(step.sprint.events, step.sprint.first)
    ]


def _read(raw: object) -> Content:
    """A definition and the name it gives itself."""
    definition = documents.read(FlowDocument, raw).definition
    return versioned.named(definition)


def _check_zones(zones: Sequence[str]) -> None:
    for index, zone in enumerate(zones):
        if zone_named(zone) is None:
            raise _wrong(f"/contact/zones/{index}", "is no time zone")


def _whole(moment: datetime) -> datetime:
    """In whole milliseconds: nobody means or reads more."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _moment(text: str) -> datetime:
    try:
        return parse_moment(text)
    except ValueError as error:
        raise _wrong("/at", str(error)) from None


def _wrong(pointer: str, message: str) -> InvalidParameter:
    return InvalidParameter(problems=[FieldProblem(pointer=pointer, message=message)])


FLOWS = Sort(
    word="flow",
    prefix="flow",
    queries=store.QUERIES,
    read=_read,
    hash_of=lambda definition: load(definition).version,
)
