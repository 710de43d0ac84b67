"""The parts of the inbox and of a thread that come anew while somebody looks at them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from jinja2 import Environment

from campana.domain.conversation import ConversationStatus
from campana.domain.errors import InsufficientScope, NotFound
from campana.services import conversations
from campana.services.context import Context
from campana.services.conversations import Listed, Thread
from campana.store.conversations import Filters
from campana.web.console.language import marked
from campana.web.console.pages import render
from campana.web.console.paging import number_asked
from campana.web.console.requests import PageRequest
from campana.web.delivery_words import state_of

READ = "conversations:read"
INBOX_PAGE = 25
THREAD_LINES = 100
_ID = re.compile(r"conv_[0-9a-z]{1,40}", re.ASCII)

VIEWS: Mapping[str, str] = {
    "": marked("All"),
    "waiting": marked("Waiting for a person"),
    "mine": marked("Mine"),
    "assigned": marked("With a person"),
    "open": marked("With the bot"),
    "closed": marked("Closed"),
}


class Part(Protocol):
    """Something of a page that is filled anew; equal ones are looked at once."""

    def __hash__(self) -> int: ...

    async def parts(
        self, context: Context, templates: Environment, *, workspace_id: int
    ) -> dict[str, str]:
        """The markup by the id of the element it fills."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A page of the inbox as one person narrowed it."""

    view: str
    search: str
    number: int
    person: str
    """Whose those are that are `mine`: an e-mail address."""

    @property
    def filters(self) -> Filters:
        is_mine = self.view == "mine"
        status = ConversationStatus.ASSIGNED if is_mine else None
        if self.view in set(ConversationStatus):
            status = ConversationStatus(self.view)
        return Filters(
            status=status,
            assignee=self.person if is_mine else None,
            search=self.search or None,
        )

    async def found(
        self, context: Context, *, workspace_id: int, with_total: bool = True
    ) -> Listed:
        return await conversations.page(
            context,
            workspace_id=workspace_id,
            filters=self.filters,
            limit=INBOX_PAGE,
            offset=(self.number - 1) * INBOX_PAGE,
            after=None,
            with_latest=True,
            with_total=with_total,
        )

    async def parts(
        self, context: Context, templates: Environment, *, workspace_id: int
    ) -> dict[str, str]:
        found = await self.found(context, workspace_id=workspace_id, with_total=False)
        text = render(templates, "live_inbox.html", context, found=found, inbox=self)
        return {"inbox": text}


@dataclass(frozen=True, slots=True)
class Lines:
    """The newest messages of a thread, oldest first, each with how far it has come."""

    thread: Thread
    shown: Sequence[tuple[object, str, str | None]]
    has_earlier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenThread:
    """A thread that is being read."""

    conversation_id: str

    async def found(self, context: Context, *, workspace_id: int) -> Lines:
        """The newest lines of it.

        Raises:
            NotFound: there is none of that id in this workspace.
        """
        thread = await conversations.thread(
            context,
            workspace_id=workspace_id,
            conversation_id=self.conversation_id,
            limit=THREAD_LINES + 1,
            is_newest_first=True,
        )
        shown = [(each, *state_of(each)) for each in reversed(thread.messages[:THREAD_LINES])]
        return Lines(thread, shown, has_earlier=len(thread.messages) > THREAD_LINES)

    async def parts(
        self, context: Context, templates: Environment, *, workspace_id: int
    ) -> dict[str, str]:
        try:
            lines = await self.found(context, workspace_id=workspace_id)
        except NotFound:  # its person was erased meanwhile
            return {}
        return {"thread": render(templates, "live_thread.html", context, lines=lines)}


def inbox_asked(request: PageRequest, *, number: str = "page") -> Inbox:
    """The inbox as the address says; `number` names what of it is the page's."""
    view = request.query_params.get("view", "")
    return Inbox(
        view=view if view in VIEWS else "",
        search=request.query_params.get("q", "").strip()[:254],
        number=number_asked(request, number),
        person=request.visitor.email,
    )


def parts_asked(request: PageRequest) -> frozenset[Part]:
    """What of conversations an open page shows.

    Raises:
        NotFound: it names what cannot be one.
        InsufficientScope: its person may not read them.
    """
    asked: list[Part] = []
    if (conversation_id := request.query_params.get("conversation")) is not None:
        if not _ID.fullmatch(conversation_id):
            raise NotFound
        asked.append(OpenThread(conversation_id=conversation_id))
    if "inbox" in request.query_params:
        asked.append(inbox_asked(request, number="inbox"))
    if asked and not request.may(READ):
        raise InsufficientScope(f"your role does not include {READ}")
    return frozenset(asked)
