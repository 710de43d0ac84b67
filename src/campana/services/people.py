"""Who may use the console: the first owner, signing in, sessions, invitations, roles.

A session is 256 random bits in a cookie; only its SHA-256 is stored, as for API keys. Nothing here
tells an unknown e-mail address from a wrong password.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from campana.domain import naming
from campana.domain.address import Unusable
from campana.domain.email import parse_email
from campana.domain.errors import (
    Conflict,
    FieldProblem,
    InvalidParameter,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from campana.domain.role import SCOPES_OF, Role
from campana.services import passwords
from campana.services.context import Context
from campana.services.tokens import hash_of, new_token
from campana.store import people
from campana.store.db import Tx
from campana.store.people import Invitation, OpenInvitation, Person

IDLE = timedelta(hours=12)
"""A session nobody uses for so long is over."""
LONGEST = timedelta(days=7)
"""And every session is over after this."""
_SEEN = timedelta(minutes=1)
INVITATION = timedelta(days=7)
FIRST = timedelta(days=1)

_TRIES = timedelta(minutes=15)
_MOST_OF_ONE = 10
"""Tries for one address from one client, in a quarter of an hour."""
_MOST_OF_ADDRESS = 50
_MOST_OF_CLIENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who is signed in, and what they may do."""

    person_id: str
    workspace_id: int
    workspace: str
    name: str
    email: str
    role: Role

    @property
    def scopes(self) -> frozenset[str]:
        """What the role includes."""
        return SCOPES_OF[self.role]


async def is_new(context: Context) -> bool:
    """Whether nobody has an account yet, in any workspace."""
    async with context.db.glance() as tx:
        return await people.is_new(tx)


async def first_link(context: Context, *, workspace_id: int) -> str | None:
    """A fresh token that makes the first owner (engine role); None when there is somebody."""
    if not await is_new(context):
        return None
    token, now = new_token(context), context.clock.now()
    async with context.db.transaction() as tx:
        await people.withdraw_first(tx, workspace_id=workspace_id)
        await people.invite(
            tx,
            invitation_id=context.new_id("inv"),
            workspace_id=workspace_id,
            link_hash=hash_of(token),
            email=None,
            role=Role.OWNER,
            invited_by=None,
            now=now,
            expires_at=now + FIRST,
        )
    return token


async def invitation(context: Context, *, token: str) -> Invitation:
    """What a link invites to.

    Raises:
        NotFound: unknown, used or over; the three are not told apart.
    """
    async with context.db.glance() as tx:
        found = await people.invitation(tx, link_hash=hash_of(token))
    if found is None or found.used_at is not None or found.expires_at <= context.clock.now():
        raise NotFound("this link was used, has ended, or never was")
    return found


async def accept(
    context: Context, *, token: str, name: str, email: str, password: str, client: str | None
) -> tuple[str, str]:
    """Make the person a link invites and sign them in: their id and the session's token.

    Raises:
        NotFound: the link opens nothing.
        InvalidParameter: naming each field that is wrong.
        Conflict: the address has an account.
    """
    found = await invitation(context, token=token)
    address = parse_email(found.email or email)
    problems = _problems(name=name, password=password)
    if isinstance(address, Unusable):
        problems.append(FieldProblem(pointer="/email", message=address.reason))
    if problems or isinstance(address, Unusable):
        raise InvalidParameter(problems=problems)
    password_hash = await passwords.hashed(password)
    session, person_id, now = new_token(context), context.new_id("usr"), context.clock.now()
    async with context.db.transaction(workspace_id=found.workspace_id) as tx:
        if not await people.use_invitation(tx, invitation_id=found.id, now=now):
            raise NotFound("this link was used, has ended, or never was")
        if not await people.insert(
            tx,
            person_id=person_id,
            workspace_id=found.workspace_id,
            email=address,
            name=name.strip(),
            role=found.role,
            password_hash=password_hash,
            now=now,
        ):
            raise Conflict("this e-mail address has an account already")
        await people.start_session(
            tx,
            session_hash=hash_of(session),
            workspace_id=found.workspace_id,
            person_id=person_id,
            client=client,
            now=now,
        )
    return person_id, session


async def sign_in(context: Context, *, email: str, password: str, client: str | None) -> str:
    """A fresh session's token for the right address and password.

    The try is counted before the password is looked at: many at once are not more than their sum.

    Raises:
        Unauthenticated: wrong, unknown or disabled; the three are not told apart.
        RateLimited: too many tries for this address, or from this client.
    """
    address, now = email.strip().lower()[:254], context.clock.now()
    one = _key("one", address, client or "")
    limits = {
        one: _MOST_OF_ONE,
        _key("address", address): _MOST_OF_ADDRESS,
        _key("client", client or ""): _MOST_OF_CLIENT,
    }
    async with context.db.glance() as tx:
        tries = await people.count_try(tx, keys=list(limits), now=now, since=now - _TRIES)
    if any(tries.get(key, 0) > most for key, most in limits.items()):
        raise RateLimited("too many tries to sign in; wait a quarter of an hour")
    async with context.db.glance() as tx:
        known = await people.by_email(tx, email=address)
    is_right = await passwords.is_right(password, known.password_hash if known else None)
    if known is None or not is_right or known.disabled_at is not None:
        raise Unauthenticated("the e-mail address or the password is wrong")
    token = new_token(context)
    async with context.db.transaction(workspace_id=known.workspace_id) as tx:
        await people.forget_tries(tx, keys=[one])
        await people.forget_sessions(
            tx,
            workspace_id=known.workspace_id,
            idle_since=now - IDLE,
            begun_before=now - LONGEST,
        )
        await people.start_session(
            tx,
            session_hash=hash_of(token),
            workspace_id=known.workspace_id,
            person_id=known.person_id,
            client=client,
            now=now,
        )
    return token


