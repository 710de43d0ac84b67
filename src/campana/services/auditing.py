"""The audit log: who changed what, over whatever door they came, never changed itself.

What somebody asks for in the console is written before anything is done; should it be refused, a
second entry says why. A crash between the two leaves what was asked, so nothing that happened is
missing. What a request or a command changes of a workspace's things the database writes down
itself, field by field and in the same transaction (`changes_by`); of programs that is all there is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from campana.services.context import Context
from campana.services.defusing import csv_lines
from campana.store import audit
from campana.store.audit import LATEST, Entry
from campana.store.db import asked as asking
from campana.store.db import unasked

_LONGEST = 300
_PAGE = 1000
_SECRET = (
    "address",
    "pasted",
    "why",
    "password",
    "secret",
    "token",
    "old",
    "new",
    "form_token",
    "key",
    "said",
)
_SETTLED = timedelta(minutes=5)
"""Whoever wrote an entry so long ago has committed it, or never will."""
_UNTOLD = frozenset({"channel.send_test", "template.test", "number.keep"})
"""What is about one person's number: that it was asked is told, and nothing of what it changed."""
_COLUMNS = ("number", "at", "actor", "action", "subject", "result", "detail", "client", "request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for: who, what, of what thing, with which words.

    `key_id` is the API key of a program, which the log then names as who.
    """

    workspace_id: int
    person_id: str | None
    actor: str
    key_id: str | None = None
    action: str
    subject: str
    fields: Mapping[str, str]
    client: str | None
    request_id: str


async def note_asked(context: Context, asked: Asked) -> None:
    """Write down what was asked, without what is secret in it or would name a contact."""
    kept = {
        name[:100]: "***" if _is_secret(name) else text[:_LONGEST]
        for name, text in asked.fields.items()
    }
    await _add(context, asked, result="asked", detail=kept)


async def note_refused(context: Context, asked: Asked, *, why: str) -> None:
    """Write down why nothing was done."""
    await _add(context, asked, result="refused", detail={"why": why[:_LONGEST]})


@contextmanager
def changes_by(context: Context, asked: Asked) -> Generator[None]:
    """What is changed inside is written down, from what to what, as what this request did.

    Secrets are told as `***`, long texts cut. A message or a call to oneself makes a campaign whose
    words and number name a person, and one's own number is nobody else's: nothing of it is kept.
    """
    if asked.action in _UNTOLD:
        yield
        return

    def words() -> str:
        # Of each transaction anew: an import on the command line may last for hours.
        said = {
            "at": context.clock.now(),
            "person_id": asked.person_id,
            "actor": asked.actor[:300],
            "key_id": asked.key_id,
            "action": asked.action[:100],
            "client": asked.client,
            "request_id": asked.request_id,
        }
        return msgspec.json.encode(said).decode()

    with asking(words):
        yield


@contextmanager
def untold() -> Generator[None]:
    """What is changed inside is not written down: it would name a contact."""
    with unasked():
        yield


async def seal(context: Context) -> None:
    """Seal what was written some minutes ago (engine role); `doctor --invariants` reads the chain.

    Done again after a crash, or by two at once, nothing is sealed twice.
    """
    now = context.clock.now()
    while True:
        async with context.db.transaction() as tx:
            most = await audit.seal(tx, upto=now - _SETTLED, now=now, most=_PAGE)
        if most < _PAGE:
            return


def said(problems: Mapping[str, str]) -> str:
    """What was wrong with a form, by field, without what might repeat something secret."""
    return "; ".join(
        text if not name else f"{name}: {'***' if _is_secret(name) else text}"
        for name, text in problems.items()
    )


def _is_secret(name: str) -> bool:
    """Whether a field of that name may hold a secret or name a contact."""
    return any(word in name.lower() for word in _SECRET)


async def page(
    context: Context,
    *,
    workspace_id: int,
    who: str | None = None,
    before: int = LATEST,
    limit: int = 100,
) -> Sequence[Entry]:
    """Entries before this number, newest first: all, those of PEOPLE, or those of one actor."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await audit.page(tx, workspace_id=workspace_id, who=who, before=before, limit=limit)


async def as_csv(
    context: Context, *, workspace_id: int, who: str | None = None
) -> AsyncIterator[bytes]:
    """The log as a file, newest first, a thousand lines at a time; `who` as of `page`."""
    yield csv_lines([_COLUMNS])
    before = LATEST
    while rows := await page(
        context, workspace_id=workspace_id, who=who, before=before, limit=_PAGE
    ):
        yield csv_lines(_row(each) for each in rows)
        before = rows[-1].id


def _row(entry: Entry) -> list[object]:
    detail = msgspec.json.encode(dict(entry.detail)).decode()
    return [
        entry.id,
        entry.at.isoformat(),
        entry.actor,
        entry.action,
        entry.subject,
        entry.result,
        detail,
        entry.client,
        entry.request_id,
    ]


async def _add(context: Context, asked: Asked, *, result: str, detail: Mapping[str, str]) -> None:
    async with context.db.transaction(workspace_id=asked.workspace_id) as tx:
        await audit.add(
            tx,
            workspace_id=asked.workspace_id,
            at=context.clock.now(),
            person_id=asked.person_id,
            actor=asked.actor[:300],
            action=asked.action,
            subject=asked.subject[:300],
            result=result,
            detail=detail,
            client=asked.client,
            request_id=asked.request_id,
        )
