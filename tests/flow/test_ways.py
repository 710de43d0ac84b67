"""Where nodes lead, in words."""

from __future__ import annotations

from typing import Any

import pytest

from campana.flow.definition import load
from campana.flow.ways import ways


def led(node: dict[str, Any], *others: str) -> list[tuple[str, str]]:
    """The ways of a node, in a flow that begins with it."""
    nodes: dict[str, Any] = {
        "begin": {"type": "start", "next": "here"},
        "here": node,
        **{each: {"type": "end"} for each in others},
    }
    flow = load({"name": "A flow", "nodes": nodes})
    return [(each.by, each.target) for each in ways(flow.main.nodes["here"])]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (
            {"type": "wait_for_response", "timeoutSeconds": 60, "onTimeout": "b", "next": "a"},
            [("timeout", "b"), ("", "a")],
        ),
        (
            {
                "type": "lookup",
                "table": "prices",
                "key": "x",
                "saveAs": "row",
                "next": "a",
                "onMissing": "b",
            },
            [("", "a"), ("missing", "b")],
        ),
        (
            {
                "type": "condition",
                "cases": [{"when": "contact.language ==\n 'es'", "next": "a"}],
                "otherwise": "b",
            },
            [("contact.language == 'es'", "a"), ("otherwise", "b")],
        ),
        ({"type": "end"}, []),
    ],
)
def test_a_way_is_named_by_what_must_happen(
    node: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    names = sorted({target for _, target in expected})
    assert led(node, *names) == expected


def test_cases_of_a_reply_are_named_by_what_fits() -> None:
    branch = {
        "type": "response_branch",
        "cases": [
            {"keywords": ["yes", "ok"], "next": "a"},
            {"regex": "^no+pe$", "next": "b"},
            {"number": {"least": 1, "most": 5}, "next": "a"},
            {"intent": "asks for another day, or for somebody else", "next": "b"},
        ],
        "otherwise": "b",
    }
    waits = {
        "begin": {"type": "start", "next": "wait"},
        "wait": {
            "type": "wait_for_response", "timeoutSeconds": 60, "onTimeout": "b", "next": "here",
        },
        "here": branch,
        "a": {"type": "end"},
        "b": {"type": "end"},
    }  # fmt: skip
    flow = load({"name": "A flow", "nodes": waits})
    assert [(each.by, each.target) for each in ways(flow.main.nodes["here"])] == [
        ("yes, ok", "a"),
        ("^no+pe$", "b"),
        ("1 to 5", "a"),
        ("asks for another day, or fo…", "b"),
        ("otherwise", "b"),
    ]
