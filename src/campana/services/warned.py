"""What keeps nobody from being contacted and somebody should know, in English sentences."""

from __future__ import annotations


def warned(sentence: str) -> str:
    """The sentence as it is: the console has it in other languages, found by where it is said."""
    return sentence
