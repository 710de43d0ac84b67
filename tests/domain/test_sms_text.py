"""Segments and alphabets, against figures counted by hand from the specification."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain import sms_text
from campana.domain.sms_text import Alphabet

GSM7, UCS2 = Alphabet.GSM7, Alphabet.UCS2


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "segments", "left"),
    [
        ("", GSM7, 0, 1, 160),
        ("Hello Ana.", GSM7, 10, 1, 150),
        ("a" * 160, GSM7, 160, 1, 0),
        ("a" * 161, GSM7, 161, 2, 145),
        ("a" * 306, GSM7, 306, 2, 0),
        ("a" * 307, GSM7, 307, 3, 152),
        ("€" * 80, GSM7, 160, 1, 0),
        ("€" * 81, GSM7, 162, 2, 153 - 10),
        # The escape would be the 153rd unit and its fellow the first of the next: both move on.
        ("a" * 152 + "€" + "a" * 10, GSM7, 164, 2, 153 - 12),
        ("ñ¿Ñ¡ÄÖÜß", GSM7, 8, 1, 152),
        ("ç", UCS2, 1, 1, 69),
        ("á" * 70, UCS2, 70, 1, 0),
        ("á" * 71, UCS2, 71, 2, 63),
        ("😀" * 35, UCS2, 70, 1, 0),
        # 33 pairs are 66 units: a half would be the 67th.
        ("😀" * 36, UCS2, 72, 2, 67 - 6),
        ("a" * 160 + "\u2019", UCS2, 161, 3, 40),
    ],
)
def test_a_text_is_counted(
    text: str, alphabet: Alphabet, units: int, segments: int, left: int
) -> None:
    found = sms_text.size(text)
    assert (found.alphabet, found.units, found.segments, found.left) == (
        alphabet,
        units,
        segments,
        left,
    )


def test_it_says_which_characters_make_it_longer() -> None:
    assert sms_text.size("Está aquí, él").unusual == ("á", "í")
    assert sms_text.size("él").unusual == ()


def test_every_segment_is_paid_for() -> None:
    assert sms_text.cost("a" * 161, segment_price=Decimal("0.0079")) == Decimal("0.0158")


@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("@", "00"),
        ("$", "02"),
        ("\n", "0a"),
        ("_", "11"),
        ("É", "1f"),
        (" ", "20"),
        ("¤", "24"),
        ("?", "3f"),
        ("¡", "40"),
        ("Z", "5a"),
        ("§", "5f"),
        ("¿", "60"),
        ("z", "7a"),
        ("à", "7f"),
        ("€", "1b65"),
        ("[", "1b3c"),
        ("|", "1b40"),
        ("\f", "1b0a"),
    ],
)
def test_the_codes_are_those_of_the_specification(character: str, code: str) -> None:
    assert sms_text.encode(character, GSM7).hex() == code
    assert sms_text.decode(bytes.fromhex(code), GSM7) == character


def test_there_are_127_characters_and_ten_by_escape() -> None:
    assert len({sms_text.decode(bytes([code]), GSM7) for code in range(128) if code != 0x1B}) == 127
    with_escape = [code for code in range(128) if code != 0x1B and _is_escaped(code)]
    assert len(with_escape) == 10


def _is_escaped(code: int) -> bool:
    return sms_text.decode(bytes([0x1B, code]), GSM7) != sms_text.decode(bytes([code]), GSM7)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x1b", ""),
        (b"a\x1bb", "ab"),
        (b"\x1b\x1ba", "\ufffda"),
        (b"\xff", "\ufffd"),
    ],
)
def test_strange_septets_are_read_as_well_as_may_be(octets: bytes, text: str) -> None:
    assert sms_text.decode(octets, GSM7) == text


def test_what_an_alphabet_lacks_is_a_question_mark() -> None:
    assert sms_text.encode("á", GSM7) == b"?"
    assert sms_text.encode("\ud800", UCS2) == "?".encode("utf-16-be")


def test_typography_is_made_plain_only_where_that_saves() -> None:
    assert sms_text.plainer("\u201cIt\u2019s \u2026 now\u201d") == '"It\'s ... now"'
    assert sms_text.plainer("\u201cEstá\u201d") == "\u201cEstá\u201d"


@given(st.text(alphabet=st.characters(codec="utf-16"), max_size=400))
def test_segments_are_the_text_and_none_is_too_long(text: str) -> None:
    alphabet = sms_text.alphabet_of(text)
    found = sms_text.segments(text, alphabet)
    assert "".join(found) == text
    size = sms_text.size(text)
    assert size.segments == len(found)
    octets = {GSM7: 1, UCS2: 2}[alphabet]
    room = (sms_text.ALONE if len(found) == 1 else sms_text.JOINED)[alphabet]
    assert all(len(sms_text.encode(each, alphabet)) <= room * octets for each in found)
    assert sms_text.decode(sms_text.encode(text, alphabet), alphabet) == text
