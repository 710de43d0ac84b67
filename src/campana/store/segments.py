"""Segments as SQL: who in a contact's list and history fits, told by PostgreSQL.

What a person wrote never becomes a piece of a statement. A tree of `domain/segment.py` picks among
fragments that stand here, every value goes in as a parameter, and what cannot be told is null all
the way up, as an error is in CEL: `and`, `or` and `not` treat both alike.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, cast

from psycopg.errors import QueryCanceled
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain import segment
from campana.domain.disposition import FINALITY, Finality
from campana.domain.errors import Unavailable
from campana.domain.segment import Comparison, Texts, TextTest, Tree
from campana.store.contacts import Contact
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("segments")

OF_LIST: LiteralString = "c.list_id = %(list_id)s"
"""How a statement picks the people of a list; `asked_of` puts a segment in its place."""

_OF_LISTS: LiteralString = "c.list_id = any(%(segment_lists)s::text[])"
_REACHED = [each.value for each, finality in FINALITY.items() if finality is Finality.REACHED]

_FIELDS: Mapping[str, LiteralString] = {
    "first_name": "to_jsonb(c.first_name)",
    "last_name": "to_jsonb(c.last_name)",
    "language": "to_jsonb(c.language)",
    "time_zone": "to_jsonb(c.time_zone)",
    "external_id": "to_jsonb(c.external_id)",
    "phone": "(select to_jsonb(d.value) from contact_addresses d where d.contact_id = c.id"
    " and d.kind = 'phone' order by d.position limit 1)",
    "whatsapp": "(select to_jsonb(d.value) from contact_addresses d where d.contact_id = c.id"
    " and d.kind = 'whatsapp' order by d.position limit 1)",
    "email": "(select to_jsonb(d.value) from contact_addresses d where d.contact_id = c.id"
    " and d.kind = 'email' order by d.position limit 1)",
    "country": "(select to_jsonb(d.country) from contact_addresses d where d.contact_id = c.id"
    " and d.kind = 'phone' order by d.position limit 1)",
}

_TEXTS: Mapping[Texts, LiteralString] = {
    Texts.TAGS: "c.tags",
    Texts.KINDS: "array(select distinct d.kind from contact_addresses d where d.contact_id = c.id)",
}

_ORDERS: Mapping[Comparison, LiteralString] = {
    Comparison.BELOW: "<",
    Comparison.AT_MOST: "<=",
    Comparison.ABOVE: ">",
    Comparison.AT_LEAST: ">=",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Whom a statement is about: what stands for `OF_LIST`, and its parameters."""

    sql: LiteralString
    values: Mapping[str, object]


def of_list(list_id: str) -> Members:
    """Everybody in a list."""
    return Members(sql=OF_LIST, values={"list_id": list_id})


def members(
    tree: Tree, *, lists: Collection[str], named: Mapping[str, str | None], here: bool = False
) -> Members:
    """Who in these lists fits.

    Args:
        tree: the condition. The statement has a parameter `now`.
        lists: their ids.
        named: the ids of the lists the condition names; None for one that is gone.
        here: the statement walks one list, whose id it has as `list_id`; `lists` is not asked.
    """
    writer = _Writer(named)
    hints: list[LiteralString] = [writer.hint(each) for each in segment.needed(tree)]
    condition = writer.truth(tree)
    sql: LiteralString = OF_LIST if here else _OF_LISTS
    for each in hints:
        sql = f"{sql}{each}"
    return Members(
        sql=f"{sql} and ({condition}) is true",
        values={**writer.values, "segment_lists": list(lists)},
    )


def asked_of(query: LiteralString, whom: Members) -> LiteralString:
    """The statement, about these people."""
    before, found, after = query.partition(OF_LIST)
    if not found or OF_LIST in after:
        raise ValueError("the statement must say once whose people it is about")
    return before + whom.sql + after


async def count(tx: Tx, *, workspace_id: int, whom: Members, now: datetime) -> int:
    """How many there are."""
    query = asked_of(_SQL["count"], whom)
    values = {**whom.values, "workspace_id": workspace_id, "now": now}
    row = await (await tx.execute(query, values)).fetchone()
    return int(row[0]) if row else 0


async def page(
    tx: Tx, *, workspace_id: int, whom: Members, after: int, limit: int, now: datetime
) -> list[Contact]:
    """Them in the order they came in, from the one after contact `after`."""
    values = {"workspace_id": workspace_id, "after": after, "limit": limit, "now": now}
    async with tx.cursor(row_factory=class_row(Contact)) as cursor:
        await cursor.execute(asked_of(_SQL["page"], whom), {**whom.values, **values})
        return await cursor.fetchall()


@asynccontextmanager
async def bounded(tx: Tx, *, seconds: int) -> AsyncGenerator[None]:
    """Statements meanwhile may take so long each.

    Raises:
        Unavailable: one took longer; the transaction is then of no more use.
    """
    limit = "select set_config('statement_timeout', %s, true)"
    try:
        await tx.execute(limit, (f"{seconds}s",))
        yield
        await tx.execute(limit, ("0",))
    except QueryCanceled:
        raise Unavailable(
            f"finding these people took more than {seconds} seconds: narrow the segment, such as"
            " by a tag or a list"
        ) from None


