"""Reading and writing what a channel answers to STOP, START and HELP."""

from __future__ import annotations

import msgspec

from campana.domain.errors import NotFound
from campana.services import documents, keyword_document
from campana.services.context import Context
from campana.services.keyword_document import KeywordsDocument
from campana.store import channel_keywords, channels
from campana.store.db import Tx


async def get(context: Context, *, workspace_id: int, channel_id: str) -> KeywordsDocument:
    """The channel's words and answers, with the defaults it has.

    Raises:
        NotFound: there is no channel of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        await _require(tx, workspace_id=workspace_id, channel_id=channel_id)
        return keyword_document.read_stored(await channel_keywords.get(tx, channel_id=channel_id))


async def put(
    context: Context, *, workspace_id: int, channel_id: str, raw: object
) -> KeywordsDocument:
    """Replace them all; what is left out has its default again.

    Raises:
        NotFound: there is no channel of that id in this workspace.
        InvalidParameter: naming each field that is wrong.
    """
    document = documents.read(KeywordsDocument, raw)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await _require(tx, workspace_id=workspace_id, channel_id=channel_id)
        await channel_keywords.put(
            tx,
            workspace_id=workspace_id,
            channel_id=channel_id,
            document=msgspec.to_builtins(document),
            now=context.clock.now(),
        )
    return document


async def _require(tx: Tx, *, workspace_id: int, channel_id: str) -> None:
    found = await channels.find(tx, workspace_id=workspace_id, wanted=channel_id)
    if found is None or found.id != channel_id:
        raise NotFound
