"""An answer in words, as a node asks for it: of which kind, and what it may be.

What was meant is for `domain.answers` to say, which VoiceBots ask as well; keys mean the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, assert_never

from campana.domain import answers
from campana.domain.answers import SEVERAL_KEYS_END, Meant
from campana.flow.shapes import Like, Range

Key = Annotated[str, Like(r"[0-9*#]", "must be one key: 0 to 9, * or #")]
_Phrase = Annotated[str, Range(1, 100)]

_FIELDS = {
    "yes_no": frozenset[str](),
    "choice": frozenset({"options"}),
    "number": frozenset({"min", "max", "whole", "digits"}),
    "date": frozenset({"direction"}),
    "text": frozenset({"maxLength"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of some answers.

    `phrases` are ways to say it, the value itself when there are none; `key` is its place, from 1,
    when none is given.
    """

    value: Annotated[str, Range(1, 100)]
    phrases: Annotated[tuple[_Phrase, ...], Range(0, 20)] = ()
    key: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenAnswer:
    """The kind of answer, and what that kind may say of itself."""

    type: Literal["yes_no", "choice", "number", "date", "text"]
    options: Annotated[tuple[Option, ...], Range(1, 9)] | None = None
    min_: float | None = None
    max_: float | None = None
    whole: bool | None = None
    digits: Annotated[int, Range(1, 20)] | None = None
    direction: Literal["future", "past"] | None = None
    max_length: Annotated[int, Range(1, 2000)] | None = None

    def check(self) -> Iterable[tuple[str, str]]:
        """Nothing that belongs to another kind, and options that can be told apart."""
        given = {
            "options": self.options,
            "min": self.min_,
            "max": self.max_,
            "whole": self.whole,
            "digits": self.digits,
            "direction": self.direction,
            "maxLength": self.max_length,
        }
        for key, value in given.items():
            if value is not None and key not in _FIELDS[self.type]:
                yield key, f"means nothing where the answer is {self.type}"
        if self.type == "choice" and self.options is None:
            yield "options", "is required: what they may choose"
        if self.min_ is not None and self.max_ is not None and self.min_ > self.max_:
            yield "max", "must not be below min"
        if self.digits is not None and not self.min_ is self.max_ is self.whole is None:
            yield "digits", "is for a number without min, max and whole"
        yield from self._alike()

    def _alike(self) -> Iterable[tuple[str, str]]:
        values: set[str] = set()
        keys: set[str] = set()
        for place, option in enumerate(self.options or ()):
            key = option.key or str(place + 1)
            if option.value in values:
                yield f"options/{place}/value", "is that of another option"
            if key in keys:
                yield f"options/{place}/key", f"the key {key} is that of another option"
            values.add(option.value)
            keys.add(key)

    @property
    def values(self) -> tuple[str, ...] | None:
        """Every answer there is; None where there are too many to say."""
        match self.type:
            case "yes_no":
                return ("yes", "no")
            case "choice":
                return tuple(option.value for option in self.options or ())
            case _:
                return None

    def asked(self) -> answers.Answer:
        """What is asked for, in the words of the domain."""
        match self.type:
            case "yes_no":
                return answers.YesNo()
            case "choice":
                return answers.Choice(
                    options=tuple(
                        answers.Option(
                            value=option.value,
                            phrases=option.phrases or (option.value.replace("_", " "),),
                            key=option.key or str(place),
                        )
                        for place, option in enumerate(self.options or (), 1)
                    )
                )
            case "number":
                return answers.Number(
                    least=_decimal(self.min_),
                    most=_decimal(self.max_),
                    is_whole=self.whole is not False,
                    digits=self.digits,
                )
            case "date":
                return answers.Day(direction=self.direction or "future")
            case "text":
                return answers.FreeText(most=self.max_length or 500)
            case _:
                assert_never(self.type)

    def from_words(
        self, text: str, scores: Mapping[str, float], *, today: date
    ) -> str | float | None:
        """The value that was said; None when that is not sure."""
        asked = self.asked()
        return self._value(answers.from_words(asked, text=text, scores=scores, today=today))

    def from_keys(self, pressed: str, *, today: date) -> str | float | None:
        """The value that was pressed; None when these keys mean nothing."""
        asked = self.asked()
        meant = answers.from_key(asked, pressed)
        if meant is None:
            keys = pressed.removesuffix(SEVERAL_KEYS_END)
            meant = answers.from_keys(asked, keys, today=today)
        return self._value(meant)

    def _value(self, meant: Meant | None) -> str | float | None:
        if meant is None or self.type != "number" or self.digits is not None:
            return None if meant is None else meant.value
        number = float(meant.value)
        return int(number) if number.is_integer() else number


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))
