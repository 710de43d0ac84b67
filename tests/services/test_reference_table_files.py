"""A CSV file as a reference table: types by column, and every line that is wrong by its number."""

from __future__ import annotations

import io
from typing import Any

import pytest

from campana.domain.errors import InvalidParameter
from campana.services.reference_table_files import document_of


def read(text: str, *, key: str | None = None) -> dict[str, Any]:
    return document_of(io.BytesIO(text.encode()), key=key)


def wrong(text: str, *, key: str | None = None) -> dict[str, str]:
    with pytest.raises(InvalidParameter) as refused:
        read(text, key=key)
    return {str(each.pointer): each.message for each in refused.value.problems}


def test_a_column_has_one_type_and_what_only_looks_like_a_number_stays_a_text() -> None:
    text = "city;zip;price;open;note\nAustin;02134;9.50;true;\nReno;89501;12;false;7\nUtica;1;;;x\n"
    assert read(text) == {
        "key": "city",
        "rows": [
            {"city": "Austin", "zip": "02134", "price": 9.5, "open": True, "note": ""},
            {"city": "Reno", "zip": "89501", "price": 12, "open": False, "note": "7"},
            {"city": "Utica", "zip": "1", "price": None, "open": None, "note": "x"},
        ],
    }


def test_the_key_is_a_text_and_may_be_another_column() -> None:
    assert read("plan,code\ngold,7\n", key="code") == {
        "key": "code",
        "rows": [{"plan": "gold", "code": "7"}],
    }
    assert wrong("plan,code\ngold,7\n", key="Code") == {
        "/key": "must be one of the columns: plan, code"
    }


def test_short_rows_are_filled_and_a_header_alone_is_an_empty_table() -> None:
    assert read("a,b\n1\n")["rows"] == [{"a": "1", "b": ""}]
    assert read("a,b\n") == {"key": "a", "rows": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("City name,b\nx,1\n", "'City name' must be called with letters"),
        ("City name,b\nx,1\n", "such as city_name"),
        ("a,a\n1,2\n", "two columns are called a"),
        ("a,b\n1,2,3\n", "line 2: has more cells"),
        (",".join(f"c{n}" for n in range(51)) + "\n", "more than 50 columns"),
        ("a\n" + "x\n" * 10_001, "more than 10,000 rows"),
        ("PK\x03\x04", "ZIP archive"),
    ],
)
def test_what_is_no_table_is_refused_at_the_file(text: str, said: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        read(text)
    assert any(said in each.message for each in refused.value.problems)
    assert {each.pointer for each in refused.value.problems} == {"/file"}
