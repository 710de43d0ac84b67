"""Erasing a person from everything Campana keeps, so that only numbers and a keyed hash are left.

`request` is one transaction: from its commit on nobody contacts the person or finds them, and who
they were is known to nobody but a sealed dossier. `run` takes their traces away place by place.
Each step may be repeated, and the dossier goes last: after a crash anywhere the erasure is still
there to be seen, and goes on. What is under way when it is asked for is not torn apart: nothing
more begins, the attempt ends as it would have, and then its traces go too.

A person is known by their addresses: whoever in the workspace has one of them, in whatever list, is
that person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import msgspec

from campana.domain.disposition import Disposition
from campana.domain.erasure import Dossier, dossier_of, without
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter, NotFound
from campana.domain.event import EventName
from campana.services import erasure_keys, events, uploads
from campana.services.context import Context
from campana.services.quiet import until_unsendable
from campana.services.recordings import remove_recordings
from campana.store import decisions, erasures, holders, jobs, lists, targets, traces
from campana.store import events as store_events
from campana.store.db import Tx
from campana.store.erasures import Begun, Erasure, NewErasure
from campana.store.holders import Holder
from campana.store.traces import Traces

TASK = "erase"

_MAX_REASON = 500
_ERASED = "erased"
"""Why a target was finished that nobody will try any more."""


class StillMoving(CampanaError):
    """Something that is under way may still write of the person; the erasure goes on after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePage:
    """Some erasures, and the cursor of the next page: None on the last."""

    erasures: list[Erasure]
    next_after: str | None


async def request(
    context: Context, *, workspace_id: int, contact_id: int, reason: str, requested_by: str
) -> Erasure:
    """Erase a person; asked again, it is the same erasure.

    When this returns no attempt to any of their addresses begins any more, and no list, search or
    import finds them. The rest is a job's, which `run` is.

    Args:
        context: the web role will do.
        workspace_id: whose contact it is.
        contact_id: one of the person's contacts.
        reason: for people, 1 to 500 characters; what names the person in it is not kept.
        requested_by: a key, or a person at the command line, in words.

    Raises:
        NotFound: there is no such contact in this workspace.
        InvalidParameter: naming what is wrong with the reason.
    """
    if not 1 <= len(reason.strip()) <= _MAX_REASON or "\0" in reason:
        message = "must have 1 to 500 characters"
        raise InvalidParameter(problems=[FieldProblem(pointer="/reason", message=message)])
    pads = await erasure_keys.ensured(context, workspace_id=workspace_id)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        before = await erasures.of_contact(tx, workspace_id=workspace_id, contact_id=contact_id)
        if before is not None:
            return before
        people = await _held(tx, workspace_id=workspace_id, contact_id=contact_id)
        dossier = dossier_of(each.contact for each in people)
        new = NewErasure(
            id=context.new_id("era"),
            workspace_id=workspace_id,
            contact_ids=[each.id for each in people],
            reason=without(reason.strip(), dossier),
            requested_by=requested_by,
            dossier=context.secrets.seal(msgspec.json.encode(dossier).decode()),
        )
        hashes = erasure_keys.hashes(dossier.addresses, pads=pads)
        await erasures.insert(tx, new=new, hashes=hashes, now=context.clock.now())
        await _withdraw(tx, context, new, dossier)
        await erasures.empty(tx, contact_ids=new.contact_ids, now=context.clock.now())
        await jobs.defer(tx, task=TASK, arguments={"erasure_id": new.id}, lock=new.id)
    for address in dossier.addresses:
        await until_unsendable(context, workspace_id=workspace_id, address=address)
    return await get(context, workspace_id=workspace_id, erasure_id=new.id)


async def get(context: Context, *, workspace_id: int, erasure_id: str) -> Erasure:
    """How far an erasure has come.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await erasures.get(tx, workspace_id=workspace_id, erasure_id=erasure_id)
    if found is None:
        raise NotFound
    return found


async def page(
    context: Context, *, workspace_id: int, after: str | None = None, limit: int = 100
) -> ErasurePage:
    """The workspace's erasures, newest first, from the one after erasure `after`."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await erasures.page(tx, workspace_id=workspace_id, after=after, limit=limit + 1)
    shown = found[:limit]
    return ErasurePage(erasures=shown, next_after=shown[-1].id if len(found) > limit else None)


async def run(context: Context, *, erasure_id: str) -> None:
    """Take every trace of the person away; one that is done is left alone.

    Args:
        context: of the engine's role.
        erasure_id: the erasure.

    Raises:
        StillMoving: all that lies still is gone; something else is under way.
        Unavailable: the database or the disk does not answer; the erasure can go on later.
        Unreadable: the dossier was sealed with a key we do not have.
    """
    async with context.db.read() as tx:
        begun = await erasures.begun(tx, erasure_id=erasure_id)
    if begun is None:
        return
    # Asked before the look: what began after the answer began after the erasure, too.
    found = await _traces(context, begun)
    waits_for = await _waits_for(context, found)
    found = await _withdrawn(context, begun, found)
    await _remove(context, found, is_last=waits_for is None)
    if waits_for is not None:
        async with context.db.transaction() as tx:
            await erasures.wait(tx, erasure_id=erasure_id, waits_for=waits_for)
        raise StillMoving(f"waits for {waits_for}")
    async with context.db.transaction() as tx:
        now = context.clock.now()
        if await erasures.finish(tx, erasure_id=erasure_id, now=now):
            told = events.of_erasure(
                workspace_id=begun.workspace_id,
                erasure_id=begun.id,
                contact_ids=begun.contact_ids,
                at=now,
            )
            await store_events.add(tx, *told)


