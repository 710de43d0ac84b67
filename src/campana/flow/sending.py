"""What both kinds of message have in common: a channel, and waiting for word of their fate.

Without `confirm` a message is sent and the flow goes on. With it the flow waits until the carrier
says that much, and takes `onFailure` when it says `failed` or nothing in time. Two of them in
branches of a `parallel` with join `any` stop each other, however late the word comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from campana.domain.campaign import ChannelType
from campana.flow.inputs import Input, MessageReported, TimedOut
from campana.flow.marks import Exit
from campana.flow.run import Node, Run
from campana.flow.session import Wait
from campana.flow.shapes import Range

RANKS = ("sent", "delivered", "read")
DAY = 86_400
Channel = Literal[ChannelType.WHATSAPP, ChannelType.SMS, ChannelType.EMAIL]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending(Node):
    """A node that sends a message."""

    channel: Channel | None = None
    confirm: Literal["sent", "delivered", "read"] | None = None
    timeout: Annotated[timedelta, Range(1, 30 * DAY)] | None = None
    on_failure: Exit | None = None
    next: Exit

    def check(self) -> Iterable[tuple[str, str]]:
        """Waiting for word needs a limit and a way out; without waiting they mean nothing."""
        for key, value in (("timeoutSeconds", self.timeout), ("onFailure", self.on_failure)):
            if self.confirm and value is None:
                yield key, "is required with confirm: a wait needs a way out when nothing comes"
            if not self.confirm and value is not None:
                yield key, "means nothing without confirm"

    def pauses(self) -> bool:
        """When it waits for word."""
        return self.confirm is not None

    def sent(self, run: Run, message: int) -> Exit | Wait:
        """The message was asked for under that number."""
        if self.confirm is None:
            return self.next
        return run.wait("message", timeout=self.timeout, message=message)

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """Word of the message, or its time is up."""
        del run, wait
        match told:
            case MessageReported(status="failed") | TimedOut():
                return self.on_failure
            case MessageReported(status=status):
                wanted = RANKS.index(self.confirm or "sent")
                return self.next if RANKS.index(status) >= wanted else None
            case _:
                return None
