"""A bot that a language model speaks for is tested with its model: a local endpoint that talks."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from campana.demo import voices
from tests.journeys.served import CAMPANA
from tests.support.beside import beside
from tests.support.chat_endpoint import asked, base, says, tool
from tests.support.receiver import Message, receiver

pytestmark = [
    pytest.mark.voice,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(voices.missing()), reason="the voice packages are not installed"),
]

BOT = """
greeting: Hello {{ contact.first_name }}, this is the Riverside clinic.
prompt:
  goal: Find out whether {{ contact.first_name }} comes.
  model: {turnSeconds: 30}
  fillerSeconds: 30
  listenSeconds: 30
  tools: [{type: end, results: [booked]}]
steps:
  - {id: sorry, type: end, text: We will call you again. Goodbye., result: by script}
"""
ASKS = says("Can you come on Tuesday?")
BYE = says("Thank you. Goodbye.", tool("end", '{"result": "booked"}'))
INSISTS = says("I will call you again. Can you come on Tuesday?")


async def think(message: Message, writer: asyncio.StreamWriter) -> None:
    """Asks until somebody says what sounds like a yes, and minds nothing else."""
    said = " ".join(each["content"] for each in asked(message) if each["role"] == "user").lower()
    is_willing = "works" in said or "yes" in said
    has_asked = "assistant" in [each["role"] for each in asked(message)][3:]
    way = BYE if is_willing else (INSISTS if has_asked else ASKS)
    await way(message, writer)


def test_the_model_of_a_bot_talks_to_the_callees_and_cannot_talk_over_an_opt_out(
    tmp_path: Path,
) -> None:
    (tmp_path / "bot.yaml").write_text(BOT)
    only = [word for kind in ("patient", "opting_out") for word in ("--only", kind)]
    with beside(receiver(think)) as endpoint:
        done = subprocess.run(
            [*CAMPANA, "bot", "test", str(tmp_path / "bot.yaml"), "--json", *only, "--keep"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ
            | {
                "CAMPANA_DATA_DIR": str(tmp_path / "data"),
                "CAMPANA_LLM_URL": base(endpoint),
                "CAMPANA_LLM_MODEL": "m",
            },
        )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    patient, opting_out = told["callees"]
    assert (patient["isRight"], patient["why"]) == (True, "booked"), told
    assert (opting_out["isRight"], opting_out["why"]) == (True, "opt_out"), told
    assert [each["modelFailure"] for each in told["callees"]] == [None, None]
    assert endpoint.came
    said = [line["text"] for line in patient["transcript"] if line["role"] == "bot"]
    assert "Can you come on Tuesday?" in said
