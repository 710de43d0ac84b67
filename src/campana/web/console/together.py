"""Two people at one form: who comes second undoes nothing, and is told what the first has changed.

A page carries marks of what its fields said (`seen`). Of what comes back, a field that was not
touched goes on saying what it says today. One that both have touched is told, with what it says
now, and stored only when it is sent once more from there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec

from campana.domain.errors import CampanaError, VersionMismatch
from campana.web.console import drafts
from campana.web.console.language import say

T = TypeVar("T")

_TRIES = 5
"""How often somebody else may come between a comparison and its storing."""
SEEN = "seen"
"""The hidden field with the marks."""
STATUS = 412
"""Of the page that says what was changed meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A field that both have touched."""

    name: str
    now: str
    """What it says since the other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What is to hold by field, and what stands against storing it."""

    values: Mapping[str, str]
    changed: Sequence[Change]
    beside: Sequence[Change]
    """Fields that only the other one touched: they stay as they are."""

    def said(self, done: str) -> str:
        """What was done, and what of the other's holds beside it."""
        if not self.beside:
            return done
        nothing = say("nothing")
        fields = ", ".join(f"{each.name}: {each.now or nothing}" for each in self.beside)
        told = say("Changed meanwhile by somebody else, and left so: %(fields)s.", fields=fields)
        return f"{done} {told}"


def marks(now: Mapping[str, str]) -> str:
    """What the hidden field of a page says that shows these."""
    return msgspec.json.encode({name: drafts.mark(text) for name, text in now.items()}).decode()


def met(
    typed: Mapping[str, str],
    now: Mapping[str, str],
    *,
    seen: str,
    names: Mapping[str, str] | None = None,
) -> Met:
    """What somebody typed onto a page with these marks, and what holds by now.

    Whose page has no marks has seen nothing: whatever would be changed is told first. `names` are
    those that people know the fields by.
    """
    marked = marks_of(seen)
    known = names or {}
    touched = {name for name in now if drafts.mark(typed.get(name, "")) != marked.get(name)}
    others = [name for name in now if marked.get(name) != drafts.mark(now[name])]
    change = {name: Change(name=known.get(name, name), now=now[name]) for name in others}
    return Met(
        values={name: typed.get(name, "") if name in touched else now[name] for name in now},
        changed=[
            change[name]
            for name in others
            if name in touched and drafts.mark(typed.get(name, "")) != drafts.mark(now[name])
        ],
        beside=[change[name] for name in others if name not in touched],
    )


async def settled(
    compare: Callable[[], Awaitable[tuple[Met, T]]],
    store: Callable[[Met, T], Awaitable[object]],
) -> tuple[Met, CampanaError | None]:
    """Compare and store until nobody comes between the two.

    `compare` looks at what holds by now, `store` puts it away if that holds still, and raises
    VersionMismatch if not. What is told with it is why nothing was stored.
    """
    tries = 0
    while True:
        tries += 1
        found, now = await compare()
        if found.changed:
            return found, None
        try:
            await store(found, now)
        except VersionMismatch as error:
            if tries == _TRIES:
                return found, error
        except CampanaError as error:
            return found, error
        else:
            return found, None


def marks_of(text: str) -> dict[str, str]:
    """By field, what a page held when it was opened."""
    try:
        found: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    known = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    return {name: each for name, each in known.items() if isinstance(each, str)}
