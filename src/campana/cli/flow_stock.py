"""`campana table` and `campana credential`: what flows look up, and what their webhooks show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.files import read_document
from campana.cli.session import AsJson, Workspace, out, print_json, run, told, whole
from campana.domain.clock import wire
from campana.domain.errors import NotFound
from campana.services import flow_credentials, reference_table_files, reference_tables
from campana.services.context import Context
from campana.store.flows import Credential
from campana.store.reference_tables import ReferenceTable

tables = typer.Typer(name="table", no_args_is_help=True, help="Reference tables of flows.")
credentials = typer.Typer(
    name="credential", no_args_is_help=True, help="What webhooks of flows show."
)

Named = Annotated[str, typer.Argument(metavar="NAME")]
Yaml = Annotated[Path, typer.Option("--file", "-f", help="YAML.", exists=True, dir_okay=False)]


@tables.command("list")
def list_tables(as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show the tables, without their rows."""

    async def act(context: Context, workspace_id: int) -> list[ReferenceTable]:
        return await reference_tables.every(context, workspace_id=workspace_id)

    with told():
        found = run(act, workspace=workspace)
    if as_json:
        print_json([_table(each) for each in found])
        return
    shown = Table(whole("table"), "found by", "rows", "written")
    for each in found:
        shown.add_row(each.name, each.key_column, str(each.row_count), wire(each.updated_at))
    out.print(shown)


@tables.command("put")
def put_table(
    name: Named,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV.", exists=True, dir_okay=False)],
    key: Annotated[
        str | None, typer.Option(help="The column that finds a row; else the first.")
    ] = None,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Write a table as a whole from a CSV file; what it had before is gone."""

    async def act(context: Context, workspace_id: int) -> ReferenceTable:
        raw = reference_table_files.document_of(file.open("rb"), key=key)
        return await reference_tables.put(context, workspace_id=workspace_id, name=name, raw=raw)

    with told():
        kept = run(act, workspace=workspace)
    if as_json:
        print_json(_table(kept))
    else:
        out.print(f"{kept.name}: {kept.row_count} rows by {kept.key_column}", highlight=False)


@tables.command("delete")
def delete_table(name: Named, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Forget a table; flows that look into it find nothing from now on."""

    async def act(context: Context, workspace_id: int) -> None:
        await reference_tables.delete(context, workspace_id=workspace_id, name=name)

    with told():
        run(act, workspace=workspace)


@credentials.command("list")
def list_credentials(as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show the credentials, without their secrets."""

    async def act(context: Context, workspace_id: int) -> list[Credential]:
        return await flow_credentials.every(context, workspace_id=workspace_id)

    with told():
        found = run(act, workspace=workspace)
    if as_json:
        print_json([_credential(each) for each in found])
        return
    shown = Table(whole("id"), "name", "kind", "written")
    for each in found:
        shown.add_row(each.id, each.name, each.kind, wire(each.created_at))
    out.print(shown)


@credentials.command("add")
def add_credential(
    file: Yaml, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Keep one from a YAML file; it is sealed and never shown again."""

    async def act(context: Context, workspace_id: int) -> Credential:
        return await flow_credentials.create(
            context, workspace_id=workspace_id, raw=read_document(file)
        )

    with told():
        _say(run(act, workspace=workspace), as_json=as_json)


@credentials.command("replace")
def replace_credential(
    name: Named, file: Yaml, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Put another in its place; whoever names it shows that from the next request on."""

    async def act(context: Context, workspace_id: int) -> Credential:
        return await flow_credentials.replace(
            context,
            workspace_id=workspace_id,
            credential_id=await _id_of(context, workspace_id=workspace_id, name=name),
            raw=read_document(file),
        )

    with told():
        _say(run(act, workspace=workspace), as_json=as_json)


@credentials.command("delete")
def delete_credential(name: Named, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Forget one; webhooks that name it take their failure exit from now on."""

    async def act(context: Context, workspace_id: int) -> None:
        credential_id = await _id_of(context, workspace_id=workspace_id, name=name)
        await flow_credentials.delete(
            context, workspace_id=workspace_id, credential_id=credential_id
        )

    with told():
        run(act, workspace=workspace)


async def _id_of(context: Context, *, workspace_id: int, name: str) -> str:
    every = await flow_credentials.every(context, workspace_id=workspace_id)
    for each in every:
        if name in {each.id, each.name}:
            return each.id
    raise NotFound(f"there is no credential {name}")


def _say(kept: Credential, *, as_json: bool) -> None:
    if as_json:
        print_json(_credential(kept))
    else:
        out.print(f"{kept.name} is {kept.id}", highlight=False)


def _table(found: ReferenceTable) -> dict[str, object]:
    return {
        "name": found.name,
        "key": found.key_column,
        "rows": found.row_count,
        "updatedAt": wire(found.updated_at),
    }


def _credential(found: Credential) -> dict[str, object]:
    return {
        "id": found.id,
        "name": found.name,
        "kind": found.kind,
        "createdAt": wire(found.created_at),
    }
