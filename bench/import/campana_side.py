"""Campana's own import of a file, as `campana work` does it. `campana_side.py CONNINFO FILE`.

Prints what became of the rows, and the most memory its two processes have held, in bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from pathlib import Path

from campana import bootstrap, settings
from campana.services import accounts, imports, lists
from campana.services.context import Context
from campana.store.db import Role
from campana.store.imports import Import

COUNTRY = "US"
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


async def main(conninfo: str, path: str) -> None:
    async with bootstrap.opened(settings.read(), conninfo, role=Role.ENGINE) as context:
        done = await _imported(context, Path(path))
    print(
        json.dumps(
            {
                "state": done.state,
                "problem": done.problem,
                "rows": done.rows_done,
                "accepted": done.rows_accepted,
                "duplicate": done.rows_duplicate,
                "rejected": done.rows_rejected,
                "bytes": _most_bytes(),
            }
        )
    )


def _most_bytes() -> int:
    """Held at most by this process and by the one that reads, together."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(each).ru_maxrss for each in both) * _RSS_UNIT


async def _imported(context: Context, path: Path) -> Import:
    home = (await accounts.ensure_workspace(context, "bench")).workspace_id
    made = await lists.create(context, workspace_id=home, name=f"People {os.getpid()}")
    with path.open("rb") as content:
        started = await lists.start_import(
            context,
            workspace_id=home,
            list_id=made.id,
            file_name="people.csv",
            content=content,
            default_country=COUNTRY,
        )
    await imports.run(context, import_id=started.id)
    return await lists.get_import(context, workspace_id=home, import_id=started.id)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
