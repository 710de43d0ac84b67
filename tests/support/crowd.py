"""People of every sort for segments: what they are, what was tried with them, what CEL says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random  # noqa: TID251 - seeded, so every run is the same
from typing import Any

import psycopg
from cel_expr_python import cel  # pyright: ignore[reportMissingTypeStubs] - has cel.pyi alone

from campana.domain.disposition import FINALITY, Disposition, Finality
from campana.domain.segment import OWN_FIELDS
from campana.flow.segment_language import environment
from tests.support.database import NOW

ATTRIBUTES = ("x", "y", "plan", "é", "first_name")
VALUES: Sequence[Any] = (
    0, 1, 2, -1, 1.5, 0.1, 10, 9007199254740993, "", "a", "b", "A", "ab", "é", "1", "10", "gold",
    "2026-03-01", "2026-04-01", "🙂", True, False,
)  # fmt: skip
TAGS = ("vip", "old", "é")
CHANNELS = ("Voice", "SMS")
DISPOSITIONS = ("completed", "busy", "no_answer", "delivered", "not_sent", "hung_up", None)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One attempt with a person."""

    channel_type: str
    disposition: str | None
    at: datetime


@dataclass(kw_only=True)
class Person:
    """As it is stored, beside its id."""

    id: int
    list_id: str
    fields: Mapping[str, str | None]
    attributes: Mapping[str, Any]
    tags: Sequence[str]
    addresses: Sequence[tuple[str, str, str | None]]
    added_at: datetime
    tried: list[Tried] = field(default_factory=list[Tried])

    @property
    def contact(self) -> dict[str, Any]:
        """What `contact` is in an expression."""
        firsts: dict[str, Any] = {}
        for kind, value, country in self.addresses:
            firsts.setdefault(kind, value)
            if kind == "phone":
                firsts.setdefault("country", country)
        own = {**self.fields, **firsts}
        others = {k: v for k, v in self.attributes.items() if k not in OWN_FIELDS}
        return {**others, **{k: v for k, v in own.items() if v is not None}}

    @property
    def counted(self) -> list[Tried]:
        """What touched the network."""
        return [each for each in self.tried if each.disposition != "not_sent"]

    def within(self, channel: str | None, span: timedelta | None) -> list[Tried]:
        return [
            each
            for each in self.counted
            if channel in (None, each.channel_type) and (span is None or each.at > NOW - span)
        ]

    @property
    def last_outcome(self) -> str:
        over = [each for each in self.counted if each.disposition is not None]
        return max(over, key=lambda each: each.at).disposition or "" if over else ""


def crowd(chance: Random, lists: Sequence[str], people: int) -> list[Person]:
    """So many people, each from the chance given."""
    return [_person(chance, number, lists) for number in range(people)]


def _person(chance: Random, number: int, lists: Sequence[str]) -> Person:
    def maybe(*values: str) -> str | None:
        return chance.choice([None, *values])

    addresses: list[tuple[str, str, str | None]] = [
        ("phone", f"+1212555{number:04d}", chance.choice(["US", "CA"]))
    ]
    if chance.random() < 0.3:
        addresses.append(("phone", f"+1213555{number:04d}", "US"))
    if chance.random() < 0.4:
        addresses.append(("whatsapp", f"+1212555{number:04d}", "US"))
    if chance.random() < 0.4:
        addresses.append(("email", f"p{number}@example.com", None))
    if chance.random() < 0.1:
        addresses = [each for each in addresses if each[0] == "email"]
    moments = chance.sample(range(1, 60 * 24), chance.choice([0, 0, 1, 2, 4]))
    return Person(
        id=number + 1,
        list_id=chance.choice(lists),
        fields={
            "first_name": maybe("Ana", "Bruno", "é"),
            "last_name": maybe("a"),
            "language": maybe("en", "es"),
            "time_zone": maybe("America/Chicago"),
            "external_id": chance.choice([None, str(number)]),
        },
        attributes={name: chance.choice(VALUES) for name in ATTRIBUTES if chance.random() < 0.6},
        tags=sorted(tag for tag in TAGS if chance.random() < 0.3),
        addresses=addresses,
        added_at=NOW - timedelta(hours=chance.randrange(24 * 20)),
        tried=[
            Tried(
                channel_type=chance.choice(CHANNELS),
                disposition=chance.choice(DISPOSITIONS),
                at=NOW - timedelta(hours=hours),
            )
            for hours in moments
        ]
        if addresses
        else [],
    )


