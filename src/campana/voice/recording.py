"""A call as a stereo WAV file: the callee left, the bot right, aligned in time.

The file is written while the call goes on, under a name ending in `.part`, and its header is kept
true about once a second: after a kill it plays up to that point, and its name says what it is. It
gets its own name only when it is complete and on the disk.

A recording never ends a call: when the disk refuses, the rest is dropped and `problem` says why.
"""

from __future__ import annotations

import os
from array import array
from pathlib import Path
from typing import BinaryIO

from campana.voice.media import SAMPLE_BYTES, samples
from campana.voice.wav import header

CHANNELS = 2
HOLD_SECONDS = 0.5
"""How long sound stays in memory, so that late sound of the other side still falls beside it."""
STEP_SECONDS = 1.0
"""How much is written at once."""
SLACK_SECONDS = 0.1
"""Sound this close to the end of what came before continues it: clocks of two machines differ."""


def part_of(path: Path) -> Path:
    """Where a recording lies until it is complete."""
    return path.with_name(path.name + ".part")


class _Channel:
    """One side: samples from `start` on, counted from the beginning of the call."""

    def __init__(self) -> None:
        self.start = 0
        self.values: array[int] = array("h")

    @property
    def end(self) -> int:
        return self.start + len(self.values)

    def put(self, values: array[int], at: int, *, slack: int) -> None:
        gap = at - self.end
        if gap > slack:
            self.values.extend(array("h", bytes(SAMPLE_BYTES * gap)))
        self.values.extend(values)

    def take(self, count: int) -> array[int]:
        """The next `count` samples, with silence for those that never came."""
        taken = self.values[:count]
        del self.values[:count]
        self.start += count
        taken.extend(array("h", bytes(SAMPLE_BYTES * (count - len(taken)))))
        return taken


class Recording:
    """Takes the sound of both sides and keeps it in a file. Times are seconds since the answer."""

    def __init__(self, path: Path, *, rate: int) -> None:
        """Creates the file. A directory that cannot be written is a `problem`, not an error."""
        self.path = path
        self.rate = rate
        self.problem: str | None = None
        self._sides = {"callee": _Channel(), "bot": _Channel()}
        self._written = 0
        self._file: BinaryIO | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = part_of(path).open("wb")
            self._file.write(self._header())
        except OSError as error:
            self._give_up(error)

    def heard(self, pcm: bytes, *, at: float) -> None:
        """Sound of the callee that began at `at`."""
        self._put("callee", pcm, at)

    def said(self, pcm: bytes, *, at: float) -> None:
        """Sound of the bot that is sent at `at`."""
        self._put("bot", pcm, at)

    def unsaid(self, count: int) -> None:
        """The last `count` bytes of the bot were taken back before they were sent."""
        values = self._sides["bot"].values
        del values[max(0, len(values) - count // SAMPLE_BYTES) :]

    def advance(self, now: float) -> None:
        """Write what is old enough by now; called about once a frame, cheap when nothing is due."""
        due = int((now - HOLD_SECONDS) * self.rate)
        if due - self._written >= STEP_SECONDS * self.rate:
            self._write(due - self._written)

    def finish(self) -> bool:
        """Write the rest, put it on the disk under its own name. False when there is no recording.

        Blocks for the disk: call it in a thread.
        """
        self._write(max(0, *(side.end for side in self._sides.values())) - self._written)
        if self._file is None:
            return False
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            part_of(self.path).rename(self.path)
            directory = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            self._give_up(error)
            return False
        self._file = None
        return True

    def _put(self, side: str, pcm: bytes, at: float) -> None:
        if self._file is not None:
            slack = int(SLACK_SECONDS * self.rate)
            self._sides[side].put(samples(pcm), int(at * self.rate), slack=slack)

    def _write(self, count: int) -> None:
        if self._file is None or count <= 0:
            return
        both = array("h", bytes(SAMPLE_BYTES * CHANNELS * count))
        both[0::2] = self._sides["callee"].take(count)
        both[1::2] = self._sides["bot"].take(count)
        try:
            self._file.write(both.tobytes())
            self._file.flush()
            self._written += count
            self._file.seek(0)
            self._file.write(self._header())
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            self._give_up(error)

    def _header(self) -> bytes:
        size = self._written * CHANNELS * SAMPLE_BYTES
        return header(size, rate=self.rate, channels=CHANNELS)

    def _give_up(self, error: OSError) -> None:
        self.problem = f"the recording {self.path} could not be written: {error.strerror or error}"
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                # Closing flushes, and the disk has just refused: the descriptor is released anyway.
                return
