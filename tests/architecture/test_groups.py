"""Tests of one group share a worker: long ones would fight each other for two cores."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("watched")
def test_a_group_is_known_to_who_hands_out_the_tests(
    request: pytest.FixtureRequest, worker_id: str
) -> None:
    """pytest-xdist writes it behind the test's name, and looks for it there."""
    if worker_id == "master":
        pytest.skip("no test is handed out here")
    assert request.node.nodeid.endswith("@watched")
