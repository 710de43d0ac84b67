"""The expressions of each country's numbering plan, from phonenumbers' own metadata, compiled once.

Each tells on how many leading digits its answer rests (`Seen`), so that `numbering` can remember
what it decided. What the answers mean is decided there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import cast

from phonenumbers import PhoneMetadata, PhoneNumberDesc

from campana.domain.deciding import Automaton, Unreadable

MOST_DECIDING = 9
"""A decision that needs more digits holds for too few numbers to be remembered."""


class NumberType(StrEnum):
    """What a numbering plan says a number is for; the library's types under its own names."""

    FIXED_LINE = "fixed_line"
    MOBILE = "mobile"
    FIXED_LINE_OR_MOBILE = "fixed_line_or_mobile"
    TOLL_FREE = "toll_free"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    PERSONAL_NUMBER = "personal_number"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"


# A number of several types is the first of these: the library's order.
_BY_PRECEDENCE = (
    NumberType.PREMIUM_RATE,
    NumberType.TOLL_FREE,
    NumberType.SHARED_COST,
    NumberType.VOIP,
    NumberType.PERSONAL_NUMBER,
    NumberType.PAGER,
    NumberType.UAN,
    NumberType.VOICEMAIL,
    NumberType.FIXED_LINE,
    NumberType.MOBILE,
)


class Seen:
    """How many leading digits of a number a decision has rested on; its length always counts."""

    __slots__ = ("digits", "is_plain", "total")

    def __init__(self, total: int) -> None:
        self.total, self.digits, self.is_plain = total, 0, True

    def first(self, count: int | None, text: str) -> None:
        """The first `count` digits of what is left of the number, or all that is left."""
        if count is None:
            count = len(text)
        self.digits = max(self.digits, self.total - len(text) + count)


class Expression:
    """A regular expression of a plan that tells on how many digits its answers rest."""

    __slots__ = ("_automaton", "_text", "pattern")

    def __init__(self, text: str) -> None:
        self.pattern = re.compile(text)
        self._text = text
        self._automaton: Automaton | None = None

    def is_all(self, digits: str, seen: Seen) -> bool:
        """Does all of it match?"""
        seen.first(self.settled(digits), digits)
        return self.pattern.fullmatch(digits) is not None

    def begins(self, digits: str, seen: Seen) -> re.Match[str] | None:
        """The match its beginning is."""
        found = self.pattern.match(digits)
        automaton = self._judge()
        if automaton is None:
            seen.first(None, digits)
        elif found is None and (count := automaton.failed(digits)) is not None:
            seen.first(count, digits)
        else:
            longest = automaton.longest
            seen.first(None if longest is None else min(longest, len(digits)), digits)
        return found

    def settled(self, digits: str) -> int | None:
        """How many digits settle whether all of it matches; None: all."""
        automaton = self._judge()
        return automaton and automaton.settled(digits, most=MOST_DECIDING)

    def _judge(self) -> Automaton | None:
        if self._automaton is None:
            try:
                self._automaton = Automaton(self._text)
            except Unreadable:
                return None
        return self._automaton


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Numbers of one type: the lengths they may have (any: none given) and how they look."""

    type: NumberType
    lengths: Sequence[int]
    expression: Expression

    def look(self, national: str, seen: Seen) -> None:
        if not self.lengths or len(national) in self.lengths:
            seen.first(self.expression.settled(national), national)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The expressions of one region, compiled. `lengths` are those of any national number of it."""

    region: str
    code: str
    idd: Expression | None
    prefix: Expression | None
    prefix_becomes: str | None
    general: Expression
    lengths: Sequence[int]
    leading: Expression | None
    types: re.Pattern[str]
    type_of_group: Sequence[NumberType]
    mobile: re.Pattern[str] | None
    kinds: Sequence[Kind]


@cache
def plan_of(region: str) -> Plan:
    metadata = cast("PhoneMetadata", PhoneMetadata.metadata_for_region(region))
    general = cast("PhoneNumberDesc", metadata.general_desc)
    is_one_pattern = metadata.same_mobile_and_fixed_line_pattern
    groups: list[str] = []
    type_of_group = [NumberType.FIXED_LINE]
    kinds: list[Kind] = []
    for kind in _BY_PRECEDENCE:
        described = getattr(metadata, kind.value)
        expression = _expression(described)
        if expression is None or (kind is NumberType.MOBILE and is_one_pattern):
            continue
        groups.append(f"({expression})")
        is_both = kind is NumberType.FIXED_LINE and is_one_pattern
        type_of_group.append(NumberType.FIXED_LINE_OR_MOBILE if is_both else kind)
        kinds.append(
            Kind(
                type=type_of_group[-1],
                lengths=described.possible_length,
                expression=Expression(described.national_number_pattern),
            )
        )
    mobile = None if is_one_pattern else _expression(metadata.mobile)
    # The library's expressions have no groups of their own: the group that matched is the type.
    types = re.compile(f"(?={_expression(general)})(?:{'|'.join(groups)})")
    return Plan(
        region=region,
        code=str(metadata.country_code),
        idd=_compiled(metadata.international_prefix),
        prefix=_compiled(metadata.national_prefix_for_parsing),
        prefix_becomes=metadata.national_prefix_transform_rule or None,
        general=Expression(cast("str", general.national_number_pattern)),
        lengths=sorted(general.possible_length),
        leading=_compiled(metadata.leading_digits),
        types=types,
        type_of_group=type_of_group,
        mobile=re.compile(mobile) if mobile else None,
        kinds=kinds,
    )


def _compiled(expression: str | None) -> Expression | None:
    return Expression(expression) if expression else None


def _expression(described: PhoneNumberDesc | None) -> str | None:
    """A description as one expression that a whole number matches: its lengths, then its digits."""
    if described is None or not described.national_number_pattern:
        return None
    sizes = "|".join(rf"\d{{{size}}}" for size in described.possible_length)
    length = rf"(?=(?:{sizes})\Z)" if sizes else ""
    return rf"{length}(?:{described.national_number_pattern})\Z"
