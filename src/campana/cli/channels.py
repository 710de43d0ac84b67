"""`campana channel`: configured accounts on carriers; and the countries that may be called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.files import read_document
from campana.cli.session import AsJson, Workspace, out, print_json, run, told, whole
from campana.domain.clock import wire
from campana.domain.ids import numbered
from campana.services import (
    accounts,
    channel_checks,
    channel_pause,
    channel_tests,
    channels,
)
from campana.services.channel_checks import Checked
from campana.services.context import Context
from campana.store import channels as store
from campana.store.channel_tests import ChannelTest
from campana.store.channels import Channel
from campana.store.db import Role

app = typer.Typer(name="channel", no_args_is_help=True, help="Accounts on carriers.")


ChannelName = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its name or id.")]

COMMAND_LINE = "the command line"
"""Who acted, as the console and the answer to `why` name it."""


@app.command()
def create(
    file: Annotated[Path, typer.Option("--file", "-f", help="YAML.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Make a channel from a YAML file."""

    async def act(context: Context, workspace_id: int) -> Channel:
        return await channels.create(context, workspace_id=workspace_id, raw=read_document(file))

    with told():
        made = run(act, workspace=workspace)
    if as_json:
        print_json({"id": made.id, "name": made.name, "channelType": made.channel_type})
    else:
        out.print(f"{made.name} is {made.id}", highlight=False)


