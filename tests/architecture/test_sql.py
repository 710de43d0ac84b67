"""SQL never asks what time it is: every statement takes the time, so tests and replays decide it.

Procrastinate's own schema is not ours and keeps its own clock.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import PACKAGE, relative

CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b"
    r"|'(now|today|tomorrow|yesterday)'",
    re.IGNORECASE,
)

# The one place that asks, to hand the server's time to everybody else.
SAMPLER = "src/campana/store/db.py"


def statements() -> Iterator[tuple[str, str]]:
    """Where and what: the SQL files, and the strings in the code of the store."""
    for path in sorted((PACKAGE / "store").rglob("*.sql")):
        text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
        yield relative(path), text
    for path in sorted((PACKAGE / "store").rglob("*.py")):
        for node, text in literals(path.read_text(encoding="utf-8")):
            yield f"{relative(path)}:{node.lineno}", text


def literals(source: str) -> Iterator[tuple[ast.Constant, str]]:
    """The strings of a module that are not docstrings."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node, node.value


def test_no_statement_reads_the_clock() -> None:
    found = [
        f"{where}: {match[0]}"
        for where, sql in statements()
        for match in CLOCK.finditer(sql)
        if not where.startswith(SAMPLER)
    ]
    assert not found, f"pass the time as a parameter instead: {found}"


def test_the_clock_is_sampled_in_one_statement() -> None:
    asked = [sql for where, sql in statements() if where.startswith(SAMPLER) and CLOCK.search(sql)]
    assert len(asked) <= 1, f"one statement samples the clock, not these: {asked}"


@pytest.mark.parametrize(
    "sql",
    [
        "select now()",
        "SELECT Now ( )",
        "default current_timestamp",
        "x > clock_timestamp() - y",
        "select 'now'::timestamptz",
    ],
)
def test_reading_the_clock_is_recognised(sql: str) -> None:
    assert CLOCK.search(sql)


@pytest.mark.parametrize("sql", ["select %(now)s", "known(x)", "current_timestamps", "snow_now"])
def test_a_time_that_is_passed_in_is_left_alone(sql: str) -> None:
    assert not CLOCK.search(sql)
