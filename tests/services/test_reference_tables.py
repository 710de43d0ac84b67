"""Tables that flows look into: found at once, written as a whole, never half."""

from __future__ import annotations

import pytest

from campana.domain.errors import InvalidParameter, NotFound
from campana.services import reference_tables, sessions
from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, CARLA, person
from tests.support.database import FixedClock
from tests.support.talking import Talk, flow, talking

BRANCHES = {
    "key": "city",
    "rows": [
        {"city": "Bogot\u00e1", "area": 1, "phone": "+12025550123"},
        {"city": "New  York", "area": 2, "phone": "+12025550124"},
    ],
}
AREAS = {"key": "number", "rows": [{"number": 1, "name": "south"}, {"number": 2, "name": "north"}]}
NODES = {
    "a": {
        "type": "lookup",
        "table": "branches",
        "key": "{{ contact.city }}",
        "saveAs": "branch",
        "next": "area",
        "onMissing": "sorry",
    },
    "area": {
        "type": "lookup",
        "table": "areas",
        "key": "{{ vars.branch.area }}",
        "saveAs": "area",
        "next": "tell",
        "onMissing": "sorry",
    },
    "tell": {
        "type": "send_message",
        "text": "Call {{ vars.branch.phone }} in the {{ vars.area.name }}.",
        "next": "end",
    },
    "sorry": {"type": "send_message", "text": "Where are you?", "next": "end"},
    "end": {"type": "end", "status": "told"},
}


async def talk_of(engine: Context, web: Context, clock: FixedClock, workspace_id: int) -> Talk:
    """Ana is in Bogota, Bruno in New York, Carla nowhere that is known."""
    for name, raw in (("branches", BRANCHES), ("areas", AREAS)):
        await reference_tables.put(web, workspace_id=workspace_id, name=name, raw=raw)
    cities = ((ANA, "BOGOT\u00c1 "), (BRUNO, "new york"), (CARLA, "Oz"))
    return await talking(
        engine,
        web,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(NODES, contact={"city": "text"}),
        people=[person(phone, attributes={"city": city}) for phone, city in cities],
    )


async def test_a_flow_goes_on_with_the_row_at_once(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    talk = await talk_of(engine_context, context, clock, workspace_id)
    assert sorted(await talk.send()) == [
        "Call +12025550123 in the south.",
        "Call +12025550124 in the north.",
        "Where are you?",
    ]
    assert await talk.targets() == [("finished", "completed")] * 3
    # What was found is among what the sessions were told: they can be played again.
    await reference_tables.delete(context, workspace_id=workspace_id, name="branches")
    async with engine_context.db.read() as tx:
        for (session_id,) in await talk.scene.rows("select id from flow_sessions"):
            assert (await sessions.replayed(tx, session_id=session_id))[-1].session.outcome


async def test_a_table_that_is_gone_is_as_one_without_the_row(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    talk = await talk_of(engine_context, context, clock, workspace_id)
    await reference_tables.delete(context, workspace_id=workspace_id, name="areas")
    assert set(await talk.send()) == {"Where are you?"}


async def test_a_wrong_row_writes_nothing_and_each_is_named(
    context: Context, workspace_id: int
) -> None:
    await reference_tables.put(context, workspace_id=workspace_id, name="areas", raw=AREAS)
    rows = [{"number": 3}, {"name": "nowhere"}, {"number": 3.0, "name": "again"}]
    with pytest.raises(InvalidParameter) as refused:
        await reference_tables.put(
            context, workspace_id=workspace_id, name="areas", raw={"key": "number", "rows": rows}
        )
    assert [(each.pointer, each.message) for each in refused.value.problems] == [
        ("/rows/1/number", "is what finds the row: it must not be empty"),
        ("/rows/2/number", "is that of row 0 too"),
    ]
    kept = await reference_tables.get(context, workspace_id=workspace_id, name="areas")
    assert kept.row_count == 2
    with pytest.raises(NotFound):
        await reference_tables.row(context, workspace_id=workspace_id, name="areas", key="3")
