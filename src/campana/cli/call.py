"""`campana call`: one test call, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.channels import COMMAND_LINE, test_fields
from campana.cli.files import read_document
from campana.cli.session import FAILED, AsJson, Workspace, out, print_json, run, told
from campana.services import channel_tests, channels
from campana.services.context import Context
from campana.store.channel_tests import ChannelTest

_POLL_SECONDS = 1.0
_REACHED = "completed"


def call(
    number: Annotated[str, typer.Argument(help="With its country code.")],
    channel: Annotated[str, typer.Option(help="Name or id of a Voice channel.")],
    bot: Annotated[
        Path | None,
        typer.Option(
            help="A campaign with a voiceBot, or a voiceBot alone: YAML.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    text: Annotated[str | None, typer.Option(help="Instead of a bot: what is said.")] = None,
    wait: Annotated[bool, typer.Option(help="Until the call is over.")] = True,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Place one call, to try a bot or a channel; the rules of campaigns hold.

    A voice process has to be running. Exits with 1 when the call did not come to its end.
    """

    async def act(context: Context, workspace_id: int) -> ChannelTest:
        raw: dict[str, Any] = {"to": number}
        if text is not None:
            raw["text"] = text
        if bot is not None:
            raw["voiceBot"] = _bot_of(read_document(bot))
        found = await channels.get(context, workspace_id=workspace_id, wanted=channel)
        made = await channel_tests.send(
            context,
            workspace_id=workspace_id,
            channel_id=found.id,
            raw=raw,
            asked_by=COMMAND_LINE,
        )
        while wait and made.state != "ended":
            await asyncio.sleep(_POLL_SECONDS)
            every = await channel_tests.latest(
                context, workspace_id=workspace_id, channel_id=found.id, test_id=made.id
            )
            made = every[0]
        return made

    with told():
        made = run(act, workspace=workspace)
    if as_json:
        print_json(test_fields(made))
    else:
        outcome = (made.outcome or made.state).replace("_", " ")
        out.print(f"{made.campaign_id}: {outcome}", highlight=False)
    if wait and made.outcome != _REACHED:
        raise typer.Exit(FAILED)


def _bot_of(document: object) -> object:
    if not isinstance(document, Mapping):
        return document
    written = cast("Mapping[str, object]", document)
    return written.get("voiceBot", written)
