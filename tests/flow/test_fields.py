"""What each field of each node may be: what is wrong with one is told by its name."""

from __future__ import annotations

import copy
import inspect
import json
import sys
from datetime import timedelta
from typing import Any

import pytest

from campana.domain.errors import InvalidParameter
from campana.flow import inputs
from campana.flow.definition import load
from campana.flow.inputs import INPUTS
from campana.flow.interpreter import Sprint, resume, start
from campana.flow.nodes import NODES
from campana.flow.run import MAX_VARIABLES
from campana.flow.session import Contact, Trigger
from tests.flow.test_interpreter import FLOWS, NOW, greeting, played
from tests.support.flow import all_cases, case_named, play


def example(kind: str) -> dict[str, Any]:
    """The node that its own documentation shows."""
    doc = inspect.getdoc(sys.modules[NODES[kind].__module__]) or ""
    shown, _ = json.JSONDecoder().raw_decode(doc, doc.index('{"type"'))
    return shown


def told(kind: str, **fields: Any) -> dict[str, str]:
    """The problems of the example of a node with these fields changed: the field → message."""
    node = example(kind) | ({"keys": {"2": "x"}} if "answer" in fields else {}) | fields
    document = {"name": "x", "nodes": {"node": {k: v for k, v in node.items() if v is not None}}}
    with pytest.raises(InvalidParameter) as caught:
        load(document)
    found: dict[str, str] = {}
    for each in caught.value.problems:
        field = str(each.pointer).removeprefix("/nodes/node").removeprefix("/")
        found[field] = f"{found.get(field, '')}; {each.message}"
    return found


