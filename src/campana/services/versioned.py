"""The life of what is written as a draft and published as versions: flows and bots.

A draft may be wrong while it is written; only what can be used becomes a version, and a version
stays as it is. Campaigns pin one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from campana.domain import naming
from campana.domain.errors import (
    Conflict,
    FieldProblem,
    InvalidParameter,
    InvalidTransition,
    NotFound,
    VersionMismatch,
)
from campana.services import documents
from campana.services.context import Context
from campana.store import versioned
from campana.store.db import Tx
from campana.store.versioned import Content, Queries, Stored, Version

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """What one sort is called, where it is kept, and what is asked of it."""

    word: str
    """As people are told of it: `flow`."""
    prefix: str
    """Of its ids."""
    queries: Queries
    read: Callable[[object], Content]
    """What a document says. Raises InvalidParameter: it is none, or has no name."""
    hash_of: Callable[[Mapping[str, Any]], str]
    """What its content is called. Raises InvalidParameter: with all that keeps it from use."""


async def create(context: Context, sort: Sort, *, workspace_id: int, raw: object) -> Stored:
    """Make a draft; it need not be right yet, but it has a name.

    Raises:
        InvalidParameter: naming each field that is wrong.
        Conflict: another one has the name.
    """
    content = sort.read(raw)
    now = context.clock.now()
    new_id = context.new_id(sort.prefix)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        is_new = await versioned.insert(
            tx,
            queries=sort.queries,
            new_id=new_id,
            workspace_id=workspace_id,
            content=content,
            now=now,
        )
        if not is_new:
            raise _taken(sort, content)
        return await _one(tx, sort, workspace_id=workspace_id, wanted=new_id)


async def get(context: Context, sort: Sort, *, workspace_id: int, wanted: str) -> Stored:
    """One draft, by id or by name.

    Raises:
        NotFound: there is none in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await _one(tx, sort, workspace_id=workspace_id, wanted=wanted)


async def every(context: Context, sort: Sort, *, workspace_id: int) -> list[Stored]:
    """All of the workspace, by name."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await versioned.every(tx, queries=sort.queries, workspace_id=workspace_id)


async def write(
    context: Context,
    sort: Sort,
    *,
    workspace_id: int,
    wanted: str,
    raw: object,
    revision: int | None = None,
) -> Stored:
    """Write the whole draft anew; versions stay as they are.

    `revision` is the one the caller has seen; None skips the comparison.

    Raises:
        NotFound, InvalidParameter, Conflict
        VersionMismatch: somebody changed it since.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        stored = await _held(tx, sort, workspace_id=workspace_id, wanted=wanted, revision=revision)
        return await _store(tx, context, sort, stored, raw)


async def change(
    context: Context,
    sort: Sort,
    *,
    workspace_id: int,
    wanted: str,
    patch: Mapping[str, Any],
    revision: int | None,
) -> Stored:
    """Apply a JSON Merge Patch to the draft's definition; versions stay as they are.

    A patch with a `text` is the whole draft anew, for the sorts that take one. `revision` is the
    one the caller has seen; None skips the comparison.

    Raises:
        NotFound, InvalidParameter, Conflict
        VersionMismatch: somebody changed it since.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        stored = await _held(tx, sort, workspace_id=workspace_id, wanted=wanted, revision=revision)
        before = {} if patch.get("text") is not None else {"definition": dict(stored.draft)}
        return await _store(tx, context, sort, stored, documents.merge(before, patch))


async def _held(
    tx: Tx, sort: Sort, *, workspace_id: int, wanted: str, revision: int | None
) -> Stored:
    found = await versioned.lock(tx, queries=sort.queries, workspace_id=workspace_id, wanted=wanted)
    if found is None:
        raise NotFound
    if revision is not None and revision != found.revision:
        raise VersionMismatch
    return found


async def _store(tx: Tx, context: Context, sort: Sort, stored: Stored, raw: object) -> Stored:
    content = sort.read(raw)
    revision = await versioned.update(
        tx,
        queries=sort.queries,
        draft_id=stored.id,
        content=content,
        now=context.clock.now(),
    )
    if revision is None:
        raise _taken(sort, content)
    return await _one(tx, sort, workspace_id=stored.workspace_id, wanted=stored.id)


async def delete(context: Context, sort: Sort, *, workspace_id: int, wanted: str) -> None:
    """Remove what was never published.

    Raises:
        NotFound
        InvalidTransition: it has versions, which campaigns may have pinned.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        stored = await _held(tx, sort, workspace_id=workspace_id, wanted=wanted, revision=None)
        if not await versioned.delete(tx, queries=sort.queries, draft_id=stored.id):
            raise InvalidTransition(f"a {sort.word} that was published stays")


