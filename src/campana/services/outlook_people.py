"""The people behind the counts of preflight: who they are, by what would keep them out.

They are found by the question that counted them and judged by the same gate, crowd by crowd.
"""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from campana.domain.campaign import Campaign
from campana.domain.ids import numbered
from campana.services import crowds
from campana.services.context import Context
from campana.services.export_files import text_cell
from campana.store import outlook as store
from campana.store.outlook import Person

COLUMNS = (
    "contact_id", "first_name", "last_name", "address", "country", "time_zones",
    "would_be_contacted", "reason",
)  # fmt: skip

_ROWS = 2_000
_IN_MEMORY = 8_000_000
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Some of those whom a reason keeps out."""

    campaign: Campaign
    people: Sequence[Person]
    next_after: int | None


async def kept_out(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    reason: str | None,
    after: int,
    limit: int,
) -> Kept:
    """Those a launch of the draft would leave out for this reason; None: those it would contact.

    It goes on behind contact `after`; 0 is the beginning.

    Raises:
        NotFound
        InvalidTransition: it was launched.
    """
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        judge = await crowds.judge(
            tx, context, workspace_id=workspace_id, campaign_id=campaign_id, now=now
        )
        found: list[Person] = []
        if judge.question is not None:
            keys = [
                crowd.key
                for crowd in await store.crowds(tx, judge.question, most=0)
                if judge.reason(crowd) == reason
            ]
            if keys:
                found = await store.people(
                    tx, judge.question, crowds=keys, after=after, limit=limit + 1
                )
    return Kept(
        campaign=judge.campaign,
        people=found[:limit],
        next_after=found[limit - 1].id if len(found) > limit else None,
    )


async def as_csv(context: Context, *, workspace_id: int, campaign_id: str) -> AsyncGenerator[bytes]:
    """Everybody and what would become of them, as a file that a spreadsheet takes for no formula.

    It is written whole before the first byte leaves, so that who reads slowly holds nothing open
    in the database.

    Raises:
        NotFound
        InvalidTransition: it was launched.
    """
    now = context.clock.now()
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - given away
    try:
        await asyncio.to_thread(file.write, _lines([COLUMNS]))
        async with context.db.read(workspace_id=workspace_id) as tx:
            judge = await crowds.judge(
                tx, context, workspace_id=workspace_id, campaign_id=campaign_id, now=now
            )
            if judge.question is not None:
                every = await store.crowds(tx, judge.question, most=0)
                reasons = {crowd.key: judge.reason(crowd) for crowd in every}
                async for people in store.everybody(tx, judge.question, size=_ROWS):
                    rows = [_row(each, reasons) for each in people]
                    await asyncio.to_thread(file.write, _lines(rows))
        await asyncio.to_thread(file.seek, 0)
    except BaseException:
        file.close()
        raise
    return _pieces(file)


async def _pieces(file: IO[bytes]) -> AsyncGenerator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()


def _row(person: Person, reasons: Mapping[str, str | None]) -> Sequence[str]:
    reason = reasons[person.crowd]
    return (
        numbered("ctc", person.id),
        text_cell(person.first_name or ""),
        text_cell(person.last_name or ""),
        text_cell(person.address or ""),
        person.country or "",
        ", ".join(person.zones),
        "yes" if reason is None else "no",
        reason or "",
    )


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
