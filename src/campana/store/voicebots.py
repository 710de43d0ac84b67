"""VoiceBots and their versions (`queries/voicebots.sql`)."""

from __future__ import annotations

from campana.store.sql import load
from campana.store.versioned import Queries

_SQL = load("voicebots")

QUERIES = Queries(
    insert=_SQL["insert"],
    find=_SQL["find"],
    lock=_SQL["lock"],
    every=_SQL["list"],
    update=_SQL["update"],
    delete=_SQL["delete"],
    add_version=_SQL["add_version"],
    versions=_SQL["versions"],
    version=_SQL["version"],
)
