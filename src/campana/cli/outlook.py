"""`campana campaign why|preflight|retry|add`: how it stands, what it would do, more to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from campana.bootstrap import DEFAULT_WORKSPACE
from campana.cli.campaigns import COMMAND_LINE, CampaignId, app, show_campaign
from campana.cli.session import AsJson, Workspace, out, print_json, run, told
from campana.domain.campaign import Campaign
from campana.domain.clock import wire
from campana.domain.disposition import Disposition
from campana.domain.ids import numbered
from campana.domain.waiting import Standing
from campana.services import outlook, reopening
from campana.services import why as asked
from campana.services.context import Context
from campana.services.outlook import Outlook
from campana.services.reopening import Reopened

_MOST_HOURS = 24


@app.command()
def why(
    campaign_id: CampaignId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Say in a sentence why it is not dialing."""

    async def act(context: Context, workspace_id: int) -> Standing:
        return await asked.why(context, workspace_id=workspace_id, campaign_id=campaign_id)

    with told():
        standing = run(act, workspace=workspace)
    if as_json:
        print_json(
            {
                "state": standing.state,
                "waitReason": standing.wait_reason,
                "code": standing.cause,
                "sentence": standing.sentence,
                "until": wire(standing.until),
            }
        )
    else:
        out.print(f"{standing.state}: {standing.sentence}", highlight=False, markup=False)


@app.command()
def preflight(
    campaign_id: CampaignId, as_json: AsJson = False, workspace: Workspace = DEFAULT_WORKSPACE
) -> None:
    """Foretell what a launch would do, without contacting anyone; exit code 1 when it cannot."""

    async def act(context: Context, workspace_id: int) -> Outlook:
        return await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)

    with told():
        found = run(act, workspace=workspace)
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found)
    if found.problems:
        raise typer.Exit(1)


@app.command()
def retry(
    campaign_id: CampaignId,
    outcomes: Annotated[list[Disposition], typer.Argument(help="Such as no_answer busy unknown.")],
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Try again whoever finished with these outcomes."""

    async def act(context: Context, workspace_id: int) -> Reopened:
        return await reopening.retry(
            context,
            workspace_id=workspace_id,
            campaign_id=campaign_id,
            outcomes=outcomes,
            actor=COMMAND_LINE,
        )

    with told():
        done = run(act, workspace=workspace)
    if as_json:
        print_json({str(outcome): count for outcome, count in sorted(done.counts.items())})
        return
    for outcome, count in sorted(done.counts.items()):
        out.print(f"{count} {outcome.replace('_', ' ')}", highlight=False)
    if not done.counts:
        out.print(_nobody(done.finished), highlight=False)


@app.command()
def add(
    campaign_id: CampaignId,
    contact_list: Annotated[str, typer.Argument(metavar="LIST", help="A contact list.")],
    as_json: AsJson = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Add the people of a contact list to a campaign that was launched."""

    async def act(context: Context, workspace_id: int) -> Campaign:
        return await reopening.add_people(
            context,
            workspace_id=workspace_id,
            campaign_id=campaign_id,
            contact_list=contact_list,
            actor=COMMAND_LINE,
        )

    with told():
        changed = run(act, workspace=workspace)
    show_campaign(changed, as_json=as_json)


def _nobody(finished: Mapping[str, int]) -> str:
    """Why nobody waits again: an attempt may have ended so, and its person otherwise."""
    if not finished:
        return "Nobody finished like that: nobody has finished yet."
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(finished.items()))
    return (
        "Nobody finished like that. Meant are the outcomes of people, not of attempts."
        f" So far they are: {counts}"
    )


def _as_json(found: Outlook) -> dict[str, Any]:
    run_ = found.forecast
    return {
        "isReady": not found.problems,
        "problems": [
            {"pointer": each.pointer or "", "message": each.message} for each in found.problems
        ],
        "warnings": list(found.warnings),
        "people": found.people,
        "eligible": found.eligible,
        "skipped": dict(sorted(found.skipped.items())),
        "planned": [
            {"hour": wire(e.hour), "timeZones": list(e.zones), "attempts": e.attempts}
            for e in (run_.planned if run_ else ())
        ],
        "firstAt": wire(run_.first_at) if run_ else None,
        "lastAt": wire(run_.last_at) if run_ else None,
        "latestAt": wire(found.latest),
        "notReached": run_.not_reached if run_ else 0,
        "first": [
            {
                "at": wire(each.at),
                "contactId": numbered("ctc", each.person.id),
                "address": each.person.address,
                "timeZones": list(each.person.zones),
            }
            for each in found.first
        ],
        "cost": found.cost
        and {
            "lowest": str(found.cost.lowest),
            "highest": None if found.cost.highest is None else str(found.cost.highest),
        },
    }


def _print(found: Outlook) -> None:
    for each in found.problems:
        out.print(f"cannot be launched: {each}", highlight=False, markup=False)
    for warning in found.warnings:
        out.print(f"mind: {warning}", highlight=False, markup=False)
    table = Table(title=f"{found.people} people", show_header=False)
    table.add_row("would be contacted", str(found.eligible))
    for reason, count in sorted(found.skipped.items()):
        table.add_row(reason.replace("_", " "), str(count))
    run_ = found.forecast
    if run_ is not None:
        table.add_section()
        table.add_row("first", wire(run_.first_at) or "never")
        table.add_row("last, if all goes well", wire(run_.last_at) or "never")
        table.add_row("last, if nothing does", wire(found.latest) or "never")
        if run_.not_reached:
            table.add_row("left at the end date", str(run_.not_reached))
        table.add_section()
        for each in run_.planned[:_MOST_HOURS]:
            table.add_row(f"{wire(each.hour)} {', '.join(each.zones)}", str(each.attempts))
        if len(run_.planned) > _MOST_HOURS:
            table.add_row(f"and {len(run_.planned) - _MOST_HOURS} more hours", "")
    if found.cost is not None:
        table.add_section()
        table.add_row("costs", f"{found.cost.lowest} to {found.cost.highest or 'no end'}")
    out.print(table)
