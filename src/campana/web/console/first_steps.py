"""What is left to do before the first campaign goes out, for somebody who sees Campana anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campana.domain.campaign import CampaignState
from campana.services import board, lists
from campana.store import accounts
from campana.store.campaign_search import Search
from campana.web.console.language import say
from campana.web.console.requests import PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStep:
    """One thing to do; `path` only for whoever may do it."""

    name: str
    hint: str
    path: str | None
    is_done: bool


async def first_steps(request: PageRequest, *, has_channel: bool) -> Sequence[FirstStep]:
    """All of them while no campaign was ever launched, afterwards none."""
    context, workspace_id = request.context, request.workspace_id
    newest, total = await board.page(
        context, workspace_id=workspace_id, search=Search(), limit=_DRAFTS, offset=0
    )
    if total > len(newest) or any(line.found.state != CampaignState.DRAFT for line in newest):
        return ()
    listed = await lists.page(context, workspace_id=workspace_id, page=1, page_size=1)
    async with context.db.read(workspace_id=workspace_id) as tx:
        workspace = await accounts.workspace(tx, workspace_id=workspace_id)
    draft = newest[0].found.id if newest else None

    def step(name: str, hint: str, path: str, scope: str, *, is_done: bool) -> FirstStep:
        return FirstStep(
            name=name, hint=hint, path=path if request.may(scope) else None, is_done=is_done
        )

    return (
        step(
            say("Say which countries may be called"),
            say("Until you do, nobody is contacted anywhere."),
            "/settings", "settings:write",
            is_done=bool(workspace and workspace.allowed_countries),
        ),
        step(
            say("Make a channel"),
            say("Your account with a carrier: a SIP trunk, a WhatsApp number, a mailbox. A sandbox"
                " rehearses, and reaches nobody."),
            "/channels/new", "channels:write", is_done=has_channel,
        ),
        step(
            say("Bring people in"),
            say("Make a list, then drop a CSV or a spreadsheet into it."),
            "/lists", "lists:write", is_done=bool(listed.total),
        ),
        step(
            say("Make a campaign"),
            say("Whom to contact, by which channel, what is said, when and how fast."),
            "/campaigns/new", "campaigns:write", is_done=draft is not None,
        ),
        step(
            say("Review and launch"),
            say("See who would be contacted, when and for how much, before anybody is."),
            f"/campaigns/{draft}/review" if draft else "/campaigns", "campaigns:control",
            is_done=False,
        ),
    )  # fmt: skip


_DRAFTS = 5
"""Whoever has more campaigns than these needs no first steps."""
