"""Where a person leaves traces in the database, and what takes them away (`queries/traces.sql`).

A table that names people stands in PLACES, with the query of its name, or in EXPLAINED with the
reason why it may stay as it is: `tests/architecture/test_traces.py` asks for the line. What moves
still, and may yet write something of the person, is asked for by WAITS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from campana.domain.erasure import ERASED, Dossier
from campana.domain.ids import numbered
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("traces")

PLACES = (
    "attempt_events",
    "voice_calls",
    "attempts",
    "conversations",
    "flow_sessions",
    "targets",
    "consents",
    "suppressions",
    "import_changes",
    "import_errors",
    "suppression_import_errors",
    "idempotency_keys",
    "portfolio_recipients",
    "named_reports",
    "contacts",
)
"""Tables in the order they are gone through; each is one transaction, and may be repeated."""

LAST = ("named_reports", "contacts")
"""Gone through only when nothing is under way: what is may still ask for these."""

OF_ATTEMPTS = PLACES[:3]
"""Those that name attempts alone."""

EVENTS = "events"
"""The one that is gone through in stretches, with the deliveries of its events."""

EXPLAINED: Mapping[str, str] = {
    "audit_entries": "who of the staff did what; addresses of contacts never enter its details",
    "console_sessions": "browsers of the staff, not of contacts",
    "callback_inbox": "waited for: emptied when it is applied, within seconds",
    "carrier_refs": "what a provider calls an attempt, and nothing of the person",
    "charges": "what an attempt cost, which adds up; of whom, only the attempt knows",
    "contact_addresses": "gone the moment the erasure is asked for",
    "due": "gone with the waiting target, the moment the erasure is asked for",
    "erased_addresses": "what is kept of an erased person: hashes under a key that is not here",
    "erasures": "the dossier is sealed, and gone when the erasure is done",
    "flow_inputs": "gone with the session: what it was told",
    "flow_messages": "gone with the session: what it said",
    "flow_requests": "gone with the session: what it asked of programs",
    "inbound_inbox": "waited for: emptied when it is applied, within seconds",
    "import_kept": "says which numbered contact an undo left alone, and nothing of the person",
    "messages": "gone with their conversation",
    "suppression_imports": "what every row of a file has in common",
    "target_decisions": "machine-readable reasons of a numbered target, and nothing of the person",
    "trial_people": "a dry run's, emptied when it ends; a dry run from before is waited for",
    "trial_keys": "as trial_people",
    "webhook_deliveries": "goes with its event",
    "voicebots": "what is said to everybody; of a contact no more than a field's name",
    "voicebot_versions": "as voicebots",
}
"""Tables that name people, and why nothing is to be done about them."""

WAITS = (
    "open_attempts",
    "kept_reports",
    "kept_inbound",
    "deliveries_under_way",
    "open_imports",
    "open_suppression_imports",
)
"""What must be over before the last look; each query answers with what it is, or with nothing."""

STRETCH = 20_000
"""Events looked through in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Everything a person is found by."""

    workspace_id: int
    contact_ids: Sequence[int]
    target_ids: Sequence[int]
    """The person's own."""
    all_target_ids: Sequence[int]
    """Those of others too, that stand at an address of the person."""
    attempt_ids: Sequence[UUID]
    """Those that are over."""
    dossier: Dossier
    requested_at: datetime

    def values(self, now: datetime) -> dict[str, Any]:
        """The parameters every query here may use."""
        return {
            "workspace_id": self.workspace_id,
            "contact_ids": list(self.contact_ids),
            "target_ids": list(self.target_ids),
            "all_target_ids": list(self.all_target_ids),
            "attempt_ids": list(self.attempt_ids),
            "addresses": list(self.dossier.addresses),
            "terms": list(self.dossier.terms),
            "digits": list(self.dossier.digits),
            "words": list(self.dossier.words),
            "subjects": [
                *(numbered("tgt", target_id) for target_id in self.target_ids),
                *(numbered("ctc", contact_id) for contact_id in self.contact_ids),
            ],
            "requested_at": self.requested_at,
            "erased": ERASED,
            "now": now,
        }


async def attempts_of(
    tx: Tx, *, workspace_id: int, target_ids: Sequence[int], addresses: Sequence[str]
) -> dict[UUID, str | None]:
    """Attempts that are over, each with its campaign."""
    cursor = await tx.execute(
        _SQL["attempts_of"],
        {
            "workspace_id": workspace_id,
            "target_ids": list(target_ids),
            "addresses": list(addresses),
        },
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def erase(tx: Tx, *, place: str, traces: Traces, now: datetime) -> None:
    """Take the person out of one table of PLACES."""
    await tx.execute(_SQL[place], traces.values(now))


async def empty_attempts(tx: Tx, *, attempt_ids: Sequence[UUID], now: datetime) -> None:
    """Leave of these attempts what is no one person's: number, times and outcome."""
    values = {"attempt_ids": list(attempt_ids), "erased": ERASED, "now": now}
    for place in OF_ATTEMPTS:
        await tx.execute(_SQL[place], values)


async def erase_events(tx: Tx, *, traces: Traces, after: int, now: datetime) -> int | None:
    """Look through the events behind number `after`; how far that came, None at their end."""
    values = {**traces.values(now), "after": after, "limit": STRETCH}
    row = await (await tx.execute(_SQL["events"], values)).fetchone()
    return None if row is None or row[0] is None else int(row[0])


async def waits_for(tx: Tx, *, traces: Traces, now: datetime) -> str | None:
    """What may still write something of the person, in words; None when nothing does."""
    values = traces.values(now)
    for name in WAITS:
        row = await (await tx.execute(_SQL[name], values)).fetchone()
        if row is not None:
            return str(row[0])
    return None
