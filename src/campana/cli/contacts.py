"""`campana contacts`: one person shown, exported or erased."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.session import AsJson, Workspace, out, print_json, printable, run, told
from campana.domain.clock import wire
from campana.domain.errors import CampanaError, NotFound
from campana.domain.ids import number_of, numbered
from campana.services import contacts, erasures
from campana.services.context import Context
from campana.services.erasures import StillMoving
from campana.store.contact_history import Entry
from campana.store.contact_search import KnownContact
from campana.store.db import Role
from campana.store.erasures import Erasure

app = typer.Typer(
    name="contacts", no_args_is_help=True, help="One person: show, export or erase them."
)

COMMAND_LINE = "the command line"
_SHOWN = 50
_RETRY_SECONDS = 0.5

Who = Annotated[
    str, typer.Argument(metavar="WHO", help="ctc_…, a number, an e-mail, or an external id.")
]


@app.command()
def show(who: Who, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show a person, and the newest of what happened to them."""

    async def work(context: Context, workspace_id: int) -> tuple[KnownContact, list[Entry]]:
        found = await _found(context, workspace_id, who)
        past = await contacts.history(
            context, workspace_id=workspace_id, contact_id=found.id, limit=_SHOWN
        )
        return found, past.entries

    with told():
        found, past = run(work, workspace=workspace)
    if as_json:
        print_json(
            {
                **_fields(found),
                "history": [
                    {"at": wire(each.at), "kind": each.kind, "outcome": each.outcome}
                    for each in past
                ],
            }
        )
        return
    name = " ".join(part for part in (found.first_name, found.last_name) if part)
    out.print(f"[bold]{printable(name) or 'without a name'}[/]  {numbered('ctc', found.id)}")
    for address in found.addresses:
        out.print(f"  {address.kind}  {printable(address.value)}", highlight=False)
    for key, value in found.attributes.items():
        out.print(f"  {printable(key)}: {printable(str(value))}", highlight=False)
    table = Table("when", "what", "outcome", "campaign", "reason")
    for each in past:
        texts = (each.kind, each.outcome, each.campaign_id or "", each.reason or "")
        table.add_row(wire(each.at), *map(printable, texts))
    out.print(table)


@app.command()
def export(who: Who, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Print all that is known of a person as one JSON document."""

    async def work(context: Context, workspace_id: int) -> contacts.Known:
        found = await _found(context, workspace_id, who)
        return await contacts.export(context, workspace_id=workspace_id, contact_id=found.id)

    with told():
        known = run(work, workspace=workspace)
        print_json(
            {
                "exportedAt": wire(known.exported_at),
                "contacts": [_fields(each) for each in known.contacts],
                **known.sections,
            }
        )


@app.command()
def erase(
    who: Who,
    reason: Annotated[str, typer.Option(help="Why; what names the person in it is not kept.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Erase a person from everything that is kept, and wait until nothing is left of them.

    Whoever has one of their addresses, in whatever list, is taken for the same person. Exit codes:
    0 erased, 1 refused or not confirmed, 2 wrong usage. Stopped while it waits, the work process
    goes on with it.
    """

    async def look(context: Context, workspace_id: int) -> contacts.Known:
        found = await _found(context, workspace_id, who)
        return await contacts.export(context, workspace_id=workspace_id, contact_id=found.id)

    async def work(context: Context, workspace_id: int) -> Erasure:
        asked = await erasures.request(
            context,
            workspace_id=workspace_id,
            contact_id=known.contacts[0].id,
            reason=reason,
            requested_by=COMMAND_LINE,
        )
        return await _finished(context, workspace_id, asked)

    with told():
        known = run(look, workspace=workspace)
        if not yes:
            _confirm(known)
        done = run(work, workspace=workspace, role=Role.ENGINE)
    if as_json:
        print_json(
            {
                "id": done.id,
                "contactIds": [numbered("ctc", each) for each in done.contact_ids],
                "state": done.state,
                "reason": done.reason,
                "requestedAt": wire(done.requested_at),
                "doneAt": wire(done.done_at),
            }
        )
        return
    out.print(f"Erased: {', '.join(numbered('ctc', each) for each in done.contact_ids)}.")


def _fields(found: KnownContact) -> dict[str, object]:
    """A person as the API shows one."""
    return {
        "id": numbered("ctc", found.id),
        "listId": found.list_id,
        "externalId": found.external_id,
        "firstName": found.first_name,
        "lastName": found.last_name,
        "addresses": [
            {"kind": each.kind, "value": each.value, "country": each.country}
            for each in found.addresses
        ],
        "language": found.language,
        "timeZone": found.time_zone,
        "attributes": dict(found.attributes),
        "createdAt": wire(found.created_at),
        "updatedAt": wire(found.updated_at),
    }


def _confirm(known: contacts.Known) -> None:
    out.print(
        f"{len(known.contacts)} contacts and {len(known.sections['attempts'])} attempts would"
        " lose the person for good:"
    )
    for each in known.contacts:
        values = ", ".join(printable(address.value) for address in each.addresses)
        out.print(f"  {numbered('ctc', each.id)} in {each.list_id}: {values}", highlight=False)
    if not typer.confirm("Erase?"):
        raise CampanaError("nobody was erased")


async def _finished(context: Context, workspace_id: int, asked: Erasure) -> Erasure:
    """Do what the job would, for as long as something is under way."""
    while True:
        try:
            await erasures.run(context, erasure_id=asked.id)
        except StillMoving:
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return await erasures.get(context, workspace_id=workspace_id, erasure_id=asked.id)


async def _found(context: Context, workspace_id: int, who: str) -> KnownContact:
    """The person somebody means; one with several contacts by any of them.

    Raises:
        NotFound: nobody is meant.
    """
    number = number_of("ctc", who)
    if number is not None:
        return await contacts.get(context, workspace_id=workspace_id, contact_id=number)
    by_external_id = await contacts.page(
        context, workspace_id=workspace_id, external_id=who, limit=1
    )
    if by_external_id.contacts:
        return by_external_id.contacts[0]
    by_address = await contacts.page(context, workspace_id=workspace_id, address=who, limit=1)
    if not by_address.contacts:
        raise NotFound("nobody has this number, e-mail address or external id")
    return by_address.contacts[0]