async def store(conninfo: str, workspace_id: int, people: Sequence[Person]) -> None:
    """Put them into the database; their lists are there."""
    async with await psycopg.AsyncConnection.connect(conninfo) as conn:
        await conn.execute("set search_path = campana")
        async with conn.cursor() as cursor:
            await _channels(cursor, workspace_id)
            await cursor.executemany(
                "insert into contacts (id, workspace_id, list_id, first_name, last_name, language,"
                " time_zone, external_id, zones, attributes, tags, created_at, updated_at)"
                " overriding system value"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, '{UTC}', %s, %s, %s, %s)",
                [
                    (
                        each.id, workspace_id, each.list_id, *each.fields.values(),
                        json.dumps(each.attributes), list(each.tags), each.added_at, each.added_at,
                    )
                    for each in people
                ],
            )  # fmt: skip
            await cursor.executemany(
                "insert into contact_addresses"
                " (contact_id, position, workspace_id, list_id, kind, value, country)"
                " values (%s, %s, %s, %s, %s, %s, %s)",
                [
                    (each.id, place, workspace_id, each.list_id, *address)
                    for each in people
                    for place, address in enumerate(each.addresses)
                ],
            )
            for each in people:
                await _history(cursor, workspace_id, each)


async def _channels(cursor: psycopg.AsyncCursor[Any], workspace_id: int) -> None:
    for channel in CHANNELS:
        await cursor.execute(
            "insert into channels (id, workspace_id, name, kind, channel_type, config, is_loopback,"
            " rate, burst, lines, created_at)"
            " values (%s, %s, %s, 'sandbox', %s, '{}', true, 1, 1, 1, %s)",
            (channel, workspace_id, channel, channel, NOW),
        )
        await cursor.execute(
            "insert into campaigns (id, workspace_id, name, type, channel_type, state, created_at,"
            " updated_at, launched_at) values (%s, %s, %s, 'Flow', %s, 'running', %s, %s, %s)",
            (channel, workspace_id, channel, channel, NOW, NOW, NOW),
        )


async def _history(cursor: psycopg.AsyncCursor[Any], workspace_id: int, person: Person) -> None:
    """Half of it through a target of the contact, half only through the address."""
    for number, each in enumerate(person.tried):
        address = person.addresses[0][1]
        await cursor.execute(
            "insert into targets (workspace_id, campaign_id, contact_id, address, state,"
            " disposition, created_at, finished_at)"
            " values (%s, %s, %s, null, 'finished', 'completed', %s, %s)"
            " on conflict (campaign_id, contact_id) do update set address = null returning id",
            (workspace_id, each.channel_type, person.id, NOW, NOW),
        )
        [target_id] = await cursor.fetchone() or (0,)
        is_over = each.disposition is not None
        await cursor.execute(
            "insert into attempts (id, workspace_id, campaign_id, target_id, channel_id,"
            " attempt_no, address, state, disposition, owner_id, created_at, sending_at, ended_at)"
            " values (gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s)",
            (
                workspace_id, each.channel_type, target_id, each.channel_type, number + 1,
                address if is_over else f"{address}x{number}",
                "ended" if is_over else "accepted", each.disposition,
                each.at, each.at, each.at if is_over else None,
            ),
        )  # fmt: skip


