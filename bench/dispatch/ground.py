"""What the rounds run on: a workspace, channels, lists of people, and campaigns made of them.

Lists are filled by SQL, since importing is not what is measured; channels and campaigns are made,
launched, enrolled, paused and resumed by the product's own services. Numbers are those reserved for
fiction (area code, 555, 01xx), without the area codes the gate refuses for their price.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString

import psycopg

from bench.dispatch.carrier import KIND
from campana import bootstrap
from campana.domain.toll import is_refused
from campana.services import accounts, campaigns, channels, control, lists, targets
from campana.services.context import Context
from campana.settings import Settings
from campana.store.db import Role

AREAS = [area for area in range(200, 1000) if not is_refused(f"+1{area}5550100")]
NUMBERS = 100 * len(AREAS)
_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
_FULL_DAY = [{"from": "00:00", "to": "24:00"}]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_PEOPLE: LiteralString = """
with people as (
  select n,
    '+1' || (%(areas)s::integer[])[1 + n / 100] || '55501' || lpad((n %% 100)::text, 2, '0')
      as address,
    (%(zones)s::text[])[1 + n %% 4] as zone
  from generate_series(%(first)s::integer, %(last)s::integer) n),
made as (
  insert into contacts (workspace_id, list_id, external_id, first_name, last_name, zones,
    attributes, created_at, updated_at)
  select %(workspace_id)s, %(list_id)s, n::text, 'Person', n::text, array[zone],
    '{"plan": "basic", "city": "Springfield"}', %(now)s, %(now)s
  from people returning id, external_id)
insert into contact_addresses (contact_id, position, workspace_id, list_id, kind, value, country)
select made.id, 0, %(workspace_id)s, %(list_id)s, 'phone', people.address, 'US'
from made join people on people.n::text = made.external_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A place to run campaigns on: lists and channels in pairs."""

    settings: Settings
    conninfo: str
    workspace_id: int
    list_ids: Sequence[str]
    channel_ids: Sequence[str]


async def lay(
    settings: Settings, conninfo: str, *, people: int, pairs: int, channel: dict[str, Any]
) -> Ground:
    """Make `pairs` channels, and as many lists that share `people` numbers between them."""
    async with _opened(settings, conninfo) as engine:
        home = await accounts.ensure_workspace(engine, bootstrap.DEFAULT_WORKSPACE)
        await accounts.allow_countries(
            engine, workspace_id=home.workspace_id, countries=["US"], default="US"
        )
        now = engine.clock.now()
    workspace_id = home.workspace_id
    list_ids: list[str] = []
    channel_ids: list[str] = []
    async with _opened(settings, conninfo, role=Role.WEB) as web:
        for number in range(pairs):
            made = await channels.create(
                web, workspace_id=workspace_id, raw={"name": f"channel {number}", **channel}
            )
            channel_ids.append(made.id)
            found = await lists.create(
                web, workspace_id=workspace_id, name=f"people {number}", default_country="US"
            )
            list_ids.append(found.id)
    share = people // pairs
    for number, list_id in enumerate(list_ids):
        fill(conninfo, workspace_id, list_id, range(number * share, (number + 1) * share), now)
    return Ground(
        settings=settings,
        conninfo=conninfo,
        workspace_id=workspace_id,
        list_ids=list_ids,
        channel_ids=channel_ids,
    )


def fill(conninfo: str, workspace_id: int, list_id: str, numbers: range, now: datetime) -> None:
    """Put the people of these numbers into a list."""
    values = {
        "first": numbers.start,
        "last": numbers.stop - 1,
        "areas": AREAS,
        "zones": list(_ZONES),
        "workspace_id": workspace_id,
        "list_id": list_id,
        "now": now,
    }
    with psycopg.connect(conninfo, options="-c search_path=campana", autocommit=True) as conn:
        conn.execute(_PEOPLE, values)
        conn.execute("vacuum (analyze) contacts, contact_addresses")


async def ready(ground: Ground, name: str) -> list[str]:
    """A campaign on each pair, launched, everybody enrolled, and paused; returns their ids."""
    made: list[str] = []
    async with (
        _opened(ground.settings, ground.conninfo) as engine,
        _opened(ground.settings, ground.conninfo, role=Role.WEB) as web,
    ):
        for number, (list_id, channel_id) in enumerate(
            zip(ground.list_ids, ground.channel_ids, strict=True)
        ):
            raw = document(f"{name} {number}", list_id, channel_id)
            campaign = await campaigns.create(web, workspace_id=ground.workspace_id, raw=raw)
            made.append(campaign.id)
            await control.launch(web, workspace_id=ground.workspace_id, campaign_id=campaign.id)
            await control.pause(web, workspace_id=ground.workspace_id, campaign_id=campaign.id)
            await targets.enroll(engine, campaign_id=campaign.id)
    with psycopg.connect(
        ground.conninfo, options="-c search_path=campana", autocommit=True
    ) as conn:
        conn.execute("vacuum (analyze) targets, due, attempts, attempt_events, events")
        conn.execute("checkpoint")
    return made


def document(name: str, list_id: str, channel_id: str) -> dict[str, Any]:
    """A campaign of text messages, with hours that have to be looked at."""
    return {
        "name": name,
        "type": "VoiceBot",
        "channelType": "SMS",
        "contactList": list_id,
        "channel": channel_id,
        "voiceBot": {
            "greeting": "Hello {{ contact.first_name }}, your parcel comes today.",
            "steps": [{"type": "end", "id": "end", "text": "Goodbye."}],
        },
        "window": dict.fromkeys(_DAYS, _FULL_DAY),
    }


async def begin(ground: Ground, campaign_ids: Sequence[str]) -> datetime:
    """Let them run; returns when they were told to."""
    async with _opened(ground.settings, ground.conninfo, role=Role.WEB) as web:
        began = web.clock.now()
        for campaign_id in campaign_ids:
            await control.resume(web, workspace_id=ground.workspace_id, campaign_id=campaign_id)
    return began


async def wait_over(conninfo: str, campaign_ids: Sequence[str], *, seconds: float) -> None:
    """Return when nobody of these campaigns waits or is being contacted.

    Raises:
        SystemExit: it takes longer than that.
    """
    query = (
        "select exists (select from due where campaign_id = any(%(ids)s)) or exists (select from"
        " attempts where campaign_id = any(%(ids)s) and state not in ('ended', 'unknown'))"
    )
    deadline = asyncio.get_running_loop().time() + seconds
    options = "-c search_path=campana"
    async with await psycopg.AsyncConnection.connect(
        conninfo, options=options, autocommit=True
    ) as conn:
        while True:
            row = await (await conn.execute(query, {"ids": list(campaign_ids)})).fetchone()
            if row and not row[0]:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise SystemExit(f"the campaigns are not over after {seconds:.0f} s")
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _opened(
    settings: Settings, conninfo: str, *, role: Role = Role.ENGINE
) -> AsyncGenerator[Context]:
    """A context that knows the carrier that does nothing, too."""
    async with bootstrap.opened(settings, conninfo, role=role, max_connections=2) as context:
        yield replace(context, carriers={**context.carriers, KIND.kind: KIND})
