"""A process that browsers are shown leaves nothing behind, and says why it did not start."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from tests.browser import house as processes
from tests.browser.house import House, web_process, work_process
from tests.journeys.served import until

pytestmark = pytest.mark.timeout(120)

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


def test_a_process_that_does_not_end_is_killed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "CAMPANA", (sys.executable, "-c", DEAF))
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    before = set(psutil.Process().children())
    running = work_process(house, public_url="http://127.0.0.1:9")
    running.__enter__()
    [deaf] = set(psutil.Process().children()) - before
    until(lambda: (house.folder / "work.log").read_text())
    with pytest.raises(subprocess.TimeoutExpired):
        running.__exit__(None, None, None)
    gone, alive = psutil.wait_procs([deaf], timeout=10)
    for each in alive:
        each.kill()
    assert (gone, alive) == ([deaf], [])


def test_a_process_that_does_not_start_says_why(house: House) -> None:
    nowhere = replace(house, conninfo="no database")
    with pytest.raises(AssertionError, match="connection info string"), web_process(nowhere):
        pass
