"""One call over several trunks: when a trunk answers that it cannot, the call goes out on another.

Only after a final code, and only while nothing was heard of the callee's telephone: a trunk that is
silent may have let it ring. Whether there is another trunk, and which, its `next_way` decides.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from campana.voice.driver import Placement, Progress, Refused, TooLate, VoiceCall, VoiceLine

log = logging.getLogger(__name__)

NextWay = Callable[[Refused], Awaitable[Placement | None]]
"""The same call on another trunk; None when the refusal stands."""


class Detouring:
    """A line whose calls may change trunks before they ring."""

    def __init__(self, line: VoiceLine, *, next_way: NextWay) -> None:
        self._line = line
        self._next_way = next_way

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> VoiceCall:
        """As `VoiceDriver.place`."""
        progressed = False

        def tell(progress: Progress) -> None:
            nonlocal progressed
            progressed = True
            on_progress(progress)

        refused: Refused | None = None
        while True:
            try:
                return await self._line.place(placement, on_progress=tell)
            except TooLate:
                # Of a later trunk: what the first one said is still what became of the call.
                raise refused or TooLate from None
            except Refused as refusal:
                following = None if progressed else await self._next_way(refusal)
                if following is None:
                    raise
                log.info("attempt %s goes another way: %s", placement.attempt_id, refusal.message)
                placement, refused = following, refusal
