"""What is registered in a table, and what must have a twin, is complete.

A failure names the file and what to add to it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campana.carriers import KINDS
from tests.architecture.tree import PACKAGE, TESTS, modules, relative

QUERIES = sorted((PACKAGE / "store" / "queries").glob("*.sql"))
ENDPOINT = re.compile(r"^\s*@(get|post|put|patch|delete|head|route)\(", re.MULTILINE)
SENTENCE = re.compile(r"--\s+\S.*[.:]$", re.DOTALL)


# What adapters are made of, beside the adapters; the ports themselves are tried by each of them.
PORTS = {"base", "voice_carrier"}
SHARED = {"account", "codes", "connections", "http", "http_connection", "own_words", "parts"}


def carriers() -> list[Path]:
    """The adapters and what they share: a file each, or a package for a long one."""
    folder = PACKAGE / "carriers"
    packages = [path.parent for path in folder.glob("*/__init__.py")]
    return [path for path in [*modules(folder), *sorted(packages)] if path.stem not in PORTS]


def test_every_carrier_is_in_the_table_of_kinds() -> None:
    names = {path.stem for path in carriers()} - SHARED
    missing = [f'"{kind}": "campana.carriers.{kind}",' for kind in sorted(names - KINDS.keys())]
    assert not missing, f"add to KINDS in src/campana/carriers/__init__.py: {missing}"


def test_every_kind_names_a_carrier_that_exists() -> None:
    for kind, module in KINDS.items():
        path = PACKAGE.parent / module.replace(".", "/")
        is_there = path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
        assert is_there, f"carrier kind {kind!r} names {module}, but there is no such file"


def test_every_carrier_has_its_test_file() -> None:
    assert not untested(carriers(), TESTS / "carriers")


def test_every_file_of_endpoints_has_its_test_file() -> None:
    endpoints = [
        path
        for path in modules(PACKAGE / "web" / "api")
        if ENDPOINT.search(path.read_text(encoding="utf-8"))
    ]
    assert not untested(endpoints, TESTS / "web")


def untested(sources: list[Path], tests: Path) -> list[str]:
    """The test files that are still to be written."""
    wanted = [tests / f"test_{path.stem}.py" for path in sources]
    return [relative(path) for path in wanted if not path.is_file()]


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_every_query_file_belongs_to_its_module(path: Path) -> None:
    module = PACKAGE / "store" / f"{path.stem}.py"
    assert module.is_file(), f"{relative(path)} is read by nobody: write {relative(module)}"


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_every_query_says_why_in_a_sentence(path: Path) -> None:
    _, *chunks = path.read_text(encoding="utf-8").split("-- name:")
    silent = [chunk.split()[0] for chunk in chunks if not has_reason(chunk)]
    assert not silent, f"{relative(path)}: a sentence of comment under the name of {silent}"


def has_reason(chunk: str) -> bool:
    """Whether the comment between a query's name and its statement is a sentence."""
    comment: list[str] = []
    for line in chunk.splitlines()[1:]:
        if not line.startswith("--"):
            break
        comment.append(line)
    return SENTENCE.fullmatch("\n".join(comment)) is not None


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_every_query_is_used_by_its_module(path: Path) -> None:
    module = PACKAGE / "store" / f"{path.stem}.py"
    names = re.findall(r"^-- name:\s*(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    code = module.read_text(encoding="utf-8") if module.is_file() else ""
    unused = [name for name in names if f'"{name}"' not in code]
    assert not unused, f"{relative(path)} has queries that {relative(module)} never runs: {unused}"
