"""CEL: what it reads is found, what cannot be told says so, and no expression runs away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.flow.conditions import BadExpression, Condition, EvaluationFailed, Expression, Pattern

VALUES: dict[str, Any] = {
    "contact": {"balance": 120_000.5, "verified": True, "name": "Ana"},
    "vars": {"n": 3, "deep": {"list": [1, {"a": None}]}},
    "trigger": {"type": "campaign"},
    "reply": "Sí",
    "now": datetime(2026, 3, 2, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("contact.balance > 100000 && contact.verified", True),
        ("contact.balance > 200000", False),
        ("has(contact.gone) && contact.gone > 1", False),
        ("contact['name'] == 'Ana' && reply == 'Sí'", True),
        ("vars.n * 2 == 6", True),
        ("now > timestamp('2026-01-01T00:00:00Z') && trigger.type == 'campaign'", True),
        ("vars.deep.list[0] == 1", True),
        ("[1, 2, 3].exists(x, x == vars.n)", True),
        ("reply.matches('(?i)^s')", True),
    ],
)
def test_it_holds_or_not(source: str, holds: bool) -> None:
    assert Condition(source).holds(VALUES) is holds


@pytest.mark.parametrize(
    "source",
    [
        "contact.gone > 1", "contact.name > 1", "1 / 0 == 1", "vars.n", "contact.name",
        "int(reply) == 1", "9223372036854775807 + vars.n > 0", "reply.matches('(')",
    ],
)  # fmt: skip
def test_what_cannot_be_told_says_so(source: str) -> None:
    with pytest.raises(EvaluationFailed):
        Condition(source).holds(VALUES)


@pytest.mark.parametrize(
    "source",
    ["", " ", "1 +", "name == 'x'", "size(reply)", "'text'", "reply > 1", "reply.shout()",
     "true" + " && true" * 300, "(" * 400 + "true" + ")" * 400, "!" * 900 + "tru",
     "reply" + ".x" * 400, "[" * 300 + "]" * 300 + " == []"],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(source: str) -> None:
    with pytest.raises(BadExpression):
        Condition(source)


def test_loops_in_loops_end() -> None:
    loops = "vars.l.all(a, vars.l.all(b, vars.l.all(c, vars.l.all(d, vars.l.all(e, a >= 0)))))"
    with pytest.raises(EvaluationFailed):
        Condition(loops).holds({**VALUES, "vars": {"l": list(range(100))}})


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("contact.a == vars.b", {("contact", "a"), ("vars", "b")}),
        ("contact['a'] == \"contact.b\"", {("contact", "a")}),
        ("trigger . orderId == reply", {("trigger", "orderId")}),
        ("contact.vars == 'vars.x'", {("contact", "vars")}),
    ],
)
def test_what_it_reads_is_found(source: str, paths: set[tuple[str, str]]) -> None:
    assert set(Expression(source).paths) == paths


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"^s[ií]$", "SÍ", True),
        (r"\bno\b", "nothing", False),
        ("a\"'\\\\", "A\"'\\", True),
        ("^(a+)+$", "a" * 4000 + "!", False),
    ],
)
def test_a_pattern_matches_anywhere_and_in_any_case(pattern: str, text: str, matches: bool) -> None:
    assert Pattern(pattern).matches(text) is matches


@pytest.mark.parametrize(
    "pattern", ["", "(", "(?=a)", r"(a)\1", "((a{100}){100}){100}", "a" * 1001]
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(BadExpression):
        Pattern(pattern)


@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=50))
@settings(deadline=None)
def test_any_text_can_be_matched(text: str) -> None:
    assert Pattern("^").matches(text)
