"""Marking many people at once. Tags also come in with an import, as a column of their own."""

from __future__ import annotations

from collections.abc import Sequence

from campana.domain.errors import FieldProblem, InvalidParameter, NotFound
from campana.services.context import Context
from campana.store import lists, tags
from campana.store.tags import Tagged

MAX_PEOPLE = 1_000


async def change(
    context: Context,
    *,
    workspace_id: int,
    list_id: str,
    people: Sequence[tuple[int | None, str | None]],
    add: Sequence[str],
    remove: Sequence[str],
) -> list[Tagged]:
    """Add and remove tags; one result a person, in the order given. Repeating it changes nothing.

    Args:
        context: the web role will do.
        workspace_id: whose list it is.
        list_id: where the people are.
        people: at most `MAX_PEOPLE`, each by contact id or by external id.
        add: tags they have from now on.
        remove: tags they have no more.

    Raises:
        NotFound: there is no such list in this workspace.
        InvalidParameter: nothing is to be changed, or a tag is to come and to go.
        Conflict: the list is a segment.
    """
    problems = [
        FieldProblem(pointer=f"/remove/{place}", message="is to be added as well")
        for place, tag in enumerate(remove)
        if tag in add
    ]
    if not add and not remove:
        problems.append(FieldProblem(pointer="/add", message="no tag is given"))
    if problems:
        raise InvalidParameter(problems=problems)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await lists.lock(tx, list_id=list_id):
            raise NotFound
        return await tags.change(
            tx,
            list_id=list_id,
            people=people,
            add=add,
            remove=remove,
            now=context.clock.now(),
        )
