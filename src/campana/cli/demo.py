"""`campana demo`: calls, chats and conversations on this machine, and what came of them."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from importlib.util import find_spec
from typing import Annotated

import typer

from campana import settings
from campana.cli.session import FAILED, out, told
from campana.demo import show
from campana.domain.errors import SetupError
from campana.settings import Settings


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running afterwards.")] = False,
) -> None:
    """Call made-up people on softphones on this machine, and talk with some. Nothing leaves it."""
    with told():
        if not find_spec("baresip"):
            raise SetupError(
                "the demo calls softphones and the voice packages are missing: see `campana doctor`"
            )
        chosen = _chosen(settings.read())
        show.environment(chosen)
        try:
            chosen.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(
                f"cannot use the data directory {chosen.data_dir}: {error.strerror}"
            ) from error
        wrong = asyncio.run(show.show(chosen, keep=keep, out=out))
    for each in wrong:
        out.print(f"[red]{each}[/]")
    if wrong:
        raise typer.Exit(FAILED)


def _chosen(given: Settings) -> Settings:
    """A data directory of the demo's own, and a free port when the usual one is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((given.host, given.port))
            port = given.port
        except OSError:
            with socket.socket() as other:
                other.bind((given.host, 0))
                port = int(other.getsockname()[1])
    return replace(given, data_dir=given.data_dir / "demo", port=port, database_url=None)
