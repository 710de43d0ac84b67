"""What every command shares: an open Context, errors as sentences, output for people or programs.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the set-up must be mended first.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column
from typer._click.globals import get_current_context

from campana import bootstrap, settings
from campana.domain.errors import CampanaError, SetupError
from campana.services import accounts, auditing
from campana.services.auditing import Asked
from campana.services.context import Context
from campana.store.db import Role

Result = TypeVar("Result")

FAILED, SETUP = 1, 3

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Workspace = Annotated[str, typer.Option("--workspace", help="The workspace to work in.")]

out = Console()


@contextmanager
def told() -> Generator[None]:
    """Campana's errors as sentences on standard error, with the exit code that fits."""
    try:
        yield
    except CampanaError as error:
        # Never wrapped: a path in it must survive being copied, and a script may search it.
        typer.echo(f"campana: {error.message}", err=True)
        for problem in error.problems:
            typer.echo(f"  {problem}", err=True)
        raise typer.Exit(SETUP if isinstance(error, SetupError) else FAILED) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def run(
    act: Callable[[Context, int], Awaitable[Result]],
    *,
    workspace: str = bootstrap.DEFAULT_WORKSPACE,
    role: Role = Role.WEB,
) -> Result:
    """Open everything, do one thing in a workspace, close. What it changes is in the audit log.

    Raises:
        CampanaError: whatever `act` raises, or a SetupError.
    """
    chosen = settings.read()

    async def within(conninfo: str) -> Result:
        async with bootstrap.opened(
            chosen, conninfo, role=Role.ENGINE, max_connections=2
        ) as engine:
            home = await (
                accounts.ensure_workspace(engine, workspace)
                if workspace == bootstrap.DEFAULT_WORKSPACE
                else accounts.workspace_named(engine, workspace)
            )
            asked = _asked(engine, home.workspace_id)
            if role is Role.ENGINE:
                with auditing.changes_by(engine, asked):
                    return await act(engine, home.workspace_id)
            async with bootstrap.opened(chosen, conninfo, role=role, max_connections=4) as context:
                with auditing.changes_by(context, asked):
                    return await act(context, home.workspace_id)

    with bootstrap.database(chosen) as conninfo:
        bootstrap.prepare(chosen, conninfo)
        return asyncio.run(within(conninfo))


def _asked(context: Context, workspace_id: int) -> Asked:
    """What the audit log says of whatever this command changes: its words, and whose it is."""
    words: list[str] = []
    command = get_current_context(silent=True)
    # The outermost is the program itself, by whatever name it was started.
    while command is not None and command.parent is not None:
        words.insert(0, command.info_name or "")
        command = command.parent
    return Asked(
        workspace_id=workspace_id,
        person_id=None,
        actor=f"command line ({_user()})",
        action=" ".join(["campana", *words]),
        subject="",
        fields={},
        client=None,
        request_id=context.new_id("cmd"),
    )


def _user() -> str:
    """Of the operating system: by the number, which nobody sets as they set an environment."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # A container may run as a number that has no name.
        return str(number)


def whole(header: str) -> Column:
    """A table's column whose values are never cut: what one copies and pastes."""
    return Column(header, no_wrap=True)


def printable(text: str) -> str:
    """Text from a file, harmless on a terminal."""
    kept = (char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return escape("".join(kept))


def print_json(value: object) -> None:
    """`value` as JSON with camelCase left to the caller, one line at the end."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")
