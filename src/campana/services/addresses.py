"""Addresses as people write them in requests, read in the workspace's country."""

from __future__ import annotations

from collections.abc import Sequence

from campana.domain.address import Unusable, parse_phone
from campana.domain.email import parse_email
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.places import is_country
from campana.store import accounts
from campana.store.db import Tx


def read_address(text: str, *, default_country: str | None) -> str | Unusable:
    """A number in E.164, or an e-mail address in the one form contacts have it in. Never raises.

    Args:
        text: as somebody wrote it; what has an @ in it is meant as an e-mail address.
        default_country: ISO 3166, of numbers without a country code.
    """
    if "@" in text:
        return parse_email(text)
    number = parse_phone(text, default_country=default_country)
    return number if isinstance(number, Unusable) else number.value


def problems_of_country(default_country: str | None) -> list[FieldProblem]:
    """What is wrong with the country that numbers without a country code are to be read in.

    One that is none would have every such number refused, each as if it were wrong itself.
    """
    if default_country is None or is_country(default_country):
        return []
    message = f"{default_country[:10]!r} is no country, such as US"
    return [FieldProblem(pointer="/defaultCountry", message=message)]


async def normal_or_problem(
    tx: Tx, *, workspace_id: int, address: str, at: str
) -> tuple[str, list[FieldProblem]]:
    """The address as contacts have it; else as it was given, and what is wrong with it at `at`.

    So it can be told with whatever else is wrong.
    """
    try:
        [value] = await normal(tx, workspace_id=workspace_id, addresses=[address], at=at)
    except InvalidParameter as error:
        return address, list(error.problems)
    return value, []


async def normal(tx: Tx, *, workspace_id: int, addresses: Sequence[str], at: str) -> list[str]:
    """The addresses as contacts have them, numbers read in the workspace's country.

    `at` is the pointer of the one at a position (`/addresses/{}`).

    Raises:
        InvalidParameter: naming each that is no address.
    """
    workspace = await accounts.workspace(tx, workspace_id=workspace_id)
    country = workspace.default_country if workspace else None
    values: list[str] = []
    problems: list[FieldProblem] = []
    for position, text in enumerate(addresses):
        match read_address(text, default_country=country):
            case Unusable(reason=reason):
                problems.append(FieldProblem(pointer=at.format(position), message=reason))
            case found:
                values.append(found)
    if problems:
        raise InvalidParameter(problems=problems)
    return values
