"""`campana lists`: the contact lists there are; their files come in through `imports.py`."""

from __future__ import annotations

import typer
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli import exports, imports
from campana.cli.session import AsJson, Workspace, out, print_json, printable, run, told
from campana.domain.clock import wire
from campana.services import lists
from campana.services.context import Context
from campana.store.db import Role
from campana.store.lists import ContactList

app = typer.Typer(name="lists", no_args_is_help=True, help="Contact lists and imports of people.")
app.command("import")(imports.import_file)
app.command("preview")(imports.preview_file)
app.command("follow")(imports.follow_import)
app.command("undo")(imports.undo_import)
app.command("errors")(imports.errors)
app.command("export")(exports.export_list)

_PAGE = 1000


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
            "segment" if each.contact_count is None else f"{each.contact_count:,}",
            wire(each.created_at),
        )
    out.print(table)


async def _lists_page(context: Context, workspace_id: int, offset: int) -> list[ContactList]:
    page = await lists.page(
        context, workspace_id=workspace_id, page=offset // _PAGE + 1, page_size=_PAGE
    )
    return page.lists


def _list_fields(each: ContactList) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "defaultCountry": each.default_country,
        "contactCount": each.contact_count,
        "segment": None if each.segment is None else {"where": each.segment.where},
        "mapping": each.mapping,
        "types": each.types,
        "createdAt": wire(each.created_at),
    }
