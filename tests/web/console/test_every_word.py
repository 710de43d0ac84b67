"""In a language that no word of English is left of, the pages hold no English but their data.

The language is made here: every message in accented letters. What is still plain on a page was
never asked of the catalog.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from gettext import NullTranslations
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from babel.messages.pofile import read_po

from campana.services import people
from campana.services.context import Context
from campana.web.app import create_app
from campana.web.console import language
from tests.browser.house import EMAIL, PASSWORD, House, furnished
from tests.browser.routes import pages
from tests.support.sandbox import WallClock
from tests.web.console.conftest import BASE
from tools.messages import TEMPLATE

ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áƀçđéƒğĥíĵķłḿñóþǫŕšţúṽŵẋýžÁɃÇĐÉƑĞĤÍĴĶŁḾÑÓÞǪŔŠŢÚṼŴẊÝŽ",
)
# What stays as it is in a message: places, tags, entities.
_FIXED = re.compile(r"(%\(\w+\)s|<[^>]*>|&\w+;|%%)")
_WORD = re.compile(r"[A-Za-z]{3,}")
# Holds what is code, or what people have written.
# What the furnished house calls its things, and names that are the same everywhere: of scopes and
# events (`lists:read`), ids, addresses, products.
_DATA = re.compile(
    r"\"><img src=x onerror.*?(?:\{\{7\*7\}\}|$)"
    r"|Campana|YAML|UTC|SMS|WhatsApp|OAuth|Standard Webhooks|Meta|English|Español"
    r"|\S+@\S+|https?:\S+|\b\w+[.:]\w+|\w+_\w+|\b\w+\[\]\.\w+|\.csv|\bAmerica/\w+"
    r"|\b(?:Ana|Bruno|Carla|Lima|Moreno|Draft|Reminders|Spring|Survey|Payment due)\b"
    r"|\b(?:api|city|default|exchange|fee|gsm7|key|min|people|phone|reminder|sandbox)\b"
    r"|\b(?:password|secret|status|text|timeout|vip|yes|[a-zA-Z]+(?:Token|Secret))\b"
    r"|Hello Ana\. Press one to confirm\.|^Hello\b(?: Ana\.)?|is no phone number"
)
SKIPPED = {"code", "pre", "script", "style", "textarea"}
SPOKEN = {"title", "aria-label", "placeholder", "alt"}
EMPTY = {"input", "meta", "link", "img", "br", "use", "rect", "hr", "path"}


def accented(message: str) -> str:
    """The message in letters that no English is written in."""
    parts = _FIXED.split(message)
    return "".join(
        each if number % 2 else each.translate(ACCENTED) for number, each in enumerate(parts)
    )


class _Accented(NullTranslations):
    """Says what the catalogs hold, and leaves all else as it is."""

    def __init__(self, known: Collection[str]) -> None:
        super().__init__()
        self._known = known

    def gettext(self, message: str) -> str:
        return accented(message) if message in self._known else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return accented(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        del context
        return accented(message)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in SPOKEN and value]
        if tag not in EMPTY and (self._skipping or tag in SKIPPED):
            self._skipping += 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY and self._skipping:
            self._skipping -= 1

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.found.append(data)


def plain(page: str) -> set[str]:
    """Texts of a page with a word in plain letters."""
    reader = _Reader()
    reader.feed(page)
    texts = {" ".join(each.split()) for each in reader.found}
    return {each for each in texts if _WORD.search(_DATA.sub("", each))}


@pytest.fixture
async def visitor(
    engine_context: Context,
    context: Context,
    conninfo: str,
    workspace_id: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[httpx.AsyncClient]:
    """An owner who hears the made-up language, in a workspace with something of everything."""
    engine, web = (replace(each, clock=WallClock()) for each in (engine_context, context))
    token = await people.first_link(engine, workspace_id=workspace_id)
    assert token is not None
    _, session = await people.accept(
        web, token=token, name="Ana", email=EMAIL, password=PASSWORD, client=None
    )
    await furnished(
        House(
            conninfo=conninfo, folder=tmp_path, web=web, engine=engine,
            workspace_id=workspace_id, session=session,
        )
    )  # fmt: skip
    catalog = read_po(BytesIO(TEMPLATE.read_bytes()))
    known = {each.id for each in catalog if isinstance(each.id, str)}
    made = replace(language.ENGLISH, code="en-XA", messages=_Accented(known))
    monkeypatch.setattr(language, "chosen", lambda **_: made)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(web)),  # pyright: ignore[reportArgumentType]
        base_url=BASE,
        cookies={"campana": session},
    ) as client:
        yield client


async def test_no_page_holds_words_that_are_not_of_a_catalog(visitor: httpx.AsyncClient) -> None:
    left: dict[str, str] = {}

    async def read(answer: httpx.Response) -> None:
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return
        text = (await answer.aread()).decode()
        left.update(dict.fromkeys(plain(text), answer.request.url.path))

    visitor.event_hooks = {"response": [read]}
    found = await pages(visitor)
    assert len(found) > 40
    assert not sorted(left.items()), "words that no catalog was asked for, and where they were seen"
