"""The signed name of an attempt on a letter."""

from __future__ import annotations

from uuid import UUID

import pytest

from campana.mail.token import attempt_in, token_of, without_tokens

KEY = b"a-key-of-some-length"
ATTEMPT = UUID("01957f00-0000-7000-8000-000000000001")
TOKEN = token_of(ATTEMPT, key=KEY)


@pytest.mark.parametrize(
    "text",
    [
        f"bounce+{TOKEN}@example.com",
        f"Message-ID: <{TOKEN}@example.com>",
        f"BOUNCE+{TOKEN.upper()}@EXAMPLE.COM",
        f"{'0' * 39} {TOKEN}",
    ],
)
def test_it_is_found_wherever_it_stands(text: str) -> None:
    assert attempt_in(text, key=KEY) == ATTEMPT


@pytest.mark.parametrize("text", ["", TOKEN[:-1], "0" * 39, f"1{TOKEN[1:]}"])
def test_what_is_made_up_names_nothing(text: str) -> None:
    assert attempt_in(text, key=KEY) is None
    assert attempt_in(TOKEN, key=b"another key") is None


def test_a_text_is_kept_without_it() -> None:
    text = f"To: BOUNCE+{TOKEN.upper()}@example.com, {'0' * 39}, <{TOKEN}@example.com>"
    assert (
        without_tokens(text, key=KEY)
        == f"To: BOUNCE+***@example.com, {'0' * 39}, <***@example.com>"
    )


def test_it_fits_an_address() -> None:
    assert len(f"{'a' * 20}+{TOKEN}") <= 64
