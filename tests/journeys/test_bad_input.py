"""What goes wrong at the command line: one sentence that says what and where, and no stack
trace."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.journeys.served import CAMPANA, PATIENCE

FAILED, USAGE, SETUP = 1, 2, 3

# Each starts the program, some of them with a database of their own, twice.
pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]


def refused(*words: str, code: int, folder: Path, settings: Mapping[str, str] | None = None) -> str:
    """What a command says on standard error when it refuses, on one line."""
    done = subprocess.run(
        [*CAMPANA, *words],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("CAMPANA_")},
            "CAMPANA_DATA_DIR": str(folder / "data"),
            "COLUMNS": "200",
            **(settings or {}),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_port_in_use_is_named_before_anything_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refused("serve", "--port", port, code=SETUP, folder=folder)
    assert said == f"campana: cannot listen on 127.0.0.1:{port}: Address already in use"
    assert not (folder / "data").exists()


def test_a_data_directory_that_cannot_be_made_is_named(folder: Path) -> None:
    (folder / "file").write_text("in the way")
    said = refused(
        "migrate",
        code=SETUP,
        folder=folder,
        settings={"CAMPANA_DATA_DIR": str(folder / "file" / "data")},
    )
    assert said == (
        f"campana: cannot use the data directory {folder / 'file' / 'data'}: Not a directory"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_directory_without_permission_is_named(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o500)
    said = refused(
        "migrate",
        code=SETUP,
        folder=folder,
        settings={"CAMPANA_DATA_DIR": str(closed / "data")},
    )
    assert "Permission denied" in said


def test_a_database_that_does_not_answer_is_named(folder: Path) -> None:
    said = refused(
        "keys",
        "list",
        code=SETUP,
        folder=folder,
        settings={"CAMPANA_DATABASE_URL": f"host={folder} dbname=campana"},
    )
    assert said.startswith("campana: PostgreSQL does not answer:")
    assert str(folder) in said


def test_a_setting_that_is_no_number_is_named(folder: Path) -> None:
    said = refused("serve", code=SETUP, folder=folder, settings={"CAMPANA_PORT": "http"})
    assert said == "campana: CAMPANA_PORT must be a whole number, not 'http'"


def test_a_file_that_is_not_there_is_wrong_usage(folder: Path) -> None:
    said = refused("campaign", "create", "-f", str(folder / "no.yaml"), code=USAGE, folder=folder)
    assert "does not exist" in said


def test_everything_wrong_with_a_campaign_is_said_at_once(folder: Path) -> None:
    file = folder / "campaign.yaml"
    file.write_text("type: VoiceBot\nchanelType: Voice\nwindow: {mon: [{from: 9, to: '25:00'}]}\n")
    said = refused("campaign", "create", "-f", str(file), code=FAILED, folder=folder)
    for pointer in (
        "/name: is required",
        "/channelType: is required",
        "/chanelType: is not a known field",
        "/window/mon/0/from",
        "/window/mon/0/to",
    ):
        assert pointer in said


def test_broken_yaml_is_told_with_its_line(folder: Path) -> None:
    file = folder / "campaign.yaml"
    file.write_text("name: A\n  type: [\n")
    said = refused("campaign", "create", "-f", str(file), code=FAILED, folder=folder)
    assert "line 2" in said


def test_a_campaign_that_is_not_ready_is_told_all_it_lacks(folder: Path) -> None:
    file = folder / "campaign.yaml"
    file.write_text("{name: A, type: VoiceBot, channelType: Voice, endDate: 2020-01-01}")
    made = subprocess.run(
        [*CAMPANA, "campaign", "create", "-f", str(file)],
        env={**os.environ, "CAMPANA_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        check=True,
    )
    campaign_id = made.stdout.split()[0]
    said = refused("campaign", "launch", campaign_id, code=FAILED, folder=folder)
    for lacking in (
        "/contactList",
        "/channel",
        "/voiceBot",
        "/endDate",
        "may not call any country",
    ):
        assert lacking in said


def test_an_unknown_campaign_is_told_as_such(folder: Path) -> None:
    said = refused("campaign", "launch", "camp_0", code=FAILED, folder=folder)
    assert said == "campana: There is no such thing here."


def test_an_unknown_scope_is_told_with_those_that_exist(folder: Path) -> None:
    said = refused(
        "keys", "create", "--name", "x", "--scope", "campaigns", code=FAILED, folder=folder
    )
    assert "'campaigns' is not a scope" in said
    assert "campaigns:read" in said
