"""What a person may set: `CAMPANA_*` variables, each with its meaning; secrets also as `*_FILE`.

Read once in bootstrap. The rest of the program is handed values, never this.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from campana.domain.errors import SetupError


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting. The name of a variable is `CAMPANA_` and the field in capitals."""

    data_dir: Path = _setting(
        Path(".campana"), "Where the embedded database, recordings and imported files live."
    )
    database_url: str | None = _setting(
        None, "A PostgreSQL (16 or newer) to use in place of the embedded one. May hold a password."
    )
    host: str = _setting("127.0.0.1", "The address `campana serve` and `campana web` bind.")
    port: int = _setting(8080, "The port they bind.")
    web_processes: int = _setting(1, "How many web processes `campana serve` keeps.")
    voice_processes: int = _setting(1, "How many voice workers `campana serve` keeps.")
    voice_lines: int = _setting(50, "The most calls one voice worker holds at once.")
    voice_interface: str = _setting(
        "127.0.0.1", "The local address SIP and RTP use; the public or LAN address on a server."
    )
    public_url: str | None = _setting(None, "How the world reaches this server, for links; no slash.")
    log_level: str = _setting("info", "debug, info, warning or error.")


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    Raises:
        SetupError: a value of the wrong kind, an unreadable `*_FILE`, a name that does not exist.
    """
    given = os.environ if environment is None else environment
    known = {"CAMPANA_" + f.name.upper(): f for f in fields(Settings)}
    values: dict[str, Any] = {}
    for name, spec in known.items():
        text = _value(given, name)
        if text is not None:
            values[spec.name] = _convert(name, text, spec.type)
    return Settings(**values)


def _value(given: Mapping[str, str], name: str) -> str | None:
    path = given.get(name + "_FILE")
    if path is None:
        return given.get(name) or None
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise SetupError(f"{name}_FILE: cannot read {path}: {error.strerror}") from error


def _convert(name: str, text: str, kind: Any) -> Any:
    if "int" in str(kind):
        try:
            return int(text)
        except ValueError:
            raise SetupError(f"{name} must be a whole number, not {text!r}") from None
    return Path(text) if "Path" in str(kind) else text
