"""What every command does the same: run with the database, print, and say what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from campana import bootstrap, settings
from campana.domain.errors import CampanaError, FieldProblem
from campana.services import accounts
from campana.services.context import Context
from campana.store.db import Role

Result = TypeVar("Result")


def run(work: Callable[[Context, int], Awaitable[Result]]) -> Result:
    """Do something with the database and the default workspace (engine role)."""
    chosen = settings.read()

    async def inside(conninfo: str) -> Result:
        async with bootstrap.opened(chosen, conninfo, role=Role.ENGINE) as context:
            workspace = await accounts.ensure_workspace(context, bootstrap.DEFAULT_WORKSPACE)
            return await work(context, workspace.workspace_id)

    with bootstrap.database(chosen) as conninfo:
        bootstrap.prepare(chosen, conninfo)
        return asyncio.run(inside(conninfo))


@contextmanager
def told(*, file: Path | None = None) -> Generator[None]:
    """Turn an error into sentences on stderr and exit code 1."""
    try:
        yield
    except CampanaError as error:
        if not error.problems:
            complain(error.message)
        for problem in error.problems:
            complain(_placed(problem, file))
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        complain("stopped; what was imported stays, and `campana work` brings in the rest")
        raise typer.Exit(130) from None


def _placed(problem: FieldProblem, file: Path | None) -> str:
    """What is wrong, and where in the words of the command line."""
    pointer = problem.pointer or ""
    if pointer == "/file":
        return f"{file}: {problem.message}"
    if pointer.startswith("/mapping/"):
        return f"{file}: --map {pointer.removeprefix('/mapping/')}: {problem.message}"
    return f"{pointer.removeprefix('/')} {problem.message}"


def complain(sentence: str) -> None:
    Console(stderr=True).print(printable(sentence), style="red", highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """Text from a file, harmless on a terminal."""
    kept = (char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return escape("".join(kept))


def print_json(value: object) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(value)).decode())
