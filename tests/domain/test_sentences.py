"""Sentences out of a text that is still being written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.sentences import MOST, Sentences, heard_of


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello. How are you?", ["Hello.", "How are you?"]),
        ("Wait... what?! Yes.", ["Wait...", "what?!", "Yes."]),
        ("It costs 3.5 dollars. Good.", ["It costs 3.5 dollars.", "Good."]),
        ("I am with Dr. Costa. Goodbye.", ["I am with Dr. Costa.", "Goodbye."]),
        ("**Tuesday** is _free_.\n- Thursday\n", ["Tuesday is free .", "- Thursday"]),
        ('She said "yes." Then no.', ['She said "yes."', "Then no."]),
        ("...", []),
        ("", []),
        ("<b>Bold</b> words", ["Bold words"]),
    ],
)
def test_a_sentence_is_whole_when_the_next_begins(text: str, sentences: list[str]) -> None:
    splitter = Sentences()
    found = [each for letter in text for each in splitter.add(letter)]
    assert [each for each in [*found, splitter.last()] if each] == sentences


def test_whoever_never_ends_a_sentence_is_cut_between_words() -> None:
    splitter = Sentences()
    found = splitter.add("on and on " * 100)
    assert found
    assert all(len(each) <= MOST for each in found)
    assert not any(word not in {"on", "and"} for each in found for word in each.split())


@given(st.lists(st.text("ab 1.!?\n,*'", max_size=60), max_size=12))
def test_no_word_is_lost_wherever_the_text_is_cut(parts: list[str]) -> None:
    splitter = Sentences()
    found = [each for part in parts for each in splitter.add(part)]
    found.append(splitter.last())
    assert letters("".join(found)) == letters("".join(parts))


def letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def test_of_what_was_cut_the_words_before_the_cut_were_heard() -> None:
    assert heard_of("one two three four", 0.5) == "one two"
    assert heard_of("one two three four", 0.0) == ""
    assert heard_of("one two three four", 1.0) == "one two three four"
