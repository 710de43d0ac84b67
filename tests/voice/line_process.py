"""A program that calls: one SIP line in a process of its own, told what to do on stdin.

    python line_process.py INTERFACE [--speech] [--ears] [--busy]

Each line of stdin is one call to place; each line of stdout is an event of one, or its result. The
SIP stack is process-wide, so every line under test is one of these. With --busy the loop of the
process is blocked each time an INVITE has gone out, so that the answer is there before it looks.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from campana.domain.answers import Choice, Day, Option, YesNo
from campana.domain.attempt import AttemptEvent
from campana.domain.model_talk import Errand
from campana.domain.prompted import EndTool, Prompt
from campana.domain.script import Ask, Branch, End, OnMachine, Say, Script, Transfer
from campana.domain.sound_models import HearingModel, SpeechModel
from campana.services.chat_model import ChatModel, completions
from campana.services.hearing_model import TranscribingModel
from campana.services.model_endpoints import below, directly
from campana.services.speech_model import SpeakingModel
from campana.voice.call import run_call
from campana.voice.call_result import CallResult
from campana.voice.call_voice import CallVoice
from campana.voice.driver import LineLost, Placement, Trunk
from campana.voice.ears.call_ears import CallEars
from campana.voice.ears.hearing import Ears
from campana.voice.sip import SipDriver
from campana.voice.speech import Speech

SCRIPTS = {
    # Three tones without the speech packages: a greeting, a question, a goodbye.
    "question": Script(
        greeting="Hello {{ contact.first_name }}.",
        steps=(
            Ask(
                id="q",
                text="Press 1 for yes, 2 for no.",
                keys={"1": "route", "2": "route"},
                timeout_seconds=4.0,
                reprompts=1,
                otherwise="silent",
                save_as="answer",
            ),
            Branch(id="route", on="answer", cases={"1": "yes"}, otherwise="no"),
            End(id="yes", text="Thank you, goodbye.", result="yes"),
            End(id="no", text="Goodbye.", result="no"),
            End(id="silent", result="silent"),
        ),
        max_seconds=30,
    ),
    "long": Script(
        greeting="Hello.",
        steps=(*(Say(id=str(n), text=f"Sentence {n}.") for n in range(40)), End(id="end")),
        max_seconds=30,
    ),
    "brief": Script(greeting="Hello.", steps=(End(id="end", result="told"),), max_seconds=30),
    "limited": Script(
        greeting="Hello.",
        steps=(*(Say(id=str(n), text=f"Sentence {n}.") for n in range(40)), End(id="end")),
        max_seconds=2,
    ),
    "visit": Script(
        greeting="Hello {{ contact.first_name }}, this is the Riverside clinic.",
        steps=(
            Ask(
                id="coming",
                text="Can you come on Tuesday at three?",
                answer=YesNo(yes="done"),
                next="day",
                save_as="coming",
            ),
            Ask(id="day", text="Which day would be better?", answer=Day(), save_as="day"),
            Ask(
                id="part",
                text="Would you like the morning or the afternoon?",
                answer=Choice(
                    options=(
                        Option(value="morning", phrases=("morning", "the morning"), key="1"),
                        Option(value="afternoon", phrases=("afternoon",), key="2"),
                    )
                ),
                save_as="part",
            ),
            End(id="done", text="Thank you, your visit is booked. Goodbye.", result="booked"),
        ),
        max_seconds=120,
    ),
    "message": Script(
        greeting="Hello, this is the Riverside clinic.",
        steps=(
            Ask(id="q", text="Can you hear me?", answer=YesNo(), save_as="hears"),
            End(id="end", text="Good. Goodbye.", result="heard"),
        ),
        on_machine=OnMachine(
            do="leave_message", message="Please call the Riverside clinic about your visit."
        ),
        max_seconds=90,
    ),
}
SCRIPTS["hasty"] = Script(
    greeting="Hello.",
    steps=(
        Ask(
            id="coming",
            text="Can you come to the Riverside clinic on Tuesday at three in the afternoon,"
            " or would you rather have an appointment on another day of that week?",
            answer=YesNo(),
            save_as="coming",
        ),
        End(id="end", text="Thank you. Goodbye.", result="booked"),
    ),
    max_seconds=60,
)
SCRIPTS["model"] = Script(
    greeting="Hello, this is the Riverside clinic.",
    steps=(End(id="sorry", text="We will call you again. Goodbye.", result="by script"),),
    prompt=Prompt(goal="Find a day.", tools=(EndTool(results=("booked",)),)),
    max_seconds=90,
)
for _name, _to in (("desk", "+12025550161"), ("busy desk", "+12025550162")):
    SCRIPTS[_name] = Script(
        greeting="Hello.",
        steps=(
            Transfer(id="desk", to=_to, text="One moment.", otherwise="later"),
            End(id="later", text="Nobody is there.", result="later"),
        ),
        max_seconds=60,
    )
SCRIPTS["empty desk"] = Script(
    greeting="Hello.",
    steps=(Transfer(id="desk", to="+12025550163", timeout_seconds=2.0),),
    max_seconds=60,
)
SCRIPTS["no machines"] = replace(SCRIPTS["message"], on_machine=OnMachine(do="hang_up"))


class LineMind:
    """A model at the endpoint that an order names; it has no programs to ask."""

    earlier = None

    def __init__(self, url: str, prompt: Prompt) -> None:
        self.reply = ChatModel(prompt=prompt, name="m", open=directly(completions(url), None)).reply

    async def run(self, errand: Errand) -> tuple[bool, str]:
        return False, f"{errand.tool.name} cannot be asked here"


def elsewhere(order: dict[str, Any], speech: Speech, ears: Ears | None) -> tuple[Any, Any]:
    """The voice and the ears of a call: those of the endpoints that an order names, or ours."""
    voice: Any = speech
    hearing: Any = ears
    if url := order.get("speech"):
        model = SpeechModel(
            format=order.get("format", "wav"), seconds=order.get("speech_seconds", 30.0)
        )
        opened = directly(below(url, "audio/speech"), None)
        speaker = SpeakingModel(model=model, name="s", voice="v", key=url, open=opened)
        voice = CallVoice(speaker, own=speech)
    if (url := order.get("hearing")) and ears is not None:
        opened = directly(below(url, "audio/transcriptions"), None)
        model = HearingModel(seconds=order.get("hearing_seconds", 60.0))
        hearing = CallEars(ears, TranscribingModel(model=model, name="h", key=url, open=opened))
    return voice, hearing


class MonotonicClock:
    """A wall clock is not needed here, only one that does not jump."""

    is_steady = True

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.monotonic(), UTC)


def tell(name: str, kind: str, **content: object) -> None:
    sys.stdout.write(json.dumps({"call": name, "kind": kind, **content}) + "\n")
    sys.stdout.flush()


async def call(driver: SipDriver, speech: Speech, ears: Ears | None, order: dict[str, Any]) -> None:
    name, script = order["name"], SCRIPTS[order.get("script", "question")]
    mind = LineMind(order["model"], script.prompt) if script.prompt is not None else None
    voice, hearing = elsewhere(order, speech, ears)
    stop = asyncio.Event()
    dialed = time.monotonic()

    def emit(event: AttemptEvent) -> None:
        after = round(1000 * (time.monotonic() - dialed), 1)
        tell(name, "event", type=event.type, after_ms=after, detail=dict(event.detail))
        if event.type == order.get("stop_on"):
            stop.set()
        if event.type == order.get("cancel_on"):
            task.cancel()

    placement = Placement(
        attempt_id=UUID(order["attempt"]),
        to=order["to"],
        trunk=Trunk(port=order["port"], **order.get("trunk", {"host": "127.0.0.1"})),
        caller_id=order.get("caller_id", "+12025550100"),
        display_name=order.get("display_name"),
        ring_seconds=order.get("ring_seconds", 10.0),
        headers=order.get("headers", {}),
    )
    task = asyncio.ensure_future(
        run_call(
            driver,
            placement,
            script,
            {"contact.first_name": "Ana"},
            speech=voice,
            recording=Path(order["recording"]) if "recording" in order else None,
            clock=MonotonicClock(),
            emit=emit,
            stop=stop,
            ears=hearing,
            zone=UTC,
            mind=mind,
            may_transfer=lambda to: to.startswith("+"),
        )
    )
    try:
        result = shown(await task)
        failures = [getattr(each, "failure", None) for each in (voice, hearing)]
        tell(name, "result", free_lines=driver.free_lines, endpoint_failures=failures, **result)
    except asyncio.CancelledError:
        tell(name, "cancelled", free_lines=driver.free_lines)
    except LineLost:
        tell(name, "lost", broken=driver.broken)


def shown(result: CallResult) -> dict[str, Any]:
    return {
        "end": result.end,
        "status": result.status,
        "reason": result.reason,
        "finished": result.finished,
        "saved": dict(result.saved),
        "result": result.result,
        "keys": result.keys,
        "talk_seconds": result.talk_seconds,
        "answered": result.answered_at is not None,
        "said": [line.text for line in result.transcript if line.role == "bot"],
        "heard": [line.text for line in result.transcript if line.role == "callee"],
        "by": [each.given.by for each in result.answered],
        "answered_by": result.answered_by,
        "has_left_message": result.has_left_message,
        "quality": asdict(result.quality) if result.quality is not None else None,
        "transfers": [[each.to, each.outcome, each.status] for each in result.handovers],
        "callback_at": result.callback_at.isoformat() if result.callback_at else None,
        "recording": str(result.recording) if result.recording else None,
        "model_failure": result.model_failure,
        "recording_problem": result.recording_problem,
    }


def be_busy_while_dialing() -> None:
    """Block the loop between the INVITE and the moment the driver learns that it is out."""
    import baresip

    dial = baresip.UserAgent.dial

    async def slow(*args: Any, **options: Any) -> baresip.Call:
        dialing = asyncio.ensure_future(dial(*args, **options))
        await asyncio.sleep(0)
        time.sleep(0.1)  # noqa: ASYNC251  blocking is what it is for
        return await dialing

    baresip.UserAgent.dial = slow


async def main(interface: str, *, speaks: bool, listens: bool) -> None:
    ears = await Ears.open() if listens else None
    loop = asyncio.get_running_loop()
    speech = await Speech.open() if speaks else Speech(engine=None, reason="not wanted here")
    driver = await SipDriver.open(interface=interface, max_calls=50)
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tell("", "ready")
    calls: set[asyncio.Task[None]] = set()
    async for line in reader:
        placing = loop.create_task(call(driver, speech, ears, json.loads(line)))
        calls.add(placing)
        placing.add_done_callback(calls.discard)
    await asyncio.gather(*calls)
    await driver.aclose()
    speech.close()
    if ears is not None:
        ears.close()
    tell("", "closed", cpu_seconds=time.process_time())


if "--busy" in sys.argv:
    be_busy_while_dialing()
asyncio.run(main(sys.argv[1], speaks="--speech" in sys.argv, listens="--ears" in sys.argv))
