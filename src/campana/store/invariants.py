"""What must hold in the ledger whenever anybody looks, each with a query that finds what breaks it.

Run by `campana doctor --invariants` on a live database and by every test that breaks things. They
read whole tables: a question for people and tests, not for a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campana.domain.disposition import FINALITY, Disposition, Finality
from campana.store.db import Tx
from campana.store.owners import LOCK_SPACE
from campana.store.sql import load

_SQL = load("invariants")

_ORPHAN_AGE = timedelta(minutes=1)
_REPORT_AGE = timedelta(minutes=5)
_SUPPRESSION_MARGIN = timedelta(seconds=10)
"""A claim that had read its facts before: with the time a stopped process may hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A promise of the ledger. `name` is its query's."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing that breaks an invariant: which, and what was found."""

    subject: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An invariant as it stands: how often it is broken, and the first few breaches."""

    invariant: Invariant
    count: int
    breaches: Sequence[Breach]

    @property
    def holds(self) -> bool:
        return self.count == 0


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        name="exactly_one_state",
        sentence="Each target is waiting, in an open attempt or finished: nobody is lost.",
    ),
    Invariant(
        name="attempts_counted",
        sentence="The attempts of a target are numbered without a gap, and none is missing.",
    ),
    Invariant(
        name="attempts_belong",
        sentence="An attempt belongs to the workspace and the campaign of its target.",
    ),
    Invariant(
        name="one_conversation",
        sentence="No address has two open attempts at once, whatever the campaigns do.",
    ),
    Invariant(
        name="reached_once",
        sentence="Nobody who was reached is tried again, unless a person asked for it.",
    ),
    Invariant(
        name="committed_first",
        sentence="Every attempt was committed as about to be sent before the network was touched.",
    ),
    Invariant(
        name="ends_are_told",
        sentence="Every attempt that has ended has its end in its history.",
    ),
    Invariant(
        name="somebody_asks",
        sentence="Of every attempt left to its carrier's word, the carrier is going to be asked.",
    ),
    Invariant(
        name="orphans_taken_up",
        sentence="What a dead worker left open is taken up within a minute, if any worker lives.",
    ),
    Invariant(
        name="reports_applied",
        sentence="A report that was acknowledged is applied within minutes, if any worker lives.",
    ),
    Invariant(
        name="waits_begin",
        sentence="A conversation's wait for an answer begins when what it said has left.",
    ),
    Invariant(
        name="over_is_over",
        sentence="Nobody waits in a campaign that is over.",
    ),
    Invariant(
        name="enrolled_are_targets",
        sentence="A campaign has as many targets as were enrolled.",
    ),
    Invariant(
        name="money_adds_up",
        sentence="What is promised and spent is what the attempts were charged, to the last cent.",
    ),
    Invariant(
        name="suppressed_left_alone",
        sentence="No attempt was begun at an address that was suppressed for it.",
    ),
    Invariant(
        name="held_out_left_alone",
        sentence="With nobody who is held out of a comparison anything was begun.",
    ),
    Invariant(
        name="erased_are_gone",
        sentence="Of a person who was erased nothing is left but numbers.",
    ),
    Invariant(
        name="lists_are_counted",
        sentence="A list has as many people as it says.",
    ),
    Invariant(
        name="audit_is_sealed",
        sentence="No entry of the audit log was changed, removed or put in after it was sealed.",
    ),
)


async def judge(tx: Tx, *, now: datetime, limit: int = 5) -> list[Judged]:
    """Every invariant, with at most `limit` breaches of each. `tx` is one snapshot (`read()`) of a
    role that sees all workspaces."""
    values = {
        "limit": limit,
        "space": LOCK_SPACE,
        "reached": [
            *(each for each, final in FINALITY.items() if final is Finality.REACHED),
            Disposition.OPT_OUT,
        ],
        "minute_ago": now - _ORPHAN_AGE,
        "minutes_ago": now - _REPORT_AGE,
        "margin": _SUPPRESSION_MARGIN,
    }
    judged: list[Judged] = []
    for invariant in INVARIANTS:
        rows = await (await tx.execute(_SQL[invariant.name], values)).fetchall()
        judged.append(
            Judged(
                invariant=invariant,
                count=int(rows[0][2]) if rows else 0,
                breaches=[Breach(subject=subject, found=found) for subject, found, _ in rows],
            )
        )
    return judged


async def unknown(tx: Tx) -> int:
    """Attempts that may have reached somebody, and nobody knows."""
    row = await (await tx.execute(_SQL["unknown"])).fetchone()
    return int(row[0]) if row else 0
