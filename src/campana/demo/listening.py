"""What a called party makes of the bot's words: which of its replies they call for."""

from __future__ import annotations

from collections.abc import Sequence

from campana.demo.plan import Reply
from campana.domain.understanding.words import words

MOST = 0.6
"""The part of a question's words that has to be heard to take it for that question."""


def reply_to(text: str, replies: Sequence[Reply]) -> Reply | None:
    """The reply to what was heard; the one for everything else where none fits."""
    heard = set(words(text))
    if not heard:
        return None
    best = max(
        (each for each in replies if each.to), key=lambda each: _share(each, heard), default=None
    )
    if best is not None and _share(best, heard) >= MOST:
        return best
    return next((each for each in replies if not each.to), None)


def _share(reply: Reply, heard: set[str]) -> float:
    asked = set(words(reply.to))
    return len(asked & heard) / len(asked) if asked else 0.0
