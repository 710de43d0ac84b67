"""Secrets are sealed with a key that lies elsewhere, and keys can change."""

from __future__ import annotations

import os
import stat
import threading
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from campana.domain.errors import SetupError
from campana.services.secrets import NO_SECRETS, Secrets, Unreadable, open_secrets

ONE, TWO = (urlsafe_b64encode(letter * 32).decode() for letter in (b"1", b"2"))


def test_what_is_sealed_shows_nothing_and_opens_again() -> None:
    secrets = Secrets.of([ONE])
    sealed = secrets.seal("whsec_hidden")
    assert "hidden" not in sealed
    assert sealed != secrets.seal("whsec_hidden")
    assert secrets.open(sealed) == "whsec_hidden"


def test_keys_rotate_without_losing_a_secret() -> None:
    old = Secrets.of([ONE]).seal("kept")
    both = Secrets.of([TWO, ONE])
    assert both.open(old) == "kept"
    new = both.seal("newer")
    assert Secrets.of([TWO]).open(new) == "newer"
    with pytest.raises(Unreadable):
        Secrets.of([TWO]).open(old)


@pytest.mark.parametrize("sealed", ["", "nonsense", "gAAAAAB", "é"])
def test_what_was_not_sealed_here_is_unreadable(sealed: str) -> None:
    with pytest.raises(Unreadable):
        Secrets.of([ONE]).open(sealed)


def test_a_secret_that_was_changed_is_unreadable() -> None:
    sealed = Secrets.of([ONE]).seal("kept")
    with pytest.raises(Unreadable):
        Secrets.of([ONE]).open(sealed[:-6] + "AAAAA=")


def test_without_a_key_nothing_is_kept() -> None:
    with pytest.raises(SetupError):
        NO_SECRETS.seal("x")


@pytest.mark.parametrize("given", ["", "short", f"{ONE},", f"{ONE},nonsense"])
def test_what_is_no_key_is_said_at_the_start(given: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="CAMPANA_SECRET_KEY"):
        open_secrets(given, data_dir=tmp_path)


def test_given_keys_are_used_and_no_file_is_made(tmp_path: Path) -> None:
    sealed = open_secrets(f"{TWO}, {ONE}", data_dir=tmp_path).seal("x")
    assert Secrets.of([TWO]).open(sealed) == "x"
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    sealed = open_secrets(None, data_dir=data_dir).seal("x")
    assert open_secrets(None, data_dir=data_dir).open(sealed) == "x"
    [file] = data_dir.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_start_at_once_end_up_with_one_key(tmp_path: Path) -> None:
    found: list[Secrets] = []
    threads = [
        threading.Thread(target=lambda: found.append(open_secrets(None, data_dir=tmp_path)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed = found[0].seal("x")
    assert len(found) == 8
    assert all(each.open(sealed) == "x" for each in found)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SetupError, match="cannot keep a key"):
        open_secrets(None, data_dir=file / "below")
    key = tmp_path / "secret.key"
    key.write_text("not a key")
    os.chmod(key, 0o600)
    with pytest.raises(SetupError):
        open_secrets(None, data_dir=tmp_path)
