"""How the called parties of the demo behave, number by number and call by call.

    {"numbers": {"+12025550101": [{"do": "busy"}, {"do": "answer", "press": ["1"]}]},
     "default": [{"do": "answer"}]}

A number's first call meets its first behavior, the second call the second, and so on; the last one
stays. Numbers that are not listed share the default, each with a count of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from campana.domain.errors import SetupError

REFUSALS = {
    "busy": (486, "Busy Here"),
    "decline": (603, "Decline"),
    "wrong_number": (404, "Not Found"),
    "congestion": (503, "Service Unavailable"),
}
"""What the behaviors that never ring a phone answer with."""

Deed = Literal["answer", "hang_up", "ring", "busy", "decline", "wrong_number", "congestion"]


class Reply(msgspec.Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is said or pressed when the bot is understood to have said something."""

    to: str = ""
    """Most of these words were heard; without any it is for what no other reply is for."""
    play: tuple[str, ...] = ()
    """Paths of WAV files, one each time, the last one again and again; an empty one is silence."""
    press: str = ""


class Behavior(
    msgspec.Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True
):
    """What a called party does with one call."""

    do: Deed = "answer"
    ring_seconds: float = 0.4
    """From the INVITE to the answer or the refusal."""
    press: tuple[str, ...] = ()
    """Keys, each pressed once the bot has spoken and then been silent for `silence_seconds`."""
    play: tuple[str, ...] = ()
    """Paths of WAV files (8 kHz, 16-bit mono), each said in its turn before any key is pressed."""
    speaks_first: bool = False
    """The first of `play` is said on answering, whatever the bot does: a greeting."""
    replies: tuple[Reply, ...] = ()
    """Listens with ears of its own, and replies to what it understood, once `play` is said."""
    interrupts: bool = False
    """Speaks while the bot does, as soon as it has spoken for `interrupt_after`."""
    interrupt_after: float = 1.5
    """Seconds of speech since our last turn."""
    silence_seconds: float = 0.7
    hang_up_after: float = 1.0
    """Seconds of a call before `hang_up` does."""
    tone_hertz: float | None = None
    """A tone sounds for the whole call."""


class Plan(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """All numbers."""

    numbers: dict[str, tuple[Behavior, ...]] = {}
    default: tuple[Behavior, ...] = (Behavior(),)

    def behavior(self, number: str, *, call: int) -> Behavior:
        """What `number` does with its call number `call`, the first being 0."""
        row = self.numbers.get(number) or self.default or (Behavior(),)
        return row[min(call, len(row) - 1)]


def read_plan(path: Path) -> Plan:
    """The plan in a JSON file.

    Raises:
        SetupError: it cannot be read, or is not a plan; says where.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (OSError, msgspec.MsgspecError) as error:
        raise SetupError(f"the plan {path} cannot be used: {error}") from error
