"""`campana lists`: people from a file into a list, and what became of each row."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.following import Wanted, follow, start
from campana.cli.session import AsJson, Workspace, out, print_json, run, told
from campana.domain.clock import wire
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter
from campana.services import lists
from campana.services.context import Context
from campana.store.db import Role
from campana.store.imports import Duplicates, Import, ImportState, RejectedRow
from campana.store.lists import ContactList

app = typer.Typer(name="lists", no_args_is_help=True, help="Contact lists and imports of people.")

_PAGE = 1000


def country_code(text: str | None) -> str | None:
    """A country as an option, `us` or `US`; for typer to call."""
    if text is None:
        return None
    if not re.fullmatch("[A-Za-z]{2}", text):
        raise typer.BadParameter("must be a two-letter country code such as US")
    return text.upper()


def _mapping(pairs: list[str] | None) -> list[str]:
    for pair in pairs or []:
        field, _, column = pair.partition("=")
        if not field or not column:
            raise typer.BadParameter(f"must look like phone=Mobile, not {pair!r}")
    return pairs or []


@app.command("import")
def import_file(
    name: Annotated[str, typer.Argument(help="The list; it is made when there is none.")],
    file: Annotated[
        Path, typer.Argument(help="A CSV file with a header.", exists=True, dir_okay=False)
    ],
    country: Annotated[
        str | None,
        typer.Option(help="Country of numbers without a code, such as US.", callback=country_code),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="phone, first_name, last_name, name, external_id, time_zone, language or a name"
            " of your own, and the column it is in. Repeatable; the rest is found by header.",
            callback=_mapping,
        ),
    ] = None,
    duplicates: Annotated[
        Duplicates, typer.Option(help="What to do with people the list has already.")
    ] = Duplicates.SKIP,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Bring the people of a CSV file into a list and say what became of each row.

    Exit codes: 0 imported (rejected rows are listed by `lists errors`), 1 failed, 2 wrong usage.
    """
    wanted = Wanted(
        list_name=name,
        file=file,
        country=country,
        mapping={
            field.strip(): column.strip()
            for field, _, column in (pair.partition("=") for pair in mapping or [])
        },
        duplicates=duplicates,
    )

    async def work(context: Context, workspace_id: int) -> Import:
        started = await start(context, workspace_id, wanted)
        return await follow(context, workspace_id, started, is_quiet=as_json)

    with told(), _in_words(file):
        _report(run(work, workspace=workspace, role=Role.ENGINE), as_json=as_json)


@app.command("follow")
def follow_import(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help="Such as imp_….")],
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Watch an import to its end, and do it when nobody else does."""

    async def work(context: Context, workspace_id: int) -> Import:
        found = await lists.get_import(context, workspace_id=workspace_id, import_id=import_id)
        return await follow(context, workspace_id, found, is_quiet=as_json)

    with told():
        _report(run(work, workspace=workspace, role=Role.ENGINE), as_json=as_json)


@app.command("list")
def list_lists(as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show the contact lists, newest first."""

    async def work(context: Context, workspace_id: int) -> list[ContactList]:
        found: list[ContactList] = []
        while len(page := await _lists_page(context, workspace_id, len(found))) == _PAGE:
            found += page
        return found + page

    with told():
        found = run(work, workspace=workspace, role=Role.ENGINE)
    if as_json:
        print_json([_list_fields(each) for each in found])
        return
    table = Table("id", "name", "country", "people", "created")
    for each in found:
        table.add_row(
            each.id,
            printable(each.name),
            each.default_country or "",
            f"{each.contact_count:,}",
            wire(each.created_at),
        )
    out.print(table)


@app.command("errors")
def errors(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help="Such as imp_….")],
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Show the rows an import refused: row 1 is the first below the header."""

    async def work(context: Context, workspace_id: int) -> list[RejectedRow]:
        return [row async for row in _rejected(context, workspace_id, import_id)]

    with told():
        rows = run(work, workspace=workspace, role=Role.ENGINE)
    if as_json:
        print_json(
            [
                {
                    "row": row.row_number,
                    "column": row.column_name,
                    "value": row.value,
                    "reason": row.reason,
                }
                for row in rows
            ]
        )
        return
    table = Table("row", "column", "value", "reason")
    for row in rows:
        cells = (row.column_name or "", row.value or "", row.reason)
        table.add_row(str(row.row_number), *map(printable, cells))
    out.print(table)


async def _lists_page(context: Context, workspace_id: int, offset: int) -> list[ContactList]:
    page = await lists.page(
        context, workspace_id=workspace_id, page=offset // _PAGE + 1, page_size=_PAGE
    )
    return page.lists


async def _rejected(
    context: Context, workspace_id: int, import_id: str
) -> AsyncIterator[RejectedRow]:
    after = 0
    while rows := await lists.rejected_rows(
        context, workspace_id=workspace_id, import_id=import_id, after=after, limit=_PAGE
    ):
        for row in rows:
            yield row
        after = rows[-1].row_number


def _report(ended: Import, *, as_json: bool) -> None:
    """Print the counts; exit 1 when the import failed."""
    if as_json:
        print_json(_import_fields(ended))
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
            out.print(f"Rejected rows: campana lists errors {ended.id}", highlight=False)
    if ended.state is ImportState.FAILED:
        raise CampanaError(ended.problem)


@contextmanager
def _in_words(file: Path) -> Generator[None]:
    """What is wrong with a file or its mapping, in the words of the command line."""
    try:
        yield
    except InvalidParameter as error:
        raise InvalidParameter("; ".join(_placed(each, file) for each in error.problems)) from None


def _placed(problem: FieldProblem, file: Path) -> str:
    pointer = problem.pointer or ""
    if pointer.startswith("/mapping/"):
        return f"{file}: --map {pointer.removeprefix('/mapping/')}: {problem.message}"
    if pointer == "/file":
        return f"{file}: {problem.message}"
    return f"{pointer.removeprefix('/')} {problem.message}"


def printable(text: str) -> str:
    """Text from a file, harmless on a terminal."""
    kept = (char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return escape("".join(kept))


def _list_fields(each: ContactList) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "defaultCountry": each.default_country,
        "contactCount": each.contact_count,
        "createdAt": wire(each.created_at),
    }


def _import_fields(ended: Import) -> dict[str, object]:
    return {
        "id": ended.id,
        "listId": ended.list_id,
        "state": ended.state,
        "fileName": ended.file_name,
        "rows": ended.rows_done,
        "accepted": ended.rows_accepted,
        "updated": ended.rows_updated,
        "duplicate": ended.rows_duplicate,
        "rejected": ended.rows_rejected,
        "problem": ended.problem,
        "createdAt": wire(ended.created_at),
        "finishedAt": wire(ended.finished_at),
    }
