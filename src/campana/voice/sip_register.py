"""One registration at a trunk. The stack speaks, refreshes before the time is over, answers the
challenge and a 423, and tries again by itself, later after each failure; this tells what came of
it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable

from campana.voice import stack
from campana.voice.driver import Unreachable
from campana.voice.gate import Gate
from campana.voice.registering import Account, Told

_END_SECONDS = 2.0
"""How long the trunk may take to confirm that we are gone."""
_STATUS = re.compile(r"^\s*([1-6][0-9]{2})\b\s*(.*)$")


class SipRegistration:
    """Made by `SipRegistration.begin`."""

    def __init__(
        self, bs: stack.Baresip, runtime: stack.Runtime, on_told: Callable[[Told], None]
    ) -> None:
        self._bs = bs
        self._runtime = runtime
        self._on_told = on_told
        self._agent: stack.UserAgent | None = None
        self._is_over = False
        self._ended = asyncio.Event()
        self._leave: Callable[[], None] | None = None

    @classmethod
    async def begin(
        cls,
        bs: stack.Baresip,
        runtime: stack.Runtime,
        account: Account,
        *,
        authority: str,
        gate: Gate | None,
        token: str | None,
        refuse: Callable[[stack.StackCall], None],
        on_told: Callable[[Told], None],
    ) -> SipRegistration:
        """Send the first one. With a gate and a token it goes by the gate, which is registered.

        Raises:
            Unreachable: the stack does not take the account, or the trunk's name is unknown.
        """
        made = cls(bs, runtime, on_told)
        registrar = None
        if gate is not None and token is not None:
            registrar = await gate.register(token, to=(account.way.host, account.way.port))
            made._leave = lambda: gate.unregister(token)
        try:
            known = bs.Account(
                user=account.user,
                domain=authority,
                password=account.way.password or "",
                auth_user=account.way.username,
                registrar=registrar,
                reg_interval=account.seconds,
                transport=account.way.transport,
                audio_codecs=("pcmu",),
                extra_params=(),
            )
            agent = await bs.UserAgent.create(runtime, known.aor())
            agent.on_incoming(refuse)
            agent.on(made._on_event)
            made._agent = agent
            await stack.register(runtime, agent)
        except (bs.BaresipError, ValueError) as error:
            await made.end()
            raise Unreachable(reason=str(error)) from error
        return made

    async def end(self) -> None:
        """As `Registered.end`."""
        if self._is_over:
            return
        self._is_over = True
        if self._agent is not None:
            with contextlib.suppress(TimeoutError, self._bs.BaresipError):
                async with asyncio.timeout(_END_SECONDS):
                    await stack.unregister(self._runtime, self._agent)
                    await self._ended.wait()
        if self._leave is not None:
            self._leave()

    def _on_event(self, event: stack.StackEvent) -> None:
        happened = self._bs.Event
        if event.event not in {happened.REGISTER_OK, happened.REGISTER_FAIL}:
            return
        if self._is_over:
            self._ended.set()
        elif event.event == happened.REGISTER_OK:
            self._on_told(Told(is_registered=True))
        else:
            found = _STATUS.match(event.text or "")
            self._on_told(
                Told(
                    is_registered=False,
                    status=int(found[1]) if found else None,
                    reason=(found[2] if found else event.text or "")[:200],
                )
            )
