"""What a channel answers to STOP, START and HELP, as people write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from campana.domain import keywords
from campana.domain.keywords import LANGUAGES, Keyword

Answer = Annotated[str, Meta(min_length=1, max_length=1000)]
Language = Literal["en", "es", "pt", "fr", "de", "it"]


class KeywordsDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """The words a channel understands, and its answers; what is left out has its default."""

    languages: Annotated[list[Language], Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: list[Language](LANGUAGES)  # pyright: ignore[reportArgumentType]
    )
    """The first is that of answers to people whose language is not known."""
    confirmed_by: Literal["campana", "provider", "nobody"] = "campana"
    """Who answers STOP and START: a provider that does so itself must not be joined."""
    stop_answer: Answer | None = None
    start_answer: Answer | None = None
    help_answer: Answer | None = None

    def answer(self, keyword: Keyword, *, language: str | None) -> str:
        """What is answered: the channel's own text, or the usual one in that language."""
        own = {
            Keyword.STOP: self.stop_answer,
            Keyword.START: self.start_answer,
            Keyword.HELP: self.help_answer,
        }[keyword]
        spoken = language if language in self.languages else self.languages[0]
        return own or keywords.answer(keyword, language=spoken)


DEFAULT = KeywordsDocument()


def read_stored(document: Mapping[str, Any] | None) -> KeywordsDocument:
    """A document as it was stored; the default when there is none."""
    return msgspec.convert(document, KeywordsDocument) if document is not None else DEFAULT
