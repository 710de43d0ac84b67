"""A dry run: every row gets the fate it would have, and the list stays as it is.

Rows meet each other as in a real import, so what the run made or changed so far is kept beside the
list, in the same transactions as its progress. It goes on after a crash like any import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from campana.domain.contact import NewContact
from campana.services import duplicates, settling
from campana.services.duplicates import Plan
from campana.services.settling import Place
from campana.store import trials
from campana.store.db import Tx
from campana.store.holders import Holder
from campana.store.imports import Duplicates


async def settle(
    tx: Tx, *, place: Place, people: Sequence[NewContact], how: Duplicates, now: datetime
) -> Plan:
    """Decide on each as `settling.settle` would, and keep what follows beside the list."""
    import_id = place.import_id or ""
    stored = await settling.met(tx, list_id=place.list_id, people=people)
    known = {holder.id: holder for holder in stored}
    tried = await trials.find(tx, import_id=import_id, people=people, ids=list(known))
    known |= {holder.id: holder for holder in tried}
    plan = duplicates.plan(people, known.values(), duplicates=how)
    lowest = await trials.lowest(tx, import_id=import_id)
    after = {
        number: Holder(id=number, version=1, updated_at=now, contact=person.now)
        for number, person in enumerate(reversed(plan.new), start=lowest - len(plan.new))
    }
    for number, person in plan.changed.items():
        if person.stored is not None:
            after[number] = replace(person.stored, contact=person.now)
    await trials.put(tx, workspace_id=place.workspace_id, import_id=import_id, people=after)
    return plan


async def forget(tx: Tx, *, import_id: str) -> None:
    """Leave nothing of a run that is over."""
    await trials.forget(tx, import_id=import_id)
