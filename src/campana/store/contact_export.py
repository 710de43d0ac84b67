"""All that is known of a person, as JSON (`queries/contact_export.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("contact_export")

SECTIONS = ("campaigns", "attempts", "decisions", "consents", "suppressions", "messages", "imports")
"""The parts of an export in their order; each is the query of its name."""


async def sections(
    tx: Tx, *, workspace_id: int, contact_ids: Sequence[int], addresses: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Every section of a person with these contacts and addresses."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in SECTIONS:
        cursor = await tx.execute(
            _SQL[name],
            {
                "workspace_id": workspace_id,
                "contact_ids": list(contact_ids),
                "addresses": list(addresses),
            },
        )
        row = await cursor.fetchone()
        found[name] = row[0] if row else []
    return found
