"""The people of a dry run (`queries/trials.sql`), beside the list and never in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from psycopg.types.json import Jsonb

from campana.domain.contact import NewContact
from campana.store.db import Tx
from campana.store.holders import Holder, holder_of, written
from campana.store.sql import load

_SQL = load("trials")


def keys_of(people: Iterable[NewContact]) -> list[str]:
    """What each is found by, as it is stored."""
    keys: list[str] = []
    for contact in people:
        keys += [address.key for address in contact.addresses]
        if contact.external_id is not None:
            keys.append(f"id:{contact.external_id}")
    return keys


async def find(
    tx: Tx, *, import_id: str, people: Sequence[NewContact], ids: Sequence[int]
) -> list[Holder]:
    """Whom the run made or changed, among those these people meet and those of these ids."""
    cursor = await tx.execute(
        _SQL["find"], {"import_id": import_id, "keys": keys_of(people), "ids": list(ids)}
    )
    return [holder_of(int(row[0]), row[1]) for row in await cursor.fetchall()]


async def lowest(tx: Tx, *, import_id: str) -> int:
    """The id given last to somebody the run made; 0 when it made nobody yet."""
    row = await (await tx.execute(_SQL["lowest"], {"import_id": import_id})).fetchone()
    return int(row[0]) if row else 0


async def put(tx: Tx, *, workspace_id: int, import_id: str, people: Mapping[int, Holder]) -> None:
    """Keep what these are by now."""
    if not people:
        return
    ids = list(people)
    await tx.execute(_SQL["drop_keys"], {"import_id": import_id, "ids": ids})
    await tx.execute(
        _SQL["put"],
        {
            "import_id": import_id,
            "workspace_id": workspace_id,
            "ids": ids,
            "contacts": [Jsonb(written(each)) for each in people.values()],
        },
    )
    pairs = [(key, one) for one, each in people.items() for key in keys_of([each.contact])]
    await tx.execute(
        _SQL["put_keys"],
        {
            "import_id": import_id,
            "workspace_id": workspace_id,
            "keys": [key for key, _ in pairs],
            "ids": [one for _, one in pairs],
        },
    )


async def forget(tx: Tx, *, import_id: str) -> None:
    """The run is over."""
    await tx.execute(_SQL["forget_keys"], {"import_id": import_id})
    await tx.execute(_SQL["forget_people"], {"import_id": import_id})
