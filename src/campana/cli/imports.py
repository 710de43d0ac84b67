"""`campana lists import` and what belongs to it: what a file would do, how it goes, taking it
back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli import import_shapes
from campana.cli.following import Wanted, follow, started
from campana.cli.session import AsJson, Workspace, out, print_json, printable, run, told
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter
from campana.domain.ids import numbered
from campana.domain.places import is_country
from campana.services import lists, previews, rejections, undoing
from campana.services.context import Context
from campana.services.previews import Preview
from campana.services.values import AttributeType
from campana.store.db import Role
from campana.store.import_changes import KeptContact
from campana.store.imports import Duplicates, Import, ImportState, RejectedRow

_PAGE = 1000
_SHOWN_KEPT = 20
_SHOWN_REFUSED = 100
_SHOWN_FIRST = 5


def country_code(text: str | None) -> str | None:
    """A country as an option, `us` or `US`; for typer to call."""
    if text is None:
        return None
    if not is_country(text.upper()):
        raise typer.BadParameter(f"{text!r} is no country, such as US")
    return text.upper()


def _mapping(pairs: list[str] | None) -> list[str]:
    for pair in pairs or []:
        field, _, column = pair.partition("=")
        if not field or not column:
            raise typer.BadParameter(f"must look like phone=Mobile, not {pair!r}")
    return pairs or []


def _types(pairs: list[str] | None) -> list[str]:
    for pair in pairs or []:
        name, _, word = pair.partition("=")
        if not name or word not in set(AttributeType):
            raise typer.BadParameter(f"must look like balance=number, not {pair!r}")
    return pairs or []


ListName = Annotated[str, typer.Argument(help="The list, by its name or id.")]
PeopleFile = Annotated[
    Path,
    typer.Argument(
        help="CSV, XLSX or ODS with a header, or JSONL; what it is shows in the file.",
        exists=True,
        dir_okay=False,
    ),
]
Country = Annotated[
    str | None,
    typer.Option(help="Country of numbers without a code, such as US.", callback=country_code),
]
Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="phone, phone_2, whatsapp, email, first_name, last_name, name, external_id, time_zone,"
        " language or a name of your own, and the column it is in. Repeatable; the rest is found"
        " by header. Remembered for the list's next file.",
        callback=_mapping,
    ),
]
Typed = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="NAME=TYPE",
        help="Read an attribute as number, date or text. Repeatable; remembered too.",
        callback=_types,
    ),
]
OnDuplicates = Annotated[
    Duplicates,
    typer.Option(
        help="What to do with people the list has already; fail takes the whole file back."
    ),
]
ImportId = Annotated[str, typer.Argument(metavar="IMPORT", help="Such as imp_….")]


def import_file(
    name: Annotated[str, typer.Argument(help="The list; it is made when there is none.")],
    file: PeopleFile,
    country: Country = None,
    mapping: Mapped = None,
    types: Typed = None,
    duplicates: OnDuplicates = Duplicates.SKIP,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each row; change nothing.")
    ] = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Bring the people of a file into a list and say what became of each row.

    Exit codes: 0 imported (rejected rows are listed by `lists errors`), 1 failed, 2 wrong usage.
    """
    wanted = Wanted(
        list_name=name,
        file=file,
        country=country,
        mapping=_pairs(mapping),
        types=_typed(types),
        duplicates=duplicates,
        is_dry_run=dry_run,
    )

    async def work(context: Context, workspace_id: int) -> tuple[Import, Sequence[RejectedRow]]:
        async with started(context, workspace_id, wanted) as begun:
            ended = await follow(context, workspace_id, begun, is_quiet=as_json)
            if not dry_run:
                first = await lists.rejected_rows(
                    context,
                    workspace_id=workspace_id,
                    import_id=ended.id,
                    after=0,
                    limit=_SHOWN_FIRST,
                )
                return ended, first
            # Told here: a list made for the dry run is gone afterwards, and the import with it.
            return ended, [row async for row in _rejected(context, workspace_id, ended.id)]

    with told(), _in_words(file):
        ended, refused = run(work, workspace=workspace, role=Role.ENGINE)
        _report(ended, as_json=as_json, refused=refused)


