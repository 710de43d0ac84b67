"""What `campana flow` and `campana bot` say of drafts and versions, and how a draft is written."""

from __future__ import annotations

from typing import Any

import typer
from rich.table import Table

from campana.cli.session import out, print_json, printable, whole
from campana.domain.clock import wire
from campana.domain.errors import NotFound
from campana.services import versioned
from campana.services.context import Context
from campana.services.versioned import Sort
from campana.store.versioned import Stored, Version


async def push(
    context: Context,
    sort: Sort,
    *,
    workspace_id: int,
    raw: dict[str, Any],
    name: str,
    and_publish: bool,
) -> tuple[Stored, Version | None]:
    """Write the draft of that name, or make it; and publish it, when that is wanted."""
    try:
        found = await versioned.get(context, sort, workspace_id=workspace_id, wanted=name)
    except NotFound:
        stored = await versioned.create(context, sort, workspace_id=workspace_id, raw=raw)
    else:
        stored = await versioned.write(
            context, sort, workspace_id=workspace_id, wanted=found.id, raw=raw
        )
    if not and_publish:
        return stored, None
    made = await versioned.publish(context, sort, workspace_id=workspace_id, wanted=stored.id)
    return stored, made


def tell_pushed(stored: Stored, version: Version | None, *, as_json: bool) -> None:
    """What came of a push."""
    if as_json:
        print_json({**fields(stored), "version": version and version.number})
    elif version is None:
        typer.echo(f"{stored.id}: {stored.name}, draft {stored.revision}")
    else:
        typer.echo(f"{stored.id}: {stored.name}, version {version.number}, {version.hash}")


def tell_published(made: Version, *, as_json: bool) -> None:
    """A version that is one now."""
    if as_json:
        print_json({"number": made.number, "hash": made.hash, "createdAt": wire(made.created_at)})
    else:
        typer.echo(f"version {made.number}, {made.hash}")


def tell_all(found: list[Stored], *, as_json: bool) -> None:
    """The drafts, by name."""
    if as_json:
        print_json([fields(each) for each in found])
        return
    table = Table(whole("id"), "name", "draft", "version", "changed")
    for each in found:
        version = "none" if each.published is None else str(each.published)
        table.add_row(
            each.id, printable(each.name), str(each.revision), version, wire(each.updated_at)
        )
    out.print(table)


def fields(each: Stored) -> dict[str, Any]:
    """A draft for programs, without what it says."""
    return {
        "id": each.id,
        "name": each.name,
        "revision": each.revision,
        "publishedVersion": each.published,
        "createdAt": wire(each.created_at),
        "updatedAt": wire(each.updated_at),
    }
