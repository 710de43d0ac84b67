"""Published versions, compiled once a process.

Their content never changes, so its hash names it, whatever database it came from.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from campana.services import flow_engine
from campana.store import flows, versioned
from campana.store.db import Tx

if TYPE_CHECKING:
    from campana.flow.definition import Flow

_MOST = 200
"""Compiled definitions a process keeps; the one used longest ago goes first."""

_compiled: OrderedDict[str, Flow] = OrderedDict()


async def pinned(tx: Tx, *, flow_id: str, version: int, content_hash: str | None = None) -> Flow:
    """A published version, ready to run. With its hash known, most often nothing is read.

    Raises:
        LookupError: there is no such version. A pinned one is never deleted.
    """
    found = content_hash or await flows.version_hash(tx, flow_id=flow_id, number=version)
    if found is None:
        raise LookupError(f"flow {flow_id} has no version {version}")
    if found in _compiled:
        _compiled.move_to_end(found)
        return _compiled[found]
    stored = await versioned.version(tx, queries=flows.QUERIES, draft_id=flow_id, number=version)
    if stored is None:
        raise LookupError(f"flow {flow_id} has no version {version}")
    flow = _compiled[found] = flow_engine.load(stored.definition)
    while len(_compiled) > _MOST:
        _compiled.popitem(last=False)
    return flow
