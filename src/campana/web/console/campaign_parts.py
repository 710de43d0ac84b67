"""The parts of a campaign's page that come anew while somebody looks at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment

from campana.domain.disposition import Disposition
from campana.domain.ids import numbered
from campana.domain.target import Target, TargetState
from campana.services.context import Context
from campana.store import campaigns, contact_search, targets
from campana.web.console.pages import render
from campana.web.console.paging import after_asked
from campana.web.console.requests import PageRequest

CAMPAIGN, PEOPLE, ATTEMPTS = "campaign", "people-shown", "attempts-made"
"""Ids of the elements that are filled anew."""
_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class PeopleShown:
    """Some people of a campaign, each with its id, and where the next page begins."""

    people: Sequence[tuple[str, Target]]
    names: Mapping[int, str]
    """Of the contacts that have one."""
    next_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A campaign's page as one person narrowed its table of people."""

    campaign_id: str
    state: TargetState | None = None
    outcome: Disposition | None = None
    after: int = 0
    """The number of the last target of the page before."""

    @property
    def asked(self) -> dict[str, str]:
        """As in the address."""
        return {"state": self.state or "", "outcome": self.outcome or ""}

    async def found(self, context: Context, *, workspace_id: int) -> PeopleShown:
        async with context.db.read(workspace_id=workspace_id) as tx:
            found = await targets.page(
                tx,
                campaign_id=self.campaign_id,
                after=self.after,
                limit=_PEOPLE + 1,
                state=self.state,
                disposition=self.outcome,
            )
            shown = found[:_PEOPLE]
            names = await contact_search.names(
                tx, workspace_id=workspace_id, ids=[each.contact_id for each in shown]
            )
        return PeopleShown(
            names=names,
            people=[(numbered("tgt", each.id), each) for each in shown],
            next_after=numbered("tgt", shown[-1].id) if len(found) > _PEOPLE else None,
        )

    async def parts(
        self, context: Context, templates: Environment, *, workspace_id: int
    ) -> dict[str, str]:
        found = await self.found(context, workspace_id=workspace_id)
        text = render(
            templates,
            "live_people.html",
            context,
            campaign_id=self.campaign_id,
            shown=found,
            asked=self.asked,
        )
        return {PEOPLE: text}


async def counted(context: Context, *, workspace_id: int, campaign_id: str) -> campaigns.Counts:
    """The campaign in numbers."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await context.counts.campaign(
            tx, campaign_id=campaign_id, monotonic=context.monotonic
        )


async def attempts_made(
    context: Context, templates: Environment, *, workspace_id: int, campaign_id: str
) -> dict[str, str]:
    """What became of its attempts."""
    counts = await counted(context, workspace_id=workspace_id, campaign_id=campaign_id)
    return {ATTEMPTS: render(templates, "live_attempts.html", context, counts=counts)}


def view_of(request: PageRequest, campaign_id: str) -> View:
    """As the address says.

    Raises:
        InvalidParameter: it begins after what is no row of ours.
    """
    state, outcome = (request.query_params.get(name) for name in ("state", "outcome"))
    return View(
        campaign_id=campaign_id,
        state=TargetState(state) if state in set(TargetState) else None,
        outcome=Disposition(outcome) if outcome in set(Disposition) else None,
        after=after_asked(request, "tgt"),
    )
