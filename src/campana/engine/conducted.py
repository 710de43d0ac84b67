"""A call that a flow conducts, on the line: its session says each step, and is told of each."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from campana.domain.dictation import Came, Order
from campana.engine.enduring import until_stored
from campana.services import conducting
from campana.services.conducting import Step
from campana.services.context import Context
from campana.services.spending import LONGEST_CALL
from campana.voice.dictated import Dictation


def dictation(
    context: Context, *, attempt_id: UUID, opening: str | None, listens: bool = False
) -> Dictation:
    """What the session of this attempt says and asks, from `opening` on.

    `listens`: it may ask for words.

    While the database is away the callee hears nothing; the call's longest time ends it.
    """
    return Dictation(
        next=_Conductor(context, attempt_id).next,
        opening=opening,
        longest=LONGEST_CALL,
        listens=listens,
    )


class _Conductor:
    """Keeps which step is being done."""

    def __init__(self, context: Context, attempt_id: UUID) -> None:
        self._context = context
        self._attempt_id = attempt_id
        self._step: Step | None = None

    async def next(self, came: Came | None) -> Order | None:
        await until_stored(partial(self._follow, self._step, came))
        return self._step.order if self._step is not None else None

    async def _follow(self, done: Step | None, came: Came | None) -> None:
        self._step = await conducting.follow(
            self._context, attempt_id=self._attempt_id, done=done, came=came
        )
