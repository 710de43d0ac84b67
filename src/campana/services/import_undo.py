"""An import taken back: what it made goes, what it changed goes back, a thousand at a time.

Left alone, counted and told are those whom somebody has contacted since, and those whom another
import, a request or a person has changed since. Whoever goes, goes out of the campaigns that had
them waiting. Each stretch is one transaction with the progress it is: it goes on after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from campana.domain.contact import NewContact
from campana.services.context import Context
from campana.store import contacts, holders, import_changes, lists, targets
from campana.store.db import Tx
from campana.store.import_changes import Busy, Changed, Kept, Undone, UndoStep
from campana.store.imports import Begun

_STRETCH = 1000
_BUSY_SECONDS = 0.05
_EVER = datetime.min.replace(tzinfo=UTC)


async def run(context: Context, begun: Begun) -> None:
    """Undo from wherever it stands to its end.

    Args:
        context: of the engine's role.
        begun: the import, being undone.
    """
    at: Begun | None = begun
    while at is not None:
        try:
            at = await _stretch(context, at)
        except Busy:
            await context.doze(_BUSY_SECONDS)


async def _stretch(context: Context, at: Begun) -> Begun | None:
    """The next of those the import made or changed; the undo as it then stands, None at its end.

    Raises:
        Busy: nothing was done.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        if not await lists.lock(tx, list_id=at.list_id):
            return None
        # Then those who enroll it, then its contacts, then what is due of them.
        await import_changes.hold_enrollments(tx, list_id=at.list_id)
        if at.undo_step == UndoStep.MADE:
            return await _made(tx, at, now=now)
        return await _changed(tx, at, now=now)


async def _made(tx: Tx, begun: Begun, *, now: datetime) -> Begun | None:
    """Take away the next of those the import made."""
    if begun.undo_after == 0:
        await import_changes.forget_kept(tx, import_id=begun.id)
    made = {
        each.id: each.version for each in await import_changes.made(tx, begun=begun, limit=_STRETCH)
    }
    if not made:
        return await _moved(tx, begun, step=UndoStep.CHANGED, after=0, undone=Undone(), now=now)
    held = await holders.held(tx, list_id=begun.list_id, ids=list(made))
    tried = await import_changes.contacted(tx, contact_ids=list(made), since=_EVER)
    kept = {each.id: Kept.CHANGED_SINCE for each in held if each.version != made[each.id]}
    kept |= dict.fromkeys(tried, Kept.CONTACTED)
    free = [each.id for each in held if each.id not in kept]
    await import_changes.withdraw(tx, list_id=begun.list_id, contact_ids=free)
    await contacts.delete(tx, list_id=begun.list_id, ids=free)
    await import_changes.forget(tx, import_id=begun.id, contact_ids=free)
    undone = Undone(removed=len(free), kept=await _keep(tx, begun, kept))
    return await _moved(tx, begun, step=UndoStep.MADE, after=max(made), undone=undone, now=now)


async def _changed(tx: Tx, begun: Begun, *, now: datetime) -> Begun | None:
    """Put back the next of those the import changed."""
    page = await import_changes.changed(tx, begun=begun, limit=_STRETCH)
    if not page:
        await import_changes.finish_undo(tx, import_id=begun.id, now=now)
        return None
    changed = await _with_exchanges(tx, begun, page)
    held = await holders.held(tx, list_id=begun.list_id, ids=list(changed))
    tried = await import_changes.contacted(tx, contact_ids=list(changed), since=begun.created_at)
    kept = {
        each.id: Kept.CHANGED_SINCE for each in held if each.version != changed[each.id].version
    }
    kept |= dict.fromkeys(tried, Kept.CONTACTED)
    here = {each.id for each in held}
    free = {key: changed[key] for key in here if key not in kept}
    kept |= await _taken(tx, begun, free)
    free = {key: each for key, each in free.items() if key not in kept}
    await contacts.restore(
        tx,
        workspace_id=begun.workspace_id,
        list_id=begun.list_id,
        before={key: each.before for key, each in free.items()},
    )
    await targets.follow_contacts(tx, contact_ids=list(free), now=now)
    over = [key for key in changed if key in free or key not in here]
    await import_changes.forget(tx, import_id=begun.id, contact_ids=over)
    undone = Undone(restored=len(free), kept=await _keep(tx, begun, kept))
    after = max(each.before.id for each in page)
    return await _moved(tx, begun, step=UndoStep.CHANGED, after=after, undone=undone, now=now)


async def _with_exchanges(tx: Tx, begun: Begun, page: Iterable[Changed]) -> dict[int, Changed]:
    """These, and those of the import's who now have what these had: they go back together."""
    found: dict[int, Changed] = {}
    news = {each.before.id: each for each in page}
    while news:
        found |= news
        befores = [each.before.contact for each in news.values()]
        others = await import_changes.changed_holders(
            tx,
            begun=begun,
            addresses=[address for each in befores for address in each.addresses],
            external_ids=[each.external_id for each in befores if each.external_id],
        )
        news = {each.before.id: each for each in others if each.before.id not in found}
    return found


async def _taken(tx: Tx, begun: Begun, changed: dict[int, Changed]) -> dict[int, Kept]:
    """Who cannot go back, because what they had is now of somebody who stays as they are."""
    befores = {key: each.before.contact for key, each in changed.items()}
    found = await holders.find(
        tx,
        list_id=begun.list_id,
        external_ids=[each.external_id for each in befores.values() if each.external_id],
        addresses=[address for each in befores.values() for address in each.addresses],
    )
    blocked: dict[int, Kept] = {}
    while True:
        # Each who stays may stand in another's way with what they hold now.
        taken = {
            key
            for each in found
            if each.id not in befores or each.id in blocked
            for key in _keys(each.contact)
        }
        more = [
            key for key, contact in befores.items() if key not in blocked and taken & _keys(contact)
        ]
        if not more:
            return blocked
        blocked |= dict.fromkeys(more, Kept.ADDRESS_TAKEN)


def _keys(contact: NewContact) -> set[str]:
    keys = {address.key for address in contact.addresses}
    return keys | ({f"id:{contact.external_id}"} if contact.external_id else set())


async def _keep(tx: Tx, begun: Begun, reasons: dict[int, Kept]) -> int:
    return await import_changes.keep(
        tx, workspace_id=begun.workspace_id, import_id=begun.id, reasons=reasons
    )


async def _moved(
    tx: Tx, begun: Begun, *, step: UndoStep, after: int, undone: Undone, now: datetime
) -> Begun | None:
    """The undo as it stands after a stretch; None when another process moves it."""
    is_ours = await import_changes.advance_undo(
        tx, begun=begun, step=step, after=after, undone=undone, now=now
    )
    return replace(begun, undo_step=step, undo_after=after) if is_ours else None
