"""People of a workspace who are signed in."""

from __future__ import annotations

from campana.domain.role import Role
from campana.services import people
from campana.services.context import Context

PASSWORD = "a sentence nobody guesses"


async def signed_in(
    web: Context, *, workspace_id: int, role: Role, email: str, name: str = "Ana"
) -> str:
    """The session of somebody who was invited and accepted with `PASSWORD`."""
    token = await people.invite(
        web, workspace_id=workspace_id, invited_by=None, email=email, role=role
    )
    _, session = await people.accept(
        web, token=token, name=name, email="", password=PASSWORD, client=None
    )
    return session
