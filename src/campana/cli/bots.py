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
from campana.bottest import report
from campana.bottest.callees import Kind
from campana.bottest.score import Score
from campana.bottest.trial import try_bot
from campana.cli.channels import read_document
from campana.cli.session import FAILED, AsJson, out, print_json, told
from campana.domain.errors import InvalidParameter
from campana.domain.script import Script
from campana.domain.script_problems import problems
from campana.services import documents
from campana.services.voicebot_document import VoiceBotDocument, script_of

app = typer.Typer(name="bot", no_args_is_help=True, help="Try VoiceBots.")


@app.callback()
def group() -> None:
    """Keeps `test` a word of its own while it is the only one."""


@app.command("test")
def try_out(
    file: Annotated[
        Path,
        typer.Argument(
            help="A campaign with a voiceBot, or a voiceBot alone: YAML.",
            exists=True,
            dir_okay=False,
        ),
    ],
    only: Annotated[
        list[Kind] | None, typer.Option("--only", help="Only this callee; may be repeated.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when any callee was not served as they should.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Have simulated callees talk with a bot, in real calls over SIP and RTP on this machine.

    They have another voice than the bot, and ears of their own. Fails (1) when one who asked not to
    be called again was not obeyed.
    """
    with told():
        script = _script(file)
        logging.getLogger("campana").setLevel(logging.ERROR)

        def done(score: Score) -> None:
            if not as_json:
                came_to = "right" if score.is_right else "wrong"
                out.print(f"{score.kind.replace('_', ' ')}: {came_to}")

        scores = asyncio.run(
            try_bot(
                script,
                list(dict.fromkeys(only or Kind)),
                clock=_Wall(),
                model_dir=settings.read().asr_model_dir,
                done=done,
            )
        )
    if as_json:
        print_json(report.as_json(scores))
    else:
        out.print(report.for_people(scores))
    if any(each.is_opt_out_ignored or (strict and not each.is_right) for each in scores):
        raise typer.Exit(FAILED)


class _Wall:
    """This machine's time: nothing is kept that another has to agree with."""

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
    script = script_of(documents.read(VoiceBotDocument, written))
    if wrong := problems(script):
        raise InvalidParameter("the bot cannot be tested", problems=wrong)
    return script
