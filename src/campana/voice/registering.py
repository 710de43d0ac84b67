"""The port behind which a worker registers at a trunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from campana.voice.driver import Trunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom to register as."""

    trunk: str
    """What the trunk is called in records."""
    way: Trunk
    user: str
    """The account's name, before the host in its address."""
    seconds: int
    """For how long at a time, 60 or more; a trunk may ask for more."""
    takes_calls: bool
    """Calls are to come in by it: through the gate, whose address is registered then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the trunk said. `status` is the final code of a refusal; None when none came."""

    is_registered: bool
    status: int | None = None
    reason: str = ""


class Registered(Protocol):
    """An account that is kept registered, and tried again after failures, until it is ended."""

    async def end(self) -> None:
        """Take the registration back, as far as the trunk answers, and try no more."""
        ...


class Registers(Protocol):
    """Registers accounts at trunks."""

    async def register(
        self, account: Account, *, token: str | None, on_told: Callable[[Told], None]
    ) -> Registered:
        """Begin; `on_told` is told of each outcome from now on.

        Args:
            account: whom as.
            token: whom the trunk is to send calls to, at the gate; None to take none.
            on_told: called in the loop.

        Raises:
            Unreachable: the stack does not take the account.
        """
        ...
