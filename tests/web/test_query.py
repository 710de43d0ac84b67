"""Reading a query: every mistake is named once, with the first thing wrong with it."""

from __future__ import annotations

import contextlib
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.errors import InvalidParameter
from campana.web import query
from campana.web.query import DateFrom, DateTo, Paging


class Asked(Paging, frozen=True, kw_only=True):
    color: Literal["red", "blue"] | None = None
    tags: tuple[Literal["a", "b"], ...] = ()
    date_from: DateFrom | None = None
    date_to: DateTo | None = None


def wrong(text: str) -> dict[str | None, str]:
    with pytest.raises(InvalidParameter) as caught:
        query.read(Asked, text.encode())
    return {each.parameter: each.message for each in caught.value.problems}


def test_what_is_left_out_has_its_default() -> None:
    assert query.read(Asked, b"") == Asked(page=1, page_size=25)


def test_texts_become_what_the_shape_says() -> None:
    found = query.read(Asked, b"page=3&pageSize=7&color=red&tags=a,b,a&dateFrom=2026-01-01")
    assert found == Asked(
        page=3, page_size=7, color="red", tags=("a", "b", "a"), date_from="2026-01-01"
    )


def test_escapes_are_read() -> None:
    assert query.read(Asked, b"%63olor=%72ed").color == "red"


def test_each_parameter_is_named_once_whatever_else_is_wrong_with_it() -> None:
    assert wrong("page=&page=x&page=0&color=green&tags=a,c&q=1&q=2") == {
        "page": "must not be empty",
        "color": "must be one of blue, red",
        "tags": "entry 2 must be one of a, b",
        "q": "is given more than once",
    }


def test_a_range_backwards_is_told_beside_other_mistakes() -> None:
    assert wrong("page=0&dateFrom=2026-02-02&dateTo=2026-02-01") == {
        "page": "must be at least 1",
        "dateFrom": "must not be after dateTo",
    }


def test_a_day_is_a_range() -> None:
    assert query.read(Asked, b"dateFrom=2026-02-02&dateTo=2026-02-02")


def test_a_long_name_is_told_short() -> None:
    assert max(len(name or "") for name in wrong("x" * 5_000 + "=1")) == 100


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(InvalidParameter):
        query.read(Asked, b"&".join(b"p%d=1" % n for n in range(51)))


def test_operations_without_parameters_name_each_given() -> None:
    query.refuse_any(b"")
    with pytest.raises(InvalidParameter) as caught:
        query.refuse_any(b"b=1&a=&b=2")
    assert [each.parameter for each in caught.value.problems] == ["a", "b"]


@given(st.binary(max_size=60))
def test_no_query_does_more_than_be_refused(text: bytes) -> None:
    with contextlib.suppress(InvalidParameter):
        assert query.read(Asked, text).page >= 1
