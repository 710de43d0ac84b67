"""What nobody said is left out, and what somebody said is not."""

from __future__ import annotations

import pytest

from campana.voice.ears.ghosts import cut_loops, goes_round, real_words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("You", 2.0),
        ("beep beep beep be", 0.3),
        (" . . .", 2.0),
        ("Beep Beep", 1.0),
        ("[BLANK_AUDIO]", 2.0),
        ("(phone ringing)", 2.0),
        ("♪ music ♪", 2.0),
        ("Thank you.", 0.3),
        ("Bye.", 0.2),
        ("F***.", 0.5),
        ("", 1.0),
    ],
)
def test_a_ghost(text: str, seconds: float) -> None:
    assert real_words(text, spoken_seconds=seconds) == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Yes.", 0.25),
        ("No.", 0.2),
        ("Thank you.", 0.8),
        ("Stop calling me.", 0.9),
        ("no no no no", 1.2),
        ("You can call me.", 1.0),
        ("5 5 5 0 1 2 3", 2.5),
        ("very very good", 0.9),
    ],
)
def test_real_words(text: str, seconds: float) -> None:
    assert real_words(text, spoken_seconds=seconds) == text


@pytest.mark.parametrize(
    ("words", "seconds", "kept"),
    [
        ("7 8 8 7 7 8 8 7", 1.2, "7 8 8 7"),
        ("I can come I can come I can come", 5.0, "I can come"),
        ("thank you. Thank you. thank you!", 3.0, "thank you."),
        ("yes I will yes I will be there", 3.0, "yes I will yes I will be there"),
        ("4 7 4 7", 2.0, "4 7 4 7"),
    ],
)
def test_a_loop_is_cut_where_it_comes_round(words: str, seconds: float, kept: str) -> None:
    assert " ".join(cut_loops(words.split(), spoken_seconds=seconds)) == kept


@pytest.mark.parametrize(
    ("text", "is_round"),
    [
        ("25 25", True),
        ("4, 7, 2, 9, 4, 7, 2,", True),
        ("Let me check with my wife first. Let me check with", True),
        ("No. No.", True),
        ("4 7 2 4", False),
        ("25.", False),
        ("", False),
    ],
)
def test_what_begins_again_goes_round(text: str, is_round: bool) -> None:
    assert goes_round(text) is is_round
