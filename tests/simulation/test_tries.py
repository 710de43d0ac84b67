"""The judge of cadences: who asked to be called again is, then and first; nobody is given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campana.simulation.carrier import Sent
from campana.simulation.evidence import Evidence, Stop
from campana.simulation.tries import broken
from campana.store.checks import AttemptRow
from tests.simulation.test_checks import ANA, BRUNO, DOCUMENT, HOUR, NOON, SECOND, row, sent, target
from tests.simulation.test_checks import evidence as whole

CADENCE: Mapping[str, Any] = {
    "maxAttempts": 2,
    "busy": {"attempts": 2, "delaySeconds": 600},
    "callbackRequest": {"attempts": 2, "delaySeconds": 600},
}
ASKED = NOON + 2 * HOUR


def asks(number: int, *, at: datetime = NOON, to: str = ANA) -> Sent:
    """They are called, and ask to be called again two hours after noon."""
    made = sent(number, at=at, to=to, outcome="callback_request")
    return replace(made, fate=replace(made.fate, callback_after=(ASKED - at).total_seconds()))


def judged(sends: Sequence[Sent], **changes: Any) -> list[str]:
    """What is said of these, which are one person's unless they are to Bruno."""
    numbers = {ANA: 0, BRUNO: 0}
    rows: list[AttemptRow] = []
    for each in sends:
        numbers[each.to] += 1
        rows.append(row(each, number=numbers[each.to]))
    document = {**DOCUMENT, "cadence": CADENCE, "caps": [], **changes.pop("document", {})}
    targets = changes.pop("targets", [])
    found: Evidence = whole(sends, attempts=rows, targets=[*targets, target()])
    return list(broken(replace(found, documents={"camp": document}, targets=targets, **changes)))


def test_who_asked_is_called_again_then_and_not_before() -> None:
    assert judged([asks(1), sent(2, at=ASKED)]) == []
    [told] = judged([asks(1), sent(2, at=ASKED - SECOND)])
    assert told.startswith("too soon: ")


def test_who_asked_is_called_again_however_often_they_were_tried() -> None:
    busy = sent(1, outcome="busy")
    after = [asks(2, at=NOON + HOUR), sent(3, at=ASKED, outcome="completed")]
    assert judged([busy, *after]) == []
    [told] = judged([busy, sent(2, at=NOON + HOUR, outcome="busy"), sent(3, at=ASKED)])
    assert told == "too often: target 1 was tried 3 times"


def test_who_asks_every_time_is_left_alone_in_the_end() -> None:
    calls = [asks(1), asks(2, at=ASKED), asks(3, at=ASKED + HOUR)]
    assert "too often: target 1 was callback_request 3 times" in judged(calls)


@pytest.mark.parametrize(
    ("bruno_at", "bruno_asked", "is_told"),
    [
        (ASKED - HOUR, False, False),
        (ASKED + 5 * SECOND, False, False),
        (ASKED + 30 * SECOND, False, True),
        (ASKED + 30 * SECOND, True, False),
        (ASKED + 2 * HOUR, False, False),
    ],
)
def test_nobody_who_did_not_ask_comes_first(
    bruno_at: datetime, bruno_asked: bool, is_told: bool
) -> None:
    bruno = [asks(8, to=BRUNO)] if bruno_asked else []
    bruno.append(sent(9, to=BRUNO, at=bruno_at))
    found = judged([asks(1), sent(2, at=ASKED + HOUR), *bruno])
    assert [each.partition(":")[0] for each in found] == (["behind"] if is_told else [])


@pytest.mark.parametrize(
    "document",
    [{"caps": [{"per": "number", "attempts": 1, "days": 1}]}, {"requireConsent": True}],
)
def test_what_else_may_keep_them_waiting_is_no_matter_of_order(document: Any) -> None:
    calls = [asks(1), sent(2, at=ASKED + HOUR), sent(9, to=BRUNO, at=ASKED + 30 * SECOND)]
    assert judged(calls, document=document) == []


@pytest.mark.parametrize("outcome", ["busy", "callback_request"])
def test_nobody_is_given_up_who_has_tries_left(outcome: str) -> None:
    first = asks(1) if outcome == "callback_request" else sent(1, outcome=outcome)
    finished = [target(disposition=outcome)]
    [told] = judged([first], targets=finished)
    assert told == f"given up: target 1 is {outcome} after 1 tries"
    assert judged([first], targets=[target(disposition="suppressed")]) == []
    cancelled = [Stop(since=NOON + 60 * SECOND, campaign_id="camp")]
    assert judged([first], targets=finished, stops=cancelled) == []
    paused = [replace(cancelled[0], until=NOON + HOUR)]
    assert judged([first], targets=finished, stops=paused) == [told]
    ended = {"endDate": (NOON + timedelta(seconds=30)).isoformat()}
    assert judged([first], targets=finished, document=ended) == []
