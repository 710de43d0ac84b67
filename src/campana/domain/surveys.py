"""A group of questions in a script that are asked in order, as its author wrote it.

The questions themselves are steps of the script like any other; here stands what they are as a
group: which count as the survey, and where it is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from campana.domain.errors import FieldProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Its questions by id, and where it leads."""

    at: str
    """Where it is written: a JSON pointer."""
    questions: tuple[str, ...]
    skip: Literal["next", "end"] = "next"
    next: str | None = None
    otherwise: str | None = None

    @property
    def leads_to(self) -> dict[str, str]:
        """The steps that it names as a whole: field → id."""
        named = {"next": self.next, "otherwise": self.otherwise}
        return {name: to for name, to in named.items() if to is not None}


def problems(survey: Survey, *, ids: Collection[str]) -> Iterator[FieldProblem]:
    """What is wrong with it as a group, in a script that has steps of these ids."""
    for name, target in survey.leads_to.items():
        if target not in ids:
            yield _problem(f"{survey.at}/{name}", f"there is no step {target!r}")
    if survey.otherwise is not None and survey.skip != "end":
        yield _problem(
            f"{survey.at}/otherwise",
            "is for skip: end: a question without an answer leads to the next one",
        )


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)
