"""A call that somebody makes to us, before anybody has said whether it is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from campana.domain.errors import CampanaError
from campana.voice.driver import VoiceCall


class GaveUp(CampanaError):
    """The caller did not wait for the answer, or cannot be reached any more."""


class IncomingCall(Protocol):
    """Either `refuse` or `answer` it, once."""

    @property
    def source(self) -> str:
        """The network address it came from."""
        ...

    @property
    def caller(self) -> str | None:
        """The number they call from as the trunk writes it; None when it is withheld."""
        ...

    @property
    def called(self) -> tuple[str, ...]:
        """The numbers that may have been called, as the trunk writes them, likeliest first."""
        ...

    @property
    def has_given_up(self) -> bool:
        """Has the caller hung up before there was an answer?"""
        ...

    def refuse(self, status: int) -> None:
        """End it with this final code of SIP."""
        ...

    async def answer(self, *, authority: str) -> VoiceCall:
        """Take it; `authority` is the host and port where numbers are called from within it.

        Raises:
            GaveUp: they did not wait.
        """
        ...


class Door(Protocol):
    """Where calls come in."""

    def shut(self) -> None:
        """Take no more calls; those that were admitted go on."""
        ...


class TakesCalls(Protocol):
    """Takes calls that others make."""

    @property
    def free_lines(self) -> int:
        """How many more calls may be on now."""
        ...

    async def listen(
        self,
        *,
        port: int,
        knows: Callable[[str], bool],
        on_call: Callable[[IncomingCall], None],
    ) -> Door:
        """Take calls on a UDP port from the network addresses that `knows` says yes to.

        Raises:
            OSError: the port cannot be had.
        """
        ...
