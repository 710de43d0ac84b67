"""Open streams of events, and the one reader that feeds them all.

Each process reads a workspace's new events once, however many clients follow it, and one read is on
its way at a time. What hints at new events is the newest number of all: reading it is one cheap
statement, where a NOTIFY in each writing transaction would make all of their commits wait for one
lock. A client that comes back catches up by itself, page by page, then joins the others at exactly
the place they have reached: nothing twice, nothing left out.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from campana.domain.errors import RateLimited, Unavailable
from campana.domain.event import Event
from campana.services import accounts, event_feed
from campana.services.context import Context
from campana.services.event_feed import Horizon

log = logging.getLogger(__name__)

MOST_STREAMS = 500
"""Open at once in one process."""

MOST_BEHIND = 1000
"""Events a client may be behind; one that reads more slowly is let go, and may come back."""

_TICK_SECONDS = 0.2
_KEYS_SECONDS = 1.0
_PAGE = 500


@dataclass(slots=True, kw_only=True, eq=False)
class Stream:
    """One client's, of one campaign. `position` is the last event it has been given."""

    workspace_id: int
    campaign_id: str
    key_hash: bytes
    position: int
    waiting: asyncio.Queue[Event | None] = field(
        default_factory=lambda: asyncio.Queue[Event | None](MOST_BEHIND)
    )
    is_over: bool = False

    def offer(self, event: Event) -> None:
        """Give it an event, unless it has it already."""
        if self.is_over or event.id <= self.position:
            return
        self.position = event.id
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Nothing more comes. What it has not read yet it will find when it comes back."""
        if not self.is_over:
            self.is_over = True
            while not self.waiting.empty():
                self.waiting.get_nowait()
            self.waiting.put_nowait(None)


@dataclass(slots=True, kw_only=True)
class _Feed:
    """A workspace that is followed: how far it has been read, and by whom."""

    position: int
    streams: set[Stream] = field(default_factory=set[Stream])


class Streams:
    """Those of one process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.horizon = Horizon(context.db)
        """How far this process may read."""
        self._open: set[Stream] = set()
        self._feeds: dict[int, _Feed] = {}
        self._reading = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._is_closing = False
        self.on_close: list[Callable[[], None]] = []
        """Others that keep connections open: each is told when the process is about to end."""

    async def open(
        self, *, workspace_id: int, campaign_id: str, key_hash: bytes, after: int | None
    ) -> Stream:
        """A stream of what comes after event `after`; None is from now on.

        Raises:
            RateLimited: as many are open as may be.
            Unavailable: this process is about to end, or the database does not answer.
        """
        if self._is_closing:
            raise Unavailable("this server is about to restart")
        if len(self._open) >= MOST_STREAMS:
            raise RateLimited("too many streams are open")
        stream = Stream(
            workspace_id=workspace_id, campaign_id=campaign_id, key_hash=key_hash, position=0
        )
        # Counted before the first wait: of many that come at once no more are let in.
        self._open.add(stream)
        try:
            stream.position = await self.horizon.reach() if after is None else after
        except BaseException:
            self.close(stream)
            raise
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())
        return stream

    async def follow(self, stream: Stream) -> AsyncGenerator[Event]:
        """Its events: first what it has missed, then what comes, until it is over."""
        while not stream.is_over:
            # Not cut off when the client goes away: that would cost a connection to the database.
            missed, has_joined = await asyncio.shield(self._catch_up(stream))
            for event in missed:
                yield event
            if has_joined:
                break
        while (event := await stream.waiting.get()) is not None:
            yield event

    def close(self, stream: Stream) -> None:
        """Its client is gone."""
        self._open.discard(stream)
        feed = self._feeds.get(stream.workspace_id)
        if feed is not None:
            feed.streams.discard(stream)
            if not feed.streams:
                del self._feeds[stream.workspace_id]
        stream.end()

    def close_all(self) -> None:
        """The process is about to end: every stream is, and none is opened any more."""
        self._is_closing = True
        for close in self.on_close:
            close()
        for stream in list(self._open):
            stream.end()
        if self._reader is not None:
            self._reader.cancel()

    async def _catch_up(self, stream: Stream) -> tuple[Sequence[Event], bool]:
        """The next page of what it has missed; True when it has joined the feed behind it."""
        async with self._reading:
            feed = self._feeds.get(stream.workspace_id)
            if feed is None:
                feed = _Feed(position=await self.horizon.reach())
            missed = await self._page(
                [stream], workspace_id=stream.workspace_id, after=stream.position, to=feed.position
            )
            if missed:
                stream.position = missed[-1].id
            # Under the lock nobody else reads: what it has and what the feed will give it next
            # are neighbors.
            has_joined = len(missed) < _PAGE and not stream.is_over
            if has_joined:
                self._feeds[stream.workspace_id] = feed
                feed.streams.add(stream)
        return missed, has_joined

    async def _read(self) -> None:
        """Feed everybody, for as long as there is anybody."""
        keys_at = time.monotonic()
        try:
            while self._open:
                await asyncio.sleep(_TICK_SECONDS)
                try:
                    if time.monotonic() - keys_at >= _KEYS_SECONDS:
                        keys_at = time.monotonic()
                        await self._check_keys()
                    await self._feed_all()
                except Unavailable as error:
                    log.warning("streams wait for the database: %s", error)
                    await asyncio.sleep(1)
        finally:
            # Should this end by a mistake of ours, clients come back rather than wait in vain.
            for stream in self._open:
                stream.end()

    async def _feed_all(self) -> None:
        async with self._reading:
            horizon = await self.horizon.reach()
            for workspace_id, feed in list(self._feeds.items()):
                while feed.position < horizon and feed.streams:
                    found = await self._page(
                        feed.streams, workspace_id=workspace_id, after=feed.position, to=horizon
                    )
                    for event in found:
                        for stream in list(feed.streams):
                            if stream.campaign_id == event.campaign_id:
                                stream.offer(event)
                    feed.position = found[-1].id if len(found) == _PAGE else horizon

    async def _page(
        self, streams: Iterable[Stream], *, workspace_id: int, after: int, to: int
    ) -> Sequence[Event]:
        return await event_feed.page(
            self._context,
            workspace_id=workspace_id,
            horizon=to,
            after=after,
            limit=_PAGE,
            campaign_ids=sorted({each.campaign_id for each in streams}),
        )

    async def _check_keys(self) -> None:
        """End the streams of keys that are revoked or have expired: one question for them all."""
        asked = {stream.key_hash for stream in self._open}
        good = await accounts.still_good(self._context, asked)
        for stream in list(self._open):
            if stream.key_hash in asked - good:
                stream.end()