async def visitor(context: Context, token: str | None) -> Visitor | None:
    """Who a cookie speaks for; None when it opens nothing (any more).

    Asks the database each time, so that ending a session works at once everywhere.
    """
    if not token or len(token) > 100:
        return None
    now, session_hash = context.clock.now(), hash_of(token)
    async with context.db.glance() as tx:
        found = await people.session(tx, session_hash=session_hash)
    if (
        found is None
        or found.disabled_at is not None
        or now - found.seen_at > IDLE
        or now - found.created_at > LONGEST
    ):
        return None
    if now - found.seen_at > _SEEN:
        async with context.db.transaction(workspace_id=found.workspace_id) as tx:
            await people.saw_session(tx, session_hash=session_hash, now=now)
    return Visitor(
        person_id=found.person_id,
        workspace_id=found.workspace_id,
        workspace=found.workspace,
        name=found.name,
        email=found.email,
        role=Role(found.role),
    )


async def sign_out(context: Context, *, workspace_id: int, token: str) -> None:
    """End this session, on the server."""
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await people.end_session(tx, session_hash=hash_of(token))


async def every(context: Context, *, workspace_id: int) -> list[Person]:
    """Everybody with an account, those who left too."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await people.every(tx, workspace_id=workspace_id)


async def invitations(context: Context, *, workspace_id: int) -> list[OpenInvitation]:
    """The links that can still be used."""
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await people.open_invitations(tx, workspace_id=workspace_id, now=now)


async def invite(
    context: Context, *, workspace_id: int, invited_by: str | None, email: str, role: str
) -> str:
    """A link's token for one new person, good for a week; it cannot be read again.

    Raises:
        InvalidParameter: naming each field that is wrong.
    """
    address, problems = parse_email(email), list[FieldProblem]()
    if isinstance(address, Unusable):
        problems.append(FieldProblem(pointer="/email", message=address.reason))
    if role not in set(Role):
        problems.append(FieldProblem(pointer="/role", message="must be one of the roles"))
    if problems or isinstance(address, Unusable):
        raise InvalidParameter(problems=problems)
    token, now = new_token(context), context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await people.invite(
            tx,
            invitation_id=context.new_id("inv"),
            workspace_id=workspace_id,
            link_hash=hash_of(token),
            email=address,
            role=role,
            invited_by=invited_by,
            now=now,
            expires_at=now + INVITATION,
        )
    return token


async def withdraw(context: Context, *, workspace_id: int, invitation_id: str) -> None:
    """End a link nobody has used.

    Raises:
        NotFound
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await people.withdraw(tx, workspace_id=workspace_id, invitation_id=invitation_id):
            raise NotFound


async def set_role(context: Context, *, workspace_id: int, person_id: str, role: str) -> None:
    """Say what a person may do, from their next request on.

    Raises:
        NotFound
        InvalidParameter: there is no such role.
        Conflict: nobody would be left who may do everything.
    """
    if role not in set(Role):
        problem = FieldProblem(pointer="/role", message="must be one of the roles")
        raise InvalidParameter(problems=[problem])
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if role != Role.OWNER:
            await _require_another_owner(tx, workspace_id=workspace_id, person_id=person_id)
        if not await people.set_role(tx, workspace_id=workspace_id, person_id=person_id, role=role):
            raise NotFound


async def set_disabled(
    context: Context, *, workspace_id: int, person_id: str, disabled: bool
) -> None:
    """End a person's account and all their sessions at once, or give it back.

    Raises:
        NotFound
        Conflict: nobody would be left who may do everything.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if disabled:
            await _require_another_owner(tx, workspace_id=workspace_id, person_id=person_id)
            await people.end_sessions_of(tx, person_id=person_id)
        if not await people.set_disabled(
            tx,
            workspace_id=workspace_id,
            person_id=person_id,
            disabled_at=context.clock.now() if disabled else None,
        ):
            raise NotFound


async def change_password(
    context: Context, *, visitor: Visitor, token: str, old: str, new: str
) -> None:
    """Another password; every other browser of this person is signed out.

    Raises:
        InvalidParameter: the old one is wrong, or the new one is none.
    """
    problem = passwords.problem_of(new)
    problems = [FieldProblem(pointer="/new", message=problem)] if problem else []
    async with context.db.glance() as tx:
        known = await people.by_email(tx, email=visitor.email)
    if not await passwords.is_right(old, known.password_hash if known else None):
        problems.insert(0, FieldProblem(pointer="/old", message="is not your password"))
    if problems:
        raise InvalidParameter(problems=problems)
    password_hash = await passwords.hashed(new)
    async with context.db.transaction(workspace_id=visitor.workspace_id) as tx:
        await people.set_password(tx, person_id=visitor.person_id, password_hash=password_hash)
        await people.end_sessions_of(tx, person_id=visitor.person_id, but=hash_of(token))


async def _require_another_owner(tx: Tx, *, workspace_id: int, person_id: str) -> None:
    owners = await people.hold_owners(tx, workspace_id=workspace_id)
    if owners == [person_id]:
        raise Conflict("this is the last owner: make another one first")


def _problems(*, name: str, password: str) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    if not 1 <= len(name.strip()) <= 100:
        problems.append(FieldProblem(pointer="/name", message="must have 1 to 100 characters"))
    elif (unfit := naming.problem_of(name)) is not None:
        problems.append(FieldProblem(pointer="/name", message=unfit))
    if (wrong := passwords.problem_of(password)) is not None:
        problems.append(FieldProblem(pointer="/password", message=wrong))
    return problems


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()
