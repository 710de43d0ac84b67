"""What the claim asks of suppressions, consents and attempts is answered by an index, each time."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import AsyncClientCursor

from campana.services.context import Context
from campana.store.due import BEGINNING
from campana.store.sql import load
from tests.support.database import NOW

pytestmark = pytest.mark.new_database

CLAIM = {
    "channel_id": "chan_1",
    "campaign_id": "camp_1",
    "window_key": "America/New_York",
    "priority": 1,
    "channel_type": "Voice",
    "requires_consent": True,
    "pads": bytes(128),
    "limit": 100,
    "after_due_at": BEGINNING.due_at,
    "after_target": BEGINNING.target_id,
    "now": NOW,
}
CAPS = {
    "workspace_id": 1,
    "target_ids": [1],
    "contact_ids": [1],
    "addresses": ["+12125550101"],
    "per_contact": [True, False],
    "attempts": [1, 2],
    "days": [1, 30],
    "now": NOW,
}
DEFER = {"target_ids": [1], "untils": [NOW], "whys": ["caps"], "now": NOW}
ERASED = {
    "workspace_id": 1,
    "addresses": ["+12125550101"],
    "pads": bytes(128),
    "since": NOW,
    "now": NOW,
}
UNSENT = {"workspace_id": 1, "address": "+12125550101"}


@pytest.mark.parametrize(
    ("noun", "name", "values", "indexes"),
    [
        (
            "due",
            "claim",
            CLAIM,
            {
                "due_in_order",
                "suppressions_by_address",
                "consents_by_address",
                "attempts_open_address",
            },
        ),
        ("erasures", "erased_now", ERASED, {"erased_addresses_pkey"}),
        ("erasures", "erased_since", ERASED, {"erased_addresses_pkey"}),
        ("caps", "reached", CAPS, {"attempts_by_address", "targets_of_contact"}),
        ("due", "defer", DEFER, {"target_decisions_latest"}),
        ("attempts", "newest_unsent_to", UNSENT, {"attempts_by_address"}),
    ],
)
async def test_an_index_answers(
    engine_context: Context, noun: str, name: str, values: dict[str, Any], indexes: set[str]
) -> None:
    """A table scan is made dear, so that it is chosen only where no index serves."""
    async with engine_context.db.transaction() as tx:
        await tx.execute("set local enable_seqscan = off")
        await tx.execute("set local enable_bitmapscan = off")
        cursor = AsyncClientCursor(tx)
        await cursor.execute("explain (costs off) " + load(noun)[name], values)
        plan = "\n".join(str(row[0]) for row in await cursor.fetchall())
    assert {index for index in indexes if f"using {index} on" not in plan} == set(), plan
    assert "Seq Scan" not in plan, plan
