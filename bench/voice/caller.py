"""One voice worker's calls without its database: the driver, the ears and voice, the conversation.

    python bench/voice/caller.py --port PORT talk --script answers --calls 8
    python bench/voice/caller.py --port PORT setups --seconds 10 --lines 32

Prints one line of JSON: processor time while all calls were up, and what came of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from campana.domain.answers import YesNo
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.script import Ask, End, Say, Script
from campana.voice.call import run_call
from campana.voice.driver import NotPlaced, Placement, Trunk
from campana.voice.ears.hearing import Ears
from campana.voice.sip import SipDriver
from campana.voice.speech import Speech

QUESTIONS = (
    "Can you hear me?",
    "Are you at home today?",
    "Is this a good time to talk?",
    "Do you still live on Mill Road?",
    "Have you been with us before?",
    "May we call you again?",
)
LONG_QUESTIONS = (
    "Can you come to the Riverside clinic on Tuesday at three in the afternoon, or would you rather"
    " have an appointment on another day of that week, perhaps in the morning?",
    "Would you like us to send you a letter with everything you need to know about the visit, the"
    " way to the clinic, where to park, and what you should bring along?",
    "Shall we write to you the day before, so that you do not forget it, and once more in the"
    " morning of the same day, an hour or two before you have to leave?",
)


def asking(questions: tuple[str, ...]) -> Script:
    """Yes or no, one after the other, whatever the answers are."""
    steps = (Ask(id=f"q{n}", text=text, answer=YesNo()) for n, text in enumerate(questions))
    end = End(id="end", text="Thank you. Goodbye.", result="told")
    return Script(greeting="Hello.", steps=(*steps, end), max_seconds=110)


SCRIPTS = {
    "answers": ("+12025550110", asking(QUESTIONS)),
    "interrupts": ("+12025550120", asking(LONG_QUESTIONS)),
    "steady": (
        "+12025550130",
        Script(
            greeting="Hello.",
            steps=(*(Say(id=f"s{n}", text=f"Sentence {n}.") for n in range(200)), End(id="end")),
            max_seconds=30,
        ),
    ),
}
SETUP_NUMBER = "+12025550140"


class _Clock:
    is_steady = True

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.monotonic(), UTC)


class Meter:
    """Processor time of this process while every call was up."""

    def __init__(self, calls: int) -> None:
        self._calls, self._up = calls, 0
        self._began: tuple[float, float] | None = None
        self.found: tuple[float, float] | None = None
        """Seconds of processors, and of the clock."""

    def emit(self, event: AttemptEvent) -> None:
        if event.type is EventType.ANSWERED:
            self._up += 1
            if self._up == self._calls:
                self._began = time.process_time(), time.monotonic()
        elif event.type is EventType.ENDED and self._began is not None and self.found is None:
            cpu, at = self._began
            self.found = time.process_time() - cpu, time.monotonic() - at


def placement(to: str, port: int) -> Placement:
    return Placement(
        attempt_id=uuid.uuid4(),
        to=to,
        trunk=Trunk(host="127.0.0.1", port=port),
        caller_id="+12025550100",
        ring_seconds=20.0,
    )


async def talk(arguments: argparse.Namespace) -> dict[str, Any]:
    """Some calls at once."""
    to, script = SCRIPTS[arguments.script]
    has_models = arguments.script != "steady"
    ears = await Ears.open() if has_models else None
    speech = await Speech.open() if has_models else Speech(engine=None, reason="none here")
    # As after the first call of a campaign: what is not personal is kept.
    texts = [script.greeting, *(getattr(step, "text", None) or "" for step in script.steps)]
    if has_models:
        await speech.prepare(list(filter(None, texts)), rate=8000)
    driver = await SipDriver.open(interface="127.0.0.1", max_calls=arguments.calls)
    meter = Meter(arguments.calls)

    async def call(after: float) -> dict[str, Any]:
        await asyncio.sleep(after)
        result = await run_call(
            driver,
            placement(to, arguments.port),
            script,
            {},
            speech=speech,
            recording=None,
            clock=_Clock(),
            emit=meter.emit,
            ears=ears,
            zone=UTC,
        )
        waits = [asdict(line.latency) for line in result.transcript if line.latency is not None]
        return {
            "end": result.end,
            "reason": result.reason,
            "result": result.result,
            "answers": len(result.answered),
            "waits": waits,
        }

    # A moment between them: people do not answer at once either.
    gap = 0.05 if arguments.script == "steady" else 0.37
    results = await asyncio.gather(*(call(gap * n) for n in range(arguments.calls)))
    await driver.aclose()
    speech.close()
    if ears is not None:
        ears.close()
    return {"meter": meter.found, "results": results}


async def setups(arguments: argparse.Namespace) -> dict[str, Any]:
    """Place and end calls as fast as it goes, so many at a time."""
    driver = await SipDriver.open(interface="127.0.0.1", max_calls=arguments.lines + 8)
    took: list[float] = []
    failed = 0
    until = time.monotonic() + arguments.seconds

    async def one_line() -> None:
        nonlocal failed
        while (began := time.monotonic()) < until:
            try:
                made = placement(SETUP_NUMBER, arguments.port)
                call = await driver.place(made, on_progress=lambda _: None)
            except NotPlaced:
                failed += 1
                await asyncio.sleep(0.05)
                continue
            took.append(1000 * (time.monotonic() - began))
            await call.hang_up()

    began, cpu = time.monotonic(), time.process_time()
    await asyncio.gather(*(one_line() for _ in range(arguments.lines)))
    lasted = time.monotonic() - began
    used = time.process_time() - cpu
    await driver.aclose()
    return {"setups": len(took), "failed": failed, "seconds": lasted, "cpu": used, "took": took}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    kinds = parser.add_subparsers(dest="kind", required=True)
    talking = kinds.add_parser("talk")
    talking.add_argument("--script", choices=[*SCRIPTS], required=True)
    talking.add_argument("--calls", type=int, required=True)
    setting = kinds.add_parser("setups")
    setting.add_argument("--seconds", type=float, required=True)
    setting.add_argument("--lines", type=int, default=32)
    arguments = parser.parse_args()
    work = talk if arguments.kind == "talk" else setups
    sys.stdout.write(json.dumps(asyncio.run(work(arguments))) + "\n")


if __name__ == "__main__":
    main()
