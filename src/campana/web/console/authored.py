"""What the pages of bots and flows have in common: a text with versions that several write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypedDict

from litestar import Response

from campana.domain.errors import VersionMismatch
from campana.store.versioned import Stored
from campana.web.console.differences import Line, difference
from campana.web.console.pages import page
from campana.web.console.requests import PageRequest
from campana.web.errors import status_of

DRAFT = "draft"
"""What an address calls the text that is no version yet."""


class Overtaken(TypedDict):
    """What an editor shows of it besides the text that was typed."""

    given: Mapping[str, str]
    lines: Sequence[Line]
    status: int


async def difference_page(
    request: PageRequest,
    stored: Stored,
    *,
    crumb: tuple[str, str],
    shown: Callable[[str], Awaitable[str]],
) -> Response[str]:
    """Between two versions, or a version and the draft; `shown` is the text of each."""
    before, after = request.query_params.get("from", ""), request.query_params.get("to", DRAFT)
    return page(
        request,
        "difference.html",
        thing=stored,
        crumb=crumb,
        before=before,
        after=after,
        lines=difference(await shown(before), await shown(after)),
    )


def overtaken(
    stored: Stored, *, theirs: str, typed: str, given: Mapping[str, str], error: VersionMismatch
) -> Overtaken:
    """What somebody else has saved meanwhile, against what was typed; saved again, that holds."""
    return Overtaken(
        given={**given, "revision": str(stored.revision)},
        lines=difference(theirs, typed),
        status=status_of(error),
    )
