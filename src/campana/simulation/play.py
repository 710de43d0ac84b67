"""Play a scenario: set it up through the use cases, let the engine work, and say what came of
it."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from campana.domain.campaign import Campaign, ChannelType
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import accounts, campaigns, channels, control, imports, lists, targets
from campana.simulation import flow_stage
from campana.simulation.chance import Chance
from campana.simulation.document import ChannelLimits, ContactsDocument, Scenario
from campana.simulation.people import made_up
from campana.simulation.process import Process
from campana.simulation.programs import Programs
from campana.simulation.world import World, world
from campana.store import campaigns as store
from campana.store import moments
from campana.store.campaigns import Counts
from campana.store.moments import Reason

WORKSPACE = "simulation"
_CHANNEL = "simulated"
_SECRET = "of-a-carrier-that-is-not-there"  # noqa: S105 - it opens nothing
_ASK_AFTER_SECONDS = 180
"""Longer than a call of a usual length, so that nobody asks about calls that go well."""
_LOOK_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a simulation."""

    seed: int
    starts: datetime
    ends: datetime
    """Of the time that was given."""
    campaign: Campaign
    counts: Counts
    rejected: int
    """Rows of the file that are nobody's number."""
    sends: tuple[datetime, ...]
    """When each send reached the carrier."""
    by_channel: Mapping[ChannelType, int]
    """Sends."""
    replies: int
    """Messages that people wrote."""
    endings: Mapping[str, int]
    """People a flow has talked with, by how it ended in its own words."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What was set up."""

    workspace_id: int
    channel_id: str
    """The campaign's own."""
    list_id: str
    campaign_id: str
    rejected: int


async def play(conninfo: str, scenario: Scenario, *, seed: int, folder: Path) -> Played:
    """The whole of it, on a migrated and empty database, on a VirtualTimeLoop.

    Raises:
        CampanaError: the campaign or its contacts are refused.
    """
    async with world(
        conninfo,
        seed=seed,
        starts=scenario.starts,
        plan=scenario.plan,
        folder=folder,
        programs=Programs(answers=scenario.webhooks),
    ) as made:
        stage = await set_up(made, scenario)
        workers = [made.begin(f"worker {n + 1}") for n in range(scenario.workers)]
        await until_over(made, ends=scenario.ends)
        for worker in workers:
            await worker.stop()
            raise_failure(worker)
        async with made.engine.db.read() as tx:
            campaign = await store.get(tx, campaign_id=stage.campaign_id, now=made.now())
            counts = await store.counts(tx, campaign_id=stage.campaign_id)
            reasons = await moments.reasons(tx, campaign_id=stage.campaign_id)
            endings = await moments.endings(tx, campaign_id=stage.campaign_id)
            replies = await moments.replies(tx)
    if campaign is None:
        raise RuntimeError("the campaign is gone")
    return Played(
        seed=seed,
        starts=scenario.starts,
        ends=scenario.ends,
        campaign=campaign,
        counts=counts,
        rejected=stage.rejected,
        sends=tuple(sent.at for sent in made.provider.sent),
        by_channel=Counter(sent.channel_type for sent in made.provider.sent),
        replies=replies,
        endings=endings,
        reasons=tuple(reasons),
    )


async def set_up(made: World, scenario: Scenario) -> Stage:
    """A workspace, a channel, people, and the campaign, launched.

    Raises:
        CampanaError: something is refused, with every field that is wrong.
    """
    contacts = scenario.contacts
    workspace = await accounts.ensure_workspace(made.engine, WORKSPACE)
    workspace_id = workspace.workspace_id
    await accounts.allow_countries(
        made.engine,
        workspace_id=workspace_id,
        countries=[contacts.country],
        default=contacts.country,
    )
    own = str(scenario.campaign.get("channelType", ChannelType.VOICE))
    channel = await channels.create(
        made.web,
        workspace_id=workspace_id,
        raw=_channel(scenario, _CHANNEL, own, scenario.channel),
    )
    others = await _others(made, scenario, own, workspace_id=workspace_id)
    list_id, rejected = await _people(made, scenario, workspace_id=workspace_id)
    await flow_stage.set_up(made, scenario, workspace_id=workspace_id)
    campaign_id = await launch(
        made,
        {**scenario.campaign, **others},
        workspace_id=workspace_id,
        channel_id=channel.id,
        list_id=list_id,
    )
    return Stage(
        workspace_id=workspace_id,
        channel_id=channel.id,
        list_id=list_id,
        campaign_id=campaign_id,
        rejected=rejected,
    )


