"""Workspaces and API keys: who may ask for what.

A key is `ck_` and 256 random bits, shown once. Only its SHA-256 is stored: a random key needs no
slow hash, and an attacker with the table has nothing to send.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campana.domain import naming
from campana.domain.errors import (
    Conflict,
    FieldProblem,
    IdempotencyMismatch,
    InsufficientScope,
    InvalidParameter,
    NotFound,
    Unauthenticated,
    Unavailable,
    VersionMismatch,
)
from campana.domain.places import is_country
from campana.services.context import Context
from campana.services.tokens import hash_of, new_token
from campana.store import accounts
from campana.store.accounts import ApiKey, Principal, Workspace

SCOPES: dict[str, str] = {
    "campaigns:read": "See campaigns, their statistics and targets.",
    "campaigns:write": "Create, change and delete campaigns.",
    "campaigns:control": "Launch, pause, resume, cancel and archive campaigns.",
    "lists:read": "See contact lists, contacts and imports.",
    "lists:write": "Create contact lists and import people.",
    "contacts:read": "See a person and what happened to them.",
    "contacts:write": "Change a person.",
    "privacy:write": "Erase a person, export all that is known of one, say how long it is kept.",
    "suppressions:read": "See whom never to contact.",
    "suppressions:write": "Add and remove suppressions.",
    "consents:read": "See who agreed to be contacted.",
    "consents:write": "Add to the consent ledger.",
    "channels:read": "See channels.",
    "channels:write": "Create channels.",
    "conversations:read": "See conversations and what was written in them.",
    "conversations:write": "Answer in conversations, assign, close and hand them back.",
    "templates:read": "See templates.",
    "templates:write": "Write and publish templates.",
    "flows:read": "See flows, check them and try them out.",
    "flows:write": "Write and publish flows, and keep what their webhooks show.",
    "bots:read": "See VoiceBots and check them.",
    "bots:write": "Write and publish VoiceBots.",
    "analytics:read": "See what attempts came to, summed up.",
    "voice:read": "See calls.",
    "audio:download": "Get links to recordings.",
    "events:read": "See what happens, as it happens.",
    "webhooks:manage": "Have events sent to an address of yours.",
}


_USE_FINENESS = timedelta(minutes=5)
"""How exactly it is known when a key was used last: one write in that time, not one a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key at the only moment its text exists outside its owner's hands."""

    id: str
    text: str


async def workspace_named(context: Context, name: str) -> Workspace:
    """The workspace of that name (engine role).

    Raises:
        NotFound: there is none.
    """
    async with context.db.read() as tx:
        found = await accounts.workspace_by_name(tx, name=name)
    if found is None:
        raise NotFound(f"there is no workspace named {name!r}")
    return found


async def ensure_workspace(context: Context, name: str) -> Workspace:
    """The workspace of that name, made when absent (engine role).

    A new one may call no country until told.
    """
    async with context.db.transaction() as tx:
        await accounts.create_workspace(
            tx, name=name, default_country=None, allowed_countries=[], now=context.clock.now()
        )
    return await workspace_named(context, name)


async def allow_countries(
    context: Context,
    *,
    workspace_id: int,
    countries: Sequence[str],
    default: str | None,
    was: Workspace | None = None,
) -> None:
    """Replace the list of countries (ISO 3166, two letters) a workspace may call.

    `was` is what the caller has seen; None skips the comparison.

    Raises:
        InvalidParameter: one of them, or the default, is no country with numbers of its own; or
            the default is not one of them, so that whatever is read by it could never be called.
        VersionMismatch: they have been changed since.
    """
    problems = [
        FieldProblem(pointer=pointer, message=f"{country!r} is no country, such as US")
        for pointer, country in [
            *(("/countries", each) for each in countries),
            *([("/default", default)] if default is not None else []),
        ]
        if not is_country(country)
    ]
    if not problems and countries and default is not None and default not in countries:
        allowed = " ".join(countries)
        problems.append(
            FieldProblem(
                pointer="/default",
                message=f"{default} is not one of the countries that may be called: {allowed}",
            )
        )
    if problems:
        raise InvalidParameter(problems=problems)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await accounts.lock_workspace(tx, workspace_id=workspace_id)
        now = await accounts.workspace(tx, workspace_id=workspace_id)
        if was is not None and (now is None or _countries(now) != _countries(was)):
            raise VersionMismatch
        await accounts.set_countries(
            tx, workspace_id=workspace_id, allowed_countries=countries, default_country=default
        )


def _countries(workspace: Workspace) -> tuple[Sequence[str], str | None]:
    return list(workspace.allowed_countries), workspace.default_country


