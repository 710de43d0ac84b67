"""Addresses as people write them in requests, read in the workspace's country."""

from __future__ import annotations

from collections.abc import Sequence

from campana.domain.address import Unusable, parse_phone
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.store import accounts
from campana.store.db import Tx


async def normal(tx: Tx, *, workspace_id: int, addresses: Sequence[str], at: str) -> list[str]:
    """The addresses in E.164; `at` is the pointer of the one at a position (`/addresses/{}`).

    Raises:
        InvalidParameter: naming each that is no phone number.
    """
    workspace = await accounts.workspace(tx, workspace_id=workspace_id)
    country = workspace.default_country if workspace else None
    values: list[str] = []
    problems: list[FieldProblem] = []
    for position, text in enumerate(addresses):
        match parse_phone(text, default_country=country):
            case Unusable(reason=reason):
                problems.append(FieldProblem(pointer=at.format(position), message=reason))
            case found:
                values.append(found.value)
    if problems:
        raise InvalidParameter(problems=problems)
    return values
