"""Every case of every kind of node: JSON in, JSON out, the session stored between two inputs."""

from __future__ import annotations

import json
import os

import pytest

from tests.support.flow import CASES, all_cases, case_named, outcome, play

REFRESH = "CAMPANA_REFRESH_FLOW_CASES"


@pytest.mark.parametrize(("kind", "name"), all_cases())
def test_a_case_comes_out_as_written(kind: str, name: str) -> None:
    flow, case = case_named(kind, name)
    found = outcome(play(flow, case))
    if os.environ.get(REFRESH):
        _write(kind, name, found)
        return
    assert found == {"sprints": case["sprints"], "session": case["session"]}, (
        f"look at the difference, then run this test with {REFRESH}=1"
    )


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in all_cases()}))
def test_the_cases_of_a_node_pass_through_it(kind: str) -> None:
    whole = json.loads((CASES / f"{kind}.json").read_text("utf-8"))
    places = {name for name, node in whole["flow"]["nodes"].items() if node["type"] == kind}
    passed = {
        node for case in whole["cases"] for sprint in case["sprints"] for node in sprint["path"]
    }
    assert places & passed


def _write(kind: str, name: str, found: dict[str, object]) -> None:
    path = CASES / f"{kind}.json"
    whole = json.loads(path.read_text("utf-8"))
    for case in whole["cases"]:
        if case["name"] == name:
            case |= found
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", "utf-8")
