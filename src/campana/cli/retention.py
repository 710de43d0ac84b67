"""`campana retention`: how long a workspace keeps what it knows of people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.files import read_document
from campana.cli.session import Workspace, out, print_json, run, told
from campana.services import retention
from campana.services.context import Context
from campana.services.retention import RetentionDocument

app = typer.Typer(
    name="retention", no_args_is_help=True, help="How long what is known of people is kept."
)


@app.command()
def show(workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Print it as JSON, in days; null is for ever."""

    async def act(context: Context, workspace_id: int) -> RetentionDocument:
        return await retention.show(context, workspace_id=workspace_id)

    with told():
        print_json(msgspec.to_builtins(run(act, workspace=workspace)))


@app.command("set")
def set_retention(
    file: Annotated[Path, typer.Option("--file", "-f", help="YAML.", exists=True, dir_okay=False)],
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Replace it; what is older then goes within the hour, and does not come back."""

    async def act(context: Context, workspace_id: int) -> RetentionDocument:
        raw = read_document(file)
        return await retention.replace(context, workspace_id=workspace_id, raw=raw)

    with told():
        run(act, workspace=workspace)
    out.print("It is in force.")
