"""Values as people write them into a field: YAML, of which JSON is a part.

Nobody's text can make more of itself than it is (`services/modest_yaml.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import yaml

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents, modest_yaml, reading_order
from campana.web.console.language import in_words, say

LONGEST = 100_000
"""Characters of one text."""


class Unreadable(ValueError):
    """The text is no YAML that is taken; says why, and in which line."""


def tidy(text: str) -> str:
    """A text of a form as it was meant: browsers send `\\r\\n`, and YAML knows no tabs."""
    return text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(2).strip("\n").rstrip()


def read(text: str) -> object:
    """The plain values; None of an empty text.

    Raises:
        Unreadable
    """
    text = tidy(text)
    if not text.strip():
        return None
    if len(text) > LONGEST:
        raise Unreadable(say("must have at most %(number)s characters", number=f"{LONGEST:,}"))
    try:
        return modest_yaml.read(text)
    except InvalidParameter as error:
        raise Unreadable("; ".join(f"{e.pointer}: {e.message}" for e in error.problems)) from None


def shown(value: object) -> str:
    """The values as a text that reads back as the same; empty for nothing."""
    if value is None or value in ({}, []):
        return ""
    text = str(
        yaml.safe_dump(reading_order.in_order(value), sort_keys=False, allow_unicode=True, width=96)  # pyright: ignore[reportUnknownMemberType]
    ).rstrip()
    try:
        if read(text) == value:
            return text
    except Unreadable:
        pass
    # Where the two YAMLs differ (`1e5` is a text in one of them), JSON says it beyond doubt.
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def said(text: str, found: Iterable[FieldProblem]) -> str:
    """What is wrong with a text, a line for each: where it stands in the text, and why."""
    try:
        lines: Mapping[str, int] = documents.yaml_lines(tidy(text)) if text.strip() else {}
    except (yaml.YAMLError, ValueError, RecursionError):
        lines = {}
    told: list[tuple[int, str]] = []
    for each in found:
        pointer = each.pointer or ""
        place = pointer.strip("/").replace("/", ".")
        line = _line(lines, pointer)
        where = ", ".join(
            filter(None, [say("line %(number)s", number=line) if line else "", place])
        )
        told.append(
            (line, f"{where}: {in_words(each.message)}" if where else in_words(each.message))
        )
    return "\n".join(text for _, text in sorted(told, key=lambda pair: pair[0]))


def _line(lines: Mapping[str, int], pointer: str) -> int:
    """Of what the pointer names; of what it would stand in where it is missing; 0: nowhere."""
    while pointer and pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines.get(pointer, 0) if pointer else 0
