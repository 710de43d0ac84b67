"""What is kept of a provider's own words."""

from __future__ import annotations

import pytest

from campana.carriers.own_words import LONGEST, own_words


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"status": "sent"}', '{"status": "sent"}'),
        ("stat:DELIVRD\xe9", "stat:DELIVRD\xe9"),
        (b"a\0b", "ab"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("a\udc80", "a?"),
        (b"x" * LONGEST, "x" * LONGEST),
        (b"", ""),
    ],
)
def test_it_is_text_that_the_database_takes(body: bytes | str, kept: str) -> None:
    assert own_words(body) == kept


def test_a_long_one_is_cut_and_says_so() -> None:
    kept = own_words("\u00e9" * 20_000)
    assert kept.startswith("\u00e9" * (LONGEST // 2))
    assert kept.endswith("\n[the first 16,384 of 40,000 bytes]")
