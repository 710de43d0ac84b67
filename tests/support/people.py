"""People for tests: rows of a CSV file with reserved numbers, and one call that imports them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from campana.domain.address import Address, parse_phone
from campana.services import imports, lists
from campana.services.context import Context
from campana.services.values import AttributeType
from campana.store.contacts import Contact
from campana.store.imports import Duplicates, Import

ANA, BRUNO, CARLA = "+12015550101", "+13125550102", "+12135550103"
"""New Jersey, Chicago, Los Angeles."""


@cache
def reserved_numbers() -> Sequence[str]:
    """Every North American 555-01xx number of an area code that exists in 2xx and 3xx, in order."""
    areas = [area for area in range(201, 400) if _exists(f"+1{area}5550100")]
    return [f"+1{area}55501{last:02d}" for area in areas for last in range(100)]


def csv_of(header: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


async def start(
    context: Context,
    *,
    workspace_id: int,
    list_id: str,
    content: bytes,
    mapping: Mapping[str, str] | None = None,
    types: Mapping[str, AttributeType] | None = None,
    default_country: str | None = None,
    duplicates: Duplicates = Duplicates.SKIP,
    is_dry_run: bool = False,
) -> Import:
    return await lists.start_import(
        context,
        workspace_id=workspace_id,
        list_id=list_id,
        file_name="people.csv",
        content=io.BytesIO(content),
        mapping=mapping,
        types=types,
        default_country=default_country,
        duplicates=duplicates,
        is_dry_run=is_dry_run,
    )


async def imported(
    context: Context,
    *,
    workspace_id: int,
    list_id: str,
    content: bytes,
    mapping: Mapping[str, str] | None = None,
    types: Mapping[str, AttributeType] | None = None,
    default_country: str | None = None,
    duplicates: Duplicates = Duplicates.SKIP,
    is_dry_run: bool = False,
) -> Import:
    """Start an import and bring it to its end (engine role)."""
    started = await start(
        context,
        workspace_id=workspace_id,
        list_id=list_id,
        content=content,
        mapping=mapping,
        types=types,
        default_country=default_country,
        duplicates=duplicates,
        is_dry_run=is_dry_run,
    )
    await imports.run(context, import_id=started.id)
    return await lists.get_import(context, workspace_id=workspace_id, import_id=started.id)


async def everybody(context: Context, *, workspace_id: int, list_id: str) -> list[Contact]:
    """All contacts of a list in the order they came in."""
    found: list[Contact] = []
    after: int | None = 0
    while after is not None:
        page = await lists.contact_page(
            context, workspace_id=workspace_id, list_id=list_id, after=after, limit=1000
        )
        found += page.contacts
        after = page.next_after
    return found


def _exists(number: str) -> bool:
    return isinstance(parse_phone(number, default_country=None), Address)
