"""The file of a simulation: a campaign as `campana campaign create -f` takes it, and two blocks.

    name: Reminders
    type: VoiceBot
    channelType: Voice
    voiceBot: …
    contacts:
      count: 500
      zones: {America/New_York: 3, America/Los_Angeles: 1}
    simulation:
      starts: 2026-03-09T00:00:00Z
      days: 7
      channel: {rate: 2, lines: 20}
      carrier: {mix: {Voice: {completed: 6, busy: 1, no_answer: 3}}}

`contacts` may name a CSV `file` in place of the count; `carrier` is the sandbox's plan. The
channels and the list that the file names are replaced by made-up ones. A campaign of type Flow
names its flow as ever, and `simulation` the file it is in:

    simulation:
      flows: [appointment.yaml]
      channels: {Voice: {rate: 1, lines: 2}}
      webhooks: {"https://shop.example/": {status: 200, body: {ready: true}}}
      tables: {branches: branches.csv}
      carrier: {replies: {SMS: {"yes": 3, "no": 1, "": 1}}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta, Struct

from campana.domain.campaign import ChannelType
from campana.domain.clock import parse_moment
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.window import zone_named
from campana.sandbox.plan import Plan, Seconds
from campana.services import documents
from campana.services.campaign_document import Moment
from campana.services.channels import Burst, DailyAttempts, Lines, Rate
from campana.simulation.people import MOST

MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
"""When a simulation begins that nothing else is said of: the Monday after a change of the US
clocks."""

UNHURRIED = Seconds(reply=(0.05, 0.3), ring=(1, 4), answer=(3, 25), talk=(15, 120), deliver=(1, 20))
"""How long things take where the file does not say: as among people, which the sandbox's own
seconds are too short for."""

Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
FileName = Annotated[str, Meta(min_length=1, max_length=4000)]
Column = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Value = Annotated[str, Meta(max_length=2000)] | int | float | bool

_OWN = frozenset({"first_name", "phone", "time_zone", "email"})
"""Columns that made-up people have anyway."""

S = TypeVar("S", bound=Struct)


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class ContactsDocument(_Document, frozen=True):
    """Who is contacted: `count` made-up people, or those of a CSV file."""

    count: Annotated[int, Meta(ge=1)] | None = None
    file: FileName | None = None
    country: Country = "US"
    """Of numbers without one, and the only one that may be called."""
    zones: dict[str, Annotated[float, Meta(gt=0)]] = {}
    """Where made-up people live, by weight; left out, where their numbers are from."""
    numbers: Annotated[int, Meta(ge=1, le=5)] = 1
    """Of each of the made-up people."""
    fields: dict[Column, Annotated[tuple[Value, ...], Meta(min_length=1, max_length=1000)]] = {}
    """Other columns of made-up people, each with the values that are drawn from."""


class ChannelLimits(_Document, frozen=True):
    """Of a made-up channel."""

    rate: Rate = 5.0
    burst: Burst = 1
    lines: Lines = 10
    daily_attempts: DailyAttempts | None = None


class WebhookAnswer(_Document, frozen=True):
    """What a program says that a flow asks: `body` as JSON, `seconds` after it was asked."""

    status: Annotated[int, Meta(ge=200, le=599)] = 200
    body: Any = None
    seconds: Annotated[float, Meta(ge=0, le=3600)] = 0.3


class SimulationDocument(_Document, frozen=True):
    """The world the campaign runs in."""

    starts: Moment | None = None
    """The campaign's own startDate, or MONDAY."""
    days: Annotated[float, Meta(gt=0, le=366)] = 7
    workers: Annotated[int, Meta(ge=1, le=16)] = 1
    channel: ChannelLimits = ChannelLimits()
    channels: dict[ChannelType, ChannelLimits] = {}
    """Of what a flow uses besides the campaign's own channel; left out, as a channel is that
    nothing is said of."""
    flows: tuple[FileName, ...] = ()
    """Files with the flows that the campaign names: each is published under its own name."""
    tables: dict[str, FileName] = {}
    """Reference tables by name, each a CSV file whose first column finds a row."""
    webhooks: dict[str, WebhookAnswer] = {}
    """What programs answer, by how their URL begins: of several the longest. Others cannot be
    reached."""
    carrier: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is to be simulated."""

    campaign: Mapping[str, Any]
    contacts: ContactsDocument
    starts: datetime
    days: float
    workers: int
    channel: ChannelLimits
    plan: Plan
    give_up_after: float = 3_600
    """Seconds that a carrier may say nothing of an attempt, until nobody knows of it."""
    channels: Mapping[ChannelType, ChannelLimits] = field(
        default_factory=dict[ChannelType, ChannelLimits]
    )
    flows: Sequence[str] = ()
    """Files, as are the tables."""
    tables: Mapping[str, str] = field(default_factory=dict[str, str])
    webhooks: Mapping[str, WebhookAnswer] = field(default_factory=dict[str, WebhookAnswer])

    @property
    def ends(self) -> datetime:
        """When its time is over, whatever stands out then."""
        return self.starts + timedelta(days=self.days)

    @property
    def channel_types(self) -> frozenset[ChannelType]:
        """Those its campaign names, as far as it can be read."""
        words = {str(self.campaign.get("channelType", ChannelType.VOICE))}
        named: object = self.campaign.get("channels")
        if isinstance(named, dict):
            words |= cast("Mapping[str, Any]", named).keys()
        return frozenset(each for each in ChannelType if each in words)

    def beside(self, folder: Path) -> Scenario:
        """The same, with the files it names found in a folder."""
        contacts = self.contacts
        if contacts.file is not None:
            contacts = msgspec.structs.replace(contacts, file=str(folder / contacts.file))
        return replace(
            self,
            contacts=contacts,
            flows=tuple(str(folder / each) for each in self.flows),
            tables={name: str(folder / each) for name, each in self.tables.items()},
        )


def read(raw: object, *, seed: int) -> Scenario:
    """A file's plain values.

    Raises:
        InvalidParameter: naming each field that is wrong; those of the campaign are looked at when
        it is made.
    """
    if not isinstance(raw, dict):
        raise InvalidParameter(problems=[FieldProblem(pointer="", message="must be an object")])
    document = dict(cast("Mapping[str, Any]", raw))
    problems: list[FieldProblem] = []
    contacts = _part(ContactsDocument, document.pop("contacts", None), "/contacts", problems)
    world = _part(SimulationDocument, document.get("simulation"), "/simulation", problems)
    plan = _part(Plan, _carrier(document.get("simulation")), "/simulation/carrier", problems)
    if contacts is not None:
        problems += _who(contacts)
    if world is not None and document.get("flow") is not None and not world.flows:
        message = "must name the file of the campaign's flow: nothing is read from a workspace"
        problems.append(FieldProblem(pointer="/simulation/flows", message=message))
    if problems or contacts is None or world is None or plan is None:
        raise InvalidParameter(problems=problems)
    document.pop("simulation", None)
    starts = world.starts or document.get("startDate")
    if "seconds" not in world.carrier:
        plan = msgspec.structs.replace(plan, seconds=UNHURRIED)
    return Scenario(
        campaign=document,
        contacts=contacts,
        starts=_moment(starts),
        days=world.days,
        workers=world.workers,
        channel=world.channel,
        channels=world.channels,
        flows=world.flows,
        tables=world.tables,
        webhooks=world.webhooks,
        plan=msgspec.structs.replace(plan, seed=seed),
    )


def _moment(text: object) -> datetime:
    try:
        return parse_moment(str(text)) if text else MONDAY
    except ValueError:
        # The campaign's own date; it is refused with its name when the campaign is made.
        return MONDAY


def _carrier(simulation: object) -> object:
    """Of a block that may be wrong elsewhere, so that everything wrong is found at once."""
    if not isinstance(simulation, dict):
        return {}
    carrier = cast("Mapping[str, Any]", simulation).get("carrier")
    return cast("object", carrier) if isinstance(carrier, dict) else {}


def _part(shape: type[S], raw: object, pointer: str, problems: list[FieldProblem]) -> S | None:
    try:
        return documents.read(shape, {} if raw is None else raw)
    except InvalidParameter as error:
        problems += [
            FieldProblem(pointer=f"{pointer}{each.pointer}", message=each.message)
            for each in error.problems
        ]
        return None


def _who(contacts: ContactsDocument) -> list[FieldProblem]:
    problems = [
        FieldProblem(pointer=f"/contacts/zones/{zone}", message="is not a time zone")
        for zone in contacts.zones
        if zone_named(zone) is None
    ]
    if (contacts.count is None) == (contacts.file is None):
        problems.append(
            FieldProblem(pointer="/contacts", message="must have a count, or a file, and not both")
        )
    problems += [
        FieldProblem(pointer=f"/contacts/fields/{name}", message="is a column they have anyway")
        for name in contacts.fields
        if name in _OWN
    ]
    if contacts.file is not None and contacts.fields:
        message = "goes with a count: the people of a file have their own"
        problems.append(FieldProblem(pointer="/contacts/fields", message=message))
    most = MOST // contacts.numbers
    if contacts.count is not None and contacts.count > most:
        problems.append(FieldProblem(pointer="/contacts/count", message=f"must be at most {most}"))
    return problems
