"""The price table of a workspace: read from a file, replaced whole, shown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from campana.domain import places
from campana.domain.campaign import ChannelType
from campana.domain.easing import Held
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.spend import ANYWHERE, Per, Price
from campana.services import asking_again
from campana.services.context import Context
from campana.store import spend
from campana.store.spend import Entry

COLUMNS = ("channelType", "prefix", "per", "amount")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}|[A-Z]{2}|\*", re.ASCII)
_AMOUNT = re.compile(r"(\d{1,9}(\.\d{0,20})?|\.\d{1,20})([eE]-?\d)?", re.ASCII)
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
    try:
        read = list(rows)
    except csv.Error as error:
        problem = FieldProblem(pointer=f"line {rows.line_num + 1}", message=str(error))
        raise InvalidParameter(problems=[problem]) from None
    for number, row in enumerate(read, start=2):
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


def _problems(row: Mapping[str | None, Any], seen: set[tuple[str, str]]) -> Iterable[str]:
    if None in row:
        yield "has more cells than there are columns: write decimals with a point"
    channel_type, prefix = row["channelType"] or "", row["prefix"] or ""
    if channel_type not in list(ChannelType):
        yield f"channelType must be one of {', '.join(ChannelType)}"
    is_country = prefix.isalpha()
    if _PREFIX.fullmatch(prefix) is None or (is_country and not places.is_country(prefix)):
        yield f"prefix must be + and digits, a country such as US, or {ANYWHERE}"
    if (channel_type, prefix) in seen:
        yield "stands twice"
    if (row["per"] or "") not in list(Per):
        yield f"per must be one of {', '.join(Per)}"
    elif row["per"] == Per.MINUTE and channel_type in set(ChannelType) - {ChannelType.VOICE}:
        yield f"per must be {Per.MESSAGE}: only calls last"
    amount = _amount(row["amount"] or "")
    if amount is None:
        yield f"amount must be a number from 0 to {_HIGHEST}, with at most {_DECIMALS} decimals"


def _amount(text: str) -> Decimal | None:
    if _AMOUNT.fullmatch(text) is None:
        return None
    amount = Decimal(text)
    if not 0 <= amount <= _HIGHEST or round(amount, _DECIMALS) != amount:
        return None
    return amount


async def replace(context: Context, *, workspace_id: int, entries: list[Entry]) -> None:
    """Put this table in the place of the one before (engine role); the next claim obeys it."""
    async with context.db.transaction() as tx:
        await spend.replace_prices(tx, workspace_id=workspace_id, entries=entries)
        await asking_again.note(tx, workspace_id=workspace_id, reasons=[Held.BUDGET])


async def show(context: Context, *, workspace_id: int) -> list[Entry]:
    """The whole table, in order."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await spend.all_prices(tx, workspace_id=workspace_id)
