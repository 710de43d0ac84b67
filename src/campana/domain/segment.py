"""Whom a segment means: a condition over contacts as a tree of values.

Pure data. `flow/segments.py` reads it from what a person wrote, `store/segments.py` asks it of the
database. A value that cannot be told (the contact lacks the attribute, or a text is compared with a
number) makes every condition that needs it untold; who is untold is not in the segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from campana.domain.campaign import ChannelType

OWN_FIELDS = (
    "first_name",
    "last_name",
    "language",
    "time_zone",
    "external_id",
    "phone",
    "whatsapp",
    "email",
    "country",
)
"""What `contact.…` says besides the list's own columns: `phone`, `whatsapp` and `email` are the
first of their kind, `country` is that of the first number."""


class Comparison(StrEnum):
    """How two values stand to each other. Texts by code point, numbers by size."""

    EQUAL = "=="
    DIFFERENT = "!="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="


class TextTest(StrEnum):
    """Where one text stands in another."""

    STARTS = "startsWith"
    ENDS = "endsWith"
    CONTAINS = "contains"


class Texts(StrEnum):
    """The lists of texts a contact has."""

    TAGS = "tags"
    KINDS = "kinds"
    """Of addresses: phone, whatsapp, email."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value as written."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """`contact.name`; untold where the contact has none."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Has:
    """Is there a `contact.name`? Always told."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    term: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`condition ? then : otherwise`; untold when the condition is."""

    condition: Tree
    then: Tree
    otherwise: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """Two values of one kind, or a moment with a moment."""

    how: Comparison
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """Is the value one of these? Of none, if there are none."""

    value: Tree
    options: tuple[Tree, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Is the text among the contact's tags, or kinds of address?"""

    value: Tree
    texts: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Examine:
    """Does `text` start with, end with or contain `part`?"""

    how: TextTest
    text: Tree
    part: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Characters of a text, or how many tags or kinds there are."""

    of: Tree | Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How often the person was tried, by channel type and in the last while: None is any, ever."""

    channel_type: ChannelType | None
    within: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Was the person reached, by channel type and in the last while?"""

    channel_type: ChannelType | None
    within: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastOutcome:
    """What became of the latest attempt that is over; an empty text for who was never tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InList:
    """Is the contact in the list of this id or name?"""

    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The time at which the segment is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedAt:
    """When the contact came into its list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time as written."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifted:
    """A moment that much later; `by` may be below zero."""

    moment: Tree
    by: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DateOf:
    """The day of a moment in UTC as the text that dates are kept as: 2026-03-31."""

    moment: Tree


Condition = And | Or | Not | Has | Compare | OneOf | Within | Examine | Reached | InList
"""What is true or false by itself; a Choice, a Literal or an Attribute may be, too."""
Instant = Now | AddedAt | Moment | Shifted
Tree = Condition | Instant | Choice | Literal | Attribute | Size | Attempts | LastOutcome | DateOf


def lists_named(tree: Tree) -> frozenset[str]:
    """Every list the segment speaks of, as it names them."""
    match tree:
        case InList(wanted=wanted):
            return frozenset({wanted})
        case Not(term=below):
            return lists_named(below)
        case And(left=one, right=other) | Or(left=one, right=other):
            return lists_named(one) | lists_named(other)
        case Compare(left=one, right=other):
            return lists_named(one) | lists_named(other)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return lists_named(condition) | lists_named(then) | lists_named(otherwise)
        case _:
            return frozenset()


def needed(tree: Tree) -> tuple[Tree, ...]:
    """Conditions that hold of everybody in the segment: what an index may be asked first."""
    if isinstance(tree, And):
        return (*needed(tree.left), *needed(tree.right))
    return (tree,)
