"""`campana simulate` as a person runs it: on a server of its own, beside everybody's data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.ground import WEEK
from tests.support.folders import forget

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def campana(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CAMPANA_DATA_DIR": str(folder / "data"),
        # Somebody's data: there, and none of a simulation's business.
        "CAMPANA_DATABASE_URL": "postgresql://127.0.0.1:1/nobody",
    }
    return subprocess.run(
        [sys.executable, "-m", "campana", "simulate", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_a_week_is_told_for_people_and_for_programs(folder: Path) -> None:
    file = folder / "week.yaml"
    file.write_text(WEEK.replace("count: 12", "count: 3"), "utf-8")
    try:
        told = campana(folder, str(file), "--json", "--seed", "2")
        assert told.returncode == 0, told.stderr
        answer = json.loads(told.stdout)
        assert answer["seed"] == 2
        assert answer["people"]["total"] == 3
        shown = campana(folder, str(file), "--seed", "2", "--zone", "America/New_York")
        assert "America/New_York" in shown.stdout
        assert f"It was over at {answer['finishedAt']}." in shown.stdout
    finally:
        forget(folder / "data" / "simulation")


def test_a_file_that_is_wrong_is_refused_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "week.yaml"
    file.write_text(WEEK.replace("count: 12", "count: none"), "utf-8")
    told = campana(tmp_path, str(file))
    assert told.returncode == 1
    assert "/contacts/count" in told.stderr
    assert not (tmp_path / "data").exists()


def test_a_zone_nobody_knows_is_named(tmp_path: Path) -> None:
    file = tmp_path / "week.yaml"
    file.write_text(WEEK, "utf-8")
    told = campana(tmp_path, str(file), "--zone", "Mars")
    assert told.returncode == 1
    assert "Mars" in told.stderr
