"""What a person may set, where it is read from, and what a wrong value says."""

from __future__ import annotations

from pathlib import Path

import pytest

from campana import settings
from campana.domain.errors import SetupError
from campana.settings import Settings


def test_nothing_set_is_the_defaults() -> None:
    assert settings.read({}) == Settings()
    assert settings.read({"CAMPANA_PORT": "", "CAMPANA_DATABASE_URL": ""}) == Settings()


def test_each_value_becomes_of_the_kind_of_its_default() -> None:
    read = settings.read(
        {
            "CAMPANA_PORT": " 9000 ",
            "CAMPANA_DATA_DIR": "data",
            "CAMPANA_DATABASE_URL": "postgresql://db.example/campana",
            "CAMPANA_HOST": "0.0.0.0",  # noqa: S104 - a person may say so
            "PORT": "1",
        }
    )
    assert (read.port, read.data_dir) == (9000, Path("data"))
    assert read.database_url == "postgresql://db.example/campana"
    assert read.host == "0.0.0.0"  # noqa: S104


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://ana:s3cret@db.example/campana\n")
    read = settings.read({"CAMPANA_DATABASE_URL_FILE": str(secret), "CAMPANA_DATABASE_URL": "no"})
    assert read.database_url == "postgresql://ana:s3cret@db.example/campana"
    secret.write_text("\n")
    assert settings.read({"CAMPANA_DATABASE_URL_FILE": str(secret)}).database_url is None


@pytest.mark.parametrize("text", ["eighty", "80.5", "0x50", "8 0"])
def test_a_value_of_the_wrong_kind_is_named(text: str) -> None:
    with pytest.raises(SetupError, match=f"CAMPANA_PORT must be a whole number, not '{text}'"):
        settings.read({"CAMPANA_PORT": text})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    absent, folder, binary = tmp_path / "absent", tmp_path, tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, why in [
        (absent, "No such file"),
        (folder, "Is a directory"),
        (binary, "is not a text in UTF-8"),
    ]:
        with pytest.raises(SetupError, match=why) as refused:
            settings.read({"CAMPANA_PORT_FILE": str(path)})
        assert str(path) in str(refused.value)
        assert "CAMPANA_PORT_FILE" in str(refused.value)


def test_every_setting_is_described_by_its_variable() -> None:
    described = settings.described()
    assert set(described) == {"CAMPANA_" + name.upper() for name in Settings.__dataclass_fields__}
    assert all(meaning.endswith(".") for _, meaning in described.values())
    assert described["CAMPANA_PORT"][0] == 8080


def test_it_listens_to_this_machine_alone_unless_told_otherwise() -> None:
    assert Settings().host == Settings().voice_interface == "127.0.0.1"
