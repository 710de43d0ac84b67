"""`campana suppressions`: numbers nobody may contact, from a file; is one among them?"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.imports import country_code
from campana.cli.session import AsJson, Workspace, out, print_json, printable, run, told
from campana.domain.clock import parse_moment, wire
from campana.domain.errors import CampanaError
from campana.services import suppression_imports, suppressions
from campana.services.context import Context
from campana.services.suppression_imports import SuppressionImportHeld
from campana.services.suppressions import Checked
from campana.store.db import Role
from campana.store.imports import ImportState
from campana.store.suppression_imports import RefusedRow, SuppressionImport

app = typer.Typer(name="suppressions", no_args_is_help=True, help="Numbers nobody may contact.")

_PAGE = 1000
_WATCH_SECONDS = 0.2
_TAKE_OVER_SECONDS = 1.0


def _moment(text: str | None) -> datetime | None:
    try:
        return parse_moment(text, is_end=True) if text else None
    except ValueError:
        raise typer.BadParameter("must be a date such as 2027-01-31") from None


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="A CSV file with numbers.", exists=True, dir_okay=False)
    ],
    reason: Annotated[str, typer.Option(help="Why, of every row that does not say it.")],
    source: Annotated[str, typer.Option(help="Where the numbers come from.")] = "import",
    expires: Annotated[
        str | None, typer.Option(help="Until when, such as 2027-01-31; without it for ever.")
    ] = None,
    country: Annotated[
        str | None,
        typer.Option(help="Country of numbers without a code, such as US.", callback=country_code),
    ] = None,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Suppress the numbers of a CSV file in the whole workspace, and say what became of each row.

    Exit codes: 0 imported (rejected rows are listed by `suppressions errors`), 1 failed, 2 wrong
    usage.
    """
    expires_at = _moment(expires)

    async def work(context: Context, workspace_id: int) -> SuppressionImport:
        with file.open("rb") as content:
            started = await suppression_imports.start(
                context,
                workspace_id=workspace_id,
                file_name=file.name,
                content=content,
                reason=reason,
                source=source,
                expires_at=expires_at,
                default_country=country,
            )
        return await _follow(context, workspace_id, started, is_quiet=as_json)

    with told():
        ended = run(work, workspace=workspace, role=Role.ENGINE)
        _report(ended, as_json=as_json)


@app.command("errors")
def errors(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help="Such as simp_….")],
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Show the rows a file was refused: row 1 is the first below the header."""

    async def work(context: Context, workspace_id: int) -> list[RefusedRow]:
        found: list[RefusedRow] = []
        while page := await suppression_imports.rejected_rows(
            context,
            workspace_id=workspace_id,
            import_id=import_id,
            after=found[-1].row_number if found else 0,
            limit=_PAGE,
        ):
            found += page
        return found

    with told():
        rows = run(work, workspace=workspace, role=Role.ENGINE)
    if as_json:
        print_json(
            [
                {"row": r.row_number, "column": r.column_name, "value": r.value, "reason": r.reason}
                for r in rows
            ]
        )
        return
    table = Table("row", "column", "value", "reason")
    for row in rows:
        cells = (row.column_name or "", row.value or "", row.reason)
        table.add_row(str(row.row_number), *map(printable, cells))
    out.print(table)


@app.command("check")
def check(
    numbers: Annotated[list[str], typer.Argument(help="Numbers to ask about.")],
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Say what keeps numbers from being contacted now."""

    async def work(context: Context, workspace_id: int) -> list[Checked]:
        return await suppressions.check(context, workspace_id=workspace_id, addresses=numbers)

    with told():
        found = run(work, workspace=workspace)
    if as_json:
        print_json([_checked_fields(each) for each in found])
        return
    table = Table("number", "suppressed in", "reason", "source", "until")
    for asked in found:
        if not asked.suppressions:
            table.add_row(asked.address, "nothing", "", "", "")
        for each in asked.suppressions:
            where = each.campaign_id or each.channel_type or "the workspace"
            texts = (each.address, where, each.reason, each.source, wire(each.expires_at) or "ever")
            table.add_row(*map(printable, texts))
    out.print(table)


async def _follow(
    context: Context, workspace_id: int, started: SuppressionImport, *, is_quiet: bool
) -> SuppressionImport:
    """Show how far a file has come until it is over; do it when nobody else does."""
    work = asyncio.create_task(_work(context, started.id))
    try:
        with Progress(console=Console(stderr=True), disable=is_quiet) as progress:
            bar = progress.add_task("suppressions", total=started.bytes_total)
            while True:
                done, _ = await asyncio.wait({work}, timeout=_WATCH_SECONDS)
                seen = await suppression_imports.get(
                    context, workspace_id=workspace_id, import_id=started.id
                )
                progress.update(bar, completed=seen.bytes_done)
                if done:
                    work.result()
                    return seen
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def _work(context: Context, import_id: str) -> None:
    """Do the import, or wait for the process that does."""
    while True:
        try:
            await suppression_imports.run(context, import_id=import_id)
        except SuppressionImportHeld:
            await asyncio.sleep(_TAKE_OVER_SECONDS)
        else:
            return


def _report(ended: SuppressionImport, *, as_json: bool) -> None:
    """Print the counts; exit 1 when the import failed."""
    if as_json:
        print_json(
            {
                "id": ended.id,
                "state": ended.state,
                "fileName": ended.file_name,
                "rows": ended.rows_done,
                "accepted": ended.rows_accepted,
                "updated": ended.rows_updated,
                "duplicate": ended.rows_duplicate,
                "rejected": ended.rows_rejected,
                "problem": ended.problem,
            }
        )
    else:
        table = Table("accepted", "updated", "duplicate", "rejected", "rows")
        counts = (
            ended.rows_accepted,
            ended.rows_updated,
            ended.rows_duplicate,
            ended.rows_rejected,
            ended.rows_done,
        )
        table.add_row(*(f"{count:,}" for count in counts))
        out.print(table)
        if ended.rows_rejected:
            out.print(f"Rejected rows: campana suppressions errors {ended.id}", highlight=False)
    if ended.state is ImportState.FAILED:
        raise CampanaError(ended.problem)


def _checked_fields(asked: Checked) -> dict[str, object]:
    return {
        "given": asked.given,
        "address": asked.address,
        "isSuppressed": bool(asked.suppressions),
        "suppressions": [
            {
                "id": each.id,
                "scope": each.scope,
                "campaignId": each.campaign_id,
                "channelType": each.channel_type,
                "reason": each.reason,
                "source": each.source,
                "expiresAt": wire(each.expires_at),
            }
            for each in asked.suppressions
        ],
    }
