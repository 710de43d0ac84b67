"""The part of baresip-python that Campana uses, with types, loaded when it is first needed.

The package is optional and its own annotations stop at callbacks, so what we rely on is written
down here once. It does not wrap anything: the objects are baresip's own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from campana.domain.errors import SetupError

TRANSFERRED = "Call transfered"
"""The text of a call's end when whom it was handed to has answered (any 2xx); so in the stack."""
HOW_TO_INSTALL = "install the voice packages with: pip install 'campana[voice]'"


class StackEvent(Protocol):
    """Something that happened in the stack. `call` is 0 when no call is concerned."""

    event: int
    call: int
    text: str | None
    call_id: str | None


class AudioInfo(Protocol):
    tx_buffered: int


class CallAudio(Protocol):
    def info(self) -> AudioInfo: ...
    def read(self, max_bytes: int) -> bytes: ...
    def write(self, pcm: bytes) -> int: ...
    def flush_tx(self) -> None: ...


class CallStats(Protocol):
    @property
    def rx_packets(self) -> int: ...
    @property
    def rx_lost(self) -> int: ...
    @property
    def rx_jitter_ms(self) -> float: ...
    @property
    def rtt_ms(self) -> float: ...
    @property
    def jbuf_late(self) -> int | None: ...
    @property
    def mos_estimate(self) -> float: ...


class StackCall(Protocol):
    @property
    def handle(self) -> int: ...
    @property
    def audio(self) -> CallAudio: ...
    @property
    def call_id(self) -> str | None: ...
    @property
    def final_stats(self) -> CallStats | None: ...

    async def answer(self) -> None: ...
    async def reject(self) -> None: ...
    async def hangup(self) -> None: ...
    async def transfer(self, uri: str, *, timeout: float) -> None: ...  # noqa: ASYNC109  baresip's
    async def accept_transfer(self) -> StackCall: ...
    async def reject_transfer(self, status: int = 603) -> None: ...
    async def send_dtmf(self, digits: str, interdigit_ms: int = 120) -> None: ...


class UserAgent(Protocol):
    async def dial(self, uri: str, headers: Mapping[str, str] | None = None) -> StackCall: ...
    def on_incoming(self, callback: Callable[[StackCall], None]) -> None: ...
    def on(self, listener: Callable[[StackEvent], None]) -> None: ...
    @property
    def handle(self) -> int: ...


class Runtime(Protocol):
    on_dead: Callable[[], None] | None

    async def start(self, config: object) -> None: ...
    async def close(self) -> None: ...
    async def drain(self) -> None: ...
    def subscribe(self, listener: Callable[[StackEvent], None]) -> None: ...
    async def cmd(self, op: int, *, args: str) -> object: ...


class _Account(Protocol):
    def aor(self) -> str: ...


class _Events(Protocol):
    REGISTER_OK: int
    """Also when a registration was taken back."""
    REGISTER_FAIL: int
    CALL_RINGING: int
    CALL_PROGRESS: int
    CALL_ESTABLISHED: int
    CALL_CLOSED: int
    CALL_DTMF_START: int
    CALL_TRANSFER: int
    """A peer asks us to call somebody else: `text` is its Refer-To."""


class _UserAgents(Protocol):
    async def create(self, runtime: Runtime, account: str) -> UserAgent: ...


class Baresip(Protocol):
    """The package itself."""

    Event: _Events
    UserAgent: _UserAgents
    BaresipError: type[Exception]
    CommandTimeout: type[Exception]
    RuntimeDead: type[Exception]
    StaleHandleError: type[Exception]
    TransferFailed: type[Exception]
    AudioNotActive: type[Exception]
    AudioRestarted: type[Exception]

    def Runtime(self, *, command_timeout: float) -> Runtime: ...  # noqa: N802  baresip's name
    def Config(  # noqa: N802  baresip's name
        self,
        *,
        net_interface: str | None,
        max_concurrent_calls: int | None,
        rtp_timeout: int,
        extra_config_text: str,
    ) -> object: ...
    def Account(  # noqa: N802  baresip's name
        self,
        *,
        user: str,
        domain: str,
        password: str,
        auth_user: str | None,
        reg_interval: int,
        transport: str,
        audio_codecs: tuple[str, ...],
        extra_params: tuple[str, ...],
        registrar: str | None = None,
    ) -> _Account: ...


def status_of(failed: Exception) -> int | None:
    """The final code that a failed transfer was reported with, if it was with one."""
    status = getattr(failed, "status", None)
    return status if isinstance(status, int) else None


async def register(runtime: Runtime, agent: UserAgent) -> None:
    """Begin to register, and go on with it: each outcome is an event.

    The package's own waits for the first outcome and no other.
    """
    lib = importlib.import_module("baresip._native").lib
    await runtime.cmd(lib.BP_CMD_UA_REGISTER, args=str(agent.handle))


async def unregister(runtime: Runtime, agent: UserAgent) -> None:
    """Take it back and try no more; the package's own does nothing for who was never taken."""
    lib = importlib.import_module("baresip._native").lib
    await runtime.cmd(lib.BP_CMD_UA_UNREGISTER, args=str(agent.handle))


def load() -> Baresip:
    """The package.

    Raises:
        SetupError: it is not installed or does not load.
    """
    try:
        return cast("Baresip", importlib.import_module("baresip"))
    except (ImportError, OSError) as error:
        raise SetupError(f"calls need baresip-python ({error}): {HOW_TO_INSTALL}") from error
