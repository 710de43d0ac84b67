"""Text to the tokens of Whisper's English models and back: GPT-2's byte pairs, read from its file.

Written out because the library for it brings a client of a model hub along; a hundred lines of data
and two short loops do for the sentences of a script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import msgspec

from campana.domain.errors import SetupError

_PIECES = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
"""GPT-2's: contractions, words, numbers, other signs, each with the space before it."""


class _Model(msgspec.Struct):
    vocab: dict[str, int]
    merges: list[str]


class _Added(msgspec.Struct):
    id: int
    content: str


class _File(msgspec.Struct):
    model: _Model
    added_tokens: list[_Added]


class Vocabulary:
    """The tokens of one model."""

    def __init__(self, path: Path) -> None:
        """Read a `tokenizer.json`.

        Raises:
            SetupError: it cannot be read, or is of another kind.
        """
        try:
            file = msgspec.json.decode(path.read_bytes(), type=_File)
            self._merges = {
                (first, second): rank
                for rank, line in enumerate(file.model.merges)
                for first, second in [line.split(" ")]
            }
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            raise SetupError(f"the vocabulary {path} cannot be used: {error}") from error
        self._ids = file.model.vocab
        self._texts = {token: text for text, token in file.model.vocab.items()}
        special = {each.content: each.id for each in file.added_tokens}
        try:
            self.begin = special["<|startoftranscript|>"]
            self.no_times = special["<|notimestamps|>"]
        except KeyError as missing:
            raise SetupError(f"the vocabulary {path} has no token {missing}") from missing
        self._signs = _signs()
        self._bytes = {sign: byte for byte, sign in self._signs.items()}
        self._word = lru_cache(maxsize=4096)(self._merged)

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`."""
        return [token for piece in _PIECES.findall(text) for token in self._word(piece)]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of `tokens`; those that are no text are left out."""
        signs = "".join(self._texts.get(token, "") for token in tokens if token < self.begin - 1)
        return bytes(self._bytes[sign] for sign in signs).decode("utf-8", errors="ignore").strip()

    def _merged(self, piece: str) -> Sequence[int]:
        parts = [self._signs[byte] for byte in piece.encode()]
        while len(parts) > 1:
            ranks = [self._merges.get(pair, len(self._merges)) for pair in pairwise(parts)]
            best = min(ranks)
            if best == len(self._merges):
                break
            at = ranks.index(best)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return tuple(self._ids[part] for part in parts)


def _signs() -> dict[int, str]:
    """A printable sign for each byte, as GPT-2 writes them: most stand for themselves."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(256) if byte not in kept)
    return {
        **{byte: chr(byte) for byte in kept},
        **{byte: chr(256 + place) for place, byte in enumerate(others)},
    }
