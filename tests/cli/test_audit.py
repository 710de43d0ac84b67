"""What the command line changes is in the audit log, with whose it is."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from campana.cli import app


def test_what_a_command_changes_is_told_and_what_it_reads_or_is_refused_is_not(
    conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LOGNAME", "somebody else")

    def campana(*words: str) -> int:
        return CliRunner().invoke(app, list(words)).exit_code

    people = tmp_path / "people.csv"
    people.write_text("phone,first_name\n+12125550101,Ana\n")
    # As the web role, as the engine's, and over many transactions.
    assert campana("keys", "create", "--name", "robot", "--scope", "lists:read") == 0
    assert campana("allow-countries", "US", "CA", "--default", "US") == 0
    assert campana("lists", "import", "People", str(people)) == 0
    assert campana("lists", "list") == 0
    assert campana("keys", "revoke", "key_0") == 1
    with psycopg.connect(conninfo) as superuser:
        told = superuser.execute(
            "select action, actor, person_id, detail ->> 'of', detail ->> 'how', detail::text,"
            " request_id from campana.audit_entries where result = 'changed' order by id"
        ).fetchall()
    key, countries, new = told
    assert [(each[0], *each[3:5]) for each in told] == [
        ("campana keys create", "api_keys", "made"),
        ("campana allow-countries", "workspaces", "changed"),
        ("campana lists import", "contact_lists", "made"),
    ]
    user = pwd.getpwuid(os.getuid()).pw_name
    assert {each[1:3] for each in told} == {(f"command line ({user})", None)}
    assert '["hash", null, "***"]' in key[5]
    assert '"CA"' in countries[5]
    assert '["name", null, "People"]' in new[5]
    assert len({each[6] for each in told}) == 3
    assert all("5550101" not in each[5] for each in told)
