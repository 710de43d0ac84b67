"""What is wrong with a text that people write, each problem with its place and its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents

MAX_CHARACTERS = 1_000_000
"""Of a text; the largest flow or bot allowed needs far fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A problem and the line of the text it is in."""

    line: int
    problem: FieldProblem


class UnreadableText(Exception):
    """A text that is no YAML, or too long; `problems` say why."""

    def __init__(self, problems: tuple[Located, ...]) -> None:
        """With all that is known."""
        super().__init__()
        self.problems = problems


def document_of(text: str, *, read: Callable[[str], object] = documents.read_yaml) -> object:
    """What a text in YAML or JSON says.

    Raises:
        UnreadableText
    """
    if len(text) > MAX_CHARACTERS:
        too_long = FieldProblem(
            pointer="", message=f"must have at most {MAX_CHARACTERS} characters"
        )
        raise UnreadableText((Located(line=1, problem=too_long),))
    try:
        return read(text)
    except InvalidParameter as error:
        raise UnreadableText(tuple(map(_unreadable, error.problems))) from None


def located(problems: Sequence[FieldProblem], text: str) -> tuple[Located, ...]:
    """In the order of the text."""
    lines = documents.yaml_lines(text) if problems else {}
    found = [Located(line=line_of(each, lines), problem=each) for each in problems]
    return tuple(sorted(found, key=lambda each: each.line))


def line_of(problem: FieldProblem, lines: Mapping[str, int]) -> int:
    """The line of what it points to; of what stands around it, when that is what is missing."""
    pointer = problem.pointer or ""
    while pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines[pointer]


def as_text(definition: Mapping[str, object]) -> str:
    """A definition that came as no text: its JSON, two spaces a step."""
    return msgspec.json.format(msgspec.json.encode(definition), indent=2).decode()


def _unreadable(problem: FieldProblem) -> Located:
    """The reader of YAML says the line in words."""
    found = re.fullmatch(r"line (\d+)", problem.pointer or "")
    return Located(
        line=int(found[1]) if found else 1,
        problem=FieldProblem(pointer="", message=problem.message),
    )