async def _held(tx: Tx, *, workspace_id: int, contact_id: int) -> list[Holder]:
    """The person's contacts, and all that could make more of them held still.

    In the order everybody takes these locks: lists, enrollments, contacts, what is due, targets.

    Raises:
        NotFound: there is no such contact.
    """
    known: dict[int, str] = {}
    while True:
        found = await erasures.same_person(tx, workspace_id=workspace_id, contact_id=contact_id)
        if found.keys() == known.keys() or not found:
            break
        # Whom they are is asked again once nobody can change the lists any more.
        for list_id in sorted(set(found.values()) - set(known.values())):
            await lists.lock(tx, list_id=list_id)
        known = found
    if contact_id not in found:
        raise NotFound
    list_ids = sorted(set(found.values()))
    await erasures.hold_campaigns(tx, workspace_id=workspace_id)
    people: list[Holder] = []
    for list_id in list_ids:
        ids = [each for each, of in found.items() if of == list_id]
        people += await holders.held(tx, list_id=list_id, ids=ids)
    return people


async def _withdraw(tx: Tx, context: Context, new: NewErasure, dossier: Dossier) -> None:
    """Nobody is going to be contacted under these targets any more."""
    now = context.clock.now()
    found = await erasures.targets_of(
        tx,
        workspace_id=new.workspace_id,
        contact_ids=new.contact_ids,
        addresses=dossier.addresses,
    )
    await erasures.hold_targets(tx, target_ids=sorted(found))
    await erasures.stop_intents(tx, target_ids=sorted(found), now=now)
    await _finish(
        tx, context, sorted(found), contact_ids=new.contact_ids, addresses=dossier.addresses
    )


async def _finish(
    tx: Tx,
    context: Context,
    target_ids: Sequence[int],
    *,
    contact_ids: Sequence[int],
    addresses: Sequence[str],
) -> None:
    """Take the address from each target (held) and close those that wait."""
    now = context.clock.now()
    states = await erasures.forget_address(
        tx, target_ids=target_ids, contact_ids=contact_ids, addresses=addresses
    )
    for target_id, state in sorted(states.items()):
        if state == "finished":
            continue
        finished = await targets.finish(
            tx,
            target_id=target_id,
            disposition=Disposition.SUPPRESSED,
            reason=_ERASED,
            now=now,
        )
        told = events.of_target(EventName.TARGET_FINISHED, finished, at=now)
        await store_events.add(tx, *told)
        await decisions.skip(tx, target_id=target_id, reason=_ERASED, now=now)


async def _traces(context: Context, begun: Begun) -> Traces:
    """What there is of the person at this moment."""
    dossier = msgspec.json.decode(context.secrets.open(begun.dossier), type=Dossier)
    async with context.db.read() as tx:
        found = await erasures.targets_of(
            tx,
            workspace_id=begun.workspace_id,
            contact_ids=begun.contact_ids,
            addresses=dossier.addresses,
        )
        theirs = [target_id for target_id, is_theirs in found.items() if is_theirs]
        attempts = await traces.attempts_of(
            tx,
            workspace_id=begun.workspace_id,
            target_ids=theirs,
            addresses=dossier.addresses,
        )
    return Traces(
        workspace_id=begun.workspace_id,
        contact_ids=begun.contact_ids,
        target_ids=theirs,
        all_target_ids=sorted(found),
        attempt_ids=sorted(attempts),
        dossier=dossier,
        requested_at=begun.requested_at,
    )


async def _waits_for(context: Context, found: Traces) -> str | None:
    async with context.db.read() as tx:
        waits_for = await traces.waits_for(tx, traces=found, now=context.clock.now())
    if waits_for is not None:
        return waits_for
    # A file that was handed in before and that no import has taken in hand; care takes it away.
    for folder in uploads.FOLDERS:
        left = await asyncio.to_thread(context.blobs.older_than, found.requested_at, within=folder)
        if left:
            return f"the file {PurePath(left[0]).name}, kept from before"
    return None


async def _withdrawn(context: Context, begun: Begun, found: Traces) -> Traces:
    """Close what has come back to wait since the erasure was asked for: a try that failed."""
    async with context.db.transaction() as tx:
        await erasures.hold_targets(tx, target_ids=found.all_target_ids)
        await _finish(
            tx,
            context,
            found.all_target_ids,
            contact_ids=found.contact_ids,
            addresses=found.dossier.addresses,
        )
    # With the attempts that have ended meanwhile.
    return await _traces(context, begun)


async def _remove(context: Context, found: Traces, *, is_last: bool) -> None:
    """First the sound, which the rows tell where to find; then the rows."""
    await remove_recordings(context, attempt_ids=found.attempt_ids)
    for place in traces.PLACES:
        if place in traces.LAST and not is_last:
            continue
        async with context.db.transaction() as tx:
            await traces.erase(tx, place=place, traces=found, now=context.clock.now())
    after: int | None = 0
    while after is not None:
        async with context.db.transaction() as tx:
            after = await traces.erase_events(
                tx, traces=found, after=after, now=context.clock.now()
            )
