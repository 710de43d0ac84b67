"""What holds for every campaign of a workspace, as written (`queries/policies.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("policies")


async def get(tx: Tx, *, workspace_id: int) -> Mapping[str, Any]:
    row = await (await tx.execute(_SQL["get"], {"workspace_id": workspace_id})).fetchone()
    return row[0] if row else {}


async def set_document(tx: Tx, *, workspace_id: int, document: Mapping[str, Any]) -> None:
    await tx.execute(_SQL["set"], {"workspace_id": workspace_id, "document": Jsonb(dict(document))})
