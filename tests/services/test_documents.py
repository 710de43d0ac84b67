"""What people write: everything wrong is said at once, by place; YAML means what it looks like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.domain.cadence import DEFAULT_RULES, Rule
from campana.domain.disposition import FINALITY, Disposition, Finality
from campana.domain.errors import InvalidParameter
from campana.domain.window import ALWAYS, DEFAULT, MIDNIGHT_AFTER
from campana.services.campaign_document import CampaignDocument, plan, plan_of
from campana.services.documents import merge, read, read_yaml
from tests.support.campaign import BOT

LEAST: dict[str, Any] = {"name": "Reminder", "type": "VoiceBot", "channelType": "Voice"}


def problems(raw: object) -> dict[str | None, str]:
    with pytest.raises(InvalidParameter) as refused:
        read(CampaignDocument, raw)
    return {p.pointer: p.message for p in refused.value.problems}


def test_every_problem_is_found_at_once_and_named_by_its_pointer() -> None:
    assert problems(
        {
            "type": "Robot",
            "channelType": "Voice",
            "description": 7,
            "startDate": "tomorrow",
            "endDate": "0001-01-01T00:00:00+14:00",
            "callerId": "555",
            "keepOpen": "yes",
            "colour": "red",
            "a/b~c": 1,
            "window": {"mon": [{"from": "24:00", "to": "25:00"}], "monday": []},
            "cadence": {"busy": {"attempts": 0}, "declined": {}},
            "voiceBot": {"greeting": "", "steps": [], "maxSeconds": 60.5},
        }
    ) == {
        "/a~1b~0c": "is not a known field",
        "/cadence/busy/attempts": "must be at least 1",
        "/cadence/busy/delaySeconds": "is required",
        "/cadence/declined": "is not a known field",
        "/callerId": "must look like +12025550100",
        "/colour": "is not a known field",
        "/description": "must be a text",
        "/endDate": "must be an ISO 8601 date or time",
        "/keepOpen": "must be true or false",
        "/name": "is required",
        "/startDate": "must be an ISO 8601 date or time",
        "/type": "must be one of Flow, VoiceBot",
        "/voiceBot/greeting": "must not be empty",
        "/voiceBot/maxSeconds": "must be a whole number",
        "/voiceBot/steps": "must have at least 1 entries",
        "/window/mon/0/from": "must look like 09:00",
        "/window/mon/0/to": "must look like 17:30 or 24:00",
        "/window/monday": "is not a known field",
    }


@pytest.mark.parametrize(
    ("field", "pointer"),
    [
        ({"callerId": "+12025550100\n"}, "/callerId"),
        ({"window": {"mon": [{"from": "09:00\n", "to": "10:00"}]}}, "/window/mon/0/from"),
        ({"cadence": {"maxAttempts": 3.0}}, "/cadence/maxAttempts"),
        ({"cadence": {"maxAttempts": True}}, "/cadence/maxAttempts"),
    ],
)
def test_nothing_passes_that_only_looks_right(field: dict[str, Any], pointer: str) -> None:
    """A line end after a caller id would be the next header of a call."""
    assert list(problems(LEAST | field)) == [pointer]


@pytest.mark.parametrize("raw", [None, [], "text", 7, True])
def test_what_is_no_object_says_so(raw: object) -> None:
    assert problems(raw) == {"": "must be an object"}


@pytest.mark.parametrize(
    ("step", "found"),
    [
        (
            {"type": "ask", "id": "q", "text": "?", "keys": {"1": "a b"}, "reprompts": 9},
            {"/keys/1": "must look like", "/reprompts": "must be at most 5"},
        ),
        ({"type": "ask", "id": "q"}, {"/text": "is required"}),
        (
            {"type": "ask", "id": "q", "text": "?", "answer": {"type": "yes_no", "maybe": "q"}},
            {"/answer/maybe": "is not a known field"},
        ),
        (
            {"type": "ask", "id": "q", "text": "?", "answer": {"type": "mood"}},
            {"/answer/type": "must be one of yes_no, choice, number, date, text"},
        ),
        ({"type": "say", "id": "q", "text": "?", "keys": {}}, {"/keys": "is not a known field"}),
        (
            {"type": "sing", "id": "q"},
            {"/type": "must be one of say, ask, branch, transfer, tool, end, survey"},
        ),
        ({"id": "q"}, {"/type": "must be one of say, ask, branch, transfer, tool, end, survey"}),
        ("say", {"": "is none of the kinds known here"}),
    ],
)
def test_a_step_is_judged_by_the_kind_it_says_it_is(step: object, found: dict[str, str]) -> None:
    told = problems(LEAST | {"voiceBot": {"greeting": "Hi", "steps": [step]}})
    assert {(pointer or "").removeprefix("/voiceBot/steps/0") for pointer in told} == set(found)
    for pointer, message in found.items():
        assert told["/voiceBot/steps/0" + pointer].startswith(message)


def test_a_key_that_is_no_key_is_named() -> None:
    ask = {"type": "ask", "id": "q", "text": "?", "keys": {"12": "q"}}
    told = problems(LEAST | {"voiceBot": {"greeting": "Hi", "steps": [ask]}})
    assert all(pointer and pointer.startswith("/voiceBot/steps/0/keys") for pointer in told)


# --- From a document to a plan -------------------------------------------------------------------


def test_what_is_left_out_keeps_its_default() -> None:
    plain = plan_of(LEAST)
    assert plain.window == DEFAULT
    assert plain.cadence.rules == DEFAULT_RULES
    assert (plain.script, plain.caller_id) == (None, None)


def test_a_document_becomes_the_engines_plan() -> None:
    written = LEAST | {
        "voiceBot": dict(BOT),
        "callerId": "+12025550100",
        "window": {"mon": [{"from": "09:30", "to": "24:00"}]},
        "cadence": {"maxAttempts": 2, "busy": {"attempts": 1, "delaySeconds": 90}},
    }
    made = plan(read(CampaignDocument, written))
    [monday] = made.window.days[0]
    assert (monday.start.isoformat(), monday.end) == ("09:30:00", MIDNIGHT_AFTER)
    assert made.window.days[1:] == ((),) * 6
    assert made.cadence.max_attempts == 2
    assert made.cadence.rules[Disposition.BUSY] == Rule(
        attempts=1, delay=made.cadence.rules[Disposition.BUSY].delay
    )
    assert made.cadence.rules[Disposition.BUSY].delay.total_seconds() == 90
    assert made.cadence.rules[Disposition.NO_ANSWER] == DEFAULT_RULES[Disposition.NO_ANSWER]
    assert made.script is not None
    assert [step.id for step in made.script.steps] == ["q", "yes"]


def test_every_outcome_that_may_be_tried_again_has_its_rule() -> None:
    rule = {"attempts": 2, "delaySeconds": 60, "laterDelaySeconds": [120], "dayPart": "other"}
    fields = (
        "busy",
        "noAnswer",
        "voicemail",
        "congestion",
        "carrierError",
        "undelivered",
        "heldBack",
    )
    written: dict[str, Any] = {field: {**rule, "then": "next_address"} for field in fields}
    written["callbackRequest"] = {"attempts": 4, "delaySeconds": 600}
    written["invalidNumber"] = {"then": "next_address"}
    written["blocked"] = {"then": "finish"}
    made = plan_of(LEAST | {"cadence": written}).cadence
    callback = made.rules[Disposition.CALLBACK_REQUEST]
    assert (callback.attempts, callback.delay.total_seconds()) == (4, 600)
    others = {rule for outcome, rule in made.rules.items() if rule is not callback}
    assert others == {
        Rule(
            attempts=2,
            delay=timedelta(minutes=1),
            later_delays=(timedelta(minutes=2),),
            in_other_part=True,
            then_next_address=True,
        )
    }
    assert made.rules.keys() == {o for o in FINALITY if FINALITY[o] is Finality.RETRY} - {
        Disposition.NOT_SENT
    }
    assert made.next_address_after == {Disposition.INVALID_NUMBER}


def test_every_kind_of_step_becomes_one_of_the_domain() -> None:
    steps = [
        {"type": "say", "id": "a", "text": "Hi", "next": "b"},
        {"type": "ask", "id": "b", "text": "?", "keys": {"1": "c"}, "saveAs": "answer"},
        {"type": "branch", "id": "c", "on": "answer", "cases": {"1": "d"}, "otherwise": "d"},
        {"type": "end", "id": "d", "text": None, "result": "done"},
    ]
    made = plan_of(LEAST | {"voiceBot": {"greeting": "Hi", "steps": steps}}).script
    assert made is not None
    assert [type(step).__name__ for step in made.steps] == ["Say", "Ask", "Branch", "End"]


def test_always_is_always() -> None:
    assert plan_of(LEAST | {"window": {"always": True, "mon": []}}).window == ALWAYS


# --- Merge patch and YAML ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "patch", "merged"),
    [
        # The examples of RFC 7396, appendix A, whose documents are objects.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_is_that_of_rfc_7396(
    document: dict[str, Any], patch: dict[str, Any], merged: dict[str, Any]
) -> None:
    before = repr(document)
    assert merge(document, patch) == merged
    assert repr(document) == before


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("No", "No"), ("on", "on"), ("y", "y"),
        ("true", True), ("True", True), ("FALSE", False),
        ("null", None), ("~", None), ("", None),
        ("2024-03-01", "2024-03-01"), ("2024-03-01T09:00:00Z", "2024-03-01T09:00:00Z"),
        ("21:00", "21:00"), ("08:30", "08:30"), ("9:30:15", "9:30:15"), ("190:20.5", "190:20.5"),
        ("17", 17), ("-17", -17), ("010", 10), ("0o10", 8), ("0x1F", 31), ("0b11", "0b11"),
        ("1_000", "1_000"), ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0),
        (".nan", ".nan"), (".inf", ".inf"), ("=", "="), ("'17'", "17"), ('"21:00"', "21:00"),
        ("!!str 17", "17"), ("9" * 400, "9" * 400),
    ],
)  # fmt: skip
def test_a_value_is_what_it_looks_like(text: str, value: object) -> None:
    read_back = read_yaml(f"key: {text}")
    assert read_back == {"key": value}
    assert isinstance(read_back, dict)
    assert type(read_back["key"]) is type(value)


def test_a_key_is_always_a_text() -> None:
    assert read_yaml("{1: a, 2024-03-01: b, yes: c, null: d}") == {
        "1": "a", "2024-03-01": "b", "yes": "c", "null": "d",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("name: a\ntype: b\nname: c", "line 3", "'name' stands twice"),
        ("name: a\nwindow:\n  mon: []\n  mon: []", "line 4", "'mon' stands twice"),
        ("name: [a\n", "line 2", ""),
        ("name: a\n\tb: c", "line 2", ""),
        ("a: 1\n---\nb: 2", "line 2", "another document"),
        ('a: b\nc: "\\0"', "line 2", "NUL"),
        ('a: b\n"c\\ud800": d', "line 2", "half a character"),
        ("a: !!python/object/apply:os.getcwd []", "line 1", "could not determine a constructor"),
        ("a: !!timestamp 2024-03-01", "line 1", "could not determine a constructor"),
        ("a: !!binary aGk=", "line 1", "could not determine a constructor"),
        ("a: !!int x", "the file", "is not YAML"),
        ("a: !!bool maybe", "the file", "is not YAML"),
        ("a: \x01", "the file", "is not YAML"),
        pytest.param("[" * 700, "the file", "is not YAML", id="deep"),
    ],
)
def test_what_is_no_yaml_says_in_which_line(text: str, line: str, why: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        read_yaml(text)
    [problem] = refused.value.problems
    assert problem.pointer == line
    assert why in problem.message


def test_a_campaign_in_yaml_reads_as_its_json() -> None:
    text = """
    name: Reminder
    type: VoiceBot
    channelType: Voice
    startDate: 2026-03-10
    window:
      mon: [{from: 09:00, to: 21:00}]
    """
    document = read(CampaignDocument, read_yaml(text))
    assert document.start_date == "2026-03-10"
    assert plan(document).window.days[0][0].end.isoformat() == "21:00:00"
