"""`campana campaign`: make, launch, watch and stop campaigns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli import exports
from campana.cli.files import read_document
from campana.cli.session import AsJson, Workspace, out, print_json, run, told
from campana.domain.campaign import Campaign, CampaignStatus
from campana.domain.clock import wire
from campana.services import campaigns, control
from campana.services.context import Context
from campana.services.control import InFlight
from campana.store import campaigns as store
from campana.store.campaigns import Counts

app = typer.Typer(name="campaign", no_args_is_help=True, help="Campaigns.")

app.command("export")(exports.export_campaign)

CampaignId = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Such as camp_….")]

COMMAND_LINE = "the command line"
"""Who acted, as the answer to `why` names it."""

HangUp = Annotated[
    bool, typer.Option("--hang-up", help="End calls in progress; else they go on to their end.")
]

_WATCH_SECONDS = 0.5


@app.command()
def create(
    file: Annotated[Path, typer.Option("--file", "-f", help="YAML.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Make a draft from a YAML file and print its id."""
    with told():
        made = run(
            lambda context, workspace_id: campaigns.create(
                context, workspace_id=workspace_id, raw=read_document(file)
            ),
            workspace=workspace,
        )
    show_campaign(made, as_json=as_json)


@app.command()
def clone(
    campaign_id: CampaignId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Make a draft that says what a campaign says; dates that are over are left out."""
    with told():
        made = run(
            lambda context, workspace_id: campaigns.copy(
                context, workspace_id=workspace_id, campaign_id=campaign_id
            ),
            workspace=workspace,
        )
    show_campaign(made, as_json=as_json)


@app.command()
def launch(
    campaign_id: CampaignId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Start contacting people."""
    _act(control.launch, campaign_id, as_json=as_json, workspace=workspace)


@app.command()
def pause(
    campaign_id: CampaignId,
    hang_up: HangUp = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Stop; when this returns nothing new begins."""
    stop = partial(control.pause, in_flight=_in_flight(hang_up=hang_up))
    _act(stop, campaign_id, as_json=as_json, workspace=workspace)


@app.command()
def resume(
    campaign_id: CampaignId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Go on after a pause."""
    _act(control.resume, campaign_id, as_json=as_json, workspace=workspace)


@app.command()
def cancel(
    campaign_id: CampaignId,
    hang_up: HangUp = False,
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """End for good."""
    stop = partial(control.cancel, in_flight=_in_flight(hang_up=hang_up))
    _act(stop, campaign_id, as_json=as_json, workspace=workspace)


@app.command()
def archive(
    campaign_id: CampaignId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Put one that has ended out of the console's list."""
    _act(control.archive, campaign_id, as_json=as_json, workspace=workspace)


@app.command()
def unarchive(
    campaign_id: CampaignId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Bring it back into the console's list."""
    _act(control.unarchive, campaign_id, as_json=as_json, workspace=workspace)


@app.command()
def show(
    campaign_id: CampaignId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Show a campaign and its numbers."""

    async def act(context: Context, workspace_id: int) -> tuple[Campaign, Counts]:
        return await read(context, workspace_id=workspace_id, campaign_id=campaign_id)

    with told():
        campaign, counts = run(act, workspace=workspace)
    if as_json:
        print_json({**fields(campaign), "progress": numbers(counts)})
    else:
        out.print(table(campaign, counts))


@app.command()
def watch(campaign_id: CampaignId, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show the numbers as they change, until the campaign is over."""

    async def act(context: Context, workspace_id: int) -> None:
        with Live(console=out, auto_refresh=False) as live:
            while True:
                campaign, counts = await read(
                    context, workspace_id=workspace_id, campaign_id=campaign_id
                )
                live.update(table(campaign, counts), refresh=True)
                if campaign.status is CampaignStatus.COMPLETED and not counts.open_attempts:
                    return
                await asyncio.sleep(_WATCH_SECONDS)

    with told():
        run(act, workspace=workspace)


async def read(context: Context, *, workspace_id: int, campaign_id: str) -> tuple[Campaign, Counts]:
    """A campaign and its numbers.

    Raises:
        NotFound
    """
    campaign = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    async with context.db.read(workspace_id=workspace_id) as tx:
        return campaign, await store.counts(tx, campaign_id=campaign_id)


def fields(campaign: Campaign) -> dict[str, Any]:
    """A campaign as programs read it, and its detailed state."""
    return {
        "id": campaign.id,
        "name": campaign.name,
        "description": campaign.description,
        "type": campaign.type,
        "status": campaign.status,
        "channelType": campaign.channel_type,
        "startDate": wire(campaign.start_date),
        "endDate": wire(campaign.end_date),
        "createdAt": wire(campaign.created_at),
        "state": campaign.state.capitalize(),
        "archived": campaign.archived,
    }


def numbers(counts: Counts) -> dict[str, Any]:
    """The numbers of a campaign as programs read them."""
    return {
        "targets": dict(counts.targets),
        "dispositions": dict(counts.dispositions),
        "attempts": dict(counts.attempts),
        "openAttempts": counts.open_attempts,
        "retries": counts.retries,
        "talkSeconds": round(counts.talk_seconds, 1),
    }


def table(campaign: Campaign, counts: Counts) -> Table:
    """A campaign for people."""
    total = sum(counts.targets.values())
    made = sum(n for outcome, n in counts.attempts.items() if outcome != "not_sent")
    shown = Table(title=f"{campaign.name}: {campaign.status}", show_header=False)
    shown.add_row("people", str(total))
    shown.add_row("waiting", str(counts.targets["waiting"]))
    shown.add_row("in progress", str(counts.open_attempts))
    for outcome, count in sorted(counts.dispositions.items()):
        shown.add_row(outcome.replace("_", " "), str(count))
    shown.add_section()
    shown.add_row("attempts", f"{made}, {counts.retries} of them retries")
    shown.add_row("talked", f"{counts.talk_seconds:.0f} s")
    return shown


def _in_flight(*, hang_up: bool) -> InFlight:
    return InFlight.HANGUP if hang_up else InFlight.DRAIN


def _act(
    action: Callable[..., Awaitable[Campaign]], campaign_id: str, *, as_json: bool, workspace: str
) -> None:
    with told():
        changed = run(
            lambda context, workspace_id: action(
                context,
                workspace_id=workspace_id,
                campaign_id=campaign_id,
                actor=COMMAND_LINE,
            ),
            workspace=workspace,
        )
    show_campaign(changed, as_json=as_json)


def show_campaign(campaign: Campaign, *, as_json: bool) -> None:
    """A campaign in a line, or as programs read it."""
    if as_json:
        print_json(fields(campaign))
    else:
        archived = ", archived" if campaign.archived else ""
        out.print(f"{campaign.id}  {campaign.name}: {campaign.status}{archived}", highlight=False)