async def publish(
    context: Context, sort: Sort, *, workspace_id: int, wanted: str, revision: int | None = None
) -> Version:
    """Make the draft a version, once: published again unchanged, it is the version it was.

    `revision` is the one the caller has seen; None publishes whatever the draft says now.

    Raises:
        NotFound
        VersionMismatch: somebody changed it since.
        InvalidParameter: with everything that is wrong with the draft.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        stored = await _held(tx, sort, workspace_id=workspace_id, wanted=wanted, revision=revision)
        content_hash = sort.hash_of(stored.draft)
        if stored.published is not None:
            last = await versioned.version(
                tx, queries=sort.queries, draft_id=stored.id, number=stored.published
            )
            if last is not None and last.hash == content_hash:
                return last
        number, now = (stored.published or 0) + 1, context.clock.now()
        await versioned.add_version(
            tx,
            queries=sort.queries,
            of=stored,
            number=number,
            content_hash=content_hash,
            now=now,
        )
    return Version(number, content_hash, now, stored.draft, stored.text)


async def versions(
    context: Context, sort: Sort, *, workspace_id: int, wanted: str
) -> list[Version]:
    """Latest first, without definitions.

    Raises:
        NotFound
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        stored = await _one(tx, sort, workspace_id=workspace_id, wanted=wanted)
        return await versioned.versions(
            tx, queries=sort.queries, workspace_id=workspace_id, draft_id=stored.id
        )


async def version(
    context: Context, sort: Sort, *, workspace_id: int, wanted: str, number: int
) -> Version:
    """One version with its definition.

    Raises:
        NotFound: there is none of that id or name in this workspace, or no such version of it.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        stored = await _one(tx, sort, workspace_id=workspace_id, wanted=wanted)
        found = await versioned.version(tx, queries=sort.queries, draft_id=stored.id, number=number)
    if found is None:
        raise NotFound
    return found


async def _one(tx: Tx, sort: Sort, *, workspace_id: int, wanted: str) -> Stored:
    found = await versioned.find(tx, queries=sort.queries, workspace_id=workspace_id, wanted=wanted)
    if found is None:
        raise NotFound
    return found


def named(definition: Mapping[str, Any], *, text: str | None = None) -> Content:
    """A definition under the name it gives itself.

    Raises:
        InvalidParameter: it gives none.
    """
    name = definition.get("name")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= _LONGEST_NAME:
        said = f"must be a text of 1 to {_LONGEST_NAME} characters"
        problem = (
            FieldProblem(pointer="/definition/name", message=said)
            if text is None
            else FieldProblem(pointer="/text", message=f"the name in it {said}")
        )
        raise InvalidParameter(problems=[problem])
    if (wrong := naming.problem_of(name)) is not None:
        said, at = wrong, "/definition/name"
        if text is not None:
            said, at = f"the name in it {wrong}", "/text"
        raise InvalidParameter(problems=[FieldProblem(pointer=at, message=said)])
    return Content(name=name, definition=definition, text=text)


def _taken(sort: Sort, content: Content) -> Conflict:
    return Conflict(f"there is a {sort.word} named {content.name} already")
