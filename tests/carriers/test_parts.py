"""Parts of a callback: those that can be read are."""

from __future__ import annotations

import pytest

from campana.carriers.base import UnreadableCallback
from campana.carriers.parts import readable


def test_one_that_nobody_understands_takes_no_other_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert readable(["1", "soon", "3"], int) == [1, 3]
    assert "a part of a callback is ignored" in caplog.text
    assert "'soon'" in caplog.text


def test_of_none_there_is_nothing_to_read() -> None:
    assert readable([], int) == []


def test_where_all_are_nonsense_the_callback_is() -> None:
    with pytest.raises(UnreadableCallback, match="soon"):
        readable(["soon", "late"], int)
