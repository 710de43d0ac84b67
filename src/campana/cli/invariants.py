"""`campana doctor --invariants`: is the ledger true? Asked of a live database, changing nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import typer

from campana import bootstrap, settings
from campana.cli.session import FAILED, out, print_json
from campana.settings import Settings
from campana.store import invariants, migrations
from campana.store.db import Role
from campana.store.invariants import Judged


def check(*, as_json: bool) -> None:
    """Judge every invariant and say so; exit code 1 when one is broken.

    Raises:
        SetupError: the database cannot be used, or has another schema.
    """
    chosen = settings.read()
    with bootstrap.database(chosen) as conninfo:
        migrations.check(conninfo)
        judged, unknown = asyncio.run(_judge(chosen, conninfo))
    if as_json:
        print_json({"invariants": [_shape(each) for each in judged], "unknownAttempts": unknown})
    else:
        _print(judged, unknown)
    if not all(each.holds for each in judged):
        raise typer.Exit(FAILED)


async def _judge(chosen: Settings, conninfo: str) -> tuple[list[Judged], int]:
    async with (
        bootstrap.opened(chosen, conninfo, role=Role.ENGINE, max_connections=1) as context,
        context.db.read() as tx,
    ):
        return await invariants.judge(tx, now=context.clock.now()), await invariants.unknown(tx)


def _shape(judged: Judged) -> dict[str, object]:
    return {
        "name": judged.invariant.name,
        "sentence": judged.invariant.sentence,
        "holds": judged.holds,
        "broken": judged.count,
        "examples": [{"subject": each.subject, "found": each.found} for each in judged.breaches],
    }


def _print(judged: Sequence[Judged], unknown: int) -> None:
    for each in judged:
        mark = "[green]ok[/]" if each.holds else "[red]!![/]"
        out.print(f"{mark}  {each.invariant.sentence}", highlight=False, soft_wrap=True)
        for breach in each.breaches:
            out.print(f"      {breach.subject}: {breach.found}", highlight=False, markup=False)
        if each.count > len(each.breaches):
            out.print(f"      and {each.count - len(each.breaches)} more", highlight=False)
    out.print(f"\n{unknown} attempts are of unknown fate.", highlight=False)