async def create_key(
    context: Context,
    *,
    workspace_id: int,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    within: Collection[str] | None = None,
) -> NewKey:
    """Make a key; its text cannot be read again.

    Args:
        context: of either role.
        workspace_id: what the key opens.
        name: what it is for, in people's words.
        scopes: what it may do.
        expires_at: its end; None is never.
        within: what whoever makes it may do themselves: a key of theirs does no more.

    Raises:
        InvalidParameter: no scope, one that does not exist, or one that goes beyond `within`.
    """
    problems = [
        FieldProblem(pointer="/scopes", message=f"{scope!r} is not a scope; known: {known}")
        for known in [", ".join(SCOPES)]
        for scope in scopes
        if scope not in SCOPES
    ]
    problems += [
        FieldProblem(pointer="/scopes", message=f"{scope} is more than your role may do")
        for scope in scopes
        if within is not None and scope in SCOPES and scope not in within
    ]
    if not scopes:
        problems.append(FieldProblem(pointer="/scopes", message="at least one scope is needed"))
    if not 1 <= len(name) <= 100:
        problems.append(FieldProblem(pointer="/name", message="must have 1 to 100 characters"))
    elif (unfit := naming.problem_of(name)) is not None:
        problems.append(FieldProblem(pointer="/name", message=unfit))
    if problems:
        raise InvalidParameter(problems=problems)
    text = "ck_" + new_token(context)
    key_id = context.new_id("key")
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await accounts.create_key(
            tx,
            key_id=key_id,
            workspace_id=workspace_id,
            name=name,
            key_hash=hash_of(text),
            scopes=scopes,
            expires_at=expires_at,
            now=context.clock.now(),
        )
    return NewKey(id=key_id, text=text)


async def list_keys(context: Context, *, workspace_id: int) -> list[ApiKey]:
    """Every key of the workspace, newest first, revoked ones too."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await accounts.list_keys(tx, workspace_id=workspace_id)


async def revoke_key(context: Context, *, workspace_id: int, key_id: str) -> None:
    """End a key, now and in every process.

    Raises:
        NotFound: there is no such key.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        found = await accounts.revoke_key(
            tx, workspace_id=workspace_id, key_id=key_id, now=context.clock.now()
        )
    if not found:
        raise NotFound(f"there is no key {key_id!r}")


async def authenticate(context: Context, key: str | None) -> Principal:
    """Whom a key speaks for.

    Asks the database each time, so that revoking works at once everywhere.

    Raises:
        Unauthenticated: missing, unknown, expired or revoked; the four are not told apart.
    """
    if not key or len(key) > 200:
        raise Unauthenticated
    async with context.db.glance() as tx:
        found = await accounts.authenticate(tx, key_hash=hash_of(key))
    now = context.clock.now()
    if found is None or found.revoked_at is not None:
        raise Unauthenticated
    if found.expires_at is not None and found.expires_at <= now:
        raise Unauthenticated
    if found.last_used_at is None or now - found.last_used_at >= _USE_FINENESS:
        await _note_used(context, found, now=now)
    return found


async def _note_used(context: Context, found: Principal, *, now: datetime) -> None:
    try:
        async with context.db.transaction(workspace_id=found.workspace_id) as tx:
            await accounts.note_used(
                tx, workspace_id=found.workspace_id, key_id=found.key_id, now=now
            )
    except Unavailable:
        return  # What was asked may still be answered; the next use is noted.


async def still_good(context: Context, hashes: Collection[bytes]) -> set[bytes]:
    """Those of these keys (by their SHA-256) that are neither revoked nor expired: one question."""
    async with context.db.glance() as tx:
        found = await accounts.authenticate_all(tx, key_hashes=hashes)
    now = context.clock.now()
    return {
        key_hash
        for key_hash, holder in found.items()
        if holder.revoked_at is None and (holder.expires_at is None or holder.expires_at > now)
    }


def require(principal: Principal, scope: str) -> None:
    """Raises InsufficientScope, naming it, when the key lacks `scope`."""
    if scope not in principal.scopes:
        raise InsufficientScope(f"this needs the scope {scope}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A stored answer to an earlier request under the same Idempotency-Key."""

    status: int
    headers: dict[str, str]
    body: bytes


async def begin_request(
    context: Context, *, workspace_id: int, route: str, key: str, body: bytes
) -> Answer | None:
    """Take an Idempotency-Key for this request.

    None means go ahead; an Answer means it was done before.

    Raises:
        IdempotencyMismatch: the key was used with another body.
        Conflict: the first request under this key is not finished (or its
            process died: the work may have been done, so look before using another key).
    """
    body_hash = hashlib.sha256(body).digest()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if await accounts.remember_request(
            tx,
            workspace_id=workspace_id,
            route=route,
            key=key,
            body_hash=body_hash,
            now=context.clock.now(),
        ):
            return None
        found = await accounts.remembered_request(
            tx, workspace_id=workspace_id, route=route, key=key
        )
    if found is None:
        raise Conflict("a request with this Idempotency-Key has just ended; try again")
    if found.body_hash != body_hash:
        raise IdempotencyMismatch
    if found.status is None or found.body is None:
        raise Conflict("a request with this Idempotency-Key is in progress")
    return Answer(status=found.status, headers=dict(found.headers or {}), body=found.body)


async def end_request(
    context: Context, *, workspace_id: int, route: str, key: str, answer: Answer | None
) -> None:
    """Keep the answer for a day; None forgets the key, so that the request may be tried again."""
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if answer is None:
            await accounts.forget_request(tx, workspace_id=workspace_id, route=route, key=key)
        else:
            await accounts.remember_answer(
                tx,
                workspace_id=workspace_id,
                route=route,
                key=key,
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
            )