def preview_file(
    name: ListName,
    file: PeopleFile,
    country: Country = None,
    mapping: Mapped = None,
    types: Typed = None,
    duplicates: OnDuplicates = Duplicates.SKIP,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Show what a file's columns mean and what its first 20 rows would become; nothing is kept."""

    async def work(context: Context, workspace_id: int) -> Preview:
        found = await lists.find(context, workspace_id=workspace_id, wanted=name)
        with file.open("rb") as content:
            return await previews.preview(
                context,
                workspace_id=workspace_id,
                list_id=found.id if found is not None else None,
                content=content,
                mapping=_pairs(mapping),
                types=_typed(types),
                default_country=country,
                duplicates=duplicates,
            )

    with told(), _in_words(file):
        found = run(work, workspace=workspace, role=Role.ENGINE)
    if as_json:
        print_json(import_shapes.preview_fields(found))
        return
    columns = Table("column", "means")
    for text, meaning in zip(found.header, found.meanings, strict=True):
        columns.add_row(printable(text), meaning or "(passed over)")
    out.print(columns)
    rows = Table("row", "result", "who", "addresses", "attributes or reason")
    for row in found.rows:
        rows.add_row(
            str(row.row_number), row.fate, *map(printable, import_shapes.preview_cells(row))
        )
    out.print(rows)


def follow_import(
    import_id: ImportId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Watch an import to its end, and do it when nobody else does."""

    async def work(context: Context, workspace_id: int) -> Import:
        found = await lists.get_import(context, workspace_id=workspace_id, import_id=import_id)
        return await follow(context, workspace_id, found, is_quiet=as_json)

    with told():
        _report(run(work, workspace=workspace, role=Role.ENGINE), as_json=as_json)


def undo_import(
    import_id: ImportId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Take an import back: what it made goes, what it changed goes back.

    Whoever was contacted or changed since stays as they are and is listed.
    """

    async def work(context: Context, workspace_id: int) -> tuple[Import, list[KeptContact]]:
        asked = await undoing.request(context, workspace_id=workspace_id, import_id=import_id)
        ended = await follow(context, workspace_id, asked, is_quiet=as_json)
        kept = [one async for one in _kept(context, workspace_id, import_id)]
        return ended, kept

    with told():
        ended, kept = run(work, workspace=workspace, role=Role.ENGINE)
    if as_json:
        print_json(
            {
                **import_shapes.import_fields(ended),
                "keptContacts": [import_shapes.kept_fields(one) for one in kept],
            }
        )
        return
    table = Table("removed", "put back", "left alone")
    counts = (ended.undone_removed, ended.undone_restored, ended.undone_kept)
    table.add_row(*(f"{count:,}" for count in counts))
    out.print(table)
    for one in kept[:_SHOWN_KEPT]:
        who = f"{numbered('ctc', one.contact_id)} {one.external_id or ''} {one.address or ''}"
        out.print(printable(f"left alone: {' '.join(who.split())}: {_words(one)}"))
    if len(kept) > _SHOWN_KEPT:
        out.print(f"and {len(kept) - _SHOWN_KEPT:,} more; --json lists all", highlight=False)


def errors(
    import_id: ImportId,
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="Print the rows in the file's own columns, to be mended."),
    ] = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Show the rows an import refused: row 1 is the first below the header."""
    if as_csv:
        _print_csv(import_id, workspace)
        return

    async def work(context: Context, workspace_id: int) -> list[RejectedRow]:
        return [row async for row in _rejected(context, workspace_id, import_id)]

    with told():
        rows = run(work, workspace=workspace, role=Role.ENGINE)
    if as_json:
        print_json([import_shapes.rejected_fields(row) for row in rows])
        return
    _print_refused(rows)


def _print_refused(rows: Sequence[RejectedRow]) -> None:
    table = Table("row", "column", "value", "reason", "suggestion")
    for row in rows:
        cells = (row.column_name or "", row.value or "", row.reason, row.suggestion or "")
        table.add_row(str(row.row_number), *map(printable, cells))
    out.print(table)


def _print_first(rows: Sequence[RejectedRow], *, of: int) -> None:
    """A line each, and how many more there are."""
    for row in rows:
        where = f"row {row.row_number}" + (f", {row.column_name}" if row.column_name else "")
        value = f" ({row.value})" if row.value else ""
        line = printable(f"{where}: {row.reason}{value}")
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    if rows and of > len(rows):
        out.print(f"and {of - len(rows):,} more", highlight=False)


def _print_csv(import_id: str, workspace: str) -> None:
    async def work(context: Context, workspace_id: int) -> None:
        pieces = await rejections.as_csv(context, workspace_id=workspace_id, import_id=import_id)
        async for piece in pieces:
            await asyncio.to_thread(sys.stdout.write, piece.decode())

    with told():
        run(work, workspace=workspace, role=Role.ENGINE)


def _pairs(pairs: list[str] | None) -> dict[str, str] | None:
    """What `--map` says; None when it says nothing, so that the list's own is taken."""
    split = (pair.partition("=") for pair in pairs or [])
    return {field.strip(): column.strip() for field, _, column in split} or None


def _typed(pairs: list[str] | None) -> Mapping[str, AttributeType] | None:
    split = (pair.partition("=") for pair in pairs or [])
    return {name: AttributeType(word) for name, _, word in split} or None


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


async def _kept(context: Context, workspace_id: int, import_id: str) -> AsyncIterator[KeptContact]:
    after = 0
    while found := await undoing.kept(
        context, workspace_id=workspace_id, import_id=import_id, after=after, limit=_PAGE
    ):
        for one in found:
            yield one
        after = found[-1].contact_id


def _report(ended: Import, *, as_json: bool, refused: Sequence[RejectedRow] = ()) -> None:
    """Print the counts and refused rows: all of a dry run, of another the first few.

    Exit 1 when the import failed.
    """
    if as_json:
        rows = [import_shapes.rejected_fields(row) for row in refused]
        more = {"errors": rows} if ended.is_dry_run else {}
        print_json({**import_shapes.import_fields(ended), **more})
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
        if ended.is_dry_run:
            out.print("A dry run: the list is as it was.")
        elif ended.state is ImportState.DONE:
            out.print(f"To take it back: campana lists undo {ended.id}", highlight=False)
        if ended.is_dry_run and refused:
            _print_refused(refused[:_SHOWN_REFUSED])
            if len(refused) > _SHOWN_REFUSED:
                out.print(f"and {len(refused) - _SHOWN_REFUSED:,} more; --json lists all")
        elif ended.rows_rejected:
            _print_first(refused, of=ended.rows_rejected)
            out.print(f"Rejected rows: campana lists errors {ended.id}", highlight=False)
    if ended.problem is not None:
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
    for start_, option in (("/mapping/", "--map"), ("/types/", "--type")):
        if pointer.startswith(start_):
            return f"{file}: {option} {pointer.removeprefix(start_)}: {problem.message}"
    if pointer == "/file":
        return f"{file}: {problem.message}"
    return f"{pointer.removeprefix('/')} {problem.message}"


def _words(kept: KeptContact) -> str:
    return kept.reason.replace("_", " ")
