"""A call that came in over SIP: shown to whoever decides, and handed to the stack when taken."""

from __future__ import annotations

import asyncio
from typing import Protocol

from campana.voice import stack
from campana.voice.driver import Progress, Refused, Unreachable
from campana.voice.gate import Invite
from campana.voice.incoming import GaveUp
from campana.voice.sip_call import SipCall

_SECONDS = 10.0
"""How long the stack and the caller may take from the admission to the call that is up."""


class Expecting(Protocol):
    """Whoever is told by the stack that a call came in."""

    def expect(self, call_id: str) -> asyncio.Future[stack.StackCall]: ...
    def adopt(self, call: SipCall, made: stack.StackCall) -> None: ...


class SipIncoming:
    """An `IncomingCall`."""

    def __init__(self, bs: stack.Baresip, driver: Expecting, invite: Invite) -> None:
        self._bs = bs
        self._driver = driver
        self._invite = invite
        self.source = invite.source
        self.caller = invite.caller
        self.called = invite.called

    @property
    def has_given_up(self) -> bool:
        return self._invite.given_up.done()

    def refuse(self, status: int) -> None:
        """As `IncomingCall.refuse`."""
        self._invite.refuse(status)

    async def answer(self, *, authority: str) -> SipCall:
        """As `IncomingCall.answer`."""
        expected = self._driver.expect(self._invite.call_id)
        call = SipCall(self._bs, _tell_nobody, authority=authority)
        try:
            async with asyncio.timeout(_SECONDS):
                if not self._invite.admit():
                    raise GaveUp
                await asyncio.wait(
                    {expected, self._invite.given_up}, return_when=asyncio.FIRST_COMPLETED
                )
                if not expected.done():
                    raise GaveUp
                made = expected.result()
                call.dialed(made)
                self._driver.adopt(call, made)
                await made.answer()
                await call.wait_answered()
        except (TimeoutError, Refused, Unreachable, self._bs.BaresipError) as error:
            await call.hang_up()
            raise GaveUp from error
        except asyncio.CancelledError:
            await call.hang_up()
            raise
        finally:
            expected.cancel()
        return call


def _tell_nobody(progress: Progress) -> None:
    """Nothing rings at the other end."""
    del progress
