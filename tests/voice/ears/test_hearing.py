"""Without the voice packages nobody hears, and it is said how to install them."""

from __future__ import annotations

import sys

import pytest

from campana.domain.errors import SetupError
from campana.voice.ears.hearing import Ears


async def test_where_the_models_are_missing_it_is_said_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "campana.voice.ears.models", None)
    with pytest.raises(SetupError, match=r"pip install 'campana\[voice\]'"):
        await Ears.open()
