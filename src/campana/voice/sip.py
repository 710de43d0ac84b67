"""Calls over SIP and RTP with baresip: one `SipDriver` a process, as the stack is process-wide.

Each pair of trunk and caller id has a user agent of its own, so the From header is the campaign's
number and a challenge is answered with the trunk's credentials. Redirects are not followed. A call
from elsewhere is taken only when it came by the gate (`listen`) and was admitted there.

It does not speak, record or decide; see `call`. Of registrations see `sip_register`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import ssl
from collections.abc import Callable

from campana.domain.errors import SetupError
from campana.domain.ids import AttemptId, attempt_text
from campana.voice import stack, stack_port
from campana.voice.driver import (
    ATTEMPT_HEADER,
    LineLost,
    NoAnswer,
    Placement,
    Progress,
    TooLate,
    Trunk,
    Unreachable,
)
from campana.voice.gate import Gate, Invite
from campana.voice.incoming import IncomingCall
from campana.voice.registering import Account, Told
from campana.voice.sip_call import SipCall
from campana.voice.sip_incoming import SipIncoming
from campana.voice.sip_register import SipRegistration

log = logging.getLogger(__name__)

CODECS = ("pcmu", "pcma")
LOOPBACK = "127.0.0.1"
DRAIN_SECONDS = 3.0
"""How long closing waits for calls that the stack has not let go of."""


class SipDriver:
    """A `VoiceDriver` over SIP. Made by `SipDriver.open`, at most one in a process."""

    def __init__(
        self,
        bs: stack.Baresip,
        runtime: stack.Runtime,
        *,
        max_calls: int,
        here: tuple[str, int] | None = None,
    ) -> None:
        """`here` is where the stack listens, where calls may come in."""
        self._here = here
        self._gate: Gate | None = None
        self._expected: dict[str, asyncio.Future[stack.StackCall]] = {}
        self._bs = bs
        self._runtime = runtime
        self._max_calls = max_calls
        self._calls: dict[int, SipCall] = {}
        self._agents: dict[tuple[Trunk, str, str | None], asyncio.Task[stack.UserAgent]] = {}
        self._dialing = 0
        self._early: dict[int, list[stack.StackEvent]] = {}
        self._refusals: set[asyncio.Task[None]] = set()
        self._broken: str | None = None
        runtime.subscribe(self._on_event)
        runtime.on_dead = self._on_dead

    @classmethod
    async def open(
        cls,
        *,
        interface: str | None = None,
        port: int | None = None,
        media_ports: tuple[int, int] = (16384, 32767),
        max_calls: int = 50,
        silence_seconds: int = 30,
        ca_file: str | None = None,
        takes_calls: bool = False,
    ) -> SipDriver:
        """Start the SIP stack.

        Args:
            interface: local address to call from; must be given when the trunk is on loopback.
            port: local SIP port; any free one when None.
            media_ports: RTP ports, first and last; below those the system hands out by itself.
            max_calls: lines; above about 50 a second process is better.
            silence_seconds: a call from which no RTP has come for this long is over.
            ca_file: who may have signed the certificates of TLS trunks; the system's when None.
            takes_calls: `listen` may be used, which needs an `interface`.

        Raises:
            SetupError: the package is missing, another driver is open, or the port is in use.
        """
        bs = stack.load()
        if port is not None:
            _check_free(interface or "0.0.0.0", port)  # noqa: S104  what the stack listens on
        lines = [f"rtp_ports {media_ports[0]}-{media_ports[1]}"]
        # Of a trunk that is named by an address the stack checks who signed, and not for whom.
        lines.append("sip_verify_server yes")
        if authorities := ca_file or ssl.get_default_verify_paths().cafile:
            lines.append(f"sip_cafile {authorities}")
        # The stack itself waits for 100 ms of sound always, and everybody for the bot's answer with
        # it; on an even line two packets are enough, on an uneven one it waits longer by itself.
        lines += ["audio_jitter_buffer_type adaptive", "audio_jitter_buffer_ms 40-200"]

        def configured(port: int | None) -> object:
            listen = [] if port is None else [f"sip_listen {interface or '0.0.0.0'}:{port}"]  # noqa: S104  as above
            return bs.Config(
                net_interface=interface,
                max_concurrent_calls=None,  # The driver counts lines; its default is 2.
                rtp_timeout=silence_seconds,
                extra_config_text="\n".join([*lines, *listen]) + "\n",
            )

        try:
            if takes_calls and port is None:
                runtime, port = await stack_port.started(bs, interface or LOOPBACK, configured)
            else:
                runtime = bs.Runtime(command_timeout=stack_port.COMMAND_SECONDS)
                await runtime.start(configured(port))
        except bs.BaresipError as error:
            raise SetupError(f"the SIP stack does not start: {error}") from error
        here = (interface or LOOPBACK, port) if takes_calls and port is not None else None
        return cls(bs, runtime, max_calls=max_calls, here=here)

    async def listen(
        self,
        *,
        port: int,
        knows: Callable[[str], bool],
        on_call: Callable[[IncomingCall], None],
    ) -> Gate:
        """Take calls on a UDP port of the interface until the gate is shut.

        Args:
            port: where trunks send them.
            knows: does a trunk call from this network address?
            on_call: given each call, to answer or to refuse.

        Raises:
            OSError: the port cannot be had.
        """
        assert self._here is not None  # noqa: S101  opened to take calls
        user = f"in-{secrets.token_hex(12)}"

        def told(invite: Invite) -> None:
            on_call(SipIncoming(self._bs, self, invite))

        self._gate = gate = await Gate.open(
            host=self._here[0],
            port=port,
            inside=self._here,
            user=user,
            knows=knows,
            on_invite=told,
        )
        account = self._bs.Account(
            user=user,
            domain=self._here[0],
            password="",
            auth_user=None,
            reg_interval=0,
            transport="udp",
            audio_codecs=CODECS,
            extra_params=(),
        )
        agent = await self._bs.UserAgent.create(self._runtime, account.aor())
        agent.on_incoming(self._came_in)
        return gate

    async def register(
        self, account: Account, *, token: str | None, on_told: Callable[[Told], None]
    ) -> SipRegistration:
        """As `Registers.register`; by the gate where there is one and a token."""
        return await SipRegistration.begin(
            self._bs,
            self._runtime,
            account,
            authority=_authority(account.way),
            gate=self._gate,
            token=token,
            refuse=self._refuse,
            on_told=on_told,
        )

    def expect(self, call_id: str) -> asyncio.Future[stack.StackCall]:
        """The call of this name, when the stack tells of it."""
        expected: asyncio.Future[stack.StackCall] = asyncio.get_running_loop().create_future()
        self._expected[call_id] = expected
        expected.add_done_callback(lambda _: self._expected.pop(call_id, None))
        return expected

    def adopt(self, call: SipCall, made: stack.StackCall) -> None:
        """From now on it is told what happens to the stack's call."""
        self._calls[made.handle] = call

    def _came_in(self, made: stack.StackCall) -> None:
        expected = self._expected.get(made.call_id or "")
        if expected is None or expected.done():
            self._refuse(made)
        else:
            expected.set_result(made)

    @property
    def free_lines(self) -> int:
        if self._broken is not None:
            return 0
        return max(0, self._max_calls - len(self._calls) - self._dialing)

    @property
    def broken(self) -> str | None:
        """Why no more calls can be placed until the process is started anew; None when well."""
        return self._broken

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> SipCall:
        if self.free_lines < 1:
            raise Unreachable(reason=self._broken or "no line is free")
        deadline = asyncio.get_running_loop().time() + placement.ring_seconds
        # Shielded, because a dial that is given up half-way would ring on with nobody to end it.
        dialing = asyncio.ensure_future(self._dial(placement, on_progress))
        try:
            call = await asyncio.shield(dialing)
            async with asyncio.timeout_at(deadline):
                await call.wait_answered()
        except TimeoutError:
            call = await dialing
            await call.hang_up()
            if not call.progressed:
                raise Unreachable(reason="the trunk gave no sign of ringing") from None
            raise NoAnswer(reason="nobody answered") from None
        except asyncio.CancelledError:
            with contextlib.suppress(Unreachable, TooLate, LineLost):
                call = await dialing
                await call.hang_up()
            raise
        return call

    async def aclose(self) -> None:
        """Hang up every call and stop the stack."""
        if self._gate is not None:
            self._gate.close()
        await asyncio.gather(*(call.hang_up() for call in list(self._calls.values())))
        for refusal in list(self._refusals):
            await refusal
        if self._broken is None:
            self._broken = "the driver is closed"
            with contextlib.suppress(TimeoutError, self._bs.BaresipError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._runtime.drain()
            await self._runtime.close()

    async def _dial(self, placement: Placement, on_progress: Callable[[Progress], None]) -> SipCall:
        trunk = placement.trunk
        uri = f"sip:{placement.to}@{_authority(trunk)};transport={trunk.transport}"
        attempt = attempt_text(AttemptId(placement.attempt_id))
        call = SipCall(self._bs, on_progress, authority=_authority(trunk))
        self._dialing += 1
        try:
            agent = await self._agent(placement)
            if not placement.may_send():
                raise TooLate
            dialed = await agent.dial(uri, {ATTEMPT_HEADER: attempt, **placement.headers})
            call.dialed(dialed)
            self._calls[dialed.handle] = call
            early = self._early.pop(dialed.handle, [])
        except (self._bs.CommandTimeout, self._bs.RuntimeDead) as error:
            self._broken = self._broken or "the SIP stack does not answer"
            raise LineLost from error
        except (self._bs.BaresipError, ValueError) as error:
            raise Unreachable(reason=str(error)) from error
        finally:
            self._dialing -= 1
            if not self._dialing:
                self._early.clear()
        # The answer may have overtaken the dial: its events were kept, and are told now. Nothing is
        # awaited since the dial returned, so none is told twice or out of order.
        for event in early:
            self._tell(call, event)
        return call

    async def _agent(self, placement: Placement) -> stack.UserAgent:
        key = (placement.trunk, placement.caller_id, placement.display_name)
        if key not in self._agents:
            self._agents[key] = asyncio.ensure_future(self._create_agent(placement))
        making = self._agents[key]
        try:
            return await asyncio.shield(making)
        except (self._bs.BaresipError, ValueError):
            self._agents.pop(key, None)
            raise

    async def _create_agent(self, placement: Placement) -> stack.UserAgent:
        trunk = placement.trunk
        account = self._bs.Account(
            user=placement.caller_id,
            domain=_authority(trunk),
            password=trunk.password or "",
            auth_user=trunk.username,
            reg_interval=0,
            transport=trunk.transport,
            audio_codecs=CODECS,
            extra_params=("mediaenc=srtp-mand",) if trunk.srtp else (),
        )
        name = "".join(
            c for c in placement.display_name or "" if c.isprintable() and c not in '"\\'
        )
        aor = f'"{name}" {account.aor()}' if name else account.aor()
        agent = await self._bs.UserAgent.create(self._runtime, aor)
        agent.on_incoming(self._refuse)
        return agent

    def _refuse(self, call: stack.StackCall) -> None:
        """An INVITE came from somewhere, and not by the gate."""
        log.warning("a call to this machine was refused", extra={"sip_call_id": call.call_id})

        async def refuse() -> None:
            with contextlib.suppress(self._bs.BaresipError):
                await call.reject()

        refusal = asyncio.ensure_future(refuse())
        self._refusals.add(refusal)
        refusal.add_done_callback(self._refusals.discard)

    def _on_event(self, event: stack.StackEvent) -> None:
        if not event.call:
            return
        call = self._calls.get(event.call)
        if call is not None:
            self._tell(call, event)
        elif self._dialing:
            self._early.setdefault(event.call, []).append(event)

    def _tell(self, call: SipCall, event: stack.StackEvent) -> None:
        call.on_event(event)
        if event.event == self._bs.Event.CALL_CLOSED:
            self._calls.pop(event.call, None)

    def _on_dead(self) -> None:
        self._broken = "the SIP stack has stopped; the process must be started anew"
        log.critical(self._broken)
        for call in self._calls.values():
            call.lost()
        self._calls.clear()


def local_address_towards(host: str, *, port: int = 5060) -> str:
    """The local address that packets to `host` leave from; looks the name up, sends nothing.

    Raises:
        SetupError: the name is unknown or there is no way to it.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError as error:
        raise SetupError(
            f"the trunk {host} cannot be reached: {error.strerror or error}"
        ) from error


def _authority(trunk: Trunk) -> str:
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    return f"{host}:{trunk.port}"


def _check_free(address: str, port: int) -> None:
    """The stack does not say when its port is taken."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, port))
    except OSError as error:
        raise SetupError(
            f"the SIP port {address}:{port} cannot be used: {error.strerror or error}"
        ) from error
