"""Pasted rows become the file they might have been."""

from __future__ import annotations

import pytest

from campana.domain.errors import InvalidParameter
from campana.services import formats
from campana.services.pasted import MOST_CHARACTERS, as_file


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("+1 202-555-0142\n(202) 555-0143\n", ["phone"], 2),
        ("phone\n+12025550142", ["phone"], 1),
        ("Phone\tFirst name\r\n+12025550142\tAna\r\n", ["Phone", "First name"], 1),
        ("Ana\tMo\t+12025550142\nBo\t\t+12025550143", ["first_name", "last_name", "phone"], 2),
        ("\t+12025550142\nAna\t+12025550143", ["first_name", "phone"], 2),
        ("+12025550142\t+12025550143\tana@example.com", ["phone", "phone_2", "email"], 1),
        ("a@example.com, Ana, Mo, vip", ["email", "first_name", "last_name", "column_4"], 1),
        ("2025550142;Ana\n2025550143;Bruno;extra", ["phone", "first_name", "last_name"], 2),
        ('2025550142,"Moreno, Ana"\n2025550143,Bruno', ["phone", "first_name"], 2),
        ('{"phone": "+12025550142", "email": "a@example.com"}', ["phone", "email"], 1),
    ],
)  # fmt: skip
def test_a_first_line_is_put_before_rows_that_have_none(
    text: str, header: list[str], rows: int
) -> None:
    with formats.opened(as_file(text), key="x") as table:
        assert list(table.header) == header
        assert len(list(table.rows())) == rows


def test_what_is_too_long_is_a_file() -> None:
    as_file("+12025550142\n" * (MOST_CHARACTERS // 13))
    with pytest.raises(InvalidParameter, match="longer than 1,000,000 characters") as refused:
        as_file("1" * (MOST_CHARACTERS + 1))
    assert [each.pointer for each in refused.value.problems] == ["/pasted"]
