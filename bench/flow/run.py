"""Sprints a second of the flow interpreter, on one core, beside what storing them would add.

    python bench/flow/run.py [--seconds 2] [--rounds 5] [--profile]

A sprint here is a message and a wait:

    begin     start a session: a text with the contact's name, then a wait
    answer    resume it with a reply: a branch by keyword, a text, a wait
    condition resume it with a reply: a CEL condition instead of the branch
    liquid    as answer, with a text that needs Liquid's filters and tags
    stored    as answer, the session read from JSON before and written to JSON after

The definition is loaded once before anything is timed, as it is in use.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from campana.flow import session as sessions
from campana.flow.definition import load
from campana.flow.inputs import Reply
from campana.flow.interpreter import resume, start
from campana.flow.session import Contact, Trigger

AIM = 50_000
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
LIQUID = (
    "Thanks {{ contact.first_name | upcase }}!{% if vars.answer %} You wrote {{ vars.answer }}."
    "{% endif %} We will see you on {{ contact.appointment }}."
)


def definition(branch: dict[str, Any], text: str) -> dict[str, Any]:
    """Hello, wait, branch, a text, wait, and round again."""
    return {
        "name": "Appointment",
        "contact": {"appointment": "text", "visits": "number"},
        "nodes": {
            "begin": {"type": "start", "next": "hello"},
            "hello": {
                "type": "send_message",
                "text": "Hello {{ contact.first_name }}, you have an appointment on "
                "{{ contact.appointment }}. Is that right?",
                "next": "answer",
            },
            "answer": {
                "type": "wait_for_response",
                "timeoutSeconds": 86400,
                "saveAs": "answer",
                "onTimeout": "gone",
                "next": "which",
            },
            "which": {**branch, "otherwise": "gone"},
            "thanks": {"type": "send_message", "text": text, "next": "answer"},
            "gone": {"type": "end", "status": "no_answer"},
        },
    }


BRANCH = {"type": "response_branch", "cases": [{"keywords": ["yes", "sí"], "next": "thanks"}]}
CONDITION = {
    "type": "condition",
    "cases": [{"when": "contact.visits > 3.0 && reply.startsWith('y')", "next": "thanks"}],
}
PLAIN = "Thank you {{ contact.first_name }}. We will see you on {{ contact.appointment }}."
ANA = Contact(
    fields={"first_name": "Ana", "appointment": "Monday at 9", "visits": "7"},
    zones=("America/New_York",),
)


def measures() -> dict[str, Callable[[], object]]:
    """Each sprint, ready to be repeated."""
    plain, conditional = load(definition(BRANCH, PLAIN)), load(definition(CONDITION, PLAIN))
    liquid = load(definition(BRANCH, LIQUID))
    trigger, reply = Trigger(), Reply(text="yes please")
    waiting = start(plain, ANA, trigger, NOW).session
    deciding = start(conditional, ANA, trigger, NOW).session
    writing = start(liquid, ANA, trigger, NOW).session
    text = json.dumps(sessions.as_json(waiting))

    def stored() -> str:
        session = sessions.from_json(json.loads(text))
        return json.dumps(sessions.as_json(resume(plain, session, reply, NOW).session))

    return {
        "begin": lambda: start(plain, ANA, trigger, NOW),
        "answer": lambda: resume(plain, waiting, reply, NOW),
        "condition": lambda: resume(conditional, deciding, reply, NOW),
        "liquid": lambda: resume(liquid, writing, reply, NOW),
        "stored": stored,
    }


def a_second(act: Callable[[], object], *, seconds: float) -> float:
    """How often it can be done in a second of one processor."""
    done, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        for _ in range(200):
            act()
        done += 200
    return done / spent


def main() -> None:
    """Measure in rounds, so that a neighbour's load falls on all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="show where `answer` spends it")
    options = parser.parse_args()
    found = measures()
    if options.profile:
        with cProfile.Profile() as profile:
            a_second(found["answer"], seconds=options.seconds)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    rates: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(options.rounds):
        for name, act in found.items():
            rates[name].append(a_second(act, seconds=options.seconds))
    print(f"{'sprint':<12}{'a second':>10}{'least':>10}{'most':>10}")
    for name, each in rates.items():
        median = statistics.median(each)
        print(f"{name:<12}{median:>10,.0f}{min(each):>10,.0f}{max(each):>10,.0f}")
    print(f"aim: {AIM:,} for begin and answer")


if __name__ == "__main__":
    main()
