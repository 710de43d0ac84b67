"""`campana flow`: check a flow, try it out, keep and publish it.

What reads flows is loaded by the commands that need it: no other command waits for its libraries.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli import versions
from campana.cli.files import read_document
from campana.cli.session import AsJson, Workspace, run, told
from campana.domain.errors import InvalidParameter
from campana.services.context import Context
from campana.store.versioned import Stored, Version

app = typer.Typer(name="flow", no_args_is_help=True, help="Flows.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="YAML.", exists=True, dir_okay=False)]
Named = Annotated[str, typer.Argument(metavar="FLOW", help="Id or name.")]


@app.command()
def validate(file: File, as_json: AsJson = False) -> None:
    """Say everything that is wrong with a flow; exit code 1 when something is."""
    from campana.cli import flow_desk

    flow_desk.validate(file, as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of flows, for editors."""
    from campana.cli import flow_desk

    flow_desk.schema()


@app.command("run")
def try_out(
    file: File,
    contact: Annotated[
        list[str] | None, typer.Option("--contact", help="A field: first_name=Ana.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", help="A value of the trigger: orderId=7.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="The contact's time zone.")] = "UTC",
    at: Annotated[
        str | None, typer.Option("--at", help="When it begins, ISO 8601; else now.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Talk to a flow: type what the contact writes, /help for the rest. Nothing is sent.

    With --json, each line printed is one object: an input and the events that came of it.
    """
    from campana.cli import flow_desk

    flow_desk.try_out(file, contact=contact, param=param, zone=zone, at=at, as_json=as_json)


@app.command()
def push(
    file: File,
    and_publish: Annotated[
        bool, typer.Option("--publish", help="Publish it too, if it can be run.")
    ] = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Write a file's flow as the draft of the flow of its name; a new name makes a new flow."""

    async def work(context: Context, workspace_id: int) -> tuple[Stored, Version | None]:
        from campana.services.flows import FLOWS

        definition = _read(file)
        return await versions.push(
            context,
            FLOWS,
            workspace_id=workspace_id,
            raw={"definition": definition},
            name=str(definition.get("name")),
            and_publish=and_publish,
        )

    with told():
        stored, version = run(work, workspace=workspace)
    versions.tell_pushed(stored, version, as_json=as_json)


@app.command()
def publish(flow: Named, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Make a flow's draft a version, which never changes; unchanged, it is the one it was."""

    async def work(context: Context, workspace_id: int) -> Version:
        from campana.services import flows

        return await flows.publish(context, workspace_id=workspace_id, flow_id=flow)

    with told():
        made = run(work, workspace=workspace)
    versions.tell_published(made, as_json=as_json)


@app.command("list")
def list_flows(as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show the flows, by name."""

    async def work(context: Context, workspace_id: int) -> list[Stored]:
        from campana.services import flows

        return await flows.every(context, workspace_id=workspace_id)

    with told():
        found = run(work, workspace=workspace)
    versions.tell_all(found, as_json=as_json)


def _read(file: Path) -> dict[str, Any]:
    """The definition in a file, as it is written: what is wrong with it publishing says."""
    found = read_document(file)
    if not isinstance(found, dict):
        raise InvalidParameter(f"{file} holds no flow: an object with a name and nodes.")
    return cast("dict[str, Any]", found)
