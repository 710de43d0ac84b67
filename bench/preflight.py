"""How long preflight takes for a list of many people, with everything the gate asks about on.

    python bench/preflight.py [--people 100000] [--rounds 5]

A list of made-up people: numbers reserved for fiction, five time zones, one in fifty suppressed,
four of five agreed. Three of four were called in the last week by another campaign, a third of
those three times, so that caps keep some away. Asked are drafts that add one thing after another,
each over a new connection and then once more over the same.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, LiteralString

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg

from bench.dispatch.ground import AREAS
from campana import bootstrap
from campana.services import accounts, campaigns, channels, lists, outlook
from campana.services.context import Context
from campana.settings import Settings
from campana.store import migrations
from campana.store.db import Role
from campana.store.embedded import attach, discard

_FRENCH = ("+33199", "+33261", "+33353", "+33465", "+33536", "+33639")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CAPS = [
    {"per": "contact", "attempts": 3, "days": 7},
    {"per": "number", "attempts": 2, "days": 3},
]
_BOT = {
    "greeting": "Hello {{ contact.first_name }}, your parcel comes today.",
    "steps": [{"type": "end", "id": "end", "text": "Goodbye."}],
}

_PEOPLE: LiteralString = """
with people as (
  select n, (%(numbers)s::text[])[n] as address,
    case when n <= %(american)s then (%(zones)s::text[])[1 + n %% 4] else 'Europe/Paris' end
      as zone,
    case when n <= %(american)s then 'US' else 'FR' end as country
  from generate_series(1, %(people)s) n),
made as (
  insert into contacts (workspace_id, list_id, external_id, first_name, last_name, zones,
    created_at, updated_at)
  select %(workspace_id)s, %(list_id)s, n::text, 'Person', n::text, array[zone], %(now)s, %(now)s
  from people returning id, external_id)
insert into contact_addresses (contact_id, position, workspace_id, list_id, kind, value, country)
select made.id, 0, %(workspace_id)s, %(list_id)s, 'phone', people.address, people.country
from made join people on people.n::text = made.external_id
"""

_SAID: LiteralString = """
with agreed as (
  insert into consents (id, workspace_id, address, is_granted, source, wording, said_at, created_at)
  select 'cns_' || contact_id, workspace_id, value, true, 'form', 'Call me.', %(now)s, %(now)s
  from contact_addresses where list_id = %(list_id)s and contact_id %% 5 > 0)
insert into suppressions (id, workspace_id, address, scope, reason, source, created_at)
select 'sup_' || contact_id, workspace_id, value, 'workspace', 'asked', 'test', %(now)s
from contact_addresses where list_id = %(list_id)s and contact_id %% 50 = 0
"""

_PAST: LiteralString = """
with called as (
  insert into targets (workspace_id, campaign_id, contact_id, address, state, disposition,
    attempt_count, created_at, finished_at)
  select c.workspace_id, %(campaign_id)s, c.id, a.value, 'finished', 'no_answer',
    case when c.id %% 4 = 1 then 3 else 1 end, %(now)s, %(now)s
  from contacts c join contact_addresses a on a.contact_id = c.id
  where c.list_id = %(list_id)s and c.id %% 4 > 0
  returning *)
insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address,
  state, disposition, owner_id, created_at, ended_at)
select gen_random_uuid(), workspace_id, campaign_id, id, %(channel_id)s, no, address, 'ended',
  'no_answer', 0, %(now)s - no * interval '1 day' - id %% 86400 * interval '1 second', %(now)s
from called cross join lateral generate_series(1, attempt_count) no
"""


def numbers(people: int) -> tuple[list[str], int]:
    """So many numbers of nobody's, and how many of them are American."""
    american = [f"+1{area}55501{n:02}" for area in AREAS for n in range(100)]
    french = [f"{prefix}{n:06}" for prefix in _FRENCH for n in range(10_000)]
    found = [*american, *french][:people]
    if len(found) < people:
        raise SystemExit(f"there are {len(found)} numbers reserved for fiction")
    return found, min(people, len(american))


