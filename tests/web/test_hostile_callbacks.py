"""Signed nonsense: whoever reports at the same moment notices nothing of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from campana.domain.ids import attempt_text
from campana.services import inbound, reports
from campana.services.context import Context
from campana.store.channels import Channel
from tests.services.test_reports import sent
from tests.support.campaign import ANA, BRUNO, add_channel, launched, person
from tests.support.sandbox import SECRET
from tests.web.test_callbacks import TOLD, tell

SAID = {"inbound": "in-1", "from": ANA, "text": "Yes", "at": "2026-03-10T14:59:58Z"}
TOO_EARLY, TOO_LATE = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"


@pytest.fixture
async def channel(context: Context, workspace_id: int) -> Channel:
    config = {"url": "http://127.0.0.1:9", "secret": SECRET}
    return await add_channel(context, workspace_id=workspace_id, kind="sandbox", config=config)


@pytest.mark.parametrize(
    ("nonsense", "is_applied"),
    [
        ({"outcome": "busy", "id": "2\0"}, True),
        ({"outcome": "bu\0sy"}, True),
        ({"does": ["1\0"]}, True),
        ({"at": TOO_EARLY}, False),
        ({"at": TOO_LATE}, False),
        ({"answeredAt": TOO_EARLY}, False),
        ({"answeredAt": TOO_LATE}, False),
        ({"callbackAt": TOO_EARLY}, False),
        ({"callbackAt": TOO_LATE}, False),
        ({**SAID, "from": "\0", "inbound": "\0", "text": "\0", "choice": "\0" * 2000}, True),
        ({**SAID, "at": TOO_EARLY}, False),
        ({**SAID, "at": TOO_LATE}, False),
    ],
    ids=repr,
)
async def test_it_is_taken_with_its_neighbors(
    nonsense: Mapping[str, Any],
    is_applied: bool,
    anonymous: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    channel: Channel,
    workspace_id: int,
) -> None:
    people = [person(ANA), person(BRUNO)]
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=people, channel=channel
    )
    one, other = map(attempt_text, await sent(scene))
    is_said = "inbound" in nonsense
    bodies = [json.dumps({**TOLD, "attempt": one, "id": str(n)}).encode() for n in range(6)]
    bodies.insert(
        3, json.dumps([nonsense] if is_said else {**TOLD, "attempt": other, **nonsense}).encode()
    )
    # Those that come during the first one's commit share the next, with the nonsense among them.
    answers = await asyncio.gather(*(tell(anonymous, channel, body) for body in bodies))
    assert {each.status_code for each in answers} == {204}
    assert await reports.apply_kept(engine_context) == 6 + (is_applied and not is_said)
    assert await inbound.apply_kept(engine_context) == (is_applied and is_said)
    ended = await scene.rows("select count(*) from attempts where state = 'ended'")
    assert ended == [(1 + (is_applied and not is_said),)]
