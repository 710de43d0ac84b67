"""What changes while it is looked at: one stream a tab, one look at the database a second for all.

Each process looks at what its open tabs show, a workspace at a time, however many tabs there are;
a tab is sent a part of its page only when that part has changed, so at most once a second. A tab
that comes back is sent everything anew: nothing has to be remembered for it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from jinja2 import Environment
from litestar import get
from litestar.types import ASGIApp

from campana.domain.errors import NotFound, RateLimited, Unavailable
from campana.services import board, people, why
from campana.services.context import Context
from campana.web.console.attempts import person_of
from campana.web.console.campaign_parts import CAMPAIGN, View, attempts_made, view_of
from campana.web.console.channel_tests_screen import tests_asked
from campana.web.console.language import ENGLISH, Language, marked, speaking, spoken
from campana.web.console.pages import render
from campana.web.console.requests import PageRequest, needs
from campana.web.console.talk_parts import Part, parts_asked
from campana.web.console.wallboard import Wallboard
from campana.web.event_stream import EventStream

log = logging.getLogger(__name__)

MOST_TABS = 500
MOST_LINES = 100
BEAT = b"event: beat\ndata:\n\n"
"""The database was looked at and nothing that a tab shows has changed: what it shows is of now."""
_TICK_SECONDS = 1.0
_CHECK_TICKS = 3
_BEAT_TICKS = 5
_ID = re.compile(r"camp_[0-9a-z]{1,40}", re.ASCII)


@dataclass(slots=True, kw_only=True, eq=False)
class Tab:
    """An open page: what it shows, what it was sent, what waits to be sent."""

    workspace_id: int
    cookie: str
    campaign_ids: frozenset[str]
    language: Language = ENGLISH
    view: View | None = None
    """The campaign whose own page it is, and what of it is shown."""
    parts: frozenset[Part] = frozenset()
    """What else of it is filled anew."""
    sent: dict[str, str] = field(default_factory=dict[str, str])
    waiting: dict[str, str] = field(default_factory=dict[str, str])
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_beat_due: bool = False
    is_over: bool = False

    def offer(self, parts: dict[str, str]) -> None:
        """What of this it shows and has not been sent; a slow reader gets only the newest."""
        for key, text in parts.items():
            if self.sent.get(key) != text:
                self.sent[key] = text
                self.waiting[key] = text
                self.news.set()

    def beat(self) -> None:
        """Tell it that it is up to date."""
        self.is_beat_due = True
        self.news.set()

    def end(self) -> None:
        self.is_over = True
        self.news.set()


class Live:
    """The tabs of one process."""

    def __init__(self, context: Context, templates: Environment) -> None:
        self._context = context
        self._templates = templates
        self._tabs: set[Tab] = set()
        self._looker: asyncio.Task[None] | None = None
        self._is_closing = False

    def open(self, tab: Tab) -> None:
        """Count a tab in.

        Raises:
            RateLimited: as many are open as may be.
            Unavailable: this process is about to end.
        """
        if self._is_closing:
            raise Unavailable(marked("this server is about to restart"))
        if len(self._tabs) >= MOST_TABS:
            raise RateLimited(marked("too many pages are open"))
        self._tabs.add(tab)
        if self._looker is None or self._looker.done():
            self._looker = asyncio.create_task(self._look())

    def close(self, tab: Tab) -> None:
        """It is gone."""
        self._tabs.discard(tab)
        tab.end()

    def close_all(self) -> None:
        """The process is about to end."""
        self._is_closing = True
        for tab in self._tabs:
            tab.end()
        if self._looker is not None:
            self._looker.cancel()

    async def follow(self, tab: Tab) -> AsyncGenerator[bytes]:
        """Its messages, until it is over."""
        number = 0
        while not tab.is_over:
            await tab.news.wait()
            tab.news.clear()
            parts, tab.waiting = tab.waiting, {}
            is_beat_due, tab.is_beat_due = tab.is_beat_due, False
            if parts:
                number += 1
                yield message(parts, number)
            elif is_beat_due:
                yield BEAT

    async def _look(self) -> None:
        """Look for as long as anybody does."""
        ticks = 0
        try:
            while self._tabs:
                try:
                    ticks += 1
                    if ticks % _CHECK_TICKS == 0:
                        await self._check_sessions()
                    await self._tell_all()
                    if ticks % _BEAT_TICKS == 0:
                        for tab in self._tabs:
                            tab.beat()
                except Unavailable as error:
                    log.warning("open pages wait for the database: %s", error)
                await asyncio.sleep(_TICK_SECONDS)
        finally:
            # Should this end by a mistake of ours, tabs come back rather than wait in vain.
            for tab in self._tabs:
                tab.end()

    async def _tell_parts(self, workspace_id: int, tabs: list[Tab]) -> None:
        """Each part once in each language, however many look at it."""
        for part, language in {(each, tab.language) for tab in tabs for each in tab.parts}:
            with speaking(language):
                made = await part.parts(self._context, self._templates, workspace_id=workspace_id)
            for tab in tabs:
                if part in tab.parts and tab.language is language:
                    tab.offer(made)

    async def _tell_all(self) -> None:
        workspaces: dict[int, list[Tab]] = {}
        for tab in self._tabs:
            workspaces.setdefault(tab.workspace_id, []).append(tab)
        for workspace_id, tabs in workspaces.items():
            try:
                await self._tell(workspace_id, tabs)
                await self._tell_parts(workspace_id, tabs)
            except Unavailable:
                raise
            except Exception:
                # A mistake of ours, or of what one of them asks for: the others go on.
                log.exception("the open pages of workspace %d end", workspace_id)
                for tab in tabs:
                    self.close(tab)

    async def _tell(self, workspace_id: int, tabs: list[Tab]) -> None:
        shown = {campaign_id for tab in tabs for campaign_id in tab.campaign_ids}
        ids = sorted(shown | {tab.view.campaign_id for tab in tabs if tab.view})
        lines: list[board.Line] = []
        if ids:
            lines = await board.named(self._context, workspace_id=workspace_id, campaign_ids=ids)
        for language in {tab.language for tab in tabs}:
            with speaking(language):
                alike = [tab for tab in tabs if tab.language is language]
                await self._tell_in_one_language(workspace_id, alike, lines)

    async def _tell_in_one_language(
        self, workspace_id: int, tabs: list[Tab], lines: list[board.Line]
    ) -> None:
        shown = {campaign_id for tab in tabs for campaign_id in tab.campaign_ids}
        rows = {line.found.id: self._row(line) for line in lines if line.found.id in shown}
        for tab in tabs:
            for campaign_id in tab.campaign_ids & rows.keys():
                tab.offer(rows[campaign_id])
        for line in lines:
            views: dict[View, list[Tab]] = {}
            for tab in tabs:
                if tab.view and tab.view.campaign_id == line.found.id:
                    views.setdefault(tab.view, []).append(tab)
            parts = await self._campaign(workspace_id, line) if views else {}
            for view, alike in views.items() if parts else ():
                people = await view.parts(self._context, self._templates, workspace_id=workspace_id)
                for tab in alike:
                    tab.offer(parts | people)

    def _row(self, line: board.Line) -> dict[str, str]:
        """The live parts of a line of the list, by the id of the element each fills."""
        found = line.found.id
        return {
            f"{part}-{found}": render(
                self._templates, f"live_{part}.html", self._context, line=line
            )
            for part in ("state", "bar", "pace")
        }

    async def _campaign(self, workspace_id: int, line: board.Line) -> dict[str, str]:
        """What all pages of a campaign show; nothing of one that was deleted since `line`."""
        campaign_id = line.found.id
        try:
            told = await why.why(self._context, workspace_id=workspace_id, campaign_id=campaign_id)
        except NotFound:
            return {}
        text = render(self._templates, "live_campaign.html", self._context, line=line, told=told)
        made = await attempts_made(
            self._context, self._templates, workspace_id=workspace_id, campaign_id=campaign_id
        )
        return {CAMPAIGN: text, **made}

    async def _check_sessions(self) -> None:
        """End the tabs of sessions that are over."""
        for cookie in {tab.cookie for tab in self._tabs}:
            if await people.visitor(self._context, cookie) is None:
                for tab in [each for each in self._tabs if each.cookie == cookie]:
                    tab.end()


def message(parts: dict[str, str], number: int) -> bytes:
    """Parts of a page in the words of the stream: each says which element it becomes."""
    text = "".join(
        f'<hx-partial hx-target="#{key}" hx-swap="innerMorph">{part}</hx-partial>'
        for key, part in parts.items()
    )
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"id: {number}\n{lines}\n".encode()


@get("/live", opt=needs("campaigns:read"))
async def follow_live(request: PageRequest) -> ASGIApp:
    asked = request.query_params.get("campaigns", "")
    ids = [each for each in asked.split(",") if each]
    page_id = request.query_params.get("page")
    of_person = request.query_params.get("of")
    named = [*ids, *(each for each in (page_id, of_person) if each)]
    if len(named) > MOST_LINES or not all(map(_ID.fullmatch, named)):
        raise NotFound
    has_wallboard = request.query_params.get("wallboard") == "1"
    more = set[Part]({Wallboard()} if has_wallboard else ())
    if of_person:
        more.add(person_of(request, of_person, request.query_params.get("person", "")))
    live: Live = request.app.state["live"]
    tab = Tab(
        workspace_id=request.workspace_id,
        cookie=request.cookie,
        language=spoken(),
        campaign_ids=frozenset(ids),
        view=view_of(request, page_id) if page_id else None,
        parts=parts_asked(request) | tests_asked(request) | more,
    )
    live.open(tab)
    return EventStream(live.follow(tab), ended=lambda: live.close(tab))


ROUTES = [follow_live]
