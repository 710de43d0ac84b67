"""Pages this process has rendered, for as long as they are true.

A page is true while its workspace's campaign revision is the one read before it was made, and until
the next end date changes a status by the clock alone. Every other process learns of a write the
same way: the revision comes with the answer to "whose key is this?", asked for each request.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime

from campana.web.answers import Shown

PageKey = tuple[int, bytes]
"""Workspace and raw query string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPage:
    """An answer; it holds from `made_at` to before `until` (None: without end)."""

    answer: Shown
    revision: int
    made_at: datetime
    until: datetime | None

    def holds(self, *, revision: int, now: datetime) -> bool:
        """Whether it is true for who has read `revision`, at `now`."""
        return (
            self.revision == revision
            and self.made_at <= now
            and (self.until is None or now < self.until)
        )


Make = Callable[[], Coroutine[None, None, RenderedPage]]


class RememberedPages:
    """The most recently used pages, bounded in number and in bytes."""

    def __init__(self, *, most: int = 2_000, most_bytes: int = 16_000_000) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._pages: OrderedDict[PageKey, RenderedPage] = OrderedDict()
        self._bytes = 0
        self._begun: dict[tuple[PageKey, int], asyncio.Task[RenderedPage]] = {}

    def find(self, key: PageKey, *, revision: int, now: datetime) -> RenderedPage | None:
        """The page, if it is still true."""
        page = self._pages.get(key)
        if page is None or not page.holds(revision=revision, now=now):
            return None
        self._pages.move_to_end(key)
        return page

    async def made(
        self,
        key: PageKey,
        *,
        revision: int,
        now: datetime,
        make: Make,
    ) -> RenderedPage:
        """The page from `make`, kept; who asks for it while it is being made gets the same.

        It is true for them too: they have read the same revision after it was begun, so nothing
        was written in between. Without this a write would send every waiting client to the
        database at once, for one and the same page.
        """
        begun = self._begun.get((key, revision))
        if begun is None:
            begun = self._begun[key, revision] = asyncio.ensure_future(self._kept(key, make))
            begun.add_done_callback(lambda _: self._begun.pop((key, revision)))
        # One client that goes away must not take the page from the others.
        page = await asyncio.shield(begun)
        return page if page.holds(revision=revision, now=now) else await self._kept(key, make)

    def keep(self, key: PageKey, page: RenderedPage) -> None:
        """Remember a page; the least recently used go when there is no room."""
        replaced = self._pages.pop(key, None)
        self._pages[key] = page
        self._bytes += _size(key, page) - (_size(key, replaced) if replaced else 0)
        while len(self._pages) > self._most or self._bytes > self._most_bytes:
            oldest, gone = self._pages.popitem(last=False)
            self._bytes -= _size(oldest, gone)

    async def _kept(self, key: PageKey, make: Make) -> RenderedPage:
        page = await make()
        self.keep(key, page)
        return page


def _size(key: PageKey, page: RenderedPage) -> int:
    return len(key[1]) + page.answer.size
