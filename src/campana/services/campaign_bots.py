"""The bots of a campaign: written out in it, or published ones that it pins.

A version never changes, so the campaign keeps a copy of what it pins beside the pin: whoever calls
reads one row, and no later change of the bot can reach a campaign. The copy is not shown: people
see, and change, the pin they wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta

from campana.domain.errors import FieldProblem
from campana.services import voicebots
from campana.services.voicebot_document import Step, Text, VoiceBotDocument
from campana.services.voicebots import BOTS
from campana.store import versioned
from campana.store.db import Tx

_PIN = ("id", "version")

_EITHER = Meta(
    extra_json_schema={
        "if": {
            "type": "object",
            "not": {"required": ["id"], "properties": {"id": {"type": "string"}}},
        },
        "then": {
            "required": [
                each.encode_name
                for each in msgspec.structs.fields(VoiceBotDocument)
                if each.required
            ]
        },
    }
)


class CampaignBot(VoiceBotDocument, frozen=True, omit_defaults=True):
    """A bot: a published one by `id`, or else one that is written out here.

    With `id` (or name) it is that of `/v1/voicebots`, at `version`; the latest when none is said,
    which is then pinned. Nothing else stands beside those two.
    """

    id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    version: Annotated[int, Meta(ge=1)] | None = None
    greeting: Text = ""
    steps: Annotated[list[Step], Meta(min_length=1, max_length=100)] = []  # noqa: RUF012 - each gets its own


OneBot = Annotated[CampaignBot | None, _EITHER]
NamedBot = Annotated[CampaignBot, _EITHER]

Bot = Mapping[str, Any]
Place = tuple[str | int, ...]
"""Where a bot stands in a campaign."""


def as_written(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored campaign as people wrote it: its pins without the copies."""
    return _with(document, {place: pin_of(bot) for place, bot in _each(document)})


def pin_of(bot: Bot) -> dict[str, Any]:
    """A bot as written: the two fields of a pin, or all of one that is written out."""
    return {key: bot[key] for key in _PIN if key in bot} if _is_pin(bot) else dict(bot)


def before(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A stored campaign as written, for a merge patch to be applied to.

    A bot that the patch replaces by a pin, or a pin by anything but another version, is left out:
    merged field by field the two would make neither.
    """
    written = as_written(document)
    found = dict(written)
    if _is_replaced(written.get("voiceBot"), patch.get("voiceBot")):
        del found["voiceBot"]
    named, changed = written.get("voiceBots"), patch.get("voiceBots")
    if isinstance(named, dict) and isinstance(changed, Mapping):
        changes = cast("Mapping[str, object]", changed)
        found["voiceBots"] = {
            name: bot
            for name, bot in cast("dict[str, Any]", named).items()
            if not _is_replaced(bot, changes.get(name))
        }
    return found


def _is_replaced(stored: object, change: object) -> bool:
    if not (isinstance(stored, Mapping) and isinstance(change, Mapping)) or stored == change:
        return False
    fields = cast("Bot", change)
    if _is_pin(fields):
        return True
    return _is_pin(cast("Bot", stored)) and not fields.keys() <= {"version"}


async def pinned(
    tx: Tx, *, workspace_id: int, document: Mapping[str, Any]
) -> tuple[dict[str, Any], list[FieldProblem]]:
    """The campaign with each pin by id and version, its copy beside it; and what is wrong."""
    problems: list[FieldProblem] = []
    found: dict[Place, dict[str, Any]] = {}
    for place, bot in _each(document):
        if _is_pin(bot):
            at = "".join(f"/{part}" for part in place)
            found[place], wrong = await _pinned(tx, bot, workspace_id=workspace_id, at=at)
            problems += wrong
    return _with(document, found), problems


async def _pinned(
    tx: Tx, bot: Bot, *, workspace_id: int, at: str
) -> tuple[dict[str, Any], list[FieldProblem]]:
    more = sorted(key for key in bot if key not in _PIN)
    if more:
        said = "does not stand beside an id: a published bot says what it says there"
        return {}, [_problem(f"{at}/{key}", said) for key in more]
    found = await versioned.find(
        tx, queries=BOTS.queries, workspace_id=workspace_id, wanted=bot["id"]
    )
    if found is None:
        return {}, [_problem(f"{at}/id", "there is no such bot")]
    number = bot.get("version") or found.published
    if number is None:
        return {}, [_problem(f"{at}/id", "the bot was never published")]
    version = await versioned.version(tx, queries=BOTS.queries, draft_id=found.id, number=number)
    if version is None:
        return {}, [_problem(f"{at}/version", f"there is no version {number}")]
    return {
        "id": found.id,
        "version": number,
        **voicebots.without_name(version.definition or {}),
    }, []


def _is_pin(bot: Bot) -> bool:
    return isinstance(bot.get("id"), str)


def _each(document: Mapping[str, Any]) -> Iterator[tuple[Place, Bot]]:
    """Every bot of a campaign that was read once, by where it stands."""
    if document.get("voiceBot"):
        yield ("voiceBot",), document["voiceBot"]
    named: Mapping[str, Bot] = document.get("voiceBots") or {}
    for name, bot in named.items():
        yield ("voiceBots", name), bot
    variants: Sequence[Mapping[str, Any]] = document.get("variants") or ()
    for n, variant in enumerate(variants):
        changes: Mapping[str, Any] = variant.get("changes") or {}
        if changes.get("voiceBot"):
            yield ("variants", n, "changes", "voiceBot"), changes["voiceBot"]


def _with(document: Mapping[str, Any], bots: Mapping[Place, Bot]) -> dict[str, Any]:
    """A campaign with other bots in these places; what holds them is copied, not changed."""
    found = dict(document)
    for place, bot in bots.items():
        inside: Any = found
        for part in place[:-1]:
            below = inside[part]
            inside[part] = list(below) if isinstance(below, list) else dict(below)  # pyright: ignore[reportUnknownArgumentType]
            inside = inside[part]
        inside[place[-1]] = dict(bot)
    return found


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)
