"""The language a page speaks, and the one way in which Python's words get into it.

English is written where it is said: `say("...")` here, `_("...")` and `{% trans %}` in templates.
Every other language is one file, `messages/<code>.po`, read when the console is built. Which of
them a request hears is told once, by the layer before every page (`admission`); what is rendered
for a stream is told by `speaking`. Values are never translated, and templates escape them.
"""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from http.cookies import CookieError, SimpleCookie
from importlib import resources
from io import BytesIO

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from campana.web.console import problem_sentences
from campana.web.console.problem_sentences import Sentences

COOKIE = "campana_language"
"""Holds the code of the language that a person chose; nothing that has to be kept from anybody."""
_KEPT_SECONDS = 400 * 86400
"""The longest that browsers keep a cookie."""
_FOLDER = resources.files("campana.web.console") / "messages"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """What is said in it, and how it writes numbers and months."""

    code: str
    """As `lang` and Accept-Language have it: `es`, `pt-BR`."""
    name: str
    """In its own words."""
    messages: NullTranslations
    problems: Sentences = problem_sentences.NONE
    """What may be wrong with an input."""
    group: str = ","
    """Between the thousands."""
    decimal: str = "."
    months: tuple[str, ...] = (
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    )  # fmt: skip

    def figure(self, text: str) -> str:
        """A number as Python writes it (`12,345.6`) as this language does."""
        if self.group == "," and self.decimal == ".":
            return text
        return text.translate({ord(","): self.group, ord("."): self.decimal})


ENGLISH = Language(code="en", name="English", messages=NullTranslations())
_spoken: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


@functools.cache
def languages() -> Mapping[str, Language]:
    """Every language that there is, English first, by its code."""
    found = [
        read(each.name.removesuffix(".po"), each.read_bytes())
        for each in sorted(_FOLDER.iterdir(), key=lambda each: each.name)
        if each.name.endswith(".po")
    ]
    return {each.code: each for each in (ENGLISH, *found)}


def read(name: str, text: bytes) -> Language:
    """The language of a catalog: a file named `es` or `pt_BR`, and what stands in it."""
    compiled = BytesIO()
    catalog = read_po(BytesIO(text), locale=name)
    write_mo(compiled, catalog)
    compiled.seek(0)
    locale = Locale.parse(name)
    symbols = locale.number_symbols["latn"]
    months = locale.months["format"]["abbreviated"]
    return Language(
        code=name.replace("_", "-"),
        name=(locale.get_display_name(name) or name).capitalize(),
        messages=GNUTranslations(compiled),
        problems=problem_sentences.sentences(
            (str(each.id), str(each.string))
            for each in catalog
            if each.context == problem_sentences.CONTEXT and each.string
        ),
        group=symbols["group"],
        decimal=symbols["decimal"],
        months=tuple(months[number] for number in range(1, 13)),
    )


def chosen(*, cookie: str | None, accepted: str | None) -> Language:
    """A person's own choice, else the first of what their browser asks for that there is."""
    known = languages()
    if own := own_choice(cookie):
        return known[own]
    return next((known[code] for code in _wanted(accepted) if code in known), ENGLISH)


def own_choice(header: str | None) -> str:
    """The code in a Cookie header; empty without one that there is."""
    try:
        found = SimpleCookie(header or "").get(COOKIE)
    except CookieError:
        return ""
    return found.value if found and found.value in languages() else ""


def _wanted(header: str | None) -> Iterator[str]:
    """The codes of an Accept-Language, dearest first; after `es-MX` plain `es`."""
    asked: list[tuple[float, str]] = []
    for part in (header or "")[:500].split(","):
        code, _, rest = part.strip().partition(";")
        weight = rest.strip().removeprefix("q=")
        try:
            asked.append((float(weight) if weight else 1.0, code.strip()))
        except ValueError:
            continue
    for weight, code in sorted(asked, key=lambda each: -each[0]):
        if weight > 0:
            language, _, region = code.partition("-")
            yield f"{language.lower()}-{region.upper()}" if region else language.lower()
            yield language.lower()


def written(code: str, *, is_secure: bool) -> str:
    """A Set-Cookie header with a person's choice; an empty `code` takes it back."""
    age = _KEPT_SECONDS if code else 0
    secure = "; Secure" if is_secure else ""
    return f"{COOKIE}={code}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}"


def speak(language: Language) -> None:
    """What this task and those it starts say from here on is in that language."""
    _spoken.set(language)


@contextmanager
def speaking(language: Language) -> Generator[None]:
    """What is said inside is in that language."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> Language:
    """The language of now."""
    return _spoken.get()


def say(message: str, **values: object) -> str:
    """The message in the language of now, `%(name)s` filled with the values."""
    # Of the empty message a catalog says its own head.
    said = _spoken.get().messages.gettext(message) if message else ""
    return said % values if values else said


def in_words(text: str) -> str:
    """What is wrong, as it came from below the console, in the language of now where it is known.

    A sentence is found by what it was made of, and its values stay; any other is as it came.
    """
    said = say(text)
    return said if said != text else _spoken.get().problems.said(text) or text


def say_of(context: str, message: str, **values: object) -> str:
    """Like `say`, where the same English words mean two things: `context` says which."""
    said = _spoken.get().messages.pgettext(context, message)
    return said % values if values else said


def plural(one: str, many: str, count: int) -> str:
    """The form of the message that goes with `count`, its places still empty."""
    return _spoken.get().messages.ngettext(one, many, count)


def say_many(one: str, many: str, count: int, **values: object) -> str:
    """The form of the message that goes with `count`; `%(count)s` is that number."""
    figure = _spoken.get().figure(f"{count:,}")
    return plural(one, many, count) % {"count": figure, **values}


def said_options(options: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Choices of a field, their `marked` words in the language of now."""
    return [(key, say(text)) for key, text in options]


def marked(message: str) -> str:
    """The message as it is: one of the catalogs, which `say` translates where it is shown."""
    return message
