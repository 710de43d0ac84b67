"""What the demo takes for right and for wrong, and that what it launches can be launched."""

from __future__ import annotations

import io
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pytest
from rich.console import Console

from campana.demo import spoken
from campana.demo.api import mapping
from campana.demo.spoken import PEOPLE, Facts
from campana.demo.story import numbers
from campana.domain.script_problems import problems
from campana.services import documents
from campana.services.campaign_document import CampaignDocument
from campana.services.voicebot_document import script_of

RIGHT: Mapping[str, Mapping[str, Any]] = {
    "opt_out": {"result": "opt_out", "disposition": "opt_out"},
    "booked": {"result": "booked", "disposition": "completed", "saved": {"coming": "yes"}},
    "moved": {
        "result": "moved",
        "disposition": "completed",
        "saved": {"coming": "no", "day": "2026-12-03"},
    },
    "callback_request": {
        "result": "callback_request",
        "disposition": "callback_request",
        "callbackAt": "2026-11-27T23:00:00Z",
    },
    "voicemail": {
        "result": None,
        "disposition": "voicemail",
        "answeredBy": "machine",
        "hasLeftMessage": True,
    },
}
CALL: dict[str, Any] = {
    "answeredAt": "2026-11-26T20:00:00Z",
    "answeredBy": "human",
    "hasLeftMessage": False,
    "callbackAt": None,
    "saved": {},
    "answers": [],
    "transcript": [{"role": "callee", "text": "Hello?", "atMs": 200}],
}


def facts(wants: str, *, is_suppressed: bool | None = None, **changed: Any) -> Facts:
    person = next(each for each in PEOPLE if each.wants == wants)
    return Facts(
        person=person,
        call={**CALL, **RIGHT[wants], **changed},
        disposition=None,
        is_suppressed=wants == "opt_out" if is_suppressed is None else is_suppressed,
    )


def test_what_was_understood_is_no_problem() -> None:
    assert {person.wants for person in PEOPLE} == set(RIGHT)
    assert spoken.problems([facts(wants) for wants in RIGHT]) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (facts("opt_out", is_suppressed=False), "not honored"),
        (facts("opt_out", result="booked", disposition="completed"), "not honored"),
        (facts("booked", result="moved"), "meant booked, taken for moved"),
        (facts("moved", result="booked"), "meant moved, taken for booked"),
        (facts("moved", result="opt_out", is_suppressed=True), "never asked for it"),
        (facts("moved", saved={"day": "2026-12-01"}), "said Thursday"),
        (facts("callback_request", callbackAt="2026-11-27T11:00:00Z"), "tomorrow at five"),
        (facts("callback_request", callbackAt=None), "tomorrow at five"),
        (facts("voicemail", hasLeftMessage=False), "no message was left"),
        (facts("voicemail", result="booked", answeredBy="human"), "taken for booked"),
    ],
)
def test_a_misunderstanding_that_matters_is_one(wrong: Facts, problem: str) -> None:
    assert any(problem in each for each in spoken.problems([wrong]))


def test_who_was_not_understood_was_not_misunderstood() -> None:
    assert spoken.problems([facts("booked", result="unclear", saved={})]) == []


def test_somebody_nobody_talked_to_is_a_problem_unless_they_opted_out_before() -> None:
    def without(wants: str, *, is_suppressed: bool = False) -> Facts:
        person = next(each for each in PEOPLE if each.wants == wants)
        return Facts(
            person=person, call=None, disposition="suppressed", is_suppressed=is_suppressed
        )

    assert spoken.problems([without("opt_out", is_suppressed=True)]) == []
    assert "never talked to" in spoken.problems([without("booked")])[0]


def test_their_campaign_can_be_launched_and_calls_nobody_else() -> None:
    text = (resources.files("campana.demo") / "spoken.yaml").read_text("utf-8")
    document = documents.read(CampaignDocument, mapping(documents.read_yaml(text)))
    assert document.name == spoken.CAMPAIGN
    assert document.voice_bot is not None
    assert list(problems(script_of(document.voice_bot))) == []
    own = {person.number for person in PEOPLE}
    assert len(own) == len(PEOPLE)
    assert not own & set(numbers())


def test_what_they_said_and_how_long_they_waited_is_told() -> None:
    reply = {"role": "bot", "text": "Thank you.", "atMs": 9000, "latency": {"totalMs": 512}}
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(spoken.told([facts("booked", transcript=[*CALL["transcript"], reply])]))
    told = console.export_text()
    assert "Everything that matters was understood." in told
    assert "512 ms after they had finished" in told
    console.print(spoken.told([facts("booked", result="moved")]))
    assert "Everything" not in console.export_text()
