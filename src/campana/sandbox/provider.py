"""What the sandbox has taken and what it says about it. Its log comes first: one line a send,
written before anything follows from it; a sandbox that starts again knows what its log knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, cast

import msgspec

from campana.demo.witness import Witness
from campana.domain.errors import SetupError
from campana.sandbox.fate import Fate, Happening, fate
from campana.sandbox.plan import Plan
from campana.sandbox.wire import Said, Send, Status


class _Line(msgspec.Struct, frozen=True):
    """A line of the log about a send, as far as starting again needs it."""

    event: str
    attempt: str = ""
    to: str = ""
    time: datetime | None = None
    is_repeat: bool = False
    happenings: tuple[tuple[float, str, str | None], ...] = ()
    does: tuple[str, ...] | None = None
    callback_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A send that was taken, and everything that will come of it."""

    attempt: str
    taken_at: datetime
    happenings: tuple[Happening, ...]
    does: tuple[str, ...] | None = None
    callback_after: float | None = None

    @property
    def callback_at(self) -> datetime | None:
        """When they ask to be called again."""
        after = self.callback_after
        return None if after is None else self.taken_at + timedelta(seconds=after)

    def statuses(self, *, until: datetime | None = None) -> list[Status]:
        """What is told of it: all, or what has happened by then."""
        told: list[Status] = []
        answered_at: datetime | None = None
        for number, happening in enumerate(self.happenings):
            at = self.taken_at + timedelta(seconds=happening.after)
            answered_at = at if happening.status == "answered" else answered_at
            is_end = happening.status == "finished"
            told.append(
                Status(
                    attempt=self.attempt,
                    id=str(number),
                    status=happening.status,
                    at=at,
                    outcome=happening.outcome,
                    answered_at=answered_at if is_end else None,
                    does=self.does if is_end else None,
                    callback_at=self.callback_at if is_end else None,
                )
            )
        return [status for status in told if until is None or status.at <= until]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What follows from a send: how it is to be answered, and what was taken, if it was."""

    fate: Fate
    taking: Taking | None
    is_repeat: bool


class Provider:
    """One sandbox. `plan` may be replaced at any time; what was taken keeps its fate."""

    def __init__(self, plan: Plan, *, log: Path, clock: Callable[[], datetime]) -> None:
        """Take up the log where it ends.

        Raises:
            SetupError: the log cannot be read or written.
        """
        self.plan = plan
        self.now = clock
        self._takings: dict[str, Taking] = {}
        self._sends: Counter[str] = Counter()
        self._remember(log)
        self._witness = Witness(log)

    def receive(self, send: Send) -> Received:
        """A send has arrived: it is logged, and its fate is sealed."""
        known = self._takings.get(send.attempt)
        is_repeat = known is not None
        call = self._sends[send.to]
        met = fate(
            self.plan,
            attempt=send.attempt,
            to=send.to,
            channel_type=send.channel_type,
            call=call,
            is_conducted=send.conducted,
        )
        taking = known
        if known is None:
            self._sends[send.to] += 1
            if met.happenings:
                taking = Taking(
                    attempt=send.attempt,
                    taken_at=self.now(),
                    happenings=met.happenings,
                    does=met.does,
                    callback_after=met.callback_after,
                )
        self._witness.write(
            "send",
            attempt=send.attempt,
            to=send.to,
            channelType=send.channel_type,
            sender=send.sender,
            fault=met.fault,
            accepted=taking is not None,
            is_repeat=is_repeat,
            time=self.now() if taking is None else taking.taken_at,
            happenings=[]
            if taking is None
            else [(each.after, each.status, each.outcome) for each in taking.happenings],
            **({"callback_after": met.callback_after} if met.callback_after is not None else {}),
            **({"text": send.text, "does": met.does} if send.conducted else {}),
        )
        if taking is not None:
            self._takings[send.attempt] = taking
        return Received(fate=met, taking=taking, is_repeat=is_repeat)

    def lookup(self, attempt: str) -> list[Status] | None:
        """What has happened to an attempt so far; None when it was never taken."""
        taking = self._takings.get(attempt)
        self._witness.write("lookup", attempt=attempt, known=taking is not None)
        return None if taking is None else taking.statuses(until=self.now())

    def note(self, event: str, **detail: object) -> None:
        """Anything else worth a line."""
        self._witness.write(event, **detail)

    def close(self) -> None:
        self._witness.close()

    def _remember(self, log: Path) -> None:
        try:
            lines = log.read_bytes().splitlines() if log.exists() else []
        except OSError as error:
            raise SetupError(f"the log {log} cannot be read: {error.strerror}") from error
        for line in _sends(lines):
            if not line.is_repeat:
                self._sends[line.to] += 1
            if line.happenings and line.time is not None:
                self._takings[line.attempt] = Taking(
                    attempt=line.attempt,
                    taken_at=line.time,
                    happenings=tuple(_happening(*told) for told in line.happenings),
                    does=line.does,
                    callback_after=line.callback_after,
                )


def written_back(
    met: Fate, *, attempt: str, to: str, sender: str | None, taken_at: datetime
) -> list[Said]:
    """What a person answers to what arrived, in writing or by a call, when its time has come."""
    said = Said(
        inbound=f"to-{attempt}",
        from_=to,
        text=met.says,
        to=sender,
        choice=None,
        at=taken_at + timedelta(seconds=met.says_after),
    )
    called = msgspec.structs.replace(said, inbound=f"call-{attempt}", text="", calls=met.calls)
    return [*([said] if met.says else []), *([called] if met.calls is not None else [])]


def _sends(lines: Sequence[bytes]) -> list[_Line]:
    found: list[_Line] = []
    for line in lines:
        try:
            read = msgspec.json.decode(line, type=_Line)
        except msgspec.MsgspecError:
            # Half a line: the machine stopped in the middle of it, so it was never answered.
            continue
        if read.event == "send":
            found.append(read)
    return found


def _happening(after: float, status: str, outcome: str | None) -> Happening:
    return msgspec.convert(
        {"after": after, "status": cast("Literal['queued']", status), "outcome": outcome}, Happening
    )
