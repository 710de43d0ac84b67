"""What is written down of a conversation while it runs, and told as it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from campana.domain.attempt import Detail, EventType
from campana.domain.model_talk import Talked, Used
from campana.domain.script import Ended, Given, Turn
from campana.domain.transfer import TransferOutcome, Transferred

Tell = Callable[[EventType, Detail], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From the last sound of what was said to the first of the reply leaving for the line, in
    milliseconds, and where it went: the parts add up to it."""

    vad_ms: int
    """Being sure that they had finished."""
    asr_ms: int
    """Waiting for the words, beyond that."""
    dialog_ms: int
    """What to say, and whatever else kept this process."""
    tts_ms: int
    """Making the sound of it and handing over the first of it."""

    @classmethod
    def between(cls, *moments: float) -> Latency:
        """Of five moments, in seconds: the end, being sure, the words, the reply, its sound."""
        vad, asr, dialog, tts = (
            max(0, round(1000 * (later - earlier))) for earlier, later in pairwise(moments)
        )
        return cls(vad_ms=vad, asr_ms=asr, dialog_ms=dialog, tts_ms=tts)

    @property
    def total_ms(self) -> int:
        return self.vad_ms + self.asr_ms + self.dialog_ms + self.tts_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a transcript, `at_ms` milliseconds after the answer."""

    role: str
    """`bot`, or `callee` with the words or the key pressed as the text."""
    text: str
    at_ms: int
    latency: Latency | None = None
    """Of the first sentence that replies to words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, and when it was given, in milliseconds after the answer of the call."""

    given: Given
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One transfer that was asked for, `at_ms` milliseconds after the answer."""

    step: str
    to: str
    at_ms: int
    outcome: TransferOutcome = TransferOutcome.UNKNOWN
    """Unknown until it is told."""
    status: int | None = None
    """The final SIP code it was reported with."""


class Notes:
    """What came of a conversation so far; can be read at any moment, also after its end."""

    def __init__(self, tell: Tell) -> None:
        """`tell` is called for each text said, key pressed and sentence heard."""
        self._tell = tell
        self.transcript: list[Line] = []
        self.keys = ""
        """Every key that was pressed, in order."""
        self.saved: dict[str, str] = {}
        self.answered: list[Answered] = []
        self.given_up: frozenset[str] = frozenset()
        """The questions that were asked in vain."""
        self.result: str | None = None
        """What the script calls the end it came to. An answer that leads to an end decides it, even
        when the goodbye is not waited for."""
        self.callback_at: datetime | None = None
        self.handovers: list[Handover] = []
        self.talked: Talked | None = None
        """What a language model said and did; None where none spoke."""
        self.used: list[Used] = []
        """The programs that steps had asked, and what came of it."""
        self.failure: str | None = None
        """Why the script took over from it, where it did."""
        self.understood: str | None = None
        """A wish that the model understood: told with the next line, which replies to it."""

    def thought(self, talked: Talked) -> None:
        """The model's part of the conversation stands here now."""
        self.talked = talked
        self.saved = dict(talked.state.saved)

    def take(self, turn: Turn, *, at_ms: int) -> None:
        """Whatever happens next, this is what was answered and how it ends."""
        self.saved = dict(turn.state.saved)
        self.given_up = turn.state.given_up
        new = turn.state.given[len(self.answered) :]
        self.answered += [Answered(given=given, at_ms=at_ms) for given in new]
        if isinstance(turn.then, Ended):
            self.result, self.callback_at = turn.then.result, turn.then.callback_at

    def said(self, text: str, *, step: str | None, at_ms: int) -> int:
        """The bot begins to say this; the number of the line, for `took`."""
        self.transcript.append(Line(role="bot", text=text, at_ms=at_ms))
        detail: dict[str, str | int | float | bool | None] = {
            "text": text,
            "at_ms": at_ms,
            "step": step,
        }
        if self.understood is not None:
            detail["wish"], self.understood = self.understood, None
        self._tell(EventType.SAID, detail)
        return len(self.transcript) - 1

    def took(self, line: int, latency: Latency) -> None:
        """How long the callee waited for this line."""
        self.transcript[line] = replace(self.transcript[line], latency=latency)

    def heard(self, text: str, *, at_ms: int, wish: str | None) -> None:
        self.transcript.append(Line(role="callee", text=text, at_ms=at_ms))
        self._tell(EventType.HEARD, {"text": text, "at_ms": at_ms, "wish": wish})

    def pressed(self, key: str, *, at_ms: int) -> None:
        self.keys += key
        self.transcript.append(Line(role="callee", text=key, at_ms=at_ms))
        self._tell(EventType.KEY, {"key": key, "at_ms": at_ms})

    def transferring(self, to: str, *, step: str, at_ms: int) -> None:
        """A transfer is about to be asked for."""
        self.handovers.append(Handover(step=step, to=to, at_ms=at_ms))
        self._tell(EventType.TRANSFERRING, {"to": to, "step": step, "at_ms": at_ms})

    def transfer_ended(self, told: Transferred, *, at_ms: int) -> None:
        """What came of the last one that was asked for; told once."""
        last = self.handovers[-1]
        if last.outcome is TransferOutcome.ANSWERED:
            return
        self.handovers[-1] = replace(last, outcome=told.outcome, status=told.status)
        self._tell(
            EventType.TRANSFER_ENDED,
            {"outcome": told.outcome, "status": told.status, "at_ms": at_ms},
        )