@pytest.mark.parametrize(
    ("kind", "field", "value", "at", "said"),
    [
        ("send_message", "text", 7, "text", "must be a text"),
        ("send_message", "channel", "Voice", "channel", "must be one of WhatsApp, SMS, Email"),
        ("send_message", "confirm", "seen", "confirm", "must be one of sent, delivered, read"),
        ("send_message", "timeoutSeconds", 5, "timeoutSeconds", "means nothing without confirm"),
        ("send_message", "quickReplies", {}, "quickReplies", "must be a list"),
        ("send_message", "quickReplies", [{"id": "a b", "title": "x"}], "quickReplies/0/id",
         "must be letters, digits, _, . and -"),
        ("send_message", "quickReplies", [{"id": "a", "title": "x"}] * 11, "quickReplies",
         "must have at most 10 entries"),
        ("send_message", "next", 7, "next", "must be a text"),
        ("send_template", "values", [], "values", "must be an object"),
        ("send_template", "values", {"a b": "x"}, "values/a b", "must be letters, digits and _"),
        ("send_template", "values", {str(n): "x" for n in range(101)}, "values",
         "must have at most 100 entries"),
        ("send_template", "template", " ", "template", "must not be empty"),
        ("send_template", "template", 7, "template", "must be a text"),
        ("send_template", "template", "x" * 201, "template", "must have at most 200 characters"),
        ("wait_for_response", "ignoreEarlier", "yes", "ignoreEarlier", "must be true or false"),
        ("wait_for_response", "timeoutSeconds", True, "timeoutSeconds", "must be a number"),
        ("wait_for_response", "saveAs", "1st", "saveAs", "must be letters"),
        ("response_branch", "cases", [], "cases", "must have at least 1 entry"),
        ("response_branch", "cases", ["x"], "cases/0", "must be an object"),
        ("response_branch", "cases", [{"keywords": ["!?"], "next": "x"}], "cases/0/keywords/0",
         "must have a letter or a digit"),
        ("response_branch", "cases", [{"number": {"least": 2, "most": 1}, "next": "x"}],
         "cases/0/number/most", "must not be below least"),
        ("set", "texts", {"1": "x"}, "texts/1", "must be letters"),
        ("delay", "delaySeconds", -1, "delaySeconds", "must be between 0 and 31536000"),
        ("delay", "zone", "Mars/Olympus", "zone", "is no time zone"),
        ("delay", "hours", {}, "hours", "must have hours on some day"),
        ("delay", "hours", {"mon": [{"from": "9:00", "to": "10:00"}]}, "hours/mon/0/from",
         "must be a time such as 09:00"),
        ("delay", "hours", {"mon": [{"from": "10:00", "to": "09:00"}]}, "hours/mon/0/to",
         "must be after from"),
        ("voice_call", "cases", {"lost": "x"}, "cases/lost", "must be one of completed"),
        ("gather", "maxDigits", 1.5, "maxDigits", "must be a whole number"),
        ("gather", "maxDigits", 33, "maxDigits", "must be between 1 and 32"),
        ("gather", "cases", {"12": "x"}, "cases/12", "is longer than maxDigits, which is 1"),
        ("gather", "cases", {"a": "x"}, "cases/a", "must be keys"),
        ("gather", "cases", {}, "cases", "must have a case, or next"),
        ("gather", "keypad", "Press.", "keypad", "means nothing without answer"),
        ("gather", "answer", {"type": "yes_no"}, "cases/1", "is none of the answers: yes, no"),
        ("gather", "answer", {"type": "text"}, "cases/1", "is no case of the answer text: use"),
        ("gather", "answer", {"type": "yes_no"}, "maxDigits", "means nothing with answer"),
        ("gather", "answer", {"type": "yes_no"}, "next", "is required: the answer yes leads"),
        ("gather", "answer", {"type": "yes_no"}, "keys/2", "is a key of the answer"),
        ("gather", "answer", {"type": "maybe"}, "answer/type", "must be one of yes_no, choice"),
        ("gather", "answer", {"type": "choice"}, "answer/options", "is required: what they may"),
        ("gather", "answer", {"type": "yes_no", "digits": 4}, "answer/digits",
         "means nothing where the answer is yes_no"),
        ("gather", "answer", {"type": "number", "min": 2, "max": 1}, "answer/max",
         "must not be below min"),
        ("gather", "answer", {"type": "number", "min": 2, "digits": 1}, "answer/digits",
         "is for a number without min"),
        ("gather", "answer", {"type": "choice", "options": [{"value": "a"}, {"value": "a"}]},
         "answer/options/1/value", "is that of another option"),
        ("gather", "answer", {"type": "choice", "options": [
            {"value": "a", "key": "2"}, {"value": "b"}]}, "answer/options/1/key",
         "the key 2 is that of another option"),
        ("voice_transfer", "to", "{{ contact.phone }}", "to", "must be a number such as"),
        ("parallel", "branches", ["a"], "branches", "must have at least 2 entries"),
        ("parallel", "branches", ["a", "a"], "branches/1", "is a branch already"),
        ("parallel", "branches", ["a", "reached"], "branches/1", "is next already"),
        ("webhook", "method", "GET", "body", "means nothing with GET"),
        ("webhook", "headers", {"Authorization": "x"}, "headers/Authorization",
         "is not for a flow to set"),
        ("tag", "add", [""], "add/0", "must not be empty"),
        ("survey", "questions", [{"id": "a", "text": "x"}] * 2, "questions/1/id",
         "'a' stands twice"),
        ("survey", "questions", [{"id": "a", "text": "x", "number": {}, "choices": [
            {"id": "x", "title": "X"}, {"id": "y", "title": "Y"}]}], "questions/0/choices",
         "cannot stand beside number"),
        ("end", "status", "failed", "status", "is kept for sessions that break off"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(kind: str, field: str, value: object, at: str, said: str) -> None:
    assert said in told(kind, **{field: value})[at]


def test_fields_that_mean_something_only_together() -> None:
    assert "must set something" in told("set", texts=None, values=None)[""]
    assert "must have a tag" in told("tag", add=None, remove=None)[""]
    assert (
        "where no hours are given" in told("delay", delaySeconds=None, hours=None)["delaySeconds"]
    )
    assert "without hours" in told("delay", hours=None, zone="Europe/Madrid")["zone"]


@pytest.mark.parametrize(
    ("subflows", "pointer", "said"),
    [
        ([], "/subflows", "must be an object"),
        ({"a": []}, "/subflows/a", "must be an object"),
        ({"a": {}}, "/subflows/a/nodes", "must be an object with at least one node"),
        ({"a b": {"nodes": {}}}, "/subflows/a b", "must be letters"),
        ({"a": {"nodes": {"begin": []}}}, "/subflows/a/nodes/begin", "must be an object with a"),
        ({"a": {"nodes": {}, "name": "x"}}, "/subflows/a/name", "is not a known field"),
        ({str(n): {} for n in range(51)}, "/subflows", "must have at most 50 entries"),
        ({"a": {"nodes": {"begin": {"type": "start", "next": "end"}, "end": {"type": "end"}}}},
         "/subflows/a", "nothing goes through this subflow"),
    ],
)  # fmt: skip
def test_a_wrong_subflow_is_named(subflows: object, pointer: str, said: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        load(greeting() | {"subflows": subflows})
    assert any(each.pointer == pointer and said in each.message for each in caught.value.problems)


ANSWERS: list[dict[str, Any]] = [
    {"type": "callReceived"},
    {"type": "callEnded", "disposition": "busy"},
    {"type": "said"},
    {"type": "digits", "digits": "1"},
    {"type": "heard", "text": "Yes."},
    {"type": "transferEnded", "isConnected": True},
    {"type": "webhookAnswered", "status": 200},
    {"type": "lookedUp"},
    {"type": "intentFound", "intent": "move"},
    {"type": "handedBack"},
]
FITTING = {
    "inbound_call": {"callReceived"},
    "call": {"callEnded"},
    "speech": {"said", "callEnded"},
    "digits": {"digits", "callEnded"},
    "answer": {"digits", "heard", "callEnded"},
    "transfer": {"transferEnded", "callEnded"},
    "webhook": {"webhookAnswered"},
    "lookup": {"lookedUp"},
    "intent": {"intentFound"},
    "handoff": {"handedBack"},
}


@pytest.mark.parametrize(("kind", "name"), all_cases())
def test_an_answer_of_another_kind_changes_nothing(kind: str, name: str) -> None:
    flow, case = case_named(kind, name)
    for sprint in play(flow, case):
        for wait in sprint.session.waits:
            for answer in ANSWERS:
                if answer["type"] in FITTING.get(wait.kind, set()) or wait.kind == "survey":
                    continue
                told = inputs.read({**answer, "wait": wait.number})
                later = resume(flow, sprint.session, told, NOW + timedelta(days=9))
                assert later == Sprint(session=sprint.session), (wait, answer)


def test_every_answer_is_tried() -> None:
    of_no_wait = {"reply", "timedOut", "messageReported"}
    assert {answer["type"] for answer in ANSWERS} | of_no_wait == INPUTS.keys()


def test_a_session_has_so_many_variables_and_no_more() -> None:
    many = greeting()
    names = [f"v{n}" for n in range(MAX_VARIABLES + 1)]
    half = len(names) // 2
    for place, some in enumerate((names[:half], names[half:])):
        many["nodes"][f"set{place}"] = {
            "type": "set",
            "texts": dict.fromkeys(some, "x"),
            "next": f"set{place + 1}" if not place else "answer",
        }
    many["nodes"]["hello"]["next"] = "set0"
    ended = played(load(many), [], stored=False)[-1].session
    assert (ended.outcome, len(ended.variables)) == ("failed", MAX_VARIABLES)


def test_branches_in_branches_stay_bounded() -> None:
    deep: dict[str, Any] = {"begin": {"type": "start", "next": "p"}, "end": {"type": "end"}}

    def grow(name: str, *, depth: int, join: str) -> None:
        if depth == 0:
            deep[name] = {"type": "delay", "delaySeconds": 5, "next": join}
            return
        branches = [f"{name}{place}" for place in range(5)]
        deep[name] = {"type": "parallel", "branches": branches, "next": f"{name}_j"}
        deep[f"{name}_j"] = {"type": "tag", "add": ["x"], "next": join}
        for branch in branches:
            grow(branch, depth=depth - 1, join=f"{name}_j")

    grow("p", depth=3, join="end")
    ended = played(load({"name": "x", "nodes": deep}), [], stored=False)[-1]
    assert ended.session.outcome == "failed"
    assert ended.session.threads == ()


def test_a_node_that_fails_when_it_is_resumed_ends_the_session() -> None:
    flow = copy.deepcopy(greeting())
    flow["nodes"]["answer"] = {
        "type": "survey",
        "questions": [{"id": "a", "text": "A?"}, {"id": "b", "text": "{{ contact.city }}"}],
        "timeoutSeconds": 60,
        "saveAs": "answer",
        "next": "end",
        "onTimeout": "end",
    }
    flow["contact"] = {"city": "text"}
    without_city = Contact(fields={"first_name": "Ana"})
    loaded = load(flow)
    asked = start(loaded, without_city, Trigger(), NOW).session
    ended = resume(loaded, asked, inputs.Reply(text="x"), NOW).session
    assert ended.outcome == "failed"


@pytest.mark.parametrize("kind", sorted(FLOWS))
def test_a_reply_is_never_lost_while_nothing_waits_for_one(kind: str) -> None:
    flow = FLOWS[kind]
    begun = played(flow, [], stored=False)[-1].session
    if begun.status == "ended" or {wait.kind for wait in begun.waits} & {"reply", "survey"}:
        return
    kept = resume(flow, begun, inputs.Reply(text="hello"), NOW).session.replies
    assert [reply.text for reply in kept] == ["hello"]
