"""What a person may set: `CAMPANA_*` variables, each with its meaning; secrets also as `*_FILE`.

Read once in bootstrap. The rest of the program is handed values, never this.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args, get_type_hints

from campana.domain.errors import SetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting. The name of a variable is `CAMPANA_` and the field in capitals."""

    data_dir: Annotated[
        Path, "Where the embedded database, recordings and imported files live."
    ] = Path(".campana")
    database_url: Annotated[
        str | None, "A PostgreSQL (16 or newer) to use in place of the embedded one; a secret."
    ] = None
    host: Annotated[str, "The address `campana serve` and `campana web` bind."] = "127.0.0.1"
    port: Annotated[int, "The port they bind."] = 8080
    public_url: Annotated[
        str | None,
        "How the world reaches this server, for links and for carriers that report, such as"
        " `https://campana.example`; without it, the address and port it binds.",
    ] = None
    web_processes: Annotated[int, "How many web processes `campana serve` keeps."] = 1
    voice_processes: Annotated[int, "How many voice workers `campana serve` keeps."] = 1
    voice_lines: Annotated[int, "The most calls one voice worker holds at once."] = 50
    voice_interface: Annotated[
        str, "The local address SIP and RTP use; the public or LAN address on a server."
    ] = "127.0.0.1"
    voice_inbound_port: Annotated[
        int,
        "The UDP port of that address where trunks send calls, for flows that wait for one. One"
        " voice worker of the machine has it, another takes it over; 0 to take no calls.",
    ] = 0
    asr_model_dir: Annotated[
        Path | None,
        "A Whisper model for CTranslate2, with its tokenizer.json, to understand callees with in"
        " place of the packaged one.",
    ] = None
    browser_talks: Annotated[
        int,
        "How many people may talk to a bot from the console at once, in one web process; 0 for"
        " nobody. The first of them has a process with the speech models started beside it.",
    ] = 2
    drain_seconds: Annotated[
        int, "How long calls in progress may go on when a voice worker is told to stop."
    ] = 20
    clock_shift_seconds: Annotated[
        int,
        "Rehearse at another hour: shifts the program's clock. While it is not 0, only channels"
        " that cannot leave this machine are used.",
    ] = 0
    secret_key: Annotated[
        str | None,
        "The key stored secrets are sealed with; several with commas between while they rotate, the"
        " newest first. Without it, the file secret.key of the data directory. A secret.",
    ] = None
    webhooks_to_loopback: Annotated[
        bool, "Let webhooks go to 127.0.0.1, over http too: for trying them out."
    ] = False
    llm_url: Annotated[
        str | None,
        "A language model that flows may ask what somebody meant, and that VoiceBots with a prompt"
        " speak with: an endpoint of OpenAI's chat completions, such as"
        " `http://127.0.0.1:11434/v1`.",
    ] = None
    llm_model: Annotated[str | None, "Which of its models."] = None
    llm_key: Annotated[str | None, "Its key; a secret."] = None
    tts_url: Annotated[
        str | None,
        "Who speaks for VoiceBots that name no voice of their own: an endpoint of OpenAI's"
        " `audio/speech`, such as `http://127.0.0.1:8880/v1`.",
    ] = None
    tts_model: Annotated[str | None, "Which of its models."] = None
    tts_voice: Annotated[str | None, "Which of its voices."] = None
    tts_key: Annotated[str | None, "Its key; a secret."] = None
    stt_url: Annotated[
        str | None,
        "Who reads what is said to VoiceBots that name nobody: an endpoint of OpenAI's"
        " `audio/transcriptions`, such as `http://127.0.0.1:8000/v1`.",
    ] = None
    stt_model: Annotated[str | None, "Which of its models."] = None
    stt_key: Annotated[str | None, "Its key; a secret."] = None
    log_level: Annotated[str, "debug, info, warning or error."] = "info"


def described() -> Mapping[str, tuple[object, str]]:
    """Every variable's default and meaning, by name."""
    hints = get_type_hints(Settings, include_extras=True)
    defaults = Settings()
    return {
        "CAMPANA_" + name.upper(): (getattr(defaults, name), str(get_args(hint)[1]))
        for name, hint in hints.items()
    }


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    Raises:
        SetupError: a value of the wrong kind, or an unreadable `*_FILE`.
    """
    given = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for variable, (default, _) in described().items():
        text = _value(given, variable)
        if text is not None:
            values[variable.removeprefix("CAMPANA_").lower()] = _convert(variable, text, default)
    return Settings(**values)  # pyright: ignore[reportArgumentType] - each converted as its default


def _value(given: Mapping[str, str], name: str) -> str | None:
    path = given.get(name + "_FILE")
    if path is None:
        return given.get(name) or None
    try:
        return Path(path).read_text("utf-8").strip() or None
    except OSError as error:
        raise SetupError(f"{name}_FILE: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SetupError(f"{name}_FILE: {path} is not a text in UTF-8") from error


_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _convert(name: str, text: str, default: object) -> object:
    if isinstance(default, bool):
        if text.lower() not in _TRUTHS:
            raise SetupError(f"{name} must be true or false, not {text!r}")
        return _TRUTHS[text.lower()]
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise SetupError(f"{name} must be a whole number, not {text!r}") from None
    is_path = isinstance(default, Path) or name.endswith("_DIR")
    return Path(text) if is_path else text
