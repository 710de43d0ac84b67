"""`campana bot push`, `publish`, `list`, `show` and `validate`: bots kept in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli import problems, versions
from campana.cli.files import read_text
from campana.cli.session import FAILED, AsJson, Workspace, print_json, run, told
from campana.domain.clock import wire
from campana.domain.content_hash import content_hash
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import modest_yaml, voicebots
from campana.services.context import Context
from campana.services.text_problems import located
from campana.services.voicebots import BOTS, CheckedBot
from campana.store.versioned import Stored, Version

app = typer.Typer()
"""Commands of `campana bot`, which also tries bots."""

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A bot with a name, or a campaign with a voiceBot: YAML.",
        exists=True,
        dir_okay=False,
    ),
]
Named = Annotated[str, typer.Argument(metavar="BOT", help="Id or name.")]


@app.command()
def validate(file: File, as_json: AsJson = False) -> None:
    """Say everything that is wrong with a bot; exit code 1 when something is."""
    with told():
        checked = _checked(file)
    if as_json:
        print_json(
            {
                "isValid": checked.script is not None,
                "hash": checked.hash,
                "problems": [problems.fields(each) for each in checked.problems],
            }
        )
    else:
        problems.explain(file, checked.problems)
    if checked.script is None:
        raise typer.Exit(FAILED)
    if not as_json:
        typer.echo(f"{file}: {len(checked.script.steps)} steps, {checked.hash}")


@app.command()
def push(
    file: File,
    and_publish: Annotated[
        bool, typer.Option("--publish", help="Publish it too, if it can be used.")
    ] = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Write a file's bot as the draft of the bot of its name; a new name makes a new bot."""

    async def work(context: Context, workspace_id: int) -> tuple[Stored, Version | None]:
        raw, name = _written(file)
        return await versions.push(
            context, BOTS, workspace_id=workspace_id, raw=raw, name=name, and_publish=and_publish
        )

    with told():
        stored, version = run(work, workspace=workspace)
    versions.tell_pushed(stored, version, as_json=as_json)


@app.command()
def publish(bot: Named, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Make a bot's draft a version, which never changes; unchanged, it is the one it was."""

    async def work(context: Context, workspace_id: int) -> Version:
        return await voicebots.publish(context, workspace_id=workspace_id, bot_id=bot)

    with told():
        made = run(work, workspace=workspace)
    versions.tell_published(made, as_json=as_json)


@app.command("list")
def list_bots(as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show the bots, by name."""

    async def work(context: Context, workspace_id: int) -> list[Stored]:
        return await voicebots.every(context, workspace_id=workspace_id)

    with told():
        found = run(work, workspace=workspace)
    versions.tell_all(found, as_json=as_json)


@app.command()
def show(
    bot: Named,
    number: Annotated[
        int | None, typer.Option("--version", min=1, help="A published version; else the draft.")
    ] = None,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Print a bot as it was typed, or as YAML where it came as JSON."""

    async def work(context: Context, workspace_id: int) -> Stored | Version:
        if number is None:
            return await voicebots.get(context, workspace_id=workspace_id, bot_id=bot)
        return await voicebots.version(
            context, workspace_id=workspace_id, bot_id=bot, number=number
        )

    with told():
        found = run(work, workspace=workspace)
    definition = dict((found.draft if isinstance(found, Stored) else found.definition) or {})
    if not as_json:
        typer.echo(found.text or voicebots.text_of(definition), nl=False)
    elif isinstance(found, Stored):
        print_json({**versions.fields(found), "definition": definition, "text": found.text})
    else:
        print_json(
            {
                "number": found.number,
                "hash": found.hash,
                "createdAt": wire(found.created_at),
                "definition": definition,
                "text": found.text,
            }
        )


def _checked(file: Path) -> CheckedBot:
    """What is wrong with the bot of a file, by the lines of the file."""
    text = read_text(file)
    try:
        definition = _of_campaign(modest_yaml.read(text))
    except InvalidParameter:
        definition = None  # said with its line below
    if definition is None:
        return voicebots.check(text)
    try:
        script = voicebots.load(definition)
    except InvalidParameter as error:
        inside = [
            FieldProblem(pointer=f"/voiceBot{each.pointer or ''}", message=each.message)
            for each in error.problems
        ]
        return CheckedBot(script=None, problems=located(inside, text))
    return CheckedBot(script=script, hash=content_hash(definition))


def _written(file: Path) -> tuple[dict[str, Any], str]:
    """What a file says as the services take it, and the name it gives.

    Raises:
        InvalidParameter: it is no YAML, or no bot that has a name.
    """
    text = read_text(file)
    found = modest_yaml.read(text)
    whole = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    name = whole.get("name")
    if not isinstance(name, str):
        raise InvalidParameter(f"{file} holds no bot that has a name: write it at the top.")
    definition = _of_campaign(whole)
    return ({"text": text} if definition is None else {"definition": definition}), name


def _of_campaign(found: object) -> dict[str, Any] | None:
    """The bot written out in a campaign, under the campaign's name; None of a bot alone."""
    whole = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    bot = whole.get("voiceBot")
    return {"name": whole.get("name"), **bot} if isinstance(bot, dict) else None
