"""The judge itself: it must be able to say no."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.chaos import checker
from tests.support.chaos.checker import Fault, Send, Verdict, judge

ANA, BRUNO = "+12015550101", "+13125550102"
START = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
TRIES = {"busy": 2}


def send(attempt: str, to: str, *, at: float, outcome: str | None = "completed") -> Send:
    """A call of two seconds, taken `at` seconds after the start."""
    return Send(
        attempt=attempt,
        to=to,
        is_taken=True,
        is_repeat=False,
        at=100 + at,
        until=102 + at,
        time=START + timedelta(seconds=at),
        outcome=outcome,
    )


def ended(ana: str = "completed", bruno: str = "completed") -> dict[str, list[tuple[str, str]]]:
    return {ANA: [("finished", ana)], BRUNO: [("finished", bruno)]}


def judged(*sends: Send, faults: tuple[Fault, ...] = (), **ledger: str) -> Verdict:
    return judge(
        sends=sends, people=[ANA, BRUNO], ledger=ended(**ledger), tries=TRIES, faults=faults
    )


HONEST = (
    send("a1", ANA, at=0, outcome="busy"),
    send("b1", BRUNO, at=1),
    send("a2", ANA, at=5),
)


def test_an_honest_run_has_no_problem() -> None:
    verdict = judged(*HONEST)
    assert verdict.problems == []
    assert str(verdict).startswith("2 people, 3 sends, 3 taken: 0 twice, 0 lost, 0 unknown of 0")


def test_a_person_who_was_reached_and_is_called_again_is_twice() -> None:
    verdict = judged(*HONEST, send("b2", BRUNO, at=20))
    assert verdict.twice == [f"{BRUNO} again as b2 after completed as b1"]


def test_more_tries_than_the_rules_allow_are_twice() -> None:
    busy = [send(f"a{n}", ANA, at=10 * n, outcome="busy") for n in range(3)]
    assert judged(*busy[:2], HONEST[1], ana="busy").twice == []
    assert len(judged(*busy, HONEST[1], ana="busy").twice) == 1


def test_two_conversations_at_once_are_twice() -> None:
    during = send("a2", ANA, at=1.5)
    assert "was going on" in judged(HONEST[0], HONEST[1], during).twice[0]


def test_an_attempt_that_was_sent_again_is_twice_though_the_carrier_knew_better() -> None:
    again = replace(HONEST[1], is_repeat=True)
    assert judged(*HONEST, again).twice == ["attempt b1 was sent 2 times"]


def test_a_send_that_was_not_taken_reached_nobody() -> None:
    refused = replace(send("b0", BRUNO, at=0.5, outcome=None), is_taken=False)
    assert judged(refused, *HONEST).problems == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "0 times"),
        ([("finished", "completed")] * 2, "2 times"),
        ([("attempting", "")], "though all is over"),
        ([("waiting", "")], "though all is over"),
    ],
)
def test_who_did_not_come_to_an_end_is_lost(rows: list[tuple[str, str]], said: str) -> None:
    verdict = judge(sends=HONEST, people=[ANA, BRUNO], ledger={**ended(), BRUNO: rows}, tries=TRIES)
    assert len(verdict.lost) == 1
    assert said in verdict.lost[0]


def test_who_was_never_contacted_and_is_said_to_be_is_lost() -> None:
    assert "never contacted" in judged(HONEST[0], HONEST[2]).lost[0]
    assert judged(HONEST[0], HONEST[2], bruno="suppressed").problems == []


def test_somebody_who_is_not_in_the_file_is_a_stranger() -> None:
    assert judged(*HONEST, send("c1", "+12135550103", at=3)).strangers == ["+12135550103"]


def test_an_end_the_carrier_knows_otherwise_is_told() -> None:
    assert (
        "ended as completed and is said to be hung_up"
        in judged(*HONEST, bruno="hung_up").problems[0]
    )


def test_the_unknown_are_counted_and_never_more_than_were_in_flight() -> None:
    hit = Fault(what="kill", since=101.5, until=101.6)
    verdict = judged(*HONEST, bruno="unknown", faults=(hit,))
    assert (verdict.unknown, verdict.in_flight, verdict.problems) == (1, 2, [])
    missed = Fault(what="kill", since=104.0, until=104.5)
    [problem] = judged(*HONEST, bruno="unknown", faults=(missed,)).problems
    assert problem == "1 unknown, and only 0 were in flight"


def test_it_reads_the_log_the_file_and_the_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, people, ledger = (tmp_path / name for name in ("log", "people.csv", "ledger.csv"))
    line = {
        "at": 1.0, "event": "send", "attempt": "a1", "to": ANA, "accepted": True,
        "is_repeat": False, "time": START.isoformat(),
        "happenings": [[0.0, "queued", None], [2.0, "finished", "completed"]],
    }  # fmt: skip
    other = {"at": 1.0, "event": "lookup", "attempt": "a1"}
    log.write_text(json.dumps(line) + "\n" + json.dumps(other) + '\n{"at": 9')
    people.write_text(f"name,phone\nAna,{ANA}\n")
    ledger.write_text(f"address,state,disposition\n{ANA},finished,completed\n")
    words = [str(log), str(people), str(ledger), "busy=2"]
    assert checker.main(words) == 0
    ledger.write_text(f"address,state,disposition\n{ANA},waiting,\n")
    assert checker.main(words) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == (
        "1 people, 1 sends, 1 taken: 0 twice, 0 lost, 0 unknown of 0 in flight, 0 strangers,"
        " 0 disagreements"
    )
    assert said[-1] == f"lost: {ANA} is waiting though all is over"
