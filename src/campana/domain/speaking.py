"""What a model's answer is made of while it comes: parts in, sentences and tool calls out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from campana.domain.sentences import Sentences

MOST_TEXT = 6_000
"""Characters of one reply: minutes of speech."""
LONGEST_TOKEN = 8
"""Characters of a token, of most texts at most: for endpoints that do not keep to `max_tokens`."""
MOST_ARGUMENTS = 8_000
MOST_CALLS = 32
"""That are kept of a reply at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """More of the text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPart:
    """More of the call with this number: its id and name once, its arguments in pieces."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the endpoint says it took, in tokens, of the prompt and the answer."""

    tokens: int


Part = Words | CallPart | Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool that the model asks for, as it says it: neither name nor arguments are checked."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer. `tokens` is None where the endpoint did not count."""

    text: str
    calls: tuple[Call, ...] = ()
    tokens: int | None = None


class TooMuch(Exception):
    """The answer is longer than anybody would listen to."""


@dataclass(slots=True)
class _Gathered:
    id: str = ""
    name: str = ""
    arguments: str = ""


def most_text(max_tokens: int) -> int:
    """Characters that a reply of so many tokens may have."""
    return min(MOST_TEXT, LONGEST_TOKEN * max_tokens)


@dataclass(slots=True)
class Gathering:
    """The answer so far. With more than `most` characters of text it is `TooMuch`."""

    most: int = MOST_TEXT
    _text: str = ""
    _calls: dict[int, _Gathered] = field(default_factory=dict[int, _Gathered])
    _tokens: int | None = None
    _sentences: Sentences = field(default_factory=Sentences)

    def take(self, part: Part) -> list[str]:
        """The sentences that can be spoken now.

        Raises:
            TooMuch
        """
        match part:
            case Words(text=text):
                self._text += text
                if len(self._text) > self.most:
                    raise TooMuch
                return self._sentences.add(text)
            case CallPart():
                call = self._calls.setdefault(part.index, _Gathered())
                call.id, call.name = part.id or call.id, part.name or call.name
                call.arguments += part.arguments
                if len(call.arguments) > MOST_ARGUMENTS or len(self._calls) > MOST_CALLS:
                    raise TooMuch
            case Counted(tokens=tokens):
                self._tokens = tokens
            case _:
                assert_never(part)
        return []

    def last(self) -> str:
        """What is left to be spoken when nothing more comes."""
        return self._sentences.last()

    def reply(self) -> Reply:
        """What has come."""
        return Reply(
            text=self._text,
            calls=tuple(
                Call(id=call.id or f"call_{index}", name=call.name, arguments=call.arguments)
                for index, call in sorted(self._calls.items())
            ),
            tokens=self._tokens,
        )
