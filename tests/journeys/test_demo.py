"""The demo as a newcomer runs it, at three in the morning."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from campana.demo import spoken, story, voices
from campana.voice.media import level
from tests.journeys.served import CAMPANA
from tests.voice.peers import free_port, sides


def seconds_until_three(zone: str) -> int:
    """From now to the next 03:00 there."""
    now = datetime.now(ZoneInfo(zone))  # noqa: TID251 - the program is run as it is, by its clock
    three = now.replace(hour=3, minute=0, second=0, microsecond=0)
    return int((three + timedelta(days=three <= now) - now).total_seconds())


@pytest.mark.slow
@pytest.mark.voice
@pytest.mark.timeout(400)
def test_demo_calls_fifty_people_at_three_in_the_morning(folder: Path) -> None:
    done = subprocess.run(
        [*CAMPANA, "demo"],
        env={
            **os.environ,
            "CAMPANA_DATA_DIR": str(folder),
            "CAMPANA_PORT": str(free_port()),
            "CAMPANA_CLOCK_SHIFT_SECONDS": str(seconds_until_three("America/Chicago")),
            "COLUMNS": "100",
        },
        capture_output=True,
        text=True,
        timeout=390,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Imported 50 people, 0 rows rejected." in done.stdout
    assert "completed: 31 confirmed, 7 moved" in done.stdout
    # The conversations beside the calls: by WhatsApp, by SMS where that did not arrive, and back.
    chats = done.stdout[done.stdout.index("Feedback chats") :]
    chats = chats[: chats.index("Appointment reminders")].splitlines()
    said = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in chats if "│" in line}
    assert (said["completed"], said["no answer"], said["opt out"]) == ("8", "1", "1")
    assert (said["messages by SMS"], said["answers from people"]) == ("4", "9")
    page = json.loads(done.stdout[done.stdout.index('{\n  "data"') :])
    [campaign] = page["data"]
    assert campaign["status"] == "Completed"
    assert (
        datetime.fromisoformat(campaign["createdAt"]).astimezone(ZoneInfo("America/Chicago")).hour
        == 3
    )

    log = (folder / "demo/exchange.jsonl").read_text()
    witnessed = [json.loads(line) for line in log.splitlines()]
    seen = Counter(event["event"] for event in witnessed)
    speakers = set[str]() if voices.missing() else {person.number for person in spoken.PEOPLE}
    assert {event["number"] for event in witnessed} == {*story.numbers(), *speakers}
    assert seen["pressed"] == 38
    assert seen["answered"] == 41 + len(speakers)
    # That each was understood is judged by the demo itself, which would not have succeeded.
    assert ("Visit reminders (spoken)" in done.stdout) is bool(speakers)
    assert ("never again: suppressed" in done.stdout) is bool(speakers)

    recordings = list((folder / "demo/blobs/recordings" / campaign["id"]).glob("*.wav"))
    assert len(recordings) == 41
    _, bot = sides(recordings[0])
    assert level(bot) > 100
