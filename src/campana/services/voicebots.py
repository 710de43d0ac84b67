"""VoiceBots as people keep them: drafts, and the versions that campaigns pin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from msgspec import Meta, Struct

from campana.domain.content_hash import content_hash
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.script import Script
from campana.domain.script_problems import problems as script_problems
from campana.services import (
    bot_reading,
    documents,
    modest_yaml,
    reading_order,
    text_problems,
    versioned,
)
from campana.services.context import Context
from campana.services.text_problems import Located, UnreadableText, located
from campana.services.versioned import Sort
from campana.store import voicebots as store
from campana.store.versioned import Content, Stored, Version

Typed = Annotated[str, Meta(max_length=text_problems.MAX_CHARACTERS)]


class VoiceBotWriting(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A bot: its definition, or the text of a file that says it. Its `name` is the bot's.

    A text is kept as it was typed, its comments too.
    """

    definition: dict[str, Any] | None = None
    text: Typed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBot:
    """A bot that can call somebody, or what is wrong with it in the order of its text."""

    script: Script | None
    hash: str | None = None
    """`sha256:…` of the content of one that can."""
    problems: tuple[Located, ...] = ()


async def create(context: Context, *, workspace_id: int, raw: object) -> Stored:
    """Make a draft (`versioned.create`)."""
    return await versioned.create(context, BOTS, workspace_id=workspace_id, raw=raw)


async def get(context: Context, *, workspace_id: int, bot_id: str) -> Stored:
    """One bot, by id or by name (`versioned.get`)."""
    return await versioned.get(context, BOTS, workspace_id=workspace_id, wanted=bot_id)


async def every(context: Context, *, workspace_id: int) -> list[Stored]:
    """All of the workspace, by name."""
    return await versioned.every(context, BOTS, workspace_id=workspace_id)


async def write(
    context: Context,
    *,
    workspace_id: int,
    bot_id: str,
    raw: object,
    revision: int | None = None,
) -> Stored:
    """Write the whole draft anew (`versioned.write`)."""
    return await versioned.write(
        context, BOTS, workspace_id=workspace_id, wanted=bot_id, raw=raw, revision=revision
    )


async def change(
    context: Context,
    *,
    workspace_id: int,
    bot_id: str,
    patch: Mapping[str, Any],
    revision: int | None,
) -> Stored:
    """Apply a JSON Merge Patch to the draft, or take another text (`versioned.change`)."""
    return await versioned.change(
        context, BOTS, workspace_id=workspace_id, wanted=bot_id, patch=patch, revision=revision
    )


async def delete(context: Context, *, workspace_id: int, bot_id: str) -> None:
    """Remove a bot that was never published (`versioned.delete`)."""
    await versioned.delete(context, BOTS, workspace_id=workspace_id, wanted=bot_id)


async def publish(
    context: Context, *, workspace_id: int, bot_id: str, revision: int | None = None
) -> Version:
    """Make the draft a version (`versioned.publish`)."""
    return await versioned.publish(
        context, BOTS, workspace_id=workspace_id, wanted=bot_id, revision=revision
    )


async def versions(context: Context, *, workspace_id: int, bot_id: str) -> list[Version]:
    """Latest first, without definitions (`versioned.versions`)."""
    return await versioned.versions(context, BOTS, workspace_id=workspace_id, wanted=bot_id)


async def version(context: Context, *, workspace_id: int, bot_id: str, number: int) -> Version:
    """One version with its definition (`versioned.version`)."""
    return await versioned.version(
        context, BOTS, workspace_id=workspace_id, wanted=bot_id, number=number
    )


async def problems(context: Context, *, workspace_id: int, bot_id: str, raw: object) -> CheckedBot:
    """Everything that is wrong with a text, a definition, or else the draft.

    The lines are those of the text; of what was never one, those of its JSON, two spaces a step.

    Raises:
        NotFound, InvalidParameter
    """
    asked = documents.read(VoiceBotWriting, raw)
    stored = await get(context, workspace_id=workspace_id, bot_id=bot_id)
    if asked.text is not None:
        return check(asked.text)
    if asked.definition is not None:
        return check(text_problems.as_text(asked.definition))
    return check(stored.text or text_problems.as_text(stored.draft))


def check(text: str) -> CheckedBot:
    """Read a bot in YAML or JSON."""
    try:
        document = text_problems.document_of(text, read=modest_yaml.read)
    except UnreadableText as error:
        return CheckedBot(script=None, problems=error.problems)
    try:
        script = load(document)
    except InvalidParameter as error:
        return CheckedBot(script=None, problems=located(error.problems, text))
    return CheckedBot(script=script, hash=content_hash(document))


def load(definition: object) -> Script:
    """What a definition has a call say and ask.

    Raises:
        InvalidParameter: with every problem, each by its JSON pointer.
    """
    if not isinstance(definition, dict):
        raise _wrong("", "must be an object with a name, a greeting and steps")
    whole = cast("dict[str, Any]", definition)
    found: list[FieldProblem] = []
    try:
        versioned.named(whole)
    except InvalidParameter as error:
        found += [FieldProblem(pointer="/name", message=e.message) for e in error.problems]
    try:
        script = bot_reading.read(without_name(whole))
    except InvalidParameter as error:
        raise InvalidParameter(problems=[*found, *error.problems]) from None
    found += script_problems(script)
    if found:
        raise InvalidParameter("The bot cannot be used as it is.", problems=found)
    return script


def without_name(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What a definition says: all but the name it is kept under."""
    return {key: value for key, value in definition.items() if key != "name"}


def text_of(definition: Mapping[str, Any]) -> str:
    """A definition as a text, in an order people read: the store keeps none."""
    return documents.write_yaml(reading_order.in_order(definition))


def _read(raw: object) -> Content:
    """A definition, or what a text says, and the name it gives itself."""
    written = documents.read(VoiceBotWriting, raw)
    if (written.definition is None) == (written.text is None):
        raise _wrong("/definition", "a bot has either a definition or a text")
    if written.text is None:
        return versioned.named(written.definition or {})
    try:
        said = text_problems.document_of(written.text, read=modest_yaml.read)
    except UnreadableText as error:
        raise InvalidParameter(
            problems=[
                FieldProblem(pointer="/text", message=f"line {e.line}: {e.problem.message}")
                for e in error.problems
            ]
        ) from None
    if not isinstance(said, dict):
        raise _wrong("/text", "a bot has fields, such as name and greeting")
    return versioned.named(cast("dict[str, Any]", said), text=written.text)


def _hash_of(definition: Mapping[str, Any]) -> str:
    load(dict(definition))
    return content_hash(definition)


def _wrong(pointer: str, message: str) -> InvalidParameter:
    return InvalidParameter(problems=[FieldProblem(pointer=pointer, message=message)])


BOTS = Sort(word="bot", prefix="bot", queries=store.QUERIES, read=_read, hash_of=_hash_of)
