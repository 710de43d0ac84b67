"""Every kind of flow node has its file, its line in the table, its example and its cases.

A failure names the file and what to add to it.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from pathlib import Path

import pytest

from campana.flow import reader
from campana.flow.nodes import NODES
from campana.flow.shapes import Reading
from tests.architecture.tree import PACKAGE, TESTS, modules, relative

FLOW = PACKAGE / "flow"
CASES = TESTS / "flow" / "cases"
ALLOWED = {"campana.domain", "campana.flow", "cel_expr_python", "liquid"}


def test_every_file_of_a_node_is_in_the_table() -> None:
    files = {path.stem for path in modules(FLOW / "nodes")}
    missing = sorted(files - NODES.keys())
    assert not missing, f"add to NODES in src/campana/flow/nodes/__init__.py: {missing}"
    assert not NODES.keys() - files, "each kind has a file of its name in src/campana/flow/nodes"


@pytest.mark.parametrize("kind", NODES)
def test_a_node_stands_in_the_file_of_its_name(kind: str) -> None:
    assert NODES[kind].__module__ == f"campana.flow.nodes.{kind}"


@pytest.mark.parametrize("kind", NODES)
def test_a_node_has_cases(kind: str) -> None:
    path = CASES / f"{kind}.json"
    assert path.is_file(), f"write {relative(path)}: what goes in, what comes out"
    assert json.loads(path.read_text("utf-8"))["cases"]


def test_every_file_of_cases_has_its_node() -> None:
    assert {path.stem for path in CASES.glob("*.json")} == NODES.keys()


@pytest.mark.parametrize("kind", NODES)
def test_a_node_shows_an_example_that_can_be_read(kind: str) -> None:
    doc = inspect.getdoc(sys.modules[NODES[kind].__module__]) or ""
    start = doc.find('{"type"')
    assert start >= 0, f"add an example in JSON to the docstring of flow/nodes/{kind}.py"
    example, _ = json.JSONDecoder().raw_decode(doc, start)
    assert example.pop("type") == kind
    reading = Reading()
    reader.read(NODES[kind], example, at="", reading=reading)
    assert not reading.problems


def imported(path: Path) -> set[str]:
    """The modules that a file imports."""
    tree = ast.parse(path.read_text("utf-8"))
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    froms = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {*names, *froms}


@pytest.mark.parametrize("path", sorted(FLOW.rglob("*.py")), ids=lambda path: relative(path))
def test_the_interpreter_imports_rules_and_its_two_languages_alone(path: Path) -> None:
    foreign = {
        name
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == each or name.startswith(f"{each}.") for each in ALLOWED)
    }
    assert not foreign, f"{relative(path)} must be pure: {foreign}"
