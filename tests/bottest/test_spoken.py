"""A bot is tested as its author would: one that listens passes, one that cannot is told on."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from campana.demo import voices
from tests.journeys.served import CAMPANA

pytestmark = [
    pytest.mark.voice,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(voices.missing()), reason="the voice packages are not installed"),
]

# It waits long for an answer: on a busy machine the callee takes its time to understand, too.
LISTENS = """
greeting: Hello {{ contact.first_name }}, this is the Riverside clinic.
steps:
  - id: coming
    type: ask
    text: Can you come on Tuesday at three?
    answer: {type: yes_no, yes: booked}
    timeoutSeconds: 50
    saveAs: coming
  - {id: booked, type: end, text: Thank you. Goodbye., result: booked}
"""
KEYS_ONLY = """
greeting: Hello.
steps:
  - {id: q, type: ask, text: Press 1 now., keys: {"1": done}, timeoutSeconds: 2, reprompts: 0}
  - {id: done, type: end, text: Thank you. Goodbye.}
"""


def said(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CAMPANA, *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"CAMPANA_DATA_DIR": str(folder / "data")},
    )


def outcome(folder: Path, bot: str, *kinds: str, keep: bool = False) -> tuple[int, dict[str, Any]]:
    (folder / "bot.yaml").write_text(bot)
    only = [word for kind in kinds for word in ("--only", kind)]
    kept = ["--keep"] if keep else []
    done = said(folder, "bot", "test", str(folder / "bot.yaml"), "--json", *only, *kept)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_bot_that_listens_obeys_and_is_answered(tmp_path: Path) -> None:
    code, told = outcome(tmp_path, LISTENS, "patient", "opting_out")
    assert (code, told["optOutIgnored"]) == (0, False), told
    patient, opting_out = told["callees"]
    assert (patient["isRight"], patient["saved"]) == (True, {"coming": "yes"}), told
    assert opting_out["why"] == "opt_out"
    assert all(callee["latenciesMs"] for callee in told["callees"])


def test_a_bot_that_cannot_hear_an_opt_out_fails_and_is_not_launched(tmp_path: Path) -> None:
    code, told = outcome(tmp_path, KEYS_ONLY, "opting_out", keep=True)
    assert (code, told["optOutIgnored"]) == (1, True), told
    campaign = {"name": "Keys", "type": "VoiceBot", "channelType": "Voice"}
    campaign["voiceBot"] = yaml.safe_load(KEYS_ONLY)
    (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(campaign))
    made = said(tmp_path, "campaign", "create", "--json", "-f", str(tmp_path / "campaign.yaml"))
    assert made.returncode == 0, made.stderr
    launched = said(tmp_path, "campaign", "launch", json.loads(made.stdout)["id"])
    assert launched.returncode == 1
    assert "/voiceBot: ignored a wish not to be called again" in launched.stderr
