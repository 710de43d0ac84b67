"""What is wrong with a file, as the commands that check one say it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer

from campana.services.text_problems import Located


def explain(file: Path, found: Iterable[Located]) -> None:
    """A line each, as compilers do: file, line, place and what is wrong."""
    for each in found:
        where = f" {each.problem.pointer}:" if each.problem.pointer else ""
        typer.echo(f"{file}:{each.line}:{where} {each.problem.message}", err=True)


def fields(found: Located) -> dict[str, object]:
    """A problem for programs."""
    problem = found.problem
    return {"line": found.line, "pointer": problem.pointer, "message": problem.message}
