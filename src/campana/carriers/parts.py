"""Callbacks that tell of many things at once: one that nobody understands takes no other with it.

Their provider is told that all of it is taken, and most can never be asked again: an end that went
with a part it had nothing to do with would be lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from campana.carriers.base import UnreadableCallback

log = logging.getLogger(__name__)

Part = TypeVar("Part")
Read = TypeVar("Read")

NONSENSE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""What reading a part may raise."""


def readable(parts: Iterable[Part], read: Callable[[Part], Read]) -> list[Read]:
    """What can be read of them; the others are logged.

    Raises:
        UnreadableCallback: there are some, and none can be.
    """
    found: list[Read] = []
    bad: list[Exception] = []
    for part in parts:
        try:
            found.append(read(part))
        except NONSENSE as error:
            bad.append(error)
    if bad and not found:
        raise UnreadableCallback(str(bad[0])) from bad[0]
    for error in bad:
        log.warning("a part of a callback is ignored: %s", error)
    return found
