"""The judge: nobody twice, nobody lost, and how many are unknown.

It reads the sandbox's log, which nothing of Campana writes, and the file of people. Of Campana it
reads one thing, a CSV of how each person ended, and that only for what the log cannot say: whether
somebody who was never contacted was given up on purpose. It shares no code with the engine.

    python -m tests.support.chaos.checker LOG PEOPLE.csv LEDGER.csv [outcome=tries ...]
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

FINISHED = "finished"
UNKNOWN = "unknown"

WITHOUT_CONTACT = frozenset(
    {
        "suppressed",
        "no_consent",
        "duplicate",
        "zone_unknown",
        "number_refused",
        "country_not_allowed",
        "no_address",
        "price_unknown",
        "expired",
    }
)
"""Ends a person may come to without having been contacted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A send as the sandbox saw it. `at` and `until` are monotonic seconds of the machine: from
    the moment it came in to the last thing that happened to it."""

    attempt: str
    to: str
    is_taken: bool
    is_repeat: bool
    at: float
    until: float
    time: datetime
    outcome: str | None

    @property
    def over_at(self) -> datetime:
        return self.time + timedelta(seconds=self.until - self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What was done, from when to when (monotonic seconds)."""

    what: str
    since: float
    until: float


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What was found. `twice` and `lost` name the people, each with the reason."""

    people: int
    sends: int
    taken: int
    unknown: int = 0
    in_flight: int = 0
    """Attempts that were open at some moment of some fault: the most that may be unknown."""
    twice: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])
    strangers: list[str] = field(default_factory=list[str])
    disagreements: list[str] = field(default_factory=list[str])

    @property
    def problems(self) -> list[str]:
        found = [f"twice: {each}" for each in self.twice]
        found += [f"lost: {each}" for each in self.lost]
        found += [f"stranger: {each}" for each in self.strangers]
        found += [f"disagrees: {each}" for each in self.disagreements]
        if self.unknown > self.in_flight:
            found.append(f"{self.unknown} unknown, and only {self.in_flight} were in flight")
        return found

    def __str__(self) -> str:
        return (
            f"{self.people} people, {self.sends} sends, {self.taken} taken: "
            f"{len(self.twice)} twice, {len(self.lost)} lost, "
            f"{self.unknown} unknown of {self.in_flight} in flight, "
            f"{len(self.strangers)} strangers, {len(self.disagreements)} disagreements"
        )


def read_sends(log: Path) -> list[Send]:
    """Every send in the log, in order; half a line at its end is none."""
    found: list[Send] = []
    for text in log.read_bytes().splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if line.get("event") != "send":
            continue
        happenings: Sequence[tuple[float, str, str | None]] = line["happenings"]
        last = happenings[-1] if happenings else (0.0, "", None)
        found.append(
            Send(
                attempt=line["attempt"],
                to=line["to"],
                is_taken=line["accepted"],
                is_repeat=line["is_repeat"],
                at=line["at"],
                until=line["at"] + last[0],
                time=datetime.fromisoformat(line["time"]),
                outcome=last[2],
            )
        )
    return found


def read_people(file: Path) -> list[str]:
    """The numbers of the imported CSV."""
    with file.open(newline="", encoding="utf-8") as text:
        return [row["phone"] for row in csv.DictReader(text)]


def read_ledger(file: Path) -> dict[str, list[tuple[str, str]]]:
    """How each person ended, by the export: state and disposition of each of their rows."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with file.open(newline="", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            found[row["address"]].append((row["state"], row["disposition"]))
    return found


def judge(
    *,
    sends: Sequence[Send],
    people: Sequence[str],
    ledger: Mapping[str, Sequence[tuple[str, str]]],
    tries: Mapping[str, int],
    faults: Sequence[Fault] = (),
) -> Verdict:
    """Weigh it all.

    Args:
        sends: the log.
        people: the file.
        ledger: the export.
        tries: how often an outcome may be tried in all, by the campaign's rules; one that is not
            here ends it.
        faults: what was done meanwhile.
    """
    verdict = Verdict(people=len(people), sends=len(sends), taken=sum(s.is_taken for s in sends))
    verdict.in_flight = _in_flight(sends, faults)
    by_person: dict[str, list[Send]] = defaultdict(list)
    for send in sends:
        by_person[send.to].append(send)
    verdict.strangers = sorted(set(by_person) - set(people))
    verdict.twice = _repeated(sends)
    for person in people:
        taken = [send for send in by_person[person] if send.is_taken and not send.is_repeat]
        verdict.twice += _too_often(person, taken, tries)
        _weigh(verdict, person, taken, ledger.get(person, ()))
    return verdict


def _repeated(sends: Sequence[Send]) -> list[str]:
    """Attempts that were put on the network more than once, whether it did harm or not."""
    counts = Counter(send.attempt for send in sends)
    return [f"attempt {attempt} was sent {n} times" for attempt, n in counts.items() if n > 1]


def _too_often(person: str, taken: Sequence[Send], tries: Mapping[str, int]) -> list[str]:
    """Sends to a person that should not have been, in view of those before."""
    found: list[str] = []
    had: Counter[str] = Counter()
    for before, after in pairwise(taken):
        outcome = before.outcome or "nothing"
        had[outcome] += 1
        if had[outcome] >= tries.get(outcome, 1):
            found.append(f"{person} again as {after.attempt} after {outcome} as {before.attempt}")
        elif after.time < before.over_at:
            found.append(f"{person} as {after.attempt} while {before.attempt} was going on")
    return found


def _weigh(
    verdict: Verdict, person: str, taken: Sequence[Send], rows: Sequence[tuple[str, str]]
) -> None:
    """What became of one person, by the log and by the export."""
    if len(rows) != 1:
        verdict.lost.append(f"{person} stands {len(rows)} times in the export")
        return
    [(state, disposition)] = rows
    last = taken[-1].outcome if taken else None
    if state != FINISHED:
        verdict.lost.append(f"{person} is {state} though all is over")
    elif disposition == UNKNOWN:
        verdict.unknown += 1
    elif last is None and disposition not in WITHOUT_CONTACT:
        verdict.lost.append(f"{person} was never contacted and is said to be {disposition}")
    elif last is not None and disposition != last:
        verdict.disagreements.append(f"{person} ended as {last} and is said to be {disposition}")


def _in_flight(sends: Sequence[Send], faults: Sequence[Fault]) -> int:
    return len(
        {
            send.attempt
            for send in sends
            if any(send.at <= fault.until and send.until >= fault.since for fault in faults)
        }
    )


def main(words: Sequence[str]) -> int:
    log, people, ledger, *rules = words
    verdict = judge(
        sends=read_sends(Path(log)),
        people=read_people(Path(people)),
        ledger=read_ledger(Path(ledger)),
        tries={name: int(n) for name, _, n in (rule.partition("=") for rule in rules)},
    )
    print(verdict)  # noqa: T201 - a program that prints
    for problem in verdict.problems:
        print(problem)  # noqa: T201
    return 1 if verdict.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
