"""The console's application, and the fork between it and the API.

Both answer on one port. A path belongs to the console when its first part is one of its own, or
when it is of neither and a browser asks for a page; all else is the API's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler
from litestar.types import Receive, Scope, Send

from campana.services.browser_talks import Talks
from campana.services.context import Context
from campana.web.console import (
    account,
    assets,
    attempts,
    audit_log,
    bot_line,
    bot_talk,
    bots,
    campaign_acts,
    campaign_batches,
    campaign_page,
    campaigns,
    channel_acts,
    channel_tests_screen,
    channels_screen,
    contacts,
    conversations,
    developers,
    entry,
    flow_credentials_screen,
    flow_tables,
    flows,
    lists,
    live,
    people_screen,
    reports_screen,
    review,
    settings_screen,
    suppressions,
    templates_screen,
    wallboard,
    webhook_page,
    wizard,
)
from campana.web.console.admission import admission
from campana.web.console.bot_line import OpenLines
from campana.web.console.cookies import Cookies
from campana.web.console.failures import answer_exception
from campana.web.console.live import Live
from campana.web.console.pages import environment
from campana.web.console.requests import PageRequest
from campana.web.links import Links
from campana.web.stateful import with_state
from campana.web.streams import Streams

FORM_LIMIT = 1_000_000
"""Bytes of a form; a file to import has a limit of its own."""

SCREENS: Sequence[HTTPRouteHandler] = [
    *assets.ROUTES,
    *entry.ROUTES,
    *account.ROUTES,
    *wallboard.ROUTES,
    *live.ROUTES,
    *campaigns.ROUTES,
    *wizard.ROUTES,
    *campaign_page.ROUTES,
    *campaign_acts.ROUTES,
    *campaign_batches.ROUTES,
    *review.ROUTES,
    *reports_screen.ROUTES,
    *attempts.ROUTES,
    *lists.ROUTES,
    *contacts.ROUTES,
    *suppressions.ROUTES,
    *channels_screen.ROUTES,
    *channel_acts.ROUTES,
    *channel_tests_screen.ROUTES,
    *conversations.ROUTES,
    *templates_screen.ROUTES,
    *bots.ROUTES,
    *bot_talk.ROUTES,
    *flows.ROUTES,
    *flow_tables.ROUTES,
    *flow_credentials_screen.ROUTES,
    *developers.ROUTES,
    *webhook_page.ROUTES,
    *people_screen.ROUTES,
    *settings_screen.ROUTES,
    *audit_log.ROUTES,
]

SOCKETS: Sequence[WebsocketRouteHandler] = [*bot_line.SOCKETS]


def build(
    context: Context,
    *,
    public_url: str | None,
    streams: Streams,
    links: Links,
    talks: Talks | None = None,
) -> Litestar:
    """The console; its open pages, and who talks to a bot, end with the API's streams."""
    templates = environment()
    pulse = Live(context, templates)
    lines = OpenLines(talks)
    streams.on_close += [pulse.close_all, lines.close_all]
    return with_state(
        _screens(),
        {
            "context": context,
            "cookies": Cookies(is_secure=(public_url or "").startswith("https://")),
            "links": links,
            "lines": lines,
            "live": pulse,
            "public_url": public_url,
            "templates": templates,
        },
    )


@cache
def _screens() -> Litestar:
    return Litestar(
        route_handlers=[*SCREENS, *SOCKETS],
        middleware=[admission],
        exception_handlers={Exception: answer_exception},
        request_class=PageRequest,
        request_max_body_size=FORM_LIMIT,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


class Faces:
    """An ASGI application: the console for its own paths, `others` for all else."""

    def __init__(self, console: Litestar, *, others: Litestar) -> None:
        self._console = console
        self._others = others
        self._firsts = _firsts(console)
        self._known = self._firsts | _firsts(others) | {"v1", "callbacks"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = scope["path"].split("/")[1]
        is_ours = first in self._firsts or (first not in self._known and _wants_page(scope))
        await (self._console if is_ours else self._others)(scope, receive, send)


def _firsts(app: Litestar) -> set[str]:
    return {route.path.split("/")[1] for route in app.routes}


def _wants_page(scope: Scope) -> bool:
    """Whether a browser opens it: programs ask for JSON or for anything, and get a problem."""
    return scope["type"] == "http" and any(
        name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"]
    )
