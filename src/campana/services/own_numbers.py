"""The telephone number that somebody of the console says is their own: where their tests go."""

from __future__ import annotations

from campana.domain.address import Unusable, parse_phone
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services.context import Context
from campana.services.people import Visitor
from campana.store import accounts, people


async def get(context: Context, *, visitor: Visitor) -> str | None:
    """In E.164; None when they have not said."""
    async with context.db.read(workspace_id=visitor.workspace_id) as tx:
        return await people.own_number(
            tx, workspace_id=visitor.workspace_id, person_id=visitor.person_id
        )


async def put(context: Context, *, visitor: Visitor, text: str) -> str | None:
    """Keep it, in any way of writing; nothing typed forgets it. As it is kept.

    Raises:
        InvalidParameter: it is no number, at `/number`.
    """
    async with context.db.transaction(workspace_id=visitor.workspace_id) as tx:
        number = None
        if text.strip():
            workspace = await accounts.workspace(tx, workspace_id=visitor.workspace_id)
            country = workspace.default_country if workspace else None
            found = parse_phone(text[:100], default_country=country)
            if isinstance(found, Unusable):
                raise InvalidParameter(
                    problems=[FieldProblem(pointer="/number", message=found.reason)]
                )
            number = found.value
        await people.set_own_number(
            tx,
            workspace_id=visitor.workspace_id,
            person_id=visitor.person_id,
            own_number=number,
        )
    return number