@app.command("list")
def list_channels(as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show the channels."""

    async def act(context: Context, workspace_id: int) -> list[Channel]:
        async with context.db.read(workspace_id=workspace_id) as tx:
            return await store.list_all(tx, workspace_id=workspace_id)

    with told():
        found = run(act, workspace=workspace)
    if as_json:
        print_json(
            [
                {
                    "id": c.id,
                    "name": c.name,
                    "kind": c.kind,
                    "rate": c.rate,
                    "lines": c.lines,
                    "pausedAt": wire(c.paused_at),
                }
                for c in found
            ]
        )
        return
    table = Table(whole("id"), "name", "kind", "a second", "lines", "use")
    for channel in found:
        table.add_row(
            channel.id,
            channel.name,
            channel.kind,
            f"{channel.rate:g}",
            str(channel.lines),
            "paused" if channel.paused_at else "in use",
        )
    out.print(table)


@app.command()
def change(
    name: ChannelName,
    rate: Annotated[float | None, typer.Option(help="Attempts a second.")] = None,
    burst: Annotated[int | None, typer.Option(help="Attempts at once.")] = None,
    lines: Annotated[int | None, typer.Option(help="Attempts open at a time.")] = None,
    daily_attempts: Annotated[
        int | None, typer.Option(help="Attempts in a day of UTC; 0 for no quota.")
    ] = None,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Change how much a channel may be used; in force within a second."""
    given = {"rate": rate, "burst": burst, "lines": lines, "dailyAttempts": daily_attempts}
    patch: dict[str, float | None] = {
        field: value for field, value in given.items() if value is not None
    }
    if daily_attempts == 0:
        patch["dailyAttempts"] = None

    async def act(context: Context, workspace_id: int) -> Channel:
        return await channels.change(context, workspace_id=workspace_id, wanted=name, patch=patch)

    with told():
        changed = run(act, workspace=workspace)
    if as_json:
        print_json(
            {
                "id": changed.id,
                "rate": changed.rate,
                "burst": changed.burst,
                "lines": changed.lines,
                "dailyAttempts": changed.daily_attempts,
            }
        )
        return
    quota = f", {changed.daily_attempts} a day" if changed.daily_attempts else ""
    out.print(
        f"{changed.name}: {changed.rate:g} a second, {changed.burst} at once,"
        f" {changed.lines} lines{quota}",
        highlight=False,
    )


@app.command("test")
def ask(
    name: ChannelName,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Ask the provider whether the account can be used; nobody is contacted.

    Exits with 1 when it cannot.
    """

    async def act(context: Context, workspace_id: int) -> Checked:
        found = await channels.get(context, workspace_id=workspace_id, wanted=name)
        return await channel_checks.check(context, found)

    with told():
        checked = run(act, workspace=workspace)
    if as_json:
        print_json({"isWell": checked.is_well, "detail": checked.detail})
    else:
        word = "can be used" if checked.is_well else "cannot be used as it is"
        out.print(f"{checked.channel.name} {word}: {checked.detail}", highlight=False)
    if not checked.is_well:
        raise typer.Exit(1)


@app.command()
def pause(
    name: ChannelName,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever wonders later.")] = None,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Begin nothing more on a channel; answers when nothing begins any more, within a second."""
    if reason is not None and not 1 <= len(reason) <= channel_pause.LONGEST_REASON:
        raise typer.BadParameter(f"--reason: 1 to {channel_pause.LONGEST_REASON} characters")

    async def act(context: Context, workspace_id: int) -> Channel:
        return await channel_pause.pause(
            context, workspace_id=workspace_id, wanted=name, actor=COMMAND_LINE, reason=reason
        )

    _show_use(act, as_json=as_json, workspace=workspace)


@app.command()
def resume(
    name: ChannelName, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Use a channel again."""

    async def act(context: Context, workspace_id: int) -> Channel:
        return await channel_pause.resume(
            context, workspace_id=workspace_id, wanted=name, actor=COMMAND_LINE
        )

    _show_use(act, as_json=as_json, workspace=workspace)


@app.command("send-test")
def send_test(
    name: ChannelName,
    to: Annotated[str, typer.Argument(metavar="ADDRESS", help="A number or an e-mail address.")],
    text: Annotated[str | None, typer.Option(help="What is written or said.")] = None,
    subject: Annotated[str | None, typer.Option(help="Of an e-mail.")] = None,
    template: Annotated[str | None, typer.Option(help="Instead of a text: its name or id.")] = None,
    value: Annotated[
        list[str] | None, typer.Option(metavar="PLACE=TEXT", help="Of the template.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(metavar="CTC_ID", help="Whose fields the template reads.")
    ] = None,
    draft: Annotated[bool, typer.Option(help="The template's draft.")] = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Send one message, or place one call, to one address; the rules of campaigns hold."""
    given = {"to": to, "text": text, "subject": subject, "template": template, "contactId": contact}
    raw: dict[str, object] = {field: said for field, said in given.items() if said is not None}
    if draft:
        raw["draft"] = True
    values = [each.partition("=") for each in value or ()]
    if any(not separator for _, separator, _ in values):
        raise typer.BadParameter("--value: PLACE=TEXT")
    if values:
        raw["values"] = {place: said for place, _, said in values}

    async def act(context: Context, workspace_id: int) -> ChannelTest:
        channel = await channels.get(context, workspace_id=workspace_id, wanted=name)
        return await channel_tests.send(
            context,
            workspace_id=workspace_id,
            channel_id=channel.id,
            raw=raw,
            asked_by=COMMAND_LINE,
        )

    with told():
        made = run(act, workspace=workspace)
    if as_json:
        print_json(test_fields(made))
    else:
        out.print(f"test {made.id} to {made.address or to} is on its way", highlight=False)


@app.command("tests")
def list_tests(
    name: ChannelName, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Show the newest tests of a channel and what became of them."""

    async def act(context: Context, workspace_id: int) -> Sequence[ChannelTest]:
        channel = await channels.get(context, workspace_id=workspace_id, wanted=name)
        return await channel_tests.latest(context, workspace_id=workspace_id, channel_id=channel.id)

    with told():
        found = run(act, workspace=workspace)
    if as_json:
        print_json([test_fields(each) for each in found])
        return
    table = Table(whole("test"), whole("to"), "state", "outcome", "reason", "asked by")
    for each in found:
        table.add_row(
            str(each.id),
            each.address or "",
            each.state.replace("_", " "),
            each.outcome or "",
            each.reason or "",
            each.asked_by,
        )
    out.print(table)


def test_fields(test: ChannelTest) -> dict[str, object]:
    """A test as programs read it."""
    return {
        "id": numbered("test", test.id),
        "to": test.address,
        "state": test.state,
        "outcome": test.outcome,
        "reason": test.reason,
        "conversationId": test.conversation_id,
        "campaignId": test.campaign_id,
        "createdAt": wire(test.at),
    }


def _show_use(
    act: Callable[[Context, int], Awaitable[Channel]], *, as_json: bool, workspace: str
) -> None:
    with told():
        channel = run(act, workspace=workspace)
    if as_json:
        print_json(
            {
                "id": channel.id,
                "pausedAt": wire(channel.paused_at),
                "pausedBy": channel.paused_by,
                "pauseReason": channel.pause_reason,
            }
        )
        return
    word = "is paused: nothing begins on it" if channel.paused_at else "is in use"
    out.print(f"{channel.name} {word}", highlight=False)


def allow(
    countries: Annotated[list[str], typer.Argument(help="Such as US GB; all others are refused.")],
    default: Annotated[
        str | None, typer.Option(help="Country of numbers written without a code.")
    ] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Set the countries this workspace may call. Until then it may call none."""
    wanted = [country.upper() for country in countries]
    if any(len(country) != 2 or not country.isalpha() for country in wanted):
        raise typer.BadParameter("countries are two letters, such as US")

    async def act(context: Context, workspace_id: int) -> None:
        await accounts.allow_countries(
            context,
            workspace_id=workspace_id,
            countries=wanted,
            default=default.upper() if default else None,
        )

    with told():
        run(act, workspace=workspace, role=Role.ENGINE)
