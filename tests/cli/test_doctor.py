"""`campana doctor` as a person and as a script run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from campana.cli import app
from campana.store.invariants import INVARIANTS
from tests.support.beside import beside
from tests.support.chat_endpoint import base
from tests.support.receiver import answers, receiver
from tests.support.sound_endpoint import by_target, speaks

Doctor = Callable[..., Result]


@pytest.fixture
def doctor(conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Run `campana doctor --invariants …` in this process, on a fresh database."""
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, ["doctor", "--invariants", *words])


def break_one(conninfo: str, *, times: int) -> None:
    """Reports that were acknowledged long ago and never applied, and a worker that lives."""
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        superuser.execute(
            "insert into campana.callback_inbox (workspace_id, channel_id, attempt_id, report,"
            " type, at, detail, received_at) select 1, 'chan_1', gen_random_uuid(), n::text,"
            " 'ringing', '2024-01-01', '{}', '2024-01-01' from generate_series(1, %s) n",
            (times,),
        )


def test_each_promise_is_a_line_and_all_are_kept(doctor: Doctor) -> None:
    done = doctor()
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[: len(INVARIANTS)] == [f"ok  {each.sentence}" for each in INVARIANTS]
    assert lines[-1] == "0 attempts are of unknown fate."


def test_a_broken_one_is_told_with_examples_and_fails(doctor: Doctor, conninfo: str) -> None:
    from campana.store.owners import LOCK_SPACE

    break_one(conninfo, times=7)
    with psycopg.connect(conninfo) as worker:
        worker.execute("select pg_advisory_lock(%s, 1)", (LOCK_SPACE,))
        done = doctor()
        as_json = doctor("--json")
    assert done.exit_code == as_json.exit_code == 1
    assert "!!  A report that was acknowledged is applied within minutes" in done.output
    assert "and not applied" in done.output
    assert "and 2 more" in done.output
    told = json.loads(as_json.output)
    [broken] = [each for each in told["invariants"] if not each["holds"]]
    assert (broken["name"], broken["broken"], len(broken["examples"])) == ("reports_applied", 7, 5)
    assert told["unknownAttempts"] == 0


def test_a_server_that_may_forget_what_it_stored_is_told_of(
    conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))

    def durability(setting: str) -> dict[str, object]:
        chosen = f"{conninfo} options='-c synchronous_commit={setting}'"
        monkeypatch.setenv("CAMPANA_DATABASE_URL", chosen)
        told = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).output)
        [found] = [each for each in told if each["what"] == "durability"]
        return found

    assert "synchronous_commit" in str(durability("off")["detail"])
    assert not durability("off")["ok"]
    assert "synchronous_commit" not in str(durability("on")["detail"])


def test_another_schema_is_said_and_nothing_is_judged(doctor: Doctor, conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        superuser.execute("insert into public.schema_migrations values ('9001')")
    assert doctor().exit_code == 3


def test_endpoints_that_speak_and_hear_are_tried_and_told(
    conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))

    def told() -> dict[str, tuple[bool, str]]:
        found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).output)
        return {each["what"]: (each["ok"], each["detail"]) for each in found}

    assert not any("endpoint" in what for what in told())
    ways = by_target(speech=speaks, transcriptions=answers(200, b"<html>"))
    with beside(receiver(ways)) as endpoint:
        for name in ("TTS", "STT"):
            monkeypatch.setenv(f"CAMPANA_{name}_URL", base(endpoint))
            monkeypatch.setenv(f"CAMPANA_{name}_MODEL", "m")
        assert "CAMPANA_TTS_VOICE" in told()["voice: endpoints"][1]
        monkeypatch.setenv("CAMPANA_TTS_VOICE", "v")
        found = told()
    assert found["voice: endpoint for speech"] == (True, base(endpoint))
    assert found["voice: endpoint for understanding"] == (
        False,
        "the hearing endpoint did not answer with words",
    )
