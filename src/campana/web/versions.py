"""Answers about what is written as a draft and published as versions: flows and bots alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campana.domain.errors import NotFound
from campana.services.text_problems import Located
from campana.store.versioned import Stored, Version
from campana.web.answers import Instant, Shape, instant
from campana.web.query import Paging


class DraftSummary(Shape, frozen=True, kw_only=True):
    """A draft. `publishedVersion` is the latest; null while it was never published."""

    id: str
    name: str
    revision: int
    published_version: int | None
    created_at: Instant
    updated_at: Instant


class DraftPage(Shape, frozen=True, kw_only=True):
    data: list[DraftSummary]
    page: int
    page_size: int
    total_count: int


class VersionShape(Shape, frozen=True, kw_only=True):
    """A version, which never changes; `hash` names its content."""

    number: int
    hash: str
    created_at: Instant


class VersionDetail(VersionShape, frozen=True, kw_only=True):
    definition: dict[str, Any]


class VersionList(Shape, frozen=True, kw_only=True):
    """Latest first."""

    data: list[VersionShape]


class LocatedShape(Shape, frozen=True, kw_only=True):
    """Something wrong: the line it is in, and a JSON Pointer to it."""

    line: int
    pointer: str
    message: str


def page_of(found: Sequence[Stored], asked: Paging) -> DraftPage:
    """The page that was asked for of all there are."""
    start = (asked.page - 1) * asked.page_size
    return DraftPage(
        data=[
            DraftSummary(
                id=each.id,
                name=each.name,
                revision=each.revision,
                published_version=each.published,
                created_at=instant(each.created_at),
                updated_at=instant(each.updated_at),
            )
            for each in found[start:][: asked.page_size]
        ],
        page=asked.page,
        page_size=asked.page_size,
        total_count=len(found),
    )


def listed(found: Sequence[Version]) -> VersionList:
    """Versions without what they say."""
    return VersionList(
        data=[
            VersionShape(number=each.number, hash=each.hash, created_at=instant(each.created_at))
            for each in found
        ]
    )


def located(found: Sequence[Located]) -> list[LocatedShape]:
    """Problems of a text."""
    return [
        LocatedShape(
            line=each.line, pointer=each.problem.pointer or "", message=each.problem.message
        )
        for each in found
    ]


def number_of(text: str) -> int:
    """The number of a version in an address.

    Raises:
        NotFound: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise NotFound
    return int(text)
