"""Can this process serve? Asked by whatever sends it traffic."""

from __future__ import annotations

import asyncio

from campana.domain.errors import FieldProblem, SetupError, Unavailable
from campana.services.context import Context
from campana.store import activity, migrations


class Readiness:
    """Remembers that the schema was right: a later upgrade must not take the old processes out."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._schema_is_right = False

    async def check(self) -> None:
        """Returns when this process can serve.

        Raises:
            Unavailable: naming each thing that keeps it from it.
        """
        problems = [
            FieldProblem(pointer=pointer, message=message)
            for pointer, message in (
                ("/database", await self._database()),
                ("/schema", await self._schema()),
                ("/clock", self._clock()),
            )
            if message
        ]
        if problems:
            raise Unavailable("not ready", problems=problems)

    async def _database(self) -> str | None:
        try:
            async with self._context.db.glance() as tx:
                await activity.answers(tx)
        except Unavailable as error:
            return error.message
        return None

    async def _schema(self) -> str | None:
        if self._schema_is_right:
            return None
        try:
            await asyncio.to_thread(migrations.check, self._context.db.conninfo)
        except SetupError as error:
            return error.message
        self._schema_is_right = True
        return None

    def _clock(self) -> str | None:
        if self._context.clock.is_steady:
            return None
        return "the database's clock jumped; waiting for two samples that agree"
