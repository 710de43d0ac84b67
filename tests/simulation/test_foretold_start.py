"""What preflight says of the beginning of a run: what has expired by then, what is left of the
day."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campana.domain.clock import wire
from campana.services import (
    campaigns,
    consents,
    control,
    outlook,
    policy,
    prices,
    suppressions,
    targets,
)
from campana.services.outlook import Outlook
from campana.simulation import document, play, virtual_time
from campana.simulation.document import Scenario
from campana.simulation.world import World, world
from campana.store import checks, moments
from campana.store.throwaway import throwaway
from tests.simulation.ground import campaign
from tests.simulation.test_foretold import HOURS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ONCE = {"cadence": {"maxAttempts": 1}, "window": HOURS, "contacts": {"count": 24}}
LATER, BEFORE_THAT = timedelta(hours=5), timedelta(hours=3)


def test_what_expires_before_the_first_turn_is_judged_as_of_that(
    server: str, template: str
) -> None:
    """Eight are suppressed until then, eight more agreed until then; two hours are still closed."""

    async def prepare(made: World, workspace_id: int, people: Sequence[str]) -> dict[str, Any]:
        until = made.now() + BEFORE_THAT
        for number, address in enumerate(people):
            if number < 8:
                await suppressions.add(
                    made.web,
                    workspace_id=workspace_id,
                    address=address,
                    reason="on holiday",
                    expires_at=until,
                )
            await consents.add(
                made.web,
                workspace_id=workspace_id,
                address=address,
                is_granted=True,
                source="form",
                wording="Call me.",
                expires_at=until if 8 <= number < 16 else None,
            )
        return {"startDate": wire(made.now() + LATER), "requireConsent": True}

    scenario = document.read(campaign(**ONCE), seed=1)
    foretold, hours, skipped = _run(server, template, scenario, prepare)
    assert skipped == foretold.skipped == {"no_consent": 8}
    assert sum(hours.values()) == foretold.eligible == 16
    assert hours == _planned(foretold)


def test_what_is_left_of_the_channels_day_is_all_that_goes_out_on_it(
    server: str, template: str
) -> None:
    """Another campaign has used some of the day; what is planned by the hour is what goes out."""

    async def prepare(made: World, _: int, __: Sequence[str]) -> dict[str, Any]:
        earlier = made.begin("an earlier worker")
        while len(made.provider.sent) < 10:  # noqa: ASYNC110 - virtual time, which only sleep moves
            await asyncio.sleep(10)
        await earlier.stop()
        return {}

    limits = {"channel": {"dailyAttempts": 30, "rate": 1, "lines": 5}}
    scenario = document.read(campaign(simulation=limits, **ONCE), seed=1)
    foretold, hours, _ = _run(server, template, scenario, prepare)
    assert len({hour.date() for hour in hours}) == 2
    assert hours == _planned(foretold)


def test_the_wait_of_a_canary_passes_into_the_closed_hours(server: str, template: str) -> None:
    """Twelve of 24 go first, at one a minute; ten hours after the last of them it is night."""

    async def prepare(_: World, __: int, ___: Sequence[str]) -> dict[str, Any]:
        return {"canary": {"percent": 50, "waitSeconds": 10 * 3600, "maxFailureRate": None}}

    pace = {"channel": {"rate": 0.016, "lines": 9}, "carrier": {"mix": {"SMS": {"delivered": 1}}}}
    written = {**ONCE, "channelType": "SMS", "simulation": pace}
    written["contacts"] = {"count": 24, "zones": {"America/New_York": 1}}
    scenario = document.read(campaign(**written), seed=1)
    foretold, hours, _ = _run(server, template, scenario, prepare)
    assert len({hour.date() for hour in hours}) == 2
    assert hours == _planned(foretold)


def test_whom_a_spent_day_keeps_waiting_goes_when_the_next_begins(
    server: str, template: str
) -> None:
    """Another campaign has spent 0.05 of 0.16; in Tokyo the next day begins at 15:00 UTC, when New
    York has been open for two hours and Los Angeles will be in one."""

    async def prepare(made: World, workspace_id: int, _: Sequence[str]) -> dict[str, Any]:
        table = prices.read(["channelType,prefix,per,amount", "SMS,US,message,0.01"])
        await prices.replace(made.engine, workspace_id=workspace_id, entries=table)
        limits = {"dailySpendLimit": 0.16, "timeZone": "Asia/Tokyo"}
        await policy.replace(made.engine, workspace_id=workspace_id, raw=limits)
        earlier = made.begin("an earlier worker")
        while len(made.provider.sent) < 5:  # noqa: ASYNC110 - virtual time, which only sleep moves
            await asyncio.sleep(10)
        await earlier.stop()
        return {}

    pace = {"channel": {"rate": 0.0075, "lines": 9}, "carrier": {"mix": {"SMS": {"delivered": 1}}}}
    written = {**ONCE, "contacts": {"count": 30}, "channelType": "SMS", "simulation": pace}
    scenario = document.read(campaign(**written), seed=1)
    foretold, hours, _ = _run(server, template, scenario, prepare)
    begins = scenario.starts.replace(hour=0)
    after = {(hour - begins) // timedelta(hours=1): people for hour, people in hours.items()}
    assert after == {13: 11, 15: 4, 16: 12, 24 + 16: 3}
    assert hours == _planned(foretold)


def _planned(foretold: Outlook) -> Counter[datetime]:
    assert foretold.forecast is not None
    planned = Counter[datetime]()
    for each in foretold.forecast.planned:
        planned[each.hour] += each.attempts
    return planned


def _run(
    server: str, template: str, scenario: Scenario, prepare: Any
) -> tuple[Outlook, Counter[datetime], dict[str, int]]:
    """Preflight; how many were sent by the hour; who was skipped."""
    with throwaway(server, template=template) as conninfo, tempfile.TemporaryDirectory() as folder:
        return virtual_time.run(_played(conninfo, scenario, Path(folder), prepare))


async def _played(
    conninfo: str, scenario: Scenario, folder: Path, prepare: Any
) -> tuple[Outlook, Counter[datetime], dict[str, int]]:
    async with world(
        conninfo, seed=1, starts=scenario.starts, plan=scenario.plan, folder=folder
    ) as made:
        stage = await play.set_up(made, scenario)
        async with made.engine.db.read() as tx:
            people = sorted({each.address or "" for each in await checks.targets(tx)})
        changes = await prepare(made, stage.workspace_id, people)
        await control.cancel(
            made.web, workspace_id=stage.workspace_id, campaign_id=stage.campaign_id
        )
        where = {"contactList": stage.list_id, "channel": stage.channel_id}
        created = await campaigns.create(
            made.web,
            workspace_id=stage.workspace_id,
            raw={**scenario.campaign, **where, "caps": [], **changes},
        )
        names = {"workspace_id": stage.workspace_id, "campaign_id": created.id}
        foretold = await outlook.look_ahead(made.web, **names)
        await control.launch(made.web, **names)
        await targets.enroll(made.engine, campaign_id=created.id)
        worker = made.begin("worker")
        await play.until_over(made, ends=made.now() + timedelta(days=60))
        await worker.stop()
        play.raise_failure(worker)
        async with made.engine.db.read() as tx:
            attempts = await checks.attempts(tx)
            reasons = await moments.reasons(tx, campaign_id=created.id)
        ids = {each.id for each in attempts if each.campaign_id == created.id}
        sent = [each.left_at for each in made.provider.sent if each.attempt_id in ids]
        hours = Counter(each.replace(minute=0, second=0, microsecond=0) for each in sent)
        return foretold, hours, {e.reason: e.people for e in reasons if e.kind == "skipped"}
