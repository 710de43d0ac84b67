"""`campana lists export` and `campana campaign export`: rows into a file, or onto the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.session import Workspace, run, told
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter
from campana.services import export_files, exports, lists
from campana.services.context import Context
from campana.services.export_files import Format
from campana.services.exports import Export, What

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="The file to write; standard output without it."),
]
How = Annotated[Format, typer.Option("--format", help="csv or parquet.")]


def export_list(
    name: Annotated[str, typer.Argument(metavar="LIST", help="Its name or id.")],
    output: Output = None,
    how: How = Format.CSV,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Write the people of a contact list or segment, as an import would take them."""

    async def opened(context: Context, workspace_id: int) -> Export:
        found = await lists.find(context, workspace_id=workspace_id, wanted=name)
        if found is None:
            message = f"there is no contact list {name!r}"
            raise InvalidParameter(problems=[FieldProblem(pointer="LIST", message=message)])
        return await exports.of_list(context, workspace_id=workspace_id, list_id=found.id)

    _export(opened, output=output, how=how, workspace=workspace)


def export_campaign(
    campaign_id: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Such as camp_….")],
    what: Annotated[What, typer.Option("--what", help="targets or attempts.")] = What.TARGETS,
    output: Output = None,
    how: How = Format.CSV,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Write the targets or attempts of a campaign."""

    async def opened(context: Context, workspace_id: int) -> Export:
        return await exports.of_campaign(
            context, workspace_id=workspace_id, campaign_id=campaign_id, what=what
        )

    _export(opened, output=output, how=how, workspace=workspace)


def _export(
    opened: Callable[[Context, int], Awaitable[Export]],
    *,
    output: Path | None,
    how: Format,
    workspace: str,
) -> None:
    """A file appears under its name when it is whole, and not before."""
    part = None if output is None else output.with_name(f".{output.name}.{os.getpid()}.part")

    async def work(context: Context, workspace_id: int) -> None:
        found = await opened(context, workspace_id)
        try:
            if part is None:
                await _write(found, how, sys.stdout.buffer)
            else:
                with part.open("xb") as file:
                    await _write(found, how, file)
        except OSError as error:
            raise CampanaError(f"{output or 'the output'}: {error.strerror}") from None

    try:
        with told():
            run(work, workspace=workspace)
        if part is not None and output is not None:
            part.replace(output)
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


async def _write(found: Export, how: Format, file: BinaryIO) -> None:
    async for piece in export_files.written(found, how):
        file.write(piece)
    file.flush()
