"""The fewest and the most messages and calls along any way of a flow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.flow.definition import load
from campana.flow.sends import Bounds, bounds, sends

SMS, WHATSAPP, VOICE = ChannelType.SMS, ChannelType.WHATSAPP, ChannelType.VOICE
END = {"type": "end", "status": "told"}
WAIT = {"type": "wait_for_response", "timeoutSeconds": 60}
CALL = {"type": "voice_call", "bot": "b", "timeoutSeconds": 60}


def say(to: str, **more: Any) -> dict[str, Any]:
    return {"type": "send_message", "text": "Hello.", "next": to, **more}


def sent(nodes: dict[str, Any], **more: Any) -> dict[ChannelType, tuple[int, int | None]]:
    """The bounds by channel of these nodes, which begin at `a` by SMS."""
    start = {"type": "start", "next": "a"}
    ends = {} if nodes["a"] is END else {"end": END}
    whole = {"name": "T", "nodes": {"start": start, **ends, **nodes}, **more}
    found = sends(load(whole), begins_on=SMS)
    return {
        each: (int(bound.least), None if bound.most is None else int(bound.most))
        for each, bound in found.items()
    }


def below(**nodes: Any) -> dict[str, Any]:
    return {"nodes": {"start": {"type": "start", "next": "a"}, "end": END, **nodes}}


def at_once(join: str, **more: Any) -> dict[str, Any]:
    return {"type": "parallel", "branches": ["b", "c"], "join": join, "next": "d", **more}


CASES: dict[str, tuple[dict[str, Any], dict[ChannelType, tuple[int, int | None]]]] = {
    "nothing": ({"a": END}, {}),
    "one after another": ({"a": say("b"), "b": say("c"), "c": say("end")}, {SMS: (3, 3)}),
    "only some are reminded": (
        {"a": say("b"), "b": {**WAIT, "next": "end", "onTimeout": "c"}, "c": say("end")},
        {SMS: (1, 2)},
    ),
    "the last channel is kept": (
        {"a": say("b", channel="WhatsApp"), "b": say("end")},
        {WHATSAPP: (2, 2)},
    ),
    "by another channel when it does not arrive": (
        {
            "a": say("end", channel="WhatsApp", confirm="sent", timeoutSeconds=60, onFailure="b"),
            "b": say("end", channel="SMS"),
        },
        {WHATSAPP: (1, 1), SMS: (0, 1)},
    ),
    "branches add up": (
        {"a": at_once("all"), "b": say("d"), "c": say("e"), "e": say("d"), "d": say("end")},
        {SMS: (4, 4)},
    ),
    "the first branch is enough": (
        {"a": at_once("any"), "b": say("d"), "c": say("e"), "e": say("d"), "d": say("end")},
        {SMS: (2, 4)},
    ),
    "an end in a branch": (
        {"a": at_once("all"), "b": say("end"), "c": say("e"), "e": say("d"), "d": END},
        {SMS: (1, 3)},
    ),
    "round and round": (
        {"a": say("b"), "b": {**WAIT, "next": "end", "onTimeout": "a"}},
        {SMS: (1, None)},
    ),
    "round without a message": (
        {
            "a": say("b"),
            "b": {"type": "delay", "delaySeconds": 60, "next": "c"},
            "c": {
                "type": "condition",
                "cases": [{"when": "now > now", "next": "b"}],
                "otherwise": "d",
            },
            "d": say("end"),
        },
        {SMS: (2, 2)},
    ),
    "a survey": (
        {
            "a": {
                "type": "survey",
                "questions": [{"id": "x", "text": "?"}, {"id": "y", "text": "?"}],
                "timeoutSeconds": 60,
                "reprompts": 2,
                "saveAs": "s",
                "onTimeout": "end",
                "next": "end",
            }
        },
        {SMS: (1, 6)},
    ),
    "a bot calls": (
        {
            "a": {**CALL, "cases": {"busy": "b"}, "otherwise": "end", "onTimeout": "end"},
            "b": {**CALL, "otherwise": "c", "onTimeout": "c"},
            "c": say("end"),
        },
        {VOICE: (0, 2), SMS: (0, 1)},
    ),
    "a flow speaks in one call": (
        {
            "a": {"type": "say", "text": "A", "next": "b", "onNoAnswer": "end"},
            "b": {"type": "say", "text": "B", "next": "end", "onNoAnswer": "end"},
        },
        {VOICE: (1, 1)},
    ),
    "a call that may be over": (
        {
            "a": {
                "type": "gather",
                "text": "A",
                "cases": {"1": "b"},
                "timeoutSeconds": 6,
                "onTimeout": "c",
            },
            "b": {"type": "delay", "delaySeconds": 60, "next": "c"},
            "c": {"type": "say", "text": "C", "next": "end", "onNoAnswer": "end"},
        },
        {VOICE: (1, 2)},
    ),
    "and calls again": (
        {
            "a": {"type": "say", "text": "A", "next": "end", "onNoAnswer": "b"},
            "b": {"type": "say", "text": "B", "next": "end", "onNoAnswer": "end"},
        },
        {VOICE: (1, 2)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_way_is_counted(case: str) -> None:
    nodes, wanted = CASES[case]
    assert sent(nodes) == wanted


def test_a_subflow_counts_where_it_is_gone_through() -> None:
    through = {"type": "subflow", "flow": "f", "next": "end"}
    inside = below(
        a={"type": "condition", "cases": [{"when": "now > now", "next": "b"}], "otherwise": "no"},
        b=say("end", channel="WhatsApp"),
        no={"type": "end", "status": "refused"},
    )
    nodes = {"a": {**through, "next": "b"}, "b": {**through, "cases": {"refused": "c"}}}
    found = sent({**nodes, "c": say("end", channel="SMS")}, subflows={"f": inside})
    assert found == {WHATSAPP: (0, 2), SMS: (0, 1)}


def test_a_circle_in_a_branch_or_a_subflow_is_without_end_too() -> None:
    round_ = {"b": say("e"), "e": {**WAIT, "next": "d", "onTimeout": "b"}}
    assert sent({"a": at_once("any"), **round_, "c": say("d"), "d": say("end")}) == {SMS: (2, None)}
    inside = below(a=say("b"), b={**WAIT, "next": "end", "onTimeout": "a"})
    through = {"type": "subflow", "flow": "f", "next": "end"}
    assert sent({"a": through}, subflows={"f": inside}) == {SMS: (1, None)}


def test_a_branch_that_leads_back_to_where_it_branched_off_is_without_end() -> None:
    round_ = {"b": say("e"), "e": {**WAIT, "next": "d", "onTimeout": "a"}}
    assert sent({"a": at_once("all"), **round_, "c": say("d"), "d": say("end")}) == {SMS: (3, None)}


def test_prices_are_reckoned_along_one_way() -> None:
    """By WhatsApp or else by SMS: never nothing, and never both at once."""
    nodes = {
        "start": {"type": "start", "next": "a"},
        "a": {
            "type": "condition",
            "cases": [{"when": "now > now", "next": "b"}],
            "otherwise": "c",
        },
        "b": say("end", channel="WhatsApp"),
        "c": say("end", channel="SMS"),
        "end": END,
    }
    costs = {WHATSAPP: Decimal("0.03"), SMS: Decimal("0.05")}
    found = bounds(load({"name": "T", "nodes": nodes}), begins_on=SMS, least=costs, most=costs)
    assert found == Bounds(least=Decimal("0.03"), most=Decimal("0.05"))


def test_a_large_flow_full_of_ways_is_reckoned_at_once() -> None:
    """A way in two, 240 times: more ways than could be walked one by one."""
    nodes: dict[str, Any] = {"start": {"type": "start", "next": "n0"}, "n240": END}
    for n in range(240):
        nodes[f"n{n}"] = {
            "type": "condition",
            "cases": [{"when": "now > now", "next": f"s{n}"}],
            "otherwise": f"n{n + 1}",
        }
        nodes[f"s{n}"] = say(f"n{n + 1}")
    found = sends(load({"name": "T", "nodes": nodes}), begins_on=SMS)
    assert found == {SMS: Bounds(least=Decimal(0), most=Decimal(240))}
