"""`campana prices`: what attempts cost, as a table of prefixes and countries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.files import read_text
from campana.cli.session import AsJson, Workspace, out, print_json, run, told
from campana.services import prices
from campana.services.context import Context
from campana.store.db import Role
from campana.store.spend import Entry

app = typer.Typer(name="prices", no_args_is_help=True, help="What attempts cost.")


@app.command("set")
def set_prices(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with channelType, prefix (+44, US or *), per (minute or message), amount.",
            exists=True,
            dir_okay=False,
        ),
    ],
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Replace the price table; running campaigns reckon by it from their next claim on."""

    async def act(context: Context, workspace_id: int) -> int:
        entries = prices.read(read_text(file).splitlines())
        await prices.replace(context, workspace_id=workspace_id, entries=entries)
        return len(entries)

    with told():
        count = run(act, workspace=workspace, role=Role.ENGINE)
    out.print(f"{count} prices are in force.", highlight=False)


@app.command()
def show(as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Print the price table."""

    async def act(context: Context, workspace_id: int) -> list[Entry]:
        return await prices.show(context, workspace_id=workspace_id)

    with told():
        found = run(act, workspace=workspace)
    rows = [
        (each.channel_type, each.prefix, str(each.price.per), f"{each.price.amount:f}")
        for each in found
    ]
    if as_json:
        print_json([dict(zip(prices.COLUMNS, row, strict=True)) for row in rows])
        return
    table = Table(*prices.COLUMNS)
    for row in rows:
        table.add_row(*row)
    out.print(table)
