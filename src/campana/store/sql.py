"""Named queries from `store/queries/<noun>.sql`: loaded once, handed out as literal SQL.

A file is a sequence of `-- name: claim` lines, each followed by comment lines that say why, then
the statement. Nothing is ever built from pieces: what is in the file is what the server prepares.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import LiteralString, cast

_NAME = "-- name:"


def load(noun: str) -> Mapping[str, LiteralString]:
    """Every query of `queries/<noun>.sql` by its name.

    Raises:
        ValueError: the file has text before its first name, or a name twice.
    """
    text = (resources.files("campana.store") / "queries" / f"{noun}.sql").read_text("utf-8")
    queries: dict[str, LiteralString] = {}
    head, *chunks = text.split(_NAME)
    if any(line.strip() and not line.startswith("--") for line in head.splitlines()):
        raise ValueError(f"{noun}.sql starts before its first name")
    for chunk in chunks:
        name, _, body = chunk.partition("\n")
        statement = "\n".join(
            line for line in body.splitlines() if not line.lstrip().startswith("--")
        ).strip()
        if name.strip() in queries:
            raise ValueError(f"{noun}.sql names {name.strip()!r} twice")
        # Files of this package are as good as literals: nobody's input reaches them.
        queries[name.strip()] = cast("LiteralString", statement)
    return queries
