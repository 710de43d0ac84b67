"""Randomness that is a function of a seed, a name, and how often it was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from campana.sandbox.fate import draw

T = TypeVar("T")


class Chance:
    """Independent of every other name: what one part draws never changes what another does."""

    def __init__(self, seed: int, name: str) -> None:
        self._seed = seed
        self._name = name
        self._count = 0

    def share(self) -> float:
        """From 0 up to 1."""
        self._count += 1
        return draw(self._seed, self._name, str(self._count))

    def happens(self, chance: float) -> bool:
        """With this probability."""
        return self.share() < chance

    def between(self, least: float, most: float) -> float:
        """Evenly anywhere."""
        return least + (most - least) * self.share()

    def whole(self, least: int, most: int) -> int:
        """Evenly, both ends included."""
        return least + int((most - least + 1) * self.share())

    def one_of(self, values: Sequence[T]) -> T:
        """Each as likely as any other."""
        return values[int(len(values) * self.share())]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """All of them, in any order."""
        return [value for _, _, value in sorted((self.share(), n, v) for n, v in enumerate(values))]

    def bytes(self, size: int) -> bytes:
        """As a Context's `entropy`."""
        self._count += 1
        name = f"{self._seed} {self._name} {self._count}"
        return hashlib.shake_256(name.encode()).digest(size)