async def launch(
    made: World, raw: Mapping[str, Any], *, workspace_id: int, channel_id: str, list_id: str
) -> str:
    """A campaign on what there is; returns its id.

    Raises:
        CampanaError: it is refused, with every field that is wrong.
    """
    campaign = await campaigns.create(
        made.web,
        workspace_id=workspace_id,
        raw={**raw, "contactList": list_id, "channel": channel_id},
    )
    await control.launch(made.web, workspace_id=workspace_id, campaign_id=campaign.id)
    await targets.enroll(made.engine, campaign_id=campaign.id)
    return campaign.id


async def until_over(made: World, *, ends: datetime) -> None:
    """Wait for every campaign to be over and nothing open, at most until `ends`."""
    while made.real_now() < ends:
        news = made.agenda.news
        async with made.engine.db.read() as tx:
            if await moments.is_finished(tx):
                return
        for process in made.processes:
            raise_failure(process)
        while made.agenda.news == news and made.real_now() < ends:
            await made.agenda.hear(until=ends + made.shift)
        await asyncio.sleep(_LOOK_SECONDS)


def raise_failure(process: Process) -> None:
    """Raise the bug a process ended with, if it did."""
    if process.failure is not None:
        raise process.failure


async def _others(
    made: World, scenario: Scenario, own: str, *, workspace_id: int
) -> Mapping[str, Any]:
    """The channels its flow uses besides its own: what the campaign says of them."""
    if not isinstance(scenario.campaign.get("channels"), dict):
        return {}
    named: dict[str, str] = {}
    for channel_type in sorted(scenario.channel_types - {own}):
        limits = scenario.channels.get(channel_type, ChannelLimits())
        raw = _channel(scenario, f"{_CHANNEL} {channel_type}", channel_type, limits)
        made_up = await channels.create(made.web, workspace_id=workspace_id, raw=raw)
        named[channel_type] = made_up.id
    written: Mapping[str, Any] = scenario.campaign["channels"]
    # Whatever else is named there is refused with the campaign.
    return {"channels": {**written, **named}}


def _channel(
    scenario: Scenario, name: str, channel_type: str, given: ChannelLimits
) -> dict[str, Any]:
    limits: dict[str, Any] = msgspec.to_builtins(given)
    if limits["dailyAttempts"] is None:
        del limits["dailyAttempts"]
    caller_id = scenario.campaign.get("callerId")
    return {
        "name": name,
        "kind": "sandbox",
        "channelType": channel_type,
        "config": {
            "url": "http://127.0.0.1:1",
            "secret": _SECRET,
            "senders": [caller_id] if caller_id else [],
            "askAfterSeconds": _ASK_AFTER_SECONDS,
            "giveUpAfterSeconds": scenario.give_up_after,
        },
        **limits,
    }


async def _people(made: World, scenario: Scenario, *, workspace_id: int) -> tuple[str, int]:
    """The list, and how many rows of its file were refused."""
    contacts, with_email = scenario.contacts, ChannelType.EMAIL in scenario.channel_types
    people = await lists.create(
        made.web, workspace_id=workspace_id, name="people", default_country=contacts.country
    )
    content = await asyncio.to_thread(_file, contacts, seed=made.seed, with_email=with_email)
    started = await lists.start_import(
        made.web,
        workspace_id=workspace_id,
        list_id=people.id,
        file_name=Path(contacts.file or "people.csv").name,
        content=io.BytesIO(content),
    )
    await imports.run(made.engine, import_id=started.id)
    done = await lists.get_import(made.web, workspace_id=workspace_id, import_id=started.id)
    return people.id, done.rows_rejected


def _file(contacts: ContactsDocument, *, seed: int, with_email: bool) -> bytes:
    """The CSV file of the people.

    Raises:
        InvalidParameter: it cannot be read.
    """
    if contacts.file is None:
        return made_up(
            contacts.count or 0,
            zones=contacts.zones,
            chance=Chance(seed, "people"),
            fields=contacts.fields,
            with_email=with_email,
            numbers=contacts.numbers,
        )
    try:
        return Path(contacts.file).read_bytes()
    except OSError as error:
        problem = FieldProblem(
            pointer="/contacts/file", message=f"cannot be read: {error.strerror}"
        )
        raise InvalidParameter(problems=[problem]) from error
