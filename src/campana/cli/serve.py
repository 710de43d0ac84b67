"""`campana serve`, and the processes it keeps: `web`, `work`, `voice`; and `talker`, that `web`
starts."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from importlib.util import find_spec
from typing import Annotated

import structlog
import typer
import uvloop

from campana import bootstrap, settings
from campana.cli.session import out, told
from campana.services import accounts, people
from campana.settings import Settings
from campana.store.db import Role

Host = Annotated[str | None, typer.Option(help="Address to bind; CAMPANA_HOST.")]
Port = Annotated[int | None, typer.Option(help="Port to bind; CAMPANA_PORT.")]
Fd = Annotated[int | None, typer.Option(hidden=True)]


def serve(host: Host = None, port: Port = None) -> None:
    """Run Campana: the API, the background work and the voice workers, until Ctrl-C."""
    chosen = _chosen(host, port)
    with told():
        _log(chosen)
        if chosen.voice_processes and not find_spec("baresip"):
            out.print("The voice packages are missing: no calls are placed (campana doctor).")
            os.environ["CAMPANA_VOICE_PROCESSES"] = "0"
            chosen = _chosen(host, port)
        listener = bootstrap.listen(chosen)
        with bootstrap.database(chosen) as conninfo:
            bootstrap.prepare(chosen, conninfo)
            first = asyncio.run(_first_workspace(chosen, conninfo))
            bound = listener.getsockname()[1]
            # The children learn which port it became: they tell carriers where to report.
            chosen = _chosen(host, bound)
            out.print(f"Campana answers at http://{chosen.host}:{bound}/v1", highlight=False)
            console = bootstrap.public_url(chosen)
            if first is None:
                out.print(f"The console: {console}/", highlight=False)
            else:
                # A line of its own, never wrapped: people copy it.
                out.print(
                    f"Make the first account (the link works once, for a day):\n"
                    f"{console}/welcome?token={first}",
                    highlight=False,
                    soft_wrap=True,
                )
            asyncio.run(bootstrap.serve(chosen, listener=listener))


def web(host: Host = None, port: Port = None, fd: Fd = None) -> None:
    """Run one web process: the API."""
    chosen = _chosen(host, port)
    with told():
        _log(chosen)
        with bootstrap.database(chosen) as conninfo:
            bootstrap.prepare(chosen, conninfo)
            uvloop.run(bootstrap.web(chosen, conninfo, fd=fd))


def work() -> None:
    """Run one work process: imports, enrolling, sweeping, closing."""
    chosen = settings.read()
    with told():
        _log(chosen)
        with bootstrap.database(chosen) as conninfo:
            bootstrap.prepare(chosen, conninfo)
            uvloop.run(bootstrap.work(chosen, conninfo))


def voice() -> None:
    """Run one voice worker: it places calls on SIP channels."""
    chosen = settings.read()
    with told():
        _log(chosen)
        with bootstrap.database(chosen) as conninfo:
            bootstrap.prepare(chosen, conninfo)
            asyncio.run(bootstrap.voice(chosen, conninfo))


def talker(fd: Annotated[int, typer.Option(hidden=True)]) -> None:
    """Run the bots of those who talk to them in the console; a web process starts it."""
    chosen = settings.read()
    # Whoever ends the web process by Ctrl-C ends this one with it, and not before it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with told():
        _log(chosen)
        with bootstrap.database(chosen) as conninfo:
            asyncio.run(bootstrap.talker(chosen, conninfo, fd=fd))


async def _first_workspace(chosen: Settings, conninfo: str) -> str | None:
    """The token that makes the first owner of the console; None when there is somebody."""
    async with bootstrap.opened(chosen, conninfo, role=Role.ENGINE, max_connections=1) as context:
        made = await accounts.ensure_workspace(context, bootstrap.DEFAULT_WORKSPACE)
        return await people.first_link(context, workspace_id=made.workspace_id)


def _chosen(host: str | None, port: int | None) -> Settings:
    """The settings with the command's own words over them; children read the same environment."""
    with told():
        if host is not None:
            os.environ["CAMPANA_HOST"] = host
        if port is not None:
            os.environ["CAMPANA_PORT"] = str(port)
        return settings.read()


def _log(chosen: Settings) -> None:
    """One line of key=value a message, on standard error."""
    logging.basicConfig(level=chosen.log_level.upper(), format="%(message)s")
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "logger", "event"]
            ),
        ],
    )
    for destination in logging.getLogger().handlers:
        destination.setFormatter(formatter)
    for chatty in ("httpx", "procrastinate", "uvicorn.access", "baresip"):
        logging.getLogger(chatty).setLevel("WARNING")
