"""The demo as a newcomer runs it, at three in the morning."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import psutil
import pytest

from campana.demo import spoken, staying, story, voices
from campana.voice.media import level
from tests.journeys.served import CAMPANA
from tests.voice.peers import free_port, sides


def seconds_until_three(zone: str) -> int:
    """From now to the next 03:00 there, which on two nights a year is an hour more or less."""
    now = datetime.now(ZoneInfo(zone))  # noqa: TID251 - the program is run as it is, by its clock
    three = now.replace(hour=3, minute=0, second=0, microsecond=0)
    three += timedelta(days=three <= now)
    return int((three.astimezone(UTC) - now.astimezone(UTC)).total_seconds())


@pytest.mark.slow
@pytest.mark.voice
@pytest.mark.timeout(900)
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
        timeout=800,
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
    assert ("Everything that matters was understood." in done.stdout) is bool(speakers)

    recordings = list((folder / "demo/blobs/recordings" / campaign["id"]).glob("*.wav"))
    assert len(recordings) == 41
    _, bot = sides(recordings[0])
    assert level(bot) > 100


@pytest.mark.slow
@pytest.mark.voice
@pytest.mark.timeout(900)
def test_a_kept_demo_lets_one_in_and_leaves_nothing_running(folder: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [*CAMPANA, "demo", "--keep"],
        env={
            **os.environ,
            "CAMPANA_DATA_DIR": str(folder),
            "CAMPANA_PORT": str(port),
            "COLUMNS": "100",
            "PYTHONUNBUFFERED": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C ends everything" in line:
                break
        [link] = [line.strip() for line in lines if "/welcome?token=" in line]
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            shown = client.get(link)
            token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
            assert token is not None
            account = {
                "form_token": token[1], "token": link.partition("token=")[2], "name": "Ana",
                "email": "ana@example.com", "password": "a sentence nobody guesses",
            }  # fmt: skip
            assert client.post("/welcome", data=account).headers["location"] == "/"
            listed = client.get("/campaigns").text
            assert f"Review {staying.DRAFT}" in listed
            assert "Feedback chats" in listed
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
    finally:
        # As a terminal does: everything that was started hears it too.
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stdout.read()
        process.wait(60)
        process.stdout.close()
    # Whether it was quick enough is another test's question; it ended by itself, and in peace.
    assert process.returncode >= 0
    assert "Traceback" not in rest
    gone, alive = psutil.wait_procs(children, timeout=60)
    assert not alive
    assert gone
