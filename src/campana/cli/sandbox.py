"""`campana sandbox`: a provider of calls and messages that exists on this machine only."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from campana import bootstrap, settings
from campana.cli.session import told
from campana.domain.errors import SetupError
from campana.sandbox import server
from campana.sandbox.plan import Plan, read_plan

_SECRET = "CAMPANA_SANDBOX_SECRET"  # noqa: S105 - the name of a variable


def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 picks one.")] = 8090,
    log: Annotated[
        Path | None, typer.Option(help="What was asked of it; sandbox.jsonl in the data directory.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="How it behaves: JSON.", exists=True, dir_okay=False)
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar=_SECRET, help="The only account's secret; else any of 16 characters will do."
        ),
    ] = None,
) -> None:
    """Run a carrier that reaches nobody: for trying things out, and for tests."""
    with told():
        configured = settings.read()
        # Whoever rehearses at another hour takes only what is signed at that hour.
        shift = timedelta(seconds=configured.clock_shift_seconds)
        place = log or configured.data_dir / "sandbox.jsonl"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(
                f"cannot use {place.parent}: {os.strerror(error.errno or 0)}"
            ) from error
        server.run(
            read_plan(plan) if plan is not None else Plan(),
            log=place,
            port=port,
            secret=secret,
            clock=lambda: bootstrap.wall_clock() + shift,
        )
