"""The price table of a workspace: read from a file, replaced whole, shown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from campana.domain.campaign import ChannelType
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.spend import ANYWHERE, Per, Price
from campana.services.context import Context
from campana.store import spend
from campana.store.spend import Entry

COLUMNS = ("channelType", "prefix", "per", "amount")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}|[A-Z]{2}|\*", re.ASCII)
_HIGHEST = Decimal(1_000_000)
_DECIMALS = 6


def read(lines: Iterable[str]) -> list[Entry]:
    """The entries of a CSV file with the columns channelType, prefix, per and amount.

    A prefix is a `+` and digits, a country (two letters), or `*` for everywhere else; `per` is
    minute or message.

    Raises:
        InvalidParameter: naming each line and column that is wrong.
    """
    rows = csv.DictReader(lines)
    if sorted(rows.fieldnames or ()) != sorted(COLUMNS):
        message = f"the columns must be {', '.join(COLUMNS)}"
        raise InvalidParameter(problems=[FieldProblem(pointer="line 1", message=message)])
    entries: list[Entry] = []
    problems: list[FieldProblem] = []
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, start=2):
        wrong = list(_problems(row, seen))
        problems += [FieldProblem(pointer=f"line {number}", message=text) for text in wrong]
        if not wrong:
            seen.add((row["channelType"], row["prefix"]))
            price = Price(per=Per(row["per"]), amount=Decimal(row["amount"]))
            entries.append(
                Entry(channel_type=row["channelType"], prefix=row["prefix"], price=price)
            )
    if problems:
        raise InvalidParameter(problems=problems)
    return entries


def _problems(row: Mapping[str, str | None], seen: set[tuple[str, str]]) -> Iterable[str]:
    channel_type, prefix = row["channelType"] or "", row["prefix"] or ""
    if channel_type not in list(ChannelType):
        yield f"channelType must be one of {', '.join(ChannelType)}"
    if _PREFIX.fullmatch(prefix) is None:
        yield f"prefix must be + and digits, a country such as US, or {ANYWHERE}"
    if (channel_type, prefix) in seen:
        yield "stands twice"
    if (row["per"] or "") not in list(Per):
        yield f"per must be one of {', '.join(Per)}"
    amount = _amount(row["amount"] or "")
    if amount is None or not 0 <= amount <= _HIGHEST:
        yield f"amount must be a number from 0 to {_HIGHEST}, with at most {_DECIMALS} decimals"


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    if not amount.is_finite() or round(amount, _DECIMALS) != amount:
        return None
    return amount


async def replace(context: Context, *, workspace_id: int, entries: list[Entry]) -> None:
    """Put this table in the place of the one before (engine role); the next claim obeys it."""
    async with context.db.transaction() as tx:
        await spend.replace_prices(tx, workspace_id=workspace_id, entries=entries)


async def show(context: Context, *, workspace_id: int) -> list[Entry]:
    """The whole table, in order."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await spend.all_prices(tx, workspace_id=workspace_id)
