"""E-mail addresses to one form; the quick way and the library never differ."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from campana.domain import email
from campana.domain.address import Unusable
from campana.domain.email import parse_email


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" Ana@Example.ORG ", "ana@example.org"),
        ("ana+tag@mail.example.co.uk", "ana+tag@mail.example.co.uk"),
        ("jos\u00e9@example.org", "jos\u00e9@example.org"),
        ("ana@b\u00fccher.example", "ana@b\u00fccher.example"),
    ],
)
def test_reads_an_address_to_its_one_form(text: str, value: str) -> None:
    assert parse_email(text) == value


@pytest.mark.parametrize(
    "text", ["", "ana", "ana@", "@example.org", "a b@example.org", "a@b", "a..b@example.org",
             "a@-x.com", "ana@localhost", "a@example.test"]
)  # fmt: skip
def test_says_why_a_text_is_no_address(text: str) -> None:
    found = parse_email(text)
    assert isinstance(found, Unusable)
    assert found.reason


PART = st.text("abcXYZ019._+-@", max_size=12)


@given(
    st.builds(
        "{}@{}.{}".format,
        PART,
        PART,
        st.sampled_from(["com", "org", "de", "co.uk", "in", "test", "x"]),
    )
)
def test_the_quick_way_never_says_otherwise_than_the_library(text: str) -> None:
    try:
        slow = validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        slow = None
    plain = text.strip().lower()
    if email._PLAIN.fullmatch(plain) and len(plain) <= email.MAX_EMAIL:
        assert slow == plain
    found = parse_email(text)
    assert (found if isinstance(found, str) else None) == slow
