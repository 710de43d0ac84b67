"""`campana keys`: API keys. A key's text is printed once, alone, so that a script can take it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.session import AsJson, Workspace, out, print_json, run, told, whole
from campana.domain.clock import parse_moment, wire
from campana.services import accounts

app = typer.Typer(name="keys", no_args_is_help=True, help="API keys.")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_moment(text, is_end=True)
    except ValueError:
        raise typer.BadParameter("must be an ISO 8601 date or time") from None


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option(help="Repeatable; `all` gives every scope.")],
    expires: Annotated[str | None, typer.Option(help="ISO 8601; never when left out.")] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Make a key and print it, alone. It cannot be shown again."""
    scopes = list(accounts.SCOPES) if scope == ["all"] else scope
    expires_at = _moment(expires)
    with told():
        made = run(
            lambda context, workspace_id: accounts.create_key(
                context,
                workspace_id=workspace_id,
                name=name,
                scopes=scopes,
                expires_at=expires_at,
            ),
            workspace=workspace,
        )
    typer.echo(made.text)


@app.command("list")
def list_keys(as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show the keys, newest first; never their text."""
    with told():
        found = run(
            lambda context, workspace_id: accounts.list_keys(context, workspace_id=workspace_id),
            workspace=workspace,
        )
    if as_json:
        print_json(
            [
                {
                    "id": key.id,
                    "name": key.name,
                    "scopes": list(key.scopes),
                    "createdAt": wire(key.created_at),
                    "expiresAt": wire(key.expires_at),
                    "revokedAt": wire(key.revoked_at),
                    "lastUsedAt": wire(key.last_used_at),
                }
                for key in found
            ]
        )
        return
    table = Table(
        whole("id"), "name", "scopes", whole("created"), whole("expires"), whole("revoked")
    )
    for key in found:
        table.add_row(
            key.id,
            key.name,
            " ".join(key.scopes),
            wire(key.created_at),
            wire(key.expires_at) or "never",
            wire(key.revoked_at) or "",
        )
    out.print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="Such as key_….")],
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """End a key, at once and in every process."""
    with told():
        run(
            lambda context, workspace_id: accounts.revoke_key(
                context, workspace_id=workspace_id, key_id=key_id
            ),
            workspace=workspace,
        )