async def lay(conninfo: str, settings: Settings, people: int) -> tuple[int, dict[str, str]]:
    """The workspace, and a draft for each thing that is asked; by what it adds."""
    async with bootstrap.opened(settings, conninfo, role=Role.ENGINE) as engine:
        home = await accounts.ensure_workspace(engine, bootstrap.DEFAULT_WORKSPACE)
        await accounts.allow_countries(
            engine, workspace_id=home.workspace_id, countries=["US", "FR"], default="US"
        )
        now = engine.clock.now()
    workspace_id = home.workspace_id
    async with bootstrap.opened(settings, conninfo, role=Role.WEB) as web:
        channel = await channels.create(
            web,
            workspace_id=workspace_id,
            raw={
                "name": "sandbox",
                "kind": "sandbox",
                "channelType": "Voice",
                "config": {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
                "rate": 50,
                "lines": 500,
            },
        )
        found = await lists.create(
            web, workspace_id=workspace_id, name="everybody", default_country="US"
        )
        written = {
            "type": "VoiceBot",
            "channelType": "Voice",
            "contactList": found.id,
            "channel": channel.id,
            "voiceBot": _BOT,
            "window": {day: [{"from": "09:00", "to": "20:00"}] for day in _DAYS},
        }
        drafts = {
            "plain": written,
            "caps": {**written, "caps": _CAPS},
            "caps and consent": {**written, "caps": _CAPS, "requireConsent": True},
        }
        made = {
            name: (
                await campaigns.create(
                    web, workspace_id=workspace_id, raw={**document, "name": name}
                )
            ).id
            for name, document in drafts.items()
        }
        before = await campaigns.create(
            web, workspace_id=workspace_id, raw={**written, "name": "before"}
        )
    addresses, american = numbers(people)
    values = {
        "numbers": addresses,
        "american": american,
        "people": people,
        "zones": ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"],
        "workspace_id": workspace_id,
        "list_id": found.id,
        "channel_id": channel.id,
        "campaign_id": before.id,
        "now": now,
    }
    with psycopg.connect(conninfo, options="-c search_path=campana", autocommit=True) as conn:
        for statement in (_PEOPLE, _SAID, _PAST):
            conn.execute(statement, values)
        conn.execute("vacuum (analyze)")
    return workspace_id, made


async def ask(context: Context, workspace_id: int, campaign_id: str) -> tuple[float, Any]:
    """Seconds, and what it said."""
    began = time.perf_counter()
    said = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)
    return time.perf_counter() - began, said


async def measure(conninfo: str, folder: Path, *, people: int, rounds: int) -> None:
    """Lay the ground and ask, in turns."""
    settings = Settings(data_dir=folder)
    workspace_id, drafts = await lay(conninfo, settings, people)
    first: dict[str, list[float]] = {name: [] for name in drafts}
    again: dict[str, list[float]] = {name: [] for name in drafts}
    told: dict[str, str] = {}
    for _ in range(rounds):
        for name, campaign_id in drafts.items():
            async with bootstrap.opened(settings, conninfo, role=Role.WEB) as web:
                seconds, said = await ask(web, workspace_id, campaign_id)
                first[name].append(seconds)
                again[name].append((await ask(web, workspace_id, campaign_id))[0])
            left_out = ", ".join(f"{n:,} {why}" for why, n in sorted(said.skipped.items()))
            told[name] = f"{said.eligible:,} of {said.people:,} ({left_out})"
    for name in drafts:
        print(
            f"{name:17} {_spread(first[name])} s at first, {_spread(again[name])} s again;"
            f" {told[name]}"
        )


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="campana-bench-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        embedded = attach(place / "data")
        try:
            migrations.migrate(embedded.conninfo)
            asyncio.run(
                measure(embedded.conninfo, place, people=arguments.people, rounds=arguments.rounds)
            )
        finally:
            embedded.close()
            discard(place / "data")


if __name__ == "__main__":
    main()
