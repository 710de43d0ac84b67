"""What is asked of the database while something goes on, and how much each statement reads.

Judged as they are asked: by the plan for the values given, and by the one the server keeps for a
statement that comes again and again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from campana.store.db import Role, session_options

_READS = re.compile(r"\s*(--[^\n]*\n\s*)*(select|with)\b", re.IGNORECASE)
_AGAIN = 6
"""Times after which the server has chosen how to keep a plan."""
_EXPLAIN = "explain (analyze, buffers, timing off, format json)"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One statement as it was run once more: whose, and what it touched."""

    page: str
    statement: str
    values: Any
    is_kept: bool
    pages: int
    rows: int
    """Rows taken from tables and indexes, those among them that a filter refused too."""
    scanned: frozenset[str]
    """Tables that were read from one end to the other."""
    ms: float

    def __str__(self) -> str:
        kept = "kept plan" if self.is_kept else "plan"
        scanned = f", all of {', '.join(sorted(self.scanned))}" if self.scanned else ""
        return (
            f"{self.page}: {self.pages} pages, {self.rows} rows{scanned} ({kept},"
            f" {self.ms:.1f} ms): {' '.join(self.statement.split())[:300]}"
        )


class Asked:
    """The statements that read, each with the page that asked first and its values."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.page = ""
        self.statements: dict[tuple[str, str], Any] = {}
        execute = psycopg.AsyncCursor.execute

        async def noted(
            cursor: psycopg.AsyncCursor[Any], query: Any, params: Any = None, **more: Any
        ) -> Any:
            text = query if isinstance(query, str) else query.as_string(cursor)
            if _READS.match(text) and "set_config" not in text:
                self.statements.setdefault((self.page, text), params)
            return await execute(cursor, query, params, **more)  # pyright: ignore[reportArgumentType]

        monkeypatch.setattr(psycopg.AsyncCursor, "execute", noted)

    def readings(self, conninfo: str, *, workspace_id: int) -> Iterator[Reading]:
        """Each statement run again as the web role, of its own plan and of the kept one."""
        with psycopg.connect(conninfo, options=session_options(Role.WEB)) as db:
            for (page, text), params in self.statements.items():
                for is_kept in (False, True):
                    db.execute(
                        "select set_config('campana.workspace_id', %s, true)", (str(workspace_id),)
                    )
                    plan = _kept(db, text, params) if is_kept else _own(db, text, params)
                    db.rollback()
                    db.execute("deallocate all")
                    db.commit()
                    yield _reading(page, text, params, plan, is_kept=is_kept)


def _own(db: psycopg.Connection, text: str, params: Any) -> Mapping[str, Any]:
    [[[plan]]] = db.execute(f"{_EXPLAIN} {text}", params).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
    return plan


def _kept(db: psycopg.Connection, text: str, params: Any) -> Mapping[str, Any]:
    query, given = (text, "") if params is None else _numbered(text)
    cursor = psycopg.ClientCursor(db)
    cursor.execute(f"prepare asked as {query}", params)  # pyright: ignore[reportArgumentType, reportCallIssue]
    call = f"execute asked{given}"
    for _ in range(_AGAIN):
        cursor.execute(call, params)  # pyright: ignore[reportArgumentType, reportCallIssue]
    cursor.execute(f"{_EXPLAIN} {call}", params)  # pyright: ignore[reportArgumentType, reportCallIssue]
    [[[plan]]] = cursor.fetchall()
    return plan


def _numbered(text: str) -> tuple[str, str]:
    """The statement with its values as $1, $2, ..., and how they are given to it."""
    names: list[str | None] = []

    def number(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%%"
        if match[1] is None or match[1] not in names:
            names.append(match[1])
            return f"${len(names)}"
        return f"${names.index(match[1]) + 1}"

    query = re.sub(r"%%|%\((\w+)\)s|%s", number, text)
    given = ", ".join(f"%({name})s" if name else "%s" for name in names)
    return query, f"({given})" if given else ""


def _reading(
    page: str, text: str, values: Any, plan: Mapping[str, Any], *, is_kept: bool
) -> Reading:
    top = plan["Plan"]
    nodes = list(_flat(top))
    return Reading(
        page=page,
        statement=text,
        values=values,
        is_kept=is_kept,
        pages=top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        rows=int(sum(_rows(node) for node in nodes if "Scan" in node["Node Type"])),
        scanned=frozenset(
            node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"
        ),
        ms=plan["Execution Time"],
    )


def _rows(node: Mapping[str, Any]) -> float:
    if "Relation Name" not in node and "Index Name" not in node:
        return 0
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return each * node["Actual Loops"]


def _flat(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _flat(below)
