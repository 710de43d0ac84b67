"""Flows for tests: a definition played with inputs, as JSON in and JSON out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from campana.domain.clock import parse_moment
from campana.flow import inputs, session
from campana.flow.definition import Flow, load
from campana.flow.interpreter import Sprint, resume, start
from campana.flow.session import Contact, Session, Trigger

CASES = Path(__file__).parents[1] / "flow" / "cases"


def all_cases() -> list[tuple[str, str]]:
    """The kind of node and the name of each case."""
    return [
        (path.stem, case["name"])
        for path in sorted(CASES.glob("*.json"))
        for case in json.loads(path.read_text("utf-8"))["cases"]
    ]


def case_named(kind: str, name: str) -> tuple[Flow, dict[str, Any]]:
    """A case and its flow."""
    whole = json.loads((CASES / f"{kind}.json").read_text("utf-8"))
    return load(whole["flow"]), next(case for case in whole["cases"] if case["name"] == name)


def play(flow: Flow, case: dict[str, Any]) -> list[Sprint]:
    """Every sprint of a case; between two of them the session goes through JSON, as when stored."""
    sprint = start(
        flow,
        Contact(fields=case["contact"], zones=tuple(case["zones"])),
        Trigger(params=case.get("params", {})),
        parse_moment(case["at"]),
    )
    sprints = [sprint]
    for told in case["inputs"]:
        fields = {key: value for key, value in told.items() if key != "at"}
        stored = through_json(sprint.session)
        sprint = resume(flow, stored, inputs.read(fields), parse_moment(told["at"]))
        sprints.append(sprint)
    return sprints


def through_json(stored: Session) -> Session:
    """The session after it was written and read again."""
    return session.from_json(json.loads(json.dumps(session.as_json(stored))))


def outcome(sprints: list[Sprint]) -> dict[str, Any]:
    """What came of it: the events and the way of each sprint, and the session at the end."""
    last = sprints[-1].session
    return {
        "sprints": [{"path": list(sprint.path), "events": sprint.as_json()} for sprint in sprints],
        "session": {
            "status": last.status,
            "outcome": last.outcome,
            "variables": dict(last.variables),
            "waits": [wait.number for wait in last.waits],
        },
    }
