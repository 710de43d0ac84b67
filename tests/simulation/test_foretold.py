"""What preflight foretells is what a run on the simulated carrier then does, whatever holds it
up."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campana.services import campaigns, consents, control, outlook, suppressions, targets
from campana.services.outlook import Outlook
from campana.simulation import document, play, virtual_time
from campana.simulation.document import Scenario
from campana.simulation.world import World, world
from campana.store import checks, moments
from campana.store.throwaway import throwaway
from tests.simulation.ground import campaign

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = {day: [{"from": "09:00", "to": "17:00"}] for day in WEEK}
A_DAY = [{"per": "contact", "attempts": 1, "days": 2}]
AT_NINE = timedelta(minutes=2)
"""From the opening of a window to the first who is contacted, at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was foretold, and what it came to."""

    foretold: Outlook
    skipped: Mapping[str, int]
    contacted: int
    sends: Sequence[datetime]
    over_at: datetime


def run(server: str, template: str, *, before: bool, beside: bool, **changes: Any) -> Run:
    """Preflight and run of a campaign to people who were tried by another one `before`, or who are
    being tried by one `beside` it."""
    raw = campaign(window=HOURS, contacts={"count": 24}, **changes)
    scenario = document.read(raw, seed=1)
    with throwaway(server, template=template) as conninfo, tempfile.TemporaryDirectory() as folder:
        return virtual_time.run(
            _run(conninfo, scenario, Path(folder), is_before=before, is_beside=beside)
        )


async def _run(
    conninfo: str, scenario: Scenario, folder: Path, *, is_before: bool, is_beside: bool
) -> Run:
    async with world(
        conninfo, seed=1, starts=scenario.starts, plan=scenario.plan, folder=folder
    ) as made:
        stage = await play.set_up(made, scenario)
        if is_before:
            earlier = made.begin("an earlier worker")
            await play.until_over(made, ends=scenario.ends)
            await earlier.stop()
        elif not is_beside:
            await control.cancel(
                made.web, workspace_id=stage.workspace_id, campaign_id=stage.campaign_id
            )
        await _answers(made, stage.workspace_id)
        limits = {"requireConsent": True, "caps": A_DAY if is_before else scenario.campaign["caps"]}
        created = await campaigns.create(
            made.web,
            workspace_id=stage.workspace_id,
            raw={
                **scenario.campaign,
                **limits,
                "contactList": stage.list_id,
                "channel": stage.channel_id,
            },
        )
        names = {"workspace_id": stage.workspace_id, "campaign_id": created.id}
        foretold = await outlook.look_ahead(made.web, **names)
        assert foretold.problems == []
        await control.launch(made.web, **names)
        await targets.enroll(made.engine, campaign_id=created.id)
        worker = made.begin("worker")
        await play.until_over(made, ends=made.now() + timedelta(days=60))
        await worker.stop()
        play.raise_failure(worker)
        return await _came_to(made, created.id, foretold)


async def _answers(made: World, workspace_id: int) -> None:
    """A third is not to be contacted, or did not agree to it."""
    async with made.engine.db.read() as tx:
        people = sorted({each.address or "" for each in await checks.targets(tx)})
    for number, address in enumerate(people):
        if number % 6 == 0:
            await suppressions.add(
                made.web, workspace_id=workspace_id, address=address, reason="asked"
            )
        if number % 6 != 1:
            await consents.add(
                made.web,
                workspace_id=workspace_id,
                address=address,
                is_granted=True,
                source="form",
                wording="Call me.",
            )


async def _came_to(made: World, campaign_id: str, foretold: Outlook) -> Run:
    async with made.engine.db.read() as tx:
        attempts = [a for a in await checks.attempts(tx) if a.campaign_id == campaign_id]
        reasons = await moments.reasons(tx, campaign_id=campaign_id)
        assert await moments.is_finished(tx)
    ids = {each.id for each in attempts}
    return Run(
        foretold=foretold,
        skipped={each.reason: each.people for each in reasons if each.kind == "skipped"},
        contacted=len({each.target_id for each in attempts}),
        sends=sorted(each.left_at for each in made.provider.sent if each.attempt_id in ids),
        over_at=max(each.ended_at for each in attempts if each.ended_at is not None),
    )


@pytest.mark.parametrize(
    ("before", "beside", "changes"),
    [
        (True, False, {}),
        (False, False, {"caps": [{"per": "number", "attempts": 1, "days": 1}]}),
        (False, True, {"priority": "normal", "simulation": {"channel": {"rate": 0.02}}}),
        (False, False, {"simulation": {"channel": {"dailyAttempts": 14}}}),
    ],
    ids=["others tried them before", "caps", "another campaign", "quota"],
)
def test_the_run_is_what_was_foretold(
    server: str, template: str, before: bool, beside: bool, changes: dict[str, Any]
) -> None:
    changes = {"caps": [], **changes}
    found = run(server, template, before=before, beside=beside, **changes)
    foretold, forecast = found.foretold, found.foretold.forecast
    assert forecast is not None
    assert foretold.latest is not None
    assert forecast.first_at is not None
    assert forecast.last_at is not None
    assert found.skipped == foretold.skipped
    assert found.contacted == foretold.eligible == 16
    # While another one is served first, nobody can say when the first turn comes.
    assert found.sends[0] >= forecast.first_at
    if not beside:
        assert found.sends[0] <= forecast.first_at + AT_NINE
    assert forecast.last_at - timedelta(minutes=1) <= found.over_at <= foretold.latest
