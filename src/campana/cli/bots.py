"""`campana bot`: try a VoiceBot before it calls anybody."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from campana import bootstrap, settings
from campana.bootstrap import DEFAULT_WORKSPACE
from campana.bottest import report
from campana.bottest.callees import Kind
from campana.bottest.score import Score
from campana.bottest.trial import try_bot
from campana.cli.channels import read_document
from campana.cli.session import FAILED, AsJson, Workspace, out, print_json, run, told
from campana.domain.errors import InvalidParameter
from campana.domain.script import Script
from campana.domain.script_problems import problems
from campana.services import bot_trials, campaign_document, campaigns, documents
from campana.services.context import Context
from campana.services.voicebot_document import VoiceBotDocument, script_of

app = typer.Typer(name="bot", no_args_is_help=True, help="Try VoiceBots.")


@app.callback()
def group() -> None:
    """Keeps `test` a word of its own while it is the only one."""


@app.command("test")
def try_out(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A campaign with a voiceBot, or a voiceBot alone: YAML.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    campaign: Annotated[
        str | None,
        typer.Option("--campaign", help="Try the bot of this campaign, and keep what came of it."),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep what came of it: what disobeys cannot be launched."),
    ] = False,
    only: Annotated[
        list[Kind] | None, typer.Option("--only", help="Only this callee; may be repeated.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when any callee was not served as they should.")
    ] = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Have simulated callees talk with a bot, in real calls over SIP and RTP on this machine.

    They have another voice than the bot, and ears of their own. Fails (1) when one who asked not to
    be called again was not obeyed.
    """
    kinds = list(dict.fromkeys(only or Kind))
    keep = keep or campaign is not None
    if (file is None) == (campaign is None):
        raise typer.BadParameter("either a file or --campaign")
    if keep and Kind.OPTING_OUT not in kinds:
        raise typer.BadParameter(f"what is kept needs --only {Kind.OPTING_OUT}, too")
    with told():
        script = _script(file) if file is not None else _script_of(campaign or "", workspace)
        scores = _tried(script, kinds, is_quiet=as_json)
        if keep:
            _keep(script, scores, workspace)
    if as_json:
        print_json(report.as_json(scores))
    else:
        out.print(report.for_people(scores))
    if any(each.is_opt_out_ignored or (strict and not each.is_right) for each in scores):
        raise typer.Exit(FAILED)


def _tried(script: Script, kinds: list[Kind], *, is_quiet: bool) -> list[Score]:
    logging.getLogger("campana").setLevel(logging.ERROR)

    def done(score: Score) -> None:
        if not is_quiet:
            came_to = "right" if score.is_right else "wrong"
            out.print(f"{score.kind.replace('_', ' ')}: {came_to}")

    return asyncio.run(
        try_bot(script, kinds, clock=_Wall(), model_dir=settings.read().asr_model_dir, done=done)
    )


def _keep(script: Script, scores: list[Score], workspace: str) -> None:
    async def act(context: Context, workspace_id: int) -> None:
        await bot_trials.keep(
            context,
            workspace_id=workspace_id,
            script=script,
            calls=len(scores),
            right_calls=sum(each.is_right for each in scores),
            opt_out_ignored=any(each.is_opt_out_ignored for each in scores),
        )

    run(act, workspace=workspace)


class _Wall:
    """This machine's time: nothing is kept by it that another has to agree with."""

    is_steady = True

    def now(self) -> datetime:
        return bootstrap.wall_clock()


def _script(file: Path) -> Script:
    """The bot of a file, which must be one that could be launched.

    Raises:
        InvalidParameter: with everything that is wrong with it.
    """
    raw = msgspec.convert(read_document(file), dict[str, object])
    written = raw.get("voiceBot", raw)
    return _sound(script_of(documents.read(VoiceBotDocument, written)))


def _script_of(campaign_id: str, workspace: str) -> Script:
    """The bot of a campaign.

    Raises:
        NotFound
        InvalidParameter: it has none, or one that could not be launched.
    """

    async def act(context: Context, workspace_id: int) -> Script | None:
        found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
        return campaign_document.plan_of(found.document).script

    script = run(act, workspace=workspace)
    if script is None:
        raise InvalidParameter(f"The campaign {campaign_id} has no voiceBot.")
    return _sound(script)


def _sound(script: Script) -> Script:
    if wrong := problems(script):
        raise InvalidParameter("the bot cannot be tested", problems=wrong)
    return script