class _Writer:
    """Writes conditions and collects their parameters, `s0`, `s1`…"""

    def __init__(self, named: Mapping[str, str | None]) -> None:
        self.values: dict[str, object] = {}
        self._named = named

    def hint(self, tree: Tree) -> LiteralString:
        """What an index can be asked of everybody who fits, beside the condition itself."""
        match tree:
            case segment.Within(value=segment.Literal(value=str(tag)), texts=Texts.TAGS):
                return f" and c.tags <> '{{}}' and c.tags @> array[{self._put(tag)}::text]"
            case _:
                return ""

    def truth(self, tree: Tree) -> LiteralString:  # noqa: C901 - one line a kind
        """As a boolean; null where it cannot be told."""
        match tree:
            case segment.And(left=left, right=right):
                return f"({self.truth(left)} and {self.truth(right)})"
            case segment.Or(left=left, right=right):
                return f"({self.truth(left)} or {self.truth(right)})"
            case segment.Not(term=term):
                return f"(not {self.truth(term)})"
            case segment.Has(name=name):
                return self._has(name)
            case segment.Compare():
                return self._compare(tree)
            case segment.OneOf(value=value, options=options):
                listed = self._put(Jsonb([self._literal(each) for each in options]))
                return self._once(
                    value,
                    f"exists (select from jsonb_array_elements({listed}::jsonb) o"
                    " where o.value = v.x)",
                )
            case segment.Within(value=value, texts=texts):
                return self._once(
                    value, f"coalesce(segment_text(v.x) = any({_TEXTS[texts]}), false)"
                )
            case segment.Examine():
                return self._examine(tree)
            case segment.Reached():
                asked = self._history(tree)
                reached = self._put(_REACHED)
                return f"exists (select {asked} and a.disposition = any({reached}::text[]))"
            case segment.InList(wanted=wanted):
                return f"coalesce(c.list_id = {self._put(self._named.get(wanted))}::text, false)"
            case _:
                value = self.value(tree)
                return (
                    f"(case {value} when 'true'::jsonb then true"
                    " when 'false'::jsonb then false end)"
                )

    def value(self, tree: Tree) -> LiteralString:
        """As jsonb; null where it cannot be told."""
        match tree:
            case segment.Literal():
                return f"{self._put(Jsonb(self._literal(tree)))}::jsonb"
            case segment.Attribute(name=name):
                return _FIELDS.get(name) or f"(c.attributes -> {self._put(name)}::text)"
            case segment.Choice(condition=condition, then=then, otherwise=otherwise):
                return (
                    f"(case {self.truth(condition)} when true then {self.value(then)}"
                    f" when false then {self.value(otherwise)} end)"
                )
            case segment.Size(of=Texts() as texts):
                return f"to_jsonb(cardinality({_TEXTS[texts]}))"
            case segment.Size(of=of):
                return f"to_jsonb(char_length(segment_text({self.value(cast('Tree', of))})))"
            case segment.Attempts():
                return f"(select to_jsonb(count(*)) {self._history(tree)})"
            case segment.LastOutcome():
                return (
                    "to_jsonb(coalesce((select a.disposition from attempts_of(c.id) a"
                    " where a.disposition is not null"
                    " order by a.created_at desc, a.id desc limit 1), ''))"
                )
            case segment.DateOf(moment=moment):
                return f"to_jsonb(to_char({self._moment(moment)} at time zone 'UTC', 'YYYY-MM-DD'))"
            case _:
                return f"to_jsonb({self.truth(tree)})"

    def _moment(self, tree: Tree) -> LiteralString:
        """As timestamptz."""
        match tree:
            case segment.AddedAt():
                return "c.created_at"
            case segment.Moment(at=at):
                return f"{self._put(at)}::timestamptz"
            case segment.Shifted(moment=moment, by=by):
                return f"({self._moment(moment)} + {self._put(by)}::interval)"
            case _:
                return "%(now)s::timestamptz"

    def _has(self, name: str) -> LiteralString:
        own = _FIELDS.get(name)
        return f"({own} is not null)" if own else f"(c.attributes ? {self._put(name)}::text)"

    def _compare(self, tree: segment.Compare) -> LiteralString:
        if isinstance(tree.left, segment.Instant):
            left, right = self._moment(tree.left), self._moment(tree.right)
        else:
            left, right = self.value(tree.left), self.value(tree.right)
            if tree.how in _ORDERS:
                return f"(segment_order({left}, {right}) {_ORDERS[tree.how]} 0)"
        if tree.how in _ORDERS:
            return f"({left} {_ORDERS[tree.how]} {right})"
        sign: LiteralString = "=" if tree.how is Comparison.EQUAL else "<>"
        return f"({left} {sign} {right})"

    def _once(self, value: Tree, asked: LiteralString) -> LiteralString:
        """What is asked of a value `v.x` that is told; written once, however often it is used."""
        told: LiteralString = f"case when v.x is not null then {asked} end"
        return f"(select {told} from (select {self.value(value)} as x offset 0) v)"  # noqa: S608 - see above

    def _examine(self, tree: segment.Examine) -> LiteralString:
        text = f"segment_text({self.value(tree.text)})"
        part = f"segment_text({self.value(tree.part)})"
        match tree.how:
            case TextTest.STARTS:
                return f"starts_with({text}, {part})"
            case TextTest.ENDS:
                return f"segment_ends({text}, {part})"
            case TextTest.CONTAINS:
                return f"(strpos({text}, {part}) > 0)"

    def _history(self, tree: segment.Reached | segment.Attempts) -> LiteralString:
        """The attempts that count, as a FROM and a WHERE."""
        sql: LiteralString = "from attempts_of(c.id) a where true"
        if tree.channel_type is not None:
            sql += f" and a.channel_type = {self._put(tree.channel_type.value)}::text"
        if tree.within is not None:
            sql += f" and a.created_at > %(now)s::timestamptz - {self._put(tree.within)}::interval"
        return sql

    def _literal(self, tree: Tree) -> object:
        return tree.value if isinstance(tree, segment.Literal) else None

    def _put(self, value: object) -> LiteralString:
        """A parameter. Its name is counted, not written by anybody."""
        name = f"s{len(self.values)}"
        self.values[name] = value
        return cast("LiteralString", f"%({name})s")
