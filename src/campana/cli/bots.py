"""`campana bot`: keep VoiceBots, and try one before it calls anybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer

from campana import bootstrap, settings
from campana.bootstrap import DEFAULT_WORKSPACE
from campana.bottest import report
from campana.bottest.callees import Kind
from campana.bottest.models import TrialModels
from campana.bottest.score import Score, unproven
from campana.bottest.trial import try_bot
from campana.cli import bot_desk
from campana.cli.files import read_document
from campana.cli.session import FAILED, AsJson, Workspace, out, print_json, run, told
from campana.domain.errors import InvalidParameter, NotFound, SetupError
from campana.domain.script import Script
from campana.domain.script_problems import problems
from campana.services import bot_trials, campaign_document, campaigns, documents, voicebots
from campana.services.context import Context
from campana.services.voicebot_document import VoiceBotDocument, script_of
from campana.store.db import Role

app = typer.Typer(name="bot", no_args_is_help=True, help="VoiceBots.")
app.add_typer(bot_desk.app)


@app.command("test")
def try_out(
    bot: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|BOT",
            help="A file (a campaign with a voiceBot, or a bot alone: YAML), or the id or name of"
            " a bot that is kept.",
        ),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option("--version", min=1, help="Of a bot that is kept: this version."),
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Of a bot that is kept: its draft.")
    ] = False,
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
    steps: Annotated[
        bool,
        typer.Option("--steps", help="Of a bot with a prompt: try the steps it falls back to."),
    ] = False,
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
    if (bot is None) == (campaign is None):
        raise typer.BadParameter("either a file, a bot or --campaign")
    file = Path(bot) if bot is not None and Path(bot).is_file() else None
    if (number is not None or draft) and (bot is None or file is not None):
        raise typer.BadParameter("--version and --draft are of a bot that is kept")
    if number is not None and draft:
        raise typer.BadParameter("either --version or --draft")
    if keep and Kind.OPTING_OUT not in kinds:
        raise typer.BadParameter(f"what is kept needs --only {Kind.OPTING_OUT}, too")
    with told():
        script = _wanted(file, bot, number, campaign, workspace, is_draft=draft)
        if steps:
            script = _steps_of(script, is_kept=keep)
        scores = _tried(script, kinds, workspace, is_quiet=as_json)
    if as_json:
        print_json(report.as_json(scores))
    else:
        out.print(report.for_people(scores))
    if keep:
        with told():
            _keep(script, scores, workspace)
    if any(each.is_opt_out_ignored or (strict and not each.is_right) for each in scores):
        raise typer.Exit(FAILED)


def _wanted(
    file: Path | None,
    bot: str | None,
    number: int | None,
    campaign: str | None,
    workspace: str,
    *,
    is_draft: bool,
) -> Script:
    if file is not None:
        return _script(file, workspace)
    if bot is not None:
        return _kept(bot, number, workspace, is_draft=is_draft)
    return _script_of(campaign or "", workspace)


def _steps_of(script: Script, *, is_kept: bool) -> Script:
    """What a bot with a prompt falls back to.

    Raises:
        InvalidParameter: what came of it is to be kept of the whole bot.
    """
    if script.prompt is not None and is_kept:
        raise InvalidParameter("its steps alone are not the bot: nothing of it is kept")
    return replace(script, prompt=None)


def _tried(script: Script, kinds: list[Kind], workspace: str, *, is_quiet: bool) -> list[Score]:
    logging.getLogger("campana").setLevel(logging.ERROR)

    def done(score: Score) -> None:
        if not is_quiet:
            came_to = "right" if score.is_right else "wrong"
            out.print(f"{score.kind.replace('_', ' ')}: {came_to}")

    chosen = settings.read()

    async def trial(models: TrialModels | None) -> list[Score]:
        return await try_bot(
            script,
            kinds,
            clock=_Wall(),
            model_dir=chosen.asr_model_dir,
            models=models,
            done=done,
        )

    async def act(context: Context, workspace_id: int) -> list[Score]:
        return await trial(TrialModels(context=context, workspace_id=workspace_id, script=script))

    others = (script.prompt, script.speech, script.hearing, chosen.tts_url, chosen.stt_url)
    if any(others):
        # Their endpoints and credentials are the workspace's.
        return run(act, workspace=workspace, role=Role.ENGINE)
    return asyncio.run(trial(None))


def _keep(script: Script, scores: list[Score], workspace: str) -> None:
    if (why := unproven(scores)) is not None:
        raise SetupError(f"nothing is kept, for the language model failed: {why}")

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


def _script(file: Path, workspace: str) -> Script:
    """The bot of a file, which must be one that could be launched.

    Raises:
        InvalidParameter: with everything that is wrong with it.
    """
    raw = msgspec.convert(read_document(file), dict[str, object])
    written = raw.get("voiceBot", raw)
    if pin := _pin(written):
        return _kept(*pin, workspace)
    if "voiceBot" not in raw and "name" in raw:
        return voicebots.load(raw)
    return _sound(script_of(documents.read(VoiceBotDocument, written)))


def _pin(written: object) -> tuple[str, int | None] | None:
    """The published bot that a campaign names in place of one of its own."""
    fields = cast("dict[str, object]", written) if isinstance(written, dict) else {}
    bot, number = fields.get("id"), fields.get("version")
    return (bot, number if isinstance(number, int) else None) if isinstance(bot, str) else None


def _kept(bot: str, number: int | None, workspace: str, *, is_draft: bool = False) -> Script:
    """A bot that is kept: a version of it, the latest unless told, or its draft.

    Raises:
        NotFound
        InvalidParameter: it has no version yet, or with everything that is wrong with its draft.
    """

    async def act(context: Context, workspace_id: int) -> Mapping[str, Any] | None:
        found = await voicebots.get(context, workspace_id=workspace_id, bot_id=bot)
        if is_draft:
            return found.draft
        wanted = number or found.published
        if wanted is None:
            raise InvalidParameter(f"The bot {bot} was never published: --draft tries its draft.")
        version = await voicebots.version(
            context, workspace_id=workspace_id, bot_id=found.id, number=wanted
        )
        return version.definition

    try:
        return voicebots.load(run(act, workspace=workspace))
    except NotFound:
        what = bot if number is None else f"{bot} with a version {number}"
        raise NotFound(f"There is no file and no bot {what}.") from None


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
