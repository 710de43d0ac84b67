"""What a conversation needs of a language model, and of the programs that it has asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from campana.domain.earlier import Earlier
from campana.domain.model_talk import Talked
from campana.domain.speaking import Part
from campana.voice.errands import Programs


class Lost(Exception):
    """The model did not answer, or not as one does; a phrase for people."""


class Stalled(Lost):
    """Nothing came for as long as anybody waits."""


class Mind(Programs, Protocol):
    """One model, for one call."""

    @property
    def earlier(self) -> Sequence[Earlier] | None:
        """The contacts with the person that it is told of; None where it is told of none."""
        ...

    def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """What it says next, as it comes.

        Raises:
            Lost
        """
        ...
