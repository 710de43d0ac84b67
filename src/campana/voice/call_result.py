"""What came of a call: what `voice/call.py` returns, and what a disposition is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from campana.domain.answered_by import AnsweredBy
from campana.domain.model_talk import Talked, Used
from campana.domain.sound_quality import SoundQuality
from campana.domain.transfer import TransferOutcome
from campana.voice.notes import Answered, Handover, Line

_CREDENTIALS = "the trunk does not take this username and password"
_MEDIA = "no codec in common with the trunk, or sound encrypted for one side only"
_TRUNK = {
    401: _CREDENTIALS,
    403: "the trunk forbids the call: look at its account, this address and the caller id",
    407: _CREDENTIALS,
    415: _MEDIA,
    488: _MEDIA,
    606: _MEDIA,
}
"""What final SIP codes mean that say more of the trunk than of the person called."""

End = Literal["answered", "refused", "no_answer", "failed", "cancelled", "too_late"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """What came of a call."""

    end: End
    """`cancelled` when it was stopped before an answer; an answered call stays `answered`.

    `too_late` when the network was not touched at all."""
    status: int | None = None
    """The SIP code that refused it."""
    reason: str = ""
    """What ended an answered call: script, transferred, machine, callee, network, time_limit or
    cancelled."""
    answered_at: datetime | None = None
    ended_at: datetime
    talk_seconds: float = 0.0
    finished: bool = False
    """The script ran to one of its ends."""
    saved: Mapping[str, str]
    result: str | None = None
    """What the script calls the end it came to."""
    keys: str = ""
    transcript: tuple[Line, ...] = ()
    answered: tuple[Answered, ...] = ()
    """The answers, in the order in which they were given."""
    given_up: frozenset[str] = frozenset()
    """The questions that were asked in vain."""
    callback_at: datetime | None = None
    """When they asked to be called again."""
    handovers: tuple[Handover, ...] = ()
    """Every transfer that was asked for, in order; after one that was answered there is none."""
    answered_by: AnsweredBy | None = None
    """None where nobody listened for it."""
    has_left_message: bool = False
    """On a machine, after its beep."""
    talked: Talked | None = None
    """What a language model said and did; None where none spoke."""
    used: tuple[Used, ...] = ()
    """The programs that steps of the script had asked, in order."""
    model_failure: str | None = None
    """Why the script took over from it, where it did."""
    quality: SoundQuality | None = None
    """How well the callee could be heard; None where no sound came."""
    recording: Path | None = None
    """Where the whole recording lies; None when there is none."""
    recording_problem: str | None = None

    @property
    def told(self) -> str:
        """Why it ended, for people; of a refusal that is about the trunk, what to mend there."""
        hint = _TRUNK.get(self.status or 0) if self.end == "refused" else None
        reason = self.reason or self.end
        return f"{reason}: {hint}" if hint is not None else reason

    @property
    def is_transferred(self) -> bool:
        """Does somebody else have the call?"""
        return any(each.outcome is TransferOutcome.ANSWERED for each in self.handovers)
