"""Texts of arrays: what goes in comes out, whatever it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from campana.services.context import Context
from campana.store import arrays

ODD = [
    "",
    "null",
    "NULL",
    None,
    '"',
    "\\",
    '\\"',
    "{a,b}",
    "a,b",
    " both ",
    "%(x)s",
    "line\nbreak",
    "ñ",
]


async def read(context: Context, kind: str, text: str) -> list[object]:
    async with context.db.read() as tx:
        cursor = await tx.execute("select %s::text::" + kind, (text,))  # pyright: ignore[reportArgumentType, reportCallIssue]
        row = await cursor.fetchone()
    assert row is not None
    return list(row[0])


async def test_texts_come_back_as_they_were(engine_context: Context) -> None:
    assert await read(engine_context, "text[]", arrays.texts(ODD)) == ODD


async def test_values_that_are_alike_are_given_once(engine_context: Context) -> None:
    values = ["b", "a", "b", '{"a": 1}', "a"]
    each, places = arrays.once(values)
    kept = await read(engine_context, "text[]", each)
    assert kept == ["b", "a", '{"a": 1}']
    found = await read(engine_context, "integer[]", places)
    assert [kept[int(str(place)) - 1] for place in found] == values


async def test_texts_that_are_all_absent_come_back_absent(engine_context: Context) -> None:
    for given in ([None], [None] * 3, [None, "", None]):
        assert await read(engine_context, "text[]", arrays.texts(given)) == given


async def test_json_comes_back_as_it_was(engine_context: Context) -> None:
    objects = [{"a": text, text or "b": [1, 2.5, True]} for text in ODD if text is not None]
    assert await read(engine_context, "jsonb[]", arrays.json(objects)) == objects
    some = [{}, None, ["null", 'a"b\\c\nd'], None]
    assert await read(engine_context, "jsonb[]", arrays.json(some)) == some
    assert await read(engine_context, "jsonb[]", arrays.json([None])) == [None]
    assert await read(engine_context, "jsonb[]", arrays.json([])) == []


async def test_numbers_and_uuids_come_back_as_they_were(engine_context: Context) -> None:
    assert await read(engine_context, "bigint[]", arrays.numbers([1, -2, 2**62])) == [1, -2, 2**62]
    ids = [UUID(int=0), UUID(int=2**128 - 1)]
    assert await read(engine_context, "uuid[]", arrays.uuids(ids)) == ids


async def test_moments_keep_their_instant_to_the_microsecond(engine_context: Context) -> None:
    moment = datetime(2026, 3, 10, 15, 0, 0, 123456, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=-5)))
    given = [moment, None, elsewhere]
    assert await read(engine_context, "timestamptz[]", arrays.moments(given)) == [
        moment, None, moment,
    ]  # fmt: skip


async def test_nothing_is_an_empty_array(engine_context: Context) -> None:
    assert await read(engine_context, "text[]", arrays.texts([])) == []
