"""What is wrong with a flow is told whole, by place; what is right gets a version that stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from campana.domain.errors import InvalidParameter
from campana.flow.definition import MAX_NODES, load

START = {"type": "start", "next": "ask"}
ASK = {"type": "send_message", "text": "Hello {{ contact.first_name }}", "next": "answer"}
ANSWER = {
    "type": "wait_for_response",
    "timeoutSeconds": 60,
    "saveAs": "answer",
    "onTimeout": "end",
    "next": "end",
}
END = {"type": "end"}


def good(**nodes: Any) -> dict[str, Any]:
    """A flow that can be run, with these nodes changed or added; None takes one away."""
    whole = {"begin": START, "ask": ASK, "answer": ANSWER, "end": END} | nodes
    kept = {name: copy.deepcopy(node) for name, node in whole.items() if node is not None}
    return {"name": "Hello", "nodes": kept}


def told(document: object) -> dict[str, str]:
    """The problems of a definition: pointer → message."""
    with pytest.raises(InvalidParameter) as caught:
        load(document)
    found: dict[str, str] = {}
    for each in caught.value.problems:
        before = found.get(str(each.pointer))
        found[str(each.pointer)] = f"{before}; {each.message}" if before else each.message
    return found


def test_a_good_flow_has_none() -> None:
    assert load(good()).main.start == "begin"


@pytest.mark.parametrize(
    ("nodes", "pointer", "said"),
    [
        ({"ask": {**ASK, "type": "send_mesage"}}, "/nodes/ask/type", "'send_mesage' is not one of"),
        ({"ask": {"text": "x"}}, "/nodes/ask/type", "must be one of start, send_message"),
        ({"ask": {**ASK, "txt": "x"}}, "/nodes/ask/txt", "is not a known field"),
        ({"ask": {**ASK, "text": ""}, "begin": {**START, "params": [""]}}, "/nodes/begin/params/0",
         "must be letters"),
        ({"ask": {**ASK, "next": "nowhere"}}, "/nodes/ask/next", "there is no node 'nowhere'"),
        ({"ask": {**ASK, "next": "begin"}}, "/nodes/ask/next", "leads back to the start"),
        ({"begin": None}, "/nodes", "must have a node of type start"),
        ({"again": START}, "/nodes/again", "is a second start"),
        ({"lost": {**ASK, "next": "end"}}, "/nodes/lost", "nothing leads to this node"),
        ({"answer": {**ANSWER, "onTimeout": None}}, "/nodes/answer/onTimeout",
         "is required: a wait needs a way out when nothing comes"),
        ({"answer": {**ANSWER, "timeoutSeconds": None}}, "/nodes/answer/timeoutSeconds",
         "is required: a wait needs a way out when nothing comes"),
        ({"answer": {**ANSWER, "timeoutSeconds": 0}}, "/nodes/answer/timeoutSeconds",
         "must be between 1 and 31536000"),
        ({"answer": {**ANSWER, "next": "ask", "onTimeout": "ask"}}, "/nodes/answer",
         "has no way out: no end can be reached from here"),
        ({"ask": {**ASK, "text": "{{ contact.frist_name }}"}}, "/nodes/ask/text",
         "contact.frist_name is not declared under contact"),
        ({"ask": {**ASK, "text": "{{ vars.name }}"}}, "/nodes/ask/text",
         "vars.name is set nowhere"),
        ({"ask": {**ASK, "text": "{{ vars.answer }}"}}, "/nodes/ask/text",
         "vars.answer cannot have been set before this node"),
        ({"ask": {**ASK, "text": "{{ trigger.orderId }}"}}, "/nodes/ask/text",
         "trigger.orderId is not among the params of the start"),
        ({"ask": {**ASK, "text": "{{ name }}"}}, "/nodes/ask/text", "name is not known"),
        ({"ask": {**ASK, "text": "{{ contact[reply] }}"}}, "/nodes/ask/text",
         "a field of contact must be named"),
        ({"ask": {**ASK, "text": "{% if %}"}}, "/nodes/ask/text", "is not Liquid"),
        ({"ask": {**ASK, "text": "{% include 'x' %}"}}, "/nodes/ask/text", "unexpected tag"),
        ({"ask": {**ASK, "text": "{{ reply | shout }}"}}, "/nodes/ask/text",
         "uses a filter that is not here: shout"),
        ({"ask": {**ASK, "mediaUrl": "{{ reply }}"}}, "/nodes/ask/mediaUrl", "must begin with"),
        ({"ask": {**ASK, "confirm": "read"}}, "/nodes/ask/onFailure", "is required with confirm"),
        ({"ask": {"type": "condition", "otherwise": "answer",
                  "cases": [{"when": "contact.first_name ==", "next": "end"}]}},
         "/nodes/ask/cases/0/when", "is not CEL that can be used: Syntax error"),
        ({"ask": {"type": "condition", "otherwise": "answer",
                  "cases": [{"when": "size(reply)", "next": "end"}]}},
         "/nodes/ask/cases/0/when", "must be true or false, not int"),
        ({"ask": {"type": "condition", "otherwise": "answer",
                  "cases": [{"when": "has(vars.x) && contact['y'] == 'z'", "next": "end"}]}},
         "/nodes/ask/cases/0/when", "contact.y is not declared under contact; vars.x is set"),
        ({"ask": {"type": "response_branch", "otherwise": "answer",
                  "cases": [{"regex": "(a", "next": "end"}]}},
         "/nodes/ask/cases/0/regex", "invalid regular expression: missing )"),
        ({"ask": {"type": "response_branch", "otherwise": "answer",
                  "cases": [{"regex": "a", "choice": "b", "next": "end"}]}},
         "/nodes/ask/cases/0", "must have exactly one of"),
        ({"ask": {"type": "subflow", "flow": "x", "next": "end"}}, "/nodes/ask/flow",
         "there is no subflow 'x'"),
        ({"bad name": END}, "/nodes/bad name", "must be letters"),
    ],
)  # fmt: skip
def test_a_problem_is_told_at_its_place(nodes: dict[str, Any], pointer: str, said: str) -> None:
    assert said in told(good(**nodes))[pointer]


def test_all_problems_are_told_at_once() -> None:
    document = good(
        ask={**ASK, "text": "{{ contact.x }}", "next": "nowhere"},
        answer={**ANSWER, "onTimeout": None, "type": "wait_for_respone"},
        lost=END,
    )
    document |= {"name": "", "colour": "red", "contact": {"age": "date"}}
    assert told(document).keys() == {
        "/name",
        "/colour",
        "/contact/age",
        "/nodes/ask/next",
        "/nodes/answer/type",
    }


def test_what_is_cut_off_is_told_where_it_begins() -> None:
    found = told(
        good(
            lost={**ASK, "next": "further"},
            further={**ASK, "next": "end"},
            round={**ASK, "next": "about"},
            about={**ANSWER, "next": "round"},
        )
    )
    said = "nothing leads to this node"
    assert found == {"/nodes/lost": said, "/nodes/round": said}


def test_a_circle_without_a_wait_is_told_at_each_of_its_nodes() -> None:
    found = told(
        good(
            ask={**ASK, "next": "which"},
            which={
                "type": "condition",
                "cases": [{"when": "reply == 'x'", "next": "answer"}],
                "otherwise": "ask",
            },
        )
    )
    circle = "comes round to itself without waiting for anything"
    assert found == {"/nodes/ask": circle, "/nodes/which": circle}


def test_a_circle_through_a_wait_is_none() -> None:
    assert load(good(answer={**ANSWER, "next": "ask"}))


def test_a_circle_through_branches_that_all_wait_is_none() -> None:
    assert load(
        good(
            ask={"type": "parallel", "branches": ["one", "two"], "join": "any", "next": "answer"},
            one={"type": "delay", "delaySeconds": 5, "next": "answer"},
            two={"type": "delay", "delaySeconds": 9, "next": "answer"},
            answer={
                "type": "condition",
                "cases": [{"when": "reply == ''", "next": "ask"}],
                "otherwise": "end",
            },
        )
    )


def with_subflow(nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    ask = {"type": "subflow", "flow": "inner", "next": "ask"}
    return good(ask=ask | more) | {"subflows": {"inner": {"nodes": nodes}}}


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ({"begin": {**START, "next": "end"}, "end": END}, "comes round to itself"),
        ({"begin": START, "ask": {"type": "subflow", "flow": "inner", "next": "end"}, "end": END},
         "goes through itself"),
        ({"begin": START, "ask": {**ASK, "next": "end"}}, "there is no node 'end'"),
    ],
)  # fmt: skip
def test_a_subflow_is_looked_into(inner: dict[str, Any], said: str) -> None:
    document = with_subflow(inner)
    del document["nodes"]["answer"]
    assert any(said in message for message in told(document).values())


def test_a_subflow_that_waits_breaks_a_circle() -> None:
    inner = {"begin": {**START, "next": "answer"}, "answer": ANSWER, "end": END}
    document = with_subflow(inner, cases={"completed": "answer"})
    assert load(document).graphs.keys() == {"", "inner"}


def test_what_a_subflow_sets_can_be_read_after_it_and_not_before() -> None:
    inner = {"begin": {**START, "next": "answer"}, "answer": ANSWER, "end": END}
    document = with_subflow(inner, next="say")
    del document["nodes"]["answer"]
    document["nodes"]["say"] = {**ASK, "text": "{{ vars.answer }}", "next": "end"}
    assert load(document)
    document["nodes"]["begin"]["next"] = "say"
    assert "/nodes/say/text" in told(document)


def test_subflows_that_call_each_other_many_times_are_checked_quickly() -> None:
    def layer(number: int) -> dict[str, Any]:
        calls = {
            f"n{place}": {
                "type": "subflow",
                "flow": f"layer{number + 1}",
                "next": f"n{place + 1}" if place < 7 else "end",
            }
            for place in range(8)
        }
        return {"nodes": {"begin": {**START, "next": "n0"}, **calls, "end": END}}

    document = layer(0) | {"name": "Deep"}
    document["subflows"] = {f"layer{number}": layer(number) for number in range(1, 20)}
    document["subflows"]["layer20"] = {"nodes": {"begin": {**START, "next": "end"}, "end": END}}
    assert "subflows must not stand deeper than 8" in told(document).values()


def test_there_are_limits() -> None:
    many = {f"n{n}": {"type": "end"} for n in range(MAX_NODES)}
    assert f"at most {MAX_NODES} nodes" in told(good(**many))["/nodes"]
    long = {**ASK, "text": "x" * 8_193}
    assert told(good(ask=long)) == {"/nodes/ask/text": "must have at most 8192 characters"}


@pytest.mark.parametrize("document", [None, [], "x", 7, {"name": "x"}, {"name": "x", "nodes": []}])
def test_what_is_no_flow_at_all_is_told(document: object) -> None:
    assert told(document)


def test_the_version_is_of_the_content_alone() -> None:
    document = good()
    turned = {"nodes": dict(reversed(document["nodes"].items())), "name": "Hello"}
    assert load(document).version == load(turned).version
    changed = good(ask={**ASK, "text": "Hello"})
    assert load(document).version != load(changed).version


@pytest.mark.parametrize("answer", [None, {"type": "yes_no"}])
def test_a_flow_listens_that_takes_words_somewhere(answer: dict[str, str] | None) -> None:
    question: dict[str, Any] = {"type": "gather", "text": "Well?", "next": "end", "answer": answer}
    within = {"begin": {**START, "next": "q"}, "q": {**question, "timeoutSeconds": 6}, "end": END}
    within["q"]["onTimeout"] = "end"
    document = good(sub={"type": "subflow", "flow": "inner", "next": "end"}, answer=None)
    document["nodes"]["ask"]["next"] = "sub"
    flow = load({**document, "subflows": {"inner": {"nodes": within}}})
    assert flow.listens is (answer is not None)


def test_a_flow_does_not_change_with_the_document_it_came_from() -> None:
    document = good()
    flow = load(document)
    document["nodes"]["ask"]["text"] = "Changed"
    assert "Hello" in repr(flow.main.nodes["ask"])
