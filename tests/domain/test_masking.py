"""Who somebody is does not stand in a masked text; what was said still does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.masking import masked, masked_address, masked_together


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call +12015550101 now", "call [phone] now"),
        ("call (201) 555-0101.", "call [phone]."),
        ("It is two oh one, five five five, oh one oh one.", "It is [number]."),
        ("My card: double four 1 two three-four-five six seven", "My card: [number]"),
        ("one two three four five six", "one two three four five six"),
        ("at one, or two, or three", "at one, or two, or three"),
        ("555-0101", "[phone]"),
        ("+44 20 7946 0958, ok?", "[phone], ok?"),
        ("0491 570 006", "[phone]"),
        ("mail ana.lopez+x@example.com!", "mail [email]!"),
        ("card 4111 1111 1111 1111 12/27", "card [card] 12/27"),
        ("4111-1111-1111-1111", "[card]"),
        ("378282246310005", "[card]"),
        ("4111 1111 1111 1112", "[number]"),
        ("5555555555554444 and +1 201 555 0101", "[card] and [phone]"),
        ("on 2026-03-10 at 15:00", "on 2026-03-10 at 15:00"),
        ("on 10.03.2026", "on 10.03.2026"),
        ("order 12345, 3 pieces, 19.90", "order 12345, 3 pieces, 19.90"),
        ("١٢٣٤٥٦٧٨٩", "[phone]"),
        ("\u202d+12015550101\u202c", "\u202d[phone]\u202c"),
        ("my card, forty one eleven, eleven eleven", "my card, [number]"),
        ("five five five, twenty-one, thirty four", "[number]"),
        ("It is twenty five or thirty.", "It is twenty five or thirty."),
        ("ana dot lopez at example dot com, please", "[email], please"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_numbers_and_addresses_are_masked(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello Ana, is López right?", "Hello [name], is [name] right?"),
        ("ANA LOPEZ", "[name]"),
        ("ana's", "[name]'s"),
        ("Lo\u0301pez", "[name]"),
        ("banana Anabel", "banana Anabel"),
    ],
)
def test_names_are_masked_as_whole_words_whatever_their_accents(text: str, expected: str) -> None:
    assert masked(text, names=["Ana", "López", "Ana López", None, ""]) == expected


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            ["It is four one one one.", "One one one one.", "And 1111.", "Thank you."],
            ["It is [number].", "[number].", "And [number].", "Thank you."],
        ),
        (["555", "2368"], ["[number]", "[number]"]),
        (["4111 1111 11", "twelve thirteen"], ["[phone]", "[number]"]),
    ],
)
def test_a_number_that_is_spread_over_sentences_is_masked(
    said: list[str], shown: list[str]
) -> None:
    assert masked_together(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        ["Four one one one.", "No.", "Four one one one."],
        ["In 2026.", "On 2026-03-10.", "At 15:00."],
        ["There are 12 of them.", "No, 13."],
        [],
    ],
)
def test_what_is_no_number_together_is_left(said: list[str]) -> None:
    assert masked_together(said) == said


@pytest.mark.parametrize("written", ["O'Brien", "O\u2019Brien", "o`brien"])
@pytest.mark.parametrize("stored", ["O'Brien", "O\u2019Brien"])
def test_an_apostrophe_is_one_however_it_is_written(written: str, stored: str) -> None:
    assert masked(f"It is {written}.", names=[stored]) == "It is [name]."


def test_a_name_of_one_letter_would_mask_every_text() -> None:
    assert masked("A b", names=["A"]) == "A b"


def test_of_an_address_its_kind_is_left() -> None:
    assert masked_address("+12015550101") == "[phone]"
    assert masked_address("ana@example.com") == "[email]"


@given(st.text(max_size=60), st.integers(min_value=2_000_000_000, max_value=9_999_999_999))
def test_a_phone_number_never_survives_whole(around: str, number: int) -> None:
    assert str(number) not in masked(f"{around} {number} {around}").replace(around, "")


@given(st.text(max_size=100))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert masked(masked(text, names=["Ana"]), names=["Ana"]) == masked(text, names=["Ana"])
