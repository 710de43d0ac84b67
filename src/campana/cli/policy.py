"""`campana policy`: what holds for every campaign of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.files import read_document
from campana.cli.session import Workspace, out, print_json, run, told
from campana.services import policy
from campana.services.context import Context
from campana.store.db import Role

app = typer.Typer(
    name="policy", no_args_is_help=True, help="What holds for every campaign: caps, a budget."
)


@app.command("set")
def set_policy(
    file: Annotated[Path, typer.Option("--file", "-f", help="YAML.", exists=True, dir_okay=False)],
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Replace the policy; running campaigns obey it from their next claim on."""

    async def act(context: Context, workspace_id: int) -> None:
        await policy.replace(context, workspace_id=workspace_id, raw=read_document(file))

    with told():
        run(act, workspace=workspace, role=Role.ENGINE)
    out.print("The policy is in force.")


@app.command()
def show(workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Print the policy as JSON."""

    async def act(context: Context, workspace_id: int) -> dict[str, Any]:
        return dict(await policy.show(context, workspace_id=workspace_id))

    with told():
        print_json(run(act, workspace=workspace))
