"""What a draft says, in a few lines: read once more before it is launched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campana.domain.campaign import Campaign
from campana.domain.errors import NotFound
from campana.domain.window import WEEKDAYS
from campana.services import flows
from campana.services.context import Context
from campana.store import channels, lists
from campana.web.console import hours
from campana.web.console.draft_content import CONTENT
from campana.web.console.draft_pages import CHANNEL, PEOPLE
from campana.web.console.draft_timing import TIMING
from campana.web.console.drafts import Step, plain
from campana.web.console.language import marked, say
from campana.web.console.words import kind_words

_DAYS: Mapping[str, str] = {
    "mon": marked("Monday"), "tue": marked("Tuesday"), "wed": marked("Wednesday"),
    "thu": marked("Thursday"), "fri": marked("Friday"), "sat": marked("Saturday"),
    "sun": marked("Sunday"),
}  # fmt: skip
_LONGEST = 400
"""Characters of what is said that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing it says, and the page that says it."""

    step: Step
    said: Sequence[str]


async def lines_of(context: Context, campaign: Campaign, *, workspace_id: int) -> Sequence[Line]:
    """Whom, by what, what is said, when and how fast; what is not chosen yet has no line."""
    document = campaign.document
    async with context.db.read(workspace_id=workspace_id) as tx:
        listed = campaign.list_id and await lists.get(
            tx, workspace_id=workspace_id, list_id=campaign.list_id
        )
        channel = campaign.channel_id and await channels.find(
            tx, workspace_id=workspace_id, wanted=campaign.channel_id
        )
    by = [f"{channel.name} ({kind_words(channel.kind)})"] if channel else []
    if document.get("callerId"):
        by.append(say("shows %(number)s", number=document["callerId"]))
    found = (
        Line(step=PEOPLE, said=[listed.name] if listed else []),
        Line(step=CHANNEL, said=by),
        Line(step=CONTENT, said=await _content(context, document, workspace_id=workspace_id)),
        Line(step=TIMING, said=[*_hours(document), *_pace(document)]),
    )
    return [line for line in found if line.said]


async def _content(
    context: Context, document: Mapping[str, Any], *, workspace_id: int
) -> Sequence[str]:
    """The beginning of what a bot says, or which flow it is."""
    pin: Mapping[str, Any] = document.get("flow") or {}
    if pin:
        try:
            flow = await flows.get(context, workspace_id=workspace_id, flow_id=str(pin["id"]))
        except NotFound:
            return [str(pin["id"])]
        return [say("The flow %(name)s, version %(version)s", name=flow.name,
                    version=pin.get("version", ""))]  # fmt: skip
    bot: Mapping[str, Any] = document.get("voiceBot") or {}
    greeting = str(bot.get("greeting") or "")
    return [greeting[:_LONGEST] + ("…" if len(greeting) > _LONGEST else "")] if greeting else []


def _hours(document: Mapping[str, Any]) -> Sequence[str]:
    """`Monday to Friday 08:00-21:00; Saturday 10:00-14:00`, on the clock of the person."""
    texts = hours.shown(document.get("window"), unsaid=hours.ORDINARY)
    if texts["always"]:
        return [say("At any hour")]
    runs: list[tuple[str, str, str]] = []
    for day in WEEKDAYS:
        if runs and runs[-1][2] == texts[day]:
            runs[-1] = (runs[-1][0], day, texts[day])
        else:
            runs.append((day, day, texts[day]))
    said = [
        say("%(days)s %(hours)s, on their clock", days=_days(first, last), hours=text)
        for first, last, text in runs
        if text
    ]
    closed = ", ".join(filter(None, (texts["holidays"], texts["closed_dates"])))
    return [*said, say("Closed: %(days)s", days=closed)] if closed else said


def _days(first: str, last: str) -> str:
    if first == last:
        return say(_DAYS[first])
    return say("%(first)s to %(last)s", first=say(_DAYS[first]), last=say(_DAYS[last]))


def _pace(document: Mapping[str, Any]) -> Sequence[str]:
    """The limits that are its own."""
    pacing: Mapping[str, Any] = document.get("pacing") or {}
    told = (
        ("rate", marked("At most %(count)s a second")),
        ("lines", marked("At most %(count)s open at once")),
        ("dailyAttempts", marked("At most %(count)s a day (UTC)")),
    )
    own = [say(text, count=plain(pacing[key])) for key, text in told if pacing.get(key) is not None]
    if not own:
        own = [say("As fast as its channel allows")]
    limits = (
        ("spendLimit", marked("May cost at most %(count)s")),
        ("endDate", marked("Ends %(count)s (UTC)")),
    )
    return [*own, *(say(text, count=plain(document[key])) for key, text in limits
                    if document.get(key) is not None)]  # fmt: skip
