"""Whose turn it is on which channel: by weight among a thousand, and at a cost that stays flat."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, cast

import psycopg
import pytest

from campana.engine import choosing
from campana.engine.choosing import Choosing
from campana.services import dispatch, granting
from campana.services.context import Context
from campana.store.due import Group
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.database import FixedClock
from tests.support.people import reserved_numbers

CAMPAIGNS, HEAVY, TIMES = 1000, 100, 3
"""So many campaigns; of them so many have so many times the weight of the others."""
SHARES = CAMPAIGNS - HEAVY + HEAVY * TIMES

_CLONE = """
with made as (
  insert into campaigns (id, workspace_id, name, type, channel_type, state, created_at, updated_at,
    launched_at, list_id, channel_id, document)
  select c.id || '_' || n, workspace_id, name || n, type, channel_type, state, created_at,
    updated_at, launched_at, list_id, channel_id,
    jsonb_set(document, '{weight}', to_jsonb(case when n <= %(heavy)s then %(times)s else 1 end))
  from campaigns c, generate_series(1, %(campaigns)s) n where c.id = %(id)s
  returning id),
peopled as (
  insert into targets (workspace_id, campaign_id, contact_id, address, state, created_at)
  select t.workspace_id, made.id, t.contact_id, t.address, t.state, t.created_at
  from targets t, made where t.campaign_id = %(id)s
  returning id, workspace_id, campaign_id),
opened as (
  insert into open_windows (campaign_id, window_key, workspace_id, open_until)
  select made.id, w.window_key, w.workspace_id, w.open_until
  from open_windows w, made where w.campaign_id = %(id)s)
insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
select p.id, p.workspace_id, p.campaign_id, d.window_key, d.priority, d.due_at
from peopled p, (select * from due where campaign_id = %(id)s limit 1) d
"""


async def thousand(engine: Context, web: Context, conninfo: str, *, people: int) -> Scene:
    """A campaign and a thousand like it, which alone are left to run."""
    channel = await add_channel(web, workspace_id=1, rate=1000.0, burst=1, lines=1000)
    scene = await launched(
        engine,
        web,
        workspace_id=1,
        channel=channel,
        people=[
            person(number, zones=("America/New_York",)) for number in reserved_numbers()[:people]
        ],
        window={"always": True},
    )
    with psycopg.connect(conninfo, options="-c search_path=campana", autocommit=True) as conn:
        values = {"id": scene.campaign_id, "heavy": HEAVY, "times": TIMES, "campaigns": CAMPAIGNS}
        conn.execute(cast("Any", _CLONE), values)
        conn.execute("update campaigns set state = 'paused' where id = %s", (scene.campaign_id,))
        conn.execute("analyze campaigns, due, open_windows, targets")
    return scene


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(
    ("sends", "workers"), [(SHARES, 1), pytest.param(20 * SHARES, 4, marks=pytest.mark.long)]
)
async def test_of_a_thousand_campaigns_none_starves_and_each_has_the_share_of_its_weight(
    sends: int,
    workers: int,
    engine_context: Context,
    context: Context,
    conninfo: str,
    clock: FixedClock,
) -> None:
    """The real choosing, grants and claims. What was claimed is over at once."""
    scene = await thousand(engine_context, context, conninfo, people=2 + TIMES * sends // SHARES)
    channel_id = scene.channel.id
    sides = [Choosing(engine_context, salt=n) for n in range(workers)]
    served: Counter[str] = Counter()
    with psycopg.connect(conninfo, options="-c search_path=campana", autocommit=True) as conn:
        for n in range(sends):
            worker = n % workers
            clock.forward(seconds=0.0011)
            await sides[worker].look([channel_id])
            assert await granting.grant(
                engine_context, channel_id=channel_id, owner_id=worker + 1, wanted=1
            )
            group = sides[worker].next(channel_id)
            assert group is not None
            claimed = await dispatch.claim(
                engine_context, group=group, channel_type="Voice", owner_id=worker + 1, limit=1
            )
            sides[worker].had(group, sends=len(claimed))
            served[group.campaign_id] += len(claimed)
            conn.execute("delete from attempts where id = %s", (claimed[0].attempt_id,))
    assert sum(served.values()) == sends
    for campaign in range(1, CAMPAIGNS + 1):
        fair = sends / SHARES * (TIMES if campaign <= HEAVY else 1)
        had = served[f"{scene.campaign_id}_{campaign}"]
        # A turn apart with one worker; with several their phases are spread.
        assert abs(had - fair) <= max(1.0, 0.05 * fair), f"campaign {campaign}: {had} of {fair}"


class _Looks:
    """Stands in for the database: counts looks, each of which takes a while."""

    def __init__(self, groups: list[Group], *, seconds: float) -> None:
        self.groups, self.seconds = groups, seconds
        self.looks: list[list[str]] = []
        self.time = 1000.0

    def monotonic(self) -> float:
        return self.time

    async def ready(self, _: Context, *, channel_ids: list[str], **_marks: object) -> list[Group]:
        self.looks.append(channel_ids)
        self.time += self.seconds
        return [group for group in self.groups if group.channel_id in channel_ids]


def group(campaign: str, channel: str = "chan", **changes: Any) -> Group:
    return replace(Group(campaign, "New_York", 1, channel, 1), **changes)


def looking(monkeypatch: pytest.MonkeyPatch, *groups: Group, seconds: float = 0.1) -> _Looks:
    looks = _Looks(list(groups), seconds=seconds)
    monkeypatch.setattr(choosing.dispatch, "ready", looks.ready)
    return looks


async def test_a_look_is_used_for_twenty_times_as_long_as_it_took(
    engine_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = looking(monkeypatch, group("one"), group("other"))
    chooser = Choosing(replace(engine_context, monotonic=looks.monotonic))
    for _ in range(40):
        await chooser.look(["chan"])
        chosen = chooser.next("chan")
        assert chosen is not None
        chooser.had(chosen, sends=1)
        looks.time += 0.1
    # Four seconds of work and what the looks took themselves.
    assert len(looks.looks) == 2


async def test_where_nobody_waits_a_look_that_took_long_is_used_for_a_second(
    engine_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = looking(monkeypatch, seconds=0.3)
    chooser = Choosing(replace(engine_context, monotonic=looks.monotonic))
    await chooser.look(["chan"])
    looks.time += 0.9
    await chooser.look(["chan"])
    assert len(looks.looks) == 1
    # Whoever served the channel meanwhile may be gone.
    looks.groups.append(group("one"))
    looks.time += 0.1
    await chooser.look(["chan"])
    assert chooser.next("chan") is not None


async def test_who_stood_still_in_a_look_sees_soon_who_else_waits(
    engine_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = looking(monkeypatch, group("one"), seconds=60)
    chooser = Choosing(replace(engine_context, monotonic=looks.monotonic))
    await chooser.look(["chan"])
    looks.groups.append(group("two"))
    looks.time += 5
    await chooser.look(["chan"])
    chosen = {each.campaign_id for each in (chooser.next("chan"), chooser.next("chan")) if each}
    assert chosen == {"one", "two"}


async def test_when_all_are_served_the_next_look_is_at_once(
    engine_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = looking(monkeypatch, group("one"))
    chooser = Choosing(replace(engine_context, monotonic=looks.monotonic))
    for _ in range(3):
        await chooser.look(["chan"])
        chosen = chooser.next("chan")
        assert chosen is not None
        chooser.had(chosen, sends=0)
        assert chooser.next("chan") is None
    assert len(looks.looks) == 3


async def test_weights_hold_on_each_channel_whatever_the_pace_of_the_others(
    engine_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [group("a"), group("b"), group("c", "slow", weight=3.0), group("d", "slow")]
    looks = looking(monkeypatch, *groups)
    chooser = Choosing(replace(engine_context, monotonic=looks.monotonic))
    served: Counter[str] = Counter()
    for n in range(800):
        channel = "chan" if n % 10 else "slow"
        await chooser.look(["chan", "slow"])
        chosen = chooser.next(channel)
        assert chosen is not None
        chooser.had(chosen, sends=1)
        served[chosen.campaign_id] += 1
    assert served == {"a": 360, "b": 360, "c": 60, "d": 20}


async def test_whoever_had_a_batch_is_charged_for_all_of_it(
    engine_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = looking(monkeypatch, group("one"), group("other"))
    chooser = Choosing(replace(engine_context, monotonic=looks.monotonic))
    await chooser.look(["chan"])
    first = chooser.next("chan")
    assert first is not None
    chooser.had(first, sends=5)
    others: list[str] = []
    for _ in range(5):
        chosen = chooser.next("chan")
        assert chosen is not None
        chooser.had(chosen, sends=1)
        others.append(chosen.campaign_id)
    assert set(others) == {"one", "other"} - {first.campaign_id}


async def test_the_channel_of_the_most_urgent_is_served_first_then_whoever_waited(
    engine_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [group("a", "x"), group("b", "y"), group("c", "z", urgency=0)]
    looks = looking(monkeypatch, *groups)
    chooser = Choosing(replace(engine_context, monotonic=looks.monotonic))
    await chooser.look(["x", "y", "z"])
    assert chooser.channels(["x", "y", "z"])[0] == "z"
    served = chooser.next("x")
    assert served is not None
    chooser.had(served, sends=1)
    assert chooser.channels(["x", "y", "z"]) == ["z", "y", "x"]
