"""The calls of a test: a bot of this process calls callees in another, over SIP on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from campana.bottest import callees
from campana.bottest.answering import RightAnswer, right_answers
from campana.bottest.callees import Kind, Sounds
from campana.bottest.models import TrialModels
from campana.bottest.score import Score, score
from campana.demo import voices
from campana.demo.exchanging import exchanging
from campana.demo.plan import Plan
from campana.domain.attempt import AttemptEvent
from campana.domain.clock import Clock
from campana.domain.dialog import start
from campana.domain.errors import SetupError
from campana.domain.sample_fields import sample_fields
from campana.domain.script import Script
from campana.voice.call import run_call
from campana.voice.driver import Placement, Trunk
from campana.voice.ears.hearing import Ears, Hearing
from campana.voice.media import PHONE_RATE, seconds
from campana.voice.mind import Mind
from campana.voice.sip import SipDriver
from campana.voice.speech import Speech, Voice

LONGEST_SECONDS = 120
AT_ONCE = 2
CALLER_ID = "+12025550100"
LOOPBACK = "127.0.0.1"


def number_of(kind: Kind) -> str:
    """The number of a callee: nobody's (US 555-01xx)."""
    return f"+1512555{180 + list(Kind).index(kind):04d}"


async def try_bot(
    script: Script,
    kinds: Sequence[Kind],
    *,
    clock: Clock,
    model_dir: Path | None = None,
    models: TrialModels | None = None,
    done: Callable[[Score], None] = lambda _: None,
) -> list[Score]:
    """Call a callee of each kind and judge the calls, in the order given.

    Args:
        script: the bot.
        kinds: which callees.
        clock: stamps what happens; "next Thursday" is meant by it, in UTC.
        models: those of a bot that thinks, speaks or hears with others than ours.
        model_dir: another model to understand with, as that of a voice worker.
        done: told of each call when it is over.

    Raises:
        SetupError: the voice packages are missing or do not start, or the bot has no model.
    """
    if missing := voices.missing():
        raise SetupError(
            f"a bot is tested in words, and {', '.join(missing)} cannot be found:"
            " see `campana doctor`"
        )
    script = replace(script, max_seconds=min(script.max_seconds, LONGEST_SECONDS))
    fields = sample_fields(script)
    rights = right_answers(script, fields) if script.prompt is None else []
    mind = models.mind() if models is not None else None
    ears = await Ears.open(model_dir=model_dir)
    speech = await Speech.open()
    try:
        with TemporaryDirectory() as folder:
            sounds = await _sounds(rights, Path(folder))
            opening = await _opening_seconds(script, fields, speech)
            plan = Plan(
                numbers={
                    number_of(kind): (
                        callees.behavior(
                            kind,
                            rights,
                            sounds,
                            opening_seconds=opening,
                            is_free=script.prompt is not None,
                        ),
                    )
                    for kind in kinds
                }
            )
            async with exchanging(Path(folder), plan, listens=True) as (port, _):
                driver = await SipDriver.open(interface=LOOPBACK, max_calls=AT_ONCE)
                line = _Line(driver, speech, ears, script, fields, clock, port)
                line.models, line.mind = models, mind
                try:
                    return await _call_all(line, kinds, rights, done)
                finally:
                    await driver.aclose()
    finally:
        speech.close()
        ears.close()


class _Line:
    """What every call of a test needs."""

    def __init__(
        self,
        driver: SipDriver,
        speech: Speech,
        ears: Ears,
        script: Script,
        fields: Mapping[str, str],
        clock: Clock,
        port: int,
    ) -> None:
        self.script = script
        self.models: TrialModels | None = None
        self.mind: Mind | None = None
        self._driver, self._speech, self._ears = driver, speech, ears
        self._fields, self._clock, self._port = fields, clock, port

    async def call(self, kind: Kind, rights: Sequence[RightAnswer]) -> Score:
        def emit(_: AttemptEvent) -> None:
            """What came of it is all that is asked here."""

        voice: Voice = self._speech
        hearing: Hearing | None = self._ears
        if self.models is not None:
            sound = self.models.sound(self._speech, self._ears)
            voice, hearing = sound.voice, sound.ears
        result = await run_call(
            self._driver,
            Placement(
                attempt_id=uuid4(),
                to=number_of(kind),
                trunk=Trunk(host=LOOPBACK, port=self._port),
                caller_id=CALLER_ID,
            ),
            self.script,
            self._fields,
            speech=voice,
            recording=None,
            clock=self._clock,
            emit=emit,
            ears=hearing,
            mind=self.mind,
            # A number is called at the exchange on this machine; a name might be elsewhere.
            may_transfer=lambda to: to.startswith("+"),
        )
        return score(kind, result, script=self.script, rights=rights)


async def _call_all(
    line: _Line,
    kinds: Sequence[Kind],
    rights: Sequence[RightAnswer],
    done: Callable[[Score], None],
) -> list[Score]:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(kind: Kind) -> Score:
        async with free:
            found = await line.call(kind, rights)
        done(found)
        return found

    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(one(kind)) for kind in kinds]
    return [call.result() for call in calls]


async def _opening_seconds(script: Script, fields: Mapping[str, str], speech: Speech) -> float:
    """How long the bot speaks before its first question."""
    total = 0.0
    for said in start(script, fields=fields).say:
        if said.is_question:
            break
        pcm = await speech.pcm(said.text, rate=PHONE_RATE, is_personal=said.is_personal)
        total += seconds(pcm, PHONE_RATE)
    return total


async def _sounds(rights: Sequence[RightAnswer], folder: Path) -> Sounds:
    said = callees.sentences(rights)
    clear = await voices.rendered(said, folder / "clear", beeping=[callees.GREETING])
    noisy = folder / "noisy"
    await asyncio.to_thread(voices.make_noisy, clear.values(), noisy)
    return Sounds(
        clear=clear.__getitem__,
        noisy=lambda sentence: noisy / clear[sentence].name,
    )
