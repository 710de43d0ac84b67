"""Sessions as a whole: they replay, stay on their definition, survive nonsense and never hang."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain.errors import InvalidParameter, VersionMismatch
from campana.flow import inputs, session
from campana.flow.definition import MAX_SPRINT_STEPS, Flow, load
from campana.flow.events import SessionEnded, WaitOver, WaitStarted
from campana.flow.inputs import INPUTS, Input, Reply, TimedOut
from campana.flow.interpreter import Sprint, resume, start
from campana.flow.session import Contact, Session, Trigger
from tests.support.flow import all_cases, case_named, through_json

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
ANA = Contact(fields={"first_name": "Ana", "city": "Lima"}, zones=("America/New_York",))
FLOWS = {kind: case_named(kind, name)[0] for kind, name in reversed(all_cases())}

texts = st.text(max_size=12) | st.sampled_from(
    ["yes", "no", "1", "4", "STOP", "sí", "\ud800", "\0"]
)
numbers = st.integers(min_value=0, max_value=14)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "choice": st.none() | st.sampled_from(["yes", "no"]),
    "channel": st.none() | st.sampled_from(["WhatsApp", "SMS"]),
    "wait": numbers,
    "message": numbers,
    "status": st.sampled_from(["sent", "delivered", "read", "failed"]),
    "disposition": st.sampled_from(["completed", "busy", "hung_up"]),
    "digits": st.sampled_from(["", "1", "22", "9"]),
    "isConnected": st.booleans(),
    "body": st.none() | st.dictionaries(st.sampled_from(["state", "x"]), texts, max_size=2),
    "row": st.none() | st.just({"phone": "+12025550111"}),
    "number": st.none() | st.just("+12025550101"),
    "intent": st.none() | st.sampled_from(["asks for another day", "x"]),
    "result": st.none() | texts.filter(lambda text: bool(text.strip())),
    "answers": st.just({}),
}
SHAPES = {
    "reply": ["text", "choice", "channel"],
    "timedOut": ["wait"],
    "messageReported": ["message", "status"],
    "callEnded": ["wait", "disposition", "result", "answers"],
    "callReceived": ["wait", "number"],
    "said": ["wait"],
    "digits": ["wait", "digits"],
    "heard": ["wait", "text"],
    "transferEnded": ["wait", "isConnected"],
    "webhookAnswered": ["wait", "body"],
    "lookedUp": ["wait", "row"],
    "intentFound": ["wait", "intent"],
    "handedBack": ["wait"],
}


@st.composite
def told(draw: st.DrawFn) -> dict[str, Any]:
    """Any input, as JSON."""
    kind = draw(st.sampled_from(sorted(SHAPES)))
    return {"type": kind} | {name: draw(FIELDS[name]) for name in SHAPES[kind]}


def played(flow: Flow, story: list[dict[str, Any]], *, stored: bool) -> list[Sprint]:
    """A session that is told all of this, a minute apart; `stored` between two inputs or not."""
    sprints = [start(flow, ANA, Trigger(), NOW)]
    for minute, each in enumerate(story, 1):
        before = sprints[-1].session
        sprints.append(
            resume(
                flow,
                through_json(before) if stored else before,
                inputs.read({key: value for key, value in each.items() if value is not None}),
                NOW + timedelta(minutes=minute),
            )
        )
    return sprints


def test_every_input_can_be_told() -> None:
    assert SHAPES.keys() == INPUTS.keys()


@given(kind=st.sampled_from(sorted(FLOWS)), story=st.lists(told(), max_size=12))
@settings(max_examples=120, deadline=None)
def test_a_replay_of_the_same_inputs_gives_the_same_events(
    kind: str, story: list[dict[str, Any]]
) -> None:
    flow = FLOWS[kind]
    first = played(flow, story, stored=False)
    again = played(flow, story, stored=True)
    assert json.dumps([each.as_json() for each in first]) == json.dumps(
        [each.as_json() for each in again]
    )
    assert session.as_json(first[-1].session) == session.as_json(again[-1].session)


@given(kind=st.sampled_from(sorted(FLOWS)), story=st.lists(told(), max_size=12))
@settings(max_examples=120, deadline=None)
def test_whatever_is_told_the_session_keeps_its_promises(
    kind: str, story: list[dict[str, Any]]
) -> None:
    sprints = played(FLOWS[kind], story, stored=False)
    events = [event for sprint in sprints for event in sprint.events]
    last = sprints[-1].session
    assert last.events == len(events)
    begun = [event.wait for event in events if isinstance(event, WaitStarted)]
    over = [event.wait for event in events if isinstance(event, WaitOver)]
    # Each wait has one number, ends at most once, and those that have not ended are what waits.
    assert len(set(begun)) == len(begun)
    assert len(set(over)) == len(over)
    assert set(begun) - set(over) == {wait.number for wait in last.waits}
    ended = [event for event in events if isinstance(event, SessionEnded)]
    assert len(ended) == (last.status == "ended")
    if last.status == "waiting":
        assert last.waits
    for thread in last.threads:
        assert thread.parent is None or thread.parent in {each.number for each in last.threads}


@given(kind=st.sampled_from(sorted(FLOWS)), story=st.lists(told(), max_size=8))
@settings(max_examples=60, deadline=None)
def test_an_input_that_answers_a_wait_counts_once(kind: str, story: list[dict[str, Any]]) -> None:
    flow = FLOWS[kind]
    before = played(flow, story, stored=False)[-1].session
    later = NOW + timedelta(hours=2)
    for wait in before.waits:
        timeout = TimedOut(wait=wait.number)
        after = resume(flow, before, timeout, later).session
        if wait.number in {each.number for each in after.waits}:
            continue  # a look-up has no time that runs out
        assert resume(flow, after, timeout, later) == Sprint(session=after)


def greeting(text: str = "Hello") -> dict[str, Any]:
    """Hello, and a wait."""
    return {
        "name": "Hello",
        "nodes": {
            "begin": {"type": "start", "next": "hello"},
            "hello": {"type": "send_message", "text": text, "next": "answer"},
            "answer": {
                "type": "wait_for_response",
                "timeoutSeconds": 60,
                "saveAs": "answer",
                "next": "hello",
                "onTimeout": "end",
            },
            "end": {"type": "end"},
        },
    }


def test_a_session_stays_on_the_definition_it_began_on() -> None:
    old, new = load(greeting()), load(greeting("Good day"))
    begun = start(old, ANA, Trigger(), NOW).session
    with pytest.raises(VersionMismatch):
        resume(new, begun, Reply(text="hi"), NOW)
    assert resume(old, begun, Reply(text="hi"), NOW).events


def test_a_sprint_leaves_the_session_before_it_as_it_was() -> None:
    flow = load(greeting())
    begun = start(flow, ANA, Trigger(), NOW).session
    before = json.dumps(session.as_json(begun))
    resume(flow, begun, Reply(text="hi"), NOW)
    assert json.dumps(session.as_json(begun)) == before


def test_only_the_fields_that_the_flow_reads_are_kept() -> None:
    flow = load(greeting("Hello {{ contact.first_name }}"))
    contact = Contact(fields={"first_name": "Ana", "phone": "+12025550101", "diagnosis": "x"})
    assert start(flow, contact, Trigger(), NOW).session.contact == {"first_name": "Ana"}


def test_a_contact_who_never_stops_answering_is_left_at_last() -> None:
    flow = load(greeting())
    talking = start(flow, ANA, Trigger(), NOW)
    for _ in range(5_100):
        talking = resume(flow, talking.session, Reply(text="more"), NOW)
        if talking.session.status == "ended":
            break
    assert talking.session.outcome == "failed"
    assert isinstance(talking.events[-1], SessionEnded)
    assert talking.events[-1].reason == "it went through too many nodes"


def test_a_delay_of_hours_alone_breaks_no_circle() -> None:
    """They may be open already, and then nothing is waited for."""
    circle = greeting()
    always = [{"from": "00:00", "to": "24:00"}]
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), always)
    circle["nodes"]["hello"]["next"] = "open"
    circle["nodes"]["open"] = {"type": "delay", "hours": week, "next": "hello"}
    with pytest.raises(InvalidParameter, match="comes round to itself"):
        load(circle)


def test_a_reply_of_any_length_is_cut_to_what_a_flow_sees() -> None:
    flow = load(greeting())
    begun = start(flow, ANA, Trigger(), NOW).session
    heard = resume(flow, begun, Reply(text="\0é\ud800" * 30_000), NOW).session
    answer = heard.variables["answer"]
    assert isinstance(answer, str)
    assert len(answer) <= inputs.MAX_REPLY
    answer.encode()
    assert "\0" not in answer


def test_there_is_room_in_a_sprint_for_a_long_way() -> None:
    way = greeting()
    for place in range(MAX_SPRINT_STEPS):
        following = f"n{place + 1}" if place < MAX_SPRINT_STEPS - 1 else "answer"
        way["nodes"][f"n{place}"] = {"type": "tag", "add": ["x"], "next": following}
    way["nodes"]["hello"]["next"] = "n0"
    ended = start(load(way), ANA, Trigger(), NOW)
    assert ended.session.outcome == "failed"
    assert len(ended.path) == MAX_SPRINT_STEPS + 1


@pytest.mark.parametrize(
    "document",
    [{}, {"format": 2}, {"format": 1}, {"format": 1, "flow": "x", "threads": [{"a": 1}]}],
)
def test_what_is_no_session_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter):
        session.from_json(document)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"type": "shout"}, "/type"),
        ({"type": "reply"}, "/text"),
        ({"type": "timedOut", "wait": "1"}, "/wait"),
        ({"type": "callEnded", "disposition": "lost"}, "/disposition"),
        ({"type": "reply", "text": "x", "colour": "red"}, "/colour"),
    ],
)
def test_an_input_that_cannot_be_read_names_the_field(
    document: dict[str, object], pointer: str
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        inputs.read(document)
    assert [each.pointer for each in caught.value.problems] == [pointer]


def test_inputs_are_kept_as_they_are_read() -> None:
    kept: list[Input] = [
        Reply(text="hi", choice="yes"),
        inputs.CallEnded(wait=3, disposition=inputs.Disposition.BUSY, answers={"a": "b"}),
        inputs.WebhookAnswered(wait=1, status=200, body={"a": [1, None]}),
    ]
    for each in kept:
        assert inputs.read(json.loads(json.dumps(inputs.as_json(each)))) == each


def waits_of(stored: Session) -> list[int]:
    return [wait.number for wait in stored.waits]


def test_a_reply_goes_to_the_branch_that_has_waited_longest() -> None:
    branches = greeting()
    answer = branches["nodes"].pop("answer")
    branches["nodes"] |= {
        "hello": {"type": "parallel", "branches": ["one", "two"], "next": "end"},
        "one": {**answer, "next": "end"},
        "two": {**answer, "next": "end"},
    }
    flow = load(branches)
    begun = start(flow, ANA, Trigger(), NOW).session
    once = resume(flow, begun, Reply(text="a"), NOW).session
    assert (waits_of(begun), waits_of(once)) == ([0, 1], [1])
    assert resume(flow, once, Reply(text="b"), NOW).session.outcome == "completed"
