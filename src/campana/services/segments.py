"""Segments: lists that are a question about contacts. Reading the question, and asking it.

What a question means is `flow/segments.py`, how it is asked `store/segments.py`. Whom a campaign
takes from one, and when, is `services/targets.py` and `services/following.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campana.domain import segment
from campana.domain.errors import FieldProblem, InvalidParameter, NotFound
from campana.domain.segment import Tree
from campana.flow.segments import BadSegment, read
from campana.services.context import Context
from campana.store import lists, segments
from campana.store.contacts import Contact
from campana.store.db import Tx
from campana.store.lists import ContactList, Segment
from campana.store.segments import Members

PREVIEWED = 20
"""People a preview shows."""
MOST_SECONDS = 10
"""A statement that asks for a segment may take; a segment that needs more must be narrowed."""

EVERYBODY: Tree = segment.Literal(value=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How many fit now, and the first of them in the order they came in."""

    count: int
    contacts: Sequence[Contact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A segment that can be asked: of the people of `lists`, which are all it could have any of."""

    tree: Tree
    lists: Sequence[str]
    segment: Segment

    @property
    def members(self) -> Members:
        """Whom it means, in all its lists."""
        return segments.members(self.tree, lists=self.lists, named=self.segment.lists)

    @property
    def here(self) -> Members:
        """Whom it means in one list, which the statement names as `list_id`."""
        return segments.members(self.tree, lists=(), named=self.segment.lists, here=True)


def tree_of(where: str, *, pointer: str) -> Tree:
    """The condition as a tree.

    Raises:
        InvalidParameter: with everything that is wrong with it, each with its line and column.
    """
    try:
        return read(where)
    except BadSegment as bad:
        raise InvalidParameter(
            problems=[FieldProblem(pointer=pointer, message=str(each)) for each in bad.problems]
        ) from None


async def written(tx: Tx, *, workspace_id: int, where: str, pointer: str) -> Segment:
    """A condition as it is kept, the lists it names by their ids.

    Raises:
        InvalidParameter: it cannot be asked, or names a list that is not there or is a segment.
    """
    tree = tree_of(where, pointer=pointer)
    named = await lists.ids_of(tx, workspace_id=workspace_id, wanted=segment.lists_named(tree))
    problems = [
        FieldProblem(pointer=pointer, message=f"there is no contact list {name!r} with people")
        for name, found in named.items()
        if found is None
    ]
    if problems:
        raise InvalidParameter(problems=problems)
    return Segment(where=where, lists={name: found for name, found in named.items() if found})


async def question(tx: Tx, *, workspace_id: int, asked: Segment) -> Question:
    """A stored condition as one that can be asked, of the lists that may have any such people."""
    tree = read(asked.where)
    held = await lists.holding(tx, workspace_id=workspace_id)
    for each in segment.needed(tree):
        if isinstance(each, segment.InList):
            held = [list_id for list_id in held if list_id == asked.lists.get(each.wanted)]
    return Question(tree=tree, lists=held, segment=asked)


async def members_of(tx: Tx, *, workspace_id: int, found: ContactList) -> Members:
    """Whom a list means: its people, or whoever fits the segment."""
    if found.segment is None:
        return segments.of_list(found.id)
    asked = await question(tx, workspace_id=workspace_id, asked=found.segment)
    return asked.members


async def preview(context: Context, *, workspace_id: int, where: str) -> Preview:
    """Who fits a condition now, without keeping it.

    Raises:
        InvalidParameter: naming everything that is wrong with it, at `/segment/where`.
        Unavailable: counting took too long.
    """
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        asked = await question(
            tx,
            workspace_id=workspace_id,
            asked=await written(
                tx, workspace_id=workspace_id, where=where, pointer="/segment/where"
            ),
        )
        async with segments.bounded(tx, seconds=MOST_SECONDS):
            return Preview(
                count=await segments.count(
                    tx, workspace_id=workspace_id, whom=asked.members, now=now
                ),
                contacts=await segments.page(
                    tx,
                    workspace_id=workspace_id,
                    whom=asked.members,
                    after=0,
                    limit=PREVIEWED,
                    now=now,
                ),
            )


async def page(
    context: Context, *, workspace_id: int, list_id: str, after: int, limit: int
) -> list[Contact]:
    """People of a list, or who fit a segment now, in the order they came in, after contact `after`.

    Raises:
        NotFound: there is no such list in this workspace.
        Unavailable: looking for them took too long.
    """
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await lists.get(tx, workspace_id=workspace_id, list_id=list_id)
        if found is None:
            raise NotFound
        whom = await members_of(tx, workspace_id=workspace_id, found=found)
        async with segments.bounded(tx, seconds=MOST_SECONDS):
            return await segments.page(
                tx, workspace_id=workspace_id, whom=whom, after=after, limit=limit, now=now
            )
