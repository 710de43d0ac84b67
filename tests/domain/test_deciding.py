"""How many digits settle an expression's answer: never fewer than the expression itself needs."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain import numbering, plans
from campana.domain.deciding import Automaton, Unreadable

# As numbering plans are written, over fewer digits so that all numbers can be tried.
_ATOMS = st.sampled_from(["0", "1", "2", "[01]", "[0-2]", "\\d", "[02]"])
_EXPRESSIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})?"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,2}"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(expression=_EXPRESSIONS, size=st.integers(0, 5))
def test_what_is_settled_is_the_same_for_every_number_that_goes_on(
    expression: str, size: int
) -> None:
    automaton, pattern = Automaton(expression), re.compile(expression)
    every = ["".join(digits) for digits in product("012", repeat=size)]
    for number in every:
        if (settled := automaton.settled(number, most=size)) is not None:
            alike = [each for each in every if each[:settled] == number[:settled]]
            assert len({pattern.fullmatch(each) is None for each in alike}) == 1
        if (failed := automaton.failed(number)) is not None:
            alike = [each for each in every if each[:failed] == number[:failed]]
            assert not any(pattern.match(each) for each in alike)
        found = pattern.match(number)
        assert found is None or automaton.longest is None or found.end() <= automaton.longest


@pytest.mark.parametrize(
    ("expression", "number", "settled"),
    [
        # An American number: area code and the first digit of the exchange.
        ("2(?:0[1-9]|12)[2-9]\\d{6}", "2125550101", 4),
        ("2(?:0[1-9]|12)[2-9]\\d{6}", "2115550101", 3),
        ("2(?:0[1-9]|12)[2-9]\\d{6}", "212555010", 0),
        ("\\d{4}|55\\d{2}1", "5500", 0),
        ("\\d*5", "1234", None),
        ("1$", "1", None),
    ],
)
def test_says_how_many_digits_settle_it(expression: str, number: str, settled: int | None) -> None:
    assert Automaton(expression).settled(number, most=len(number) - 1) == settled


@pytest.mark.parametrize("expression", ["(?!1)2", "a", "[^1]", "(1", "1{", "1)", "[1"])
def test_does_not_judge_what_it_cannot_read(expression: str) -> None:
    with pytest.raises(Unreadable):
        Automaton(expression)


def test_reads_every_expression_a_number_is_judged_by() -> None:
    for region in sorted(numbering.SUPPORTED_REGIONS):
        plan = plans.plan_of(region)
        for each in (plan.general, plan.idd, plan.prefix, plan.leading):
            assert each is None or each._judge() is not None
        assert all(kind.expression._judge() is not None for kind in plan.kinds)