class Oracle:
    """Asks the CEL library itself about one person after another."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        self._lists = lists
        self._person: Person | None = None
        self._environment = environment(
            {
                "days": lambda n: timedelta(days=n),
                "hours": lambda n: timedelta(hours=n),
                "date": lambda at: at.astimezone(UTC).date().isoformat(),
                "inList": lambda wanted: self._lists.get(wanted) == self._now.list_id,
                "reached": self._reached,
                "attempts": lambda *asked: len(self._now.within(*self._asked(asked))),
            }
        )

    def holds(self, source: str, people: Sequence[Person]) -> set[int]:
        """The ids of those of whom it is true."""
        compiled = self._environment.compile(source)
        found: set[int] = set()
        for person in people:
            self._person = person
            value = compiled.eval(data=self._values(person))
            if value.type() == cel.Type.BOOL and value.plain_value() is True:
                found.add(person.id)
        return found

    @property
    def _now(self) -> Person:
        assert self._person is not None
        return self._person

    def _reached(self, *asked: Any) -> bool:
        return any(
            each.disposition is not None
            and FINALITY[Disposition(each.disposition)] is Finality.REACHED
            for each in self._now.within(*self._asked(asked))
        )

    @staticmethod
    def _asked(asked: Sequence[Any]) -> tuple[str | None, timedelta | None]:
        channel = next((each for each in asked if isinstance(each, str)), None)
        return channel, next((each for each in asked if isinstance(each, timedelta)), None)

    @staticmethod
    def _values(person: Person) -> dict[str, Any]:
        return {
            "contact": person.contact,
            "tags": list(person.tags),
            "kinds": sorted({each[0] for each in person.addresses}),
            "lastOutcome": person.last_outcome,
            "addedAt": person.added_at,
            "now": NOW,
        }


class Author:
    """Writes expressions that the checker lets through, most of them about something."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def condition(self, depth: int = 3) -> str:
        pick = self._chance.random()
        if depth and pick < 0.45:
            sign = self._chance.choice(["&&", "||"])
            return f"({self.condition(depth - 1)} {sign} {self.condition(depth - 1)})"
        if depth and pick < 0.6:
            return f"!({self.condition(depth - 1)})"
        if depth and pick < 0.68:
            parts = [self.condition(depth - 1) for _ in range(3)]
            return f"({parts[0]} ? {parts[1]} : {parts[2]})"
        return self._chance.choice(self._leaves())()

    def _leaves(self) -> list[Any]:
        return [
            self._comparison, self._comparison, self._comparison, self._listed, self._tagged,
            self._text, self._size, self._history, self._moment, self._other, self._field,
        ]  # fmt: skip

    def _field(self) -> str:
        name = self._chance.choice([*ATTRIBUTES, *OWN_FIELDS])
        read = f'contact["{name}"]' if not name.isascii() or self._one(0.2) else f"contact.{name}"
        return f"has(contact.{name})" if name.isascii() and self._one(0.1) else read

    def _one(self, share: float) -> bool:
        return self._chance.random() < share

    def _value(self) -> str:
        return json.dumps(self._chance.choice(VALUES), ensure_ascii=False)

    def _comparison(self) -> str:
        how = self._chance.choice(["==", "!=", "<", "<=", ">", ">="])
        field = self._dynamic()
        other = self._dynamic() if self._one(0.2) else self._value()
        return f"{field} {how} {other}" if self._one(0.8) else f"{other} {how} {field}"

    def _dynamic(self) -> str:
        name = self._chance.choice([*ATTRIBUTES, *OWN_FIELDS])
        return f"contact.{name}" if name.isascii() else f'contact["{name}"]'

    def _listed(self) -> str:
        values = ", ".join(f"dyn({self._value()})" if False else self._value() for _ in range(3))
        return f"{self._dynamic()} in [{values}]"

    def _tagged(self) -> str:
        tag = self._chance.choice([*(json.dumps(each) for each in TAGS), self._dynamic()])
        texts, what = self._chance.choice([("tags", tag), ("kinds", '"whatsapp"'), ("kinds", tag)])
        return f"{what} in {texts}"

    def _text(self) -> str:
        how = self._chance.choice(["startsWith", "endsWith", "contains"])
        part = self._chance.choice(['"a"', '""', '"é"', '"🙂"', '"1"', self._dynamic()])
        return f"{self._dynamic()}.{how}({part})"

    def _size(self) -> str:
        of = self._chance.choice(["tags", "kinds", self._dynamic()])
        return f"size({of}) {self._chance.choice(['==', '>', '<='])} {self._chance.randrange(3)}"

    def _history(self) -> str:
        span = self._chance.choice(["days(3)", "hours(40)", "days(30)"])
        channel = self._chance.choice(['"Voice"', '"SMS"', '"Email"'])
        asked = self._chance.choice(["", channel, span, f"{channel}, {span}"])
        return self._chance.choice(
            [
                f"reached({asked})",
                f"attempts({asked}) {self._chance.choice(['<', '==', '>='])} 1",
                f"lastOutcome == {json.dumps(self._chance.choice(['', 'busy', 'completed']))}",
                f"lastOutcome != {self._dynamic()}",
            ]
        )

    def _moment(self) -> str:
        days = self._chance.randrange(-5, 25)
        return self._chance.choice(
            [
                f"addedAt > now - days({days})",
                f"addedAt + hours({days * 7}) <= now",
                'addedAt < timestamp("2026-03-05T00:00:00Z")',
                f"{self._dynamic()} < date(now + days({days}))",
                "date(addedAt) == date(now)",
            ]
        )

    def _other(self) -> str:
        return self._chance.choice(
            ['inList("First")', 'inList("Gone")', "true", "false", f"{self._dynamic()} == null"]
        )
