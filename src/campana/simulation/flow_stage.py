"""What a campaign's flow needs besides people and channels, from the files that are named: the
flows, the tables they look into, and something for their webhooks to show."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents, flow_credentials, flows, reference_tables
from campana.services.reference_table_files import document_of
from campana.simulation.document import Scenario
from campana.simulation.world import World

_FLOWS = "/simulation/flows"
_TABLES = "/simulation/tables"


async def set_up(made: World, scenario: Scenario, *, workspace_id: int) -> None:
    """All of it, flows published.

    Raises:
        InvalidParameter: a file cannot be read, or what is wrong in it, with the file's place.
    """
    for name, file in scenario.tables.items():
        await _table(made, name, file, workspace_id=workspace_id)
    shown: set[str] = set()
    for number, file in enumerate(scenario.flows):
        definition = await _flow(made, number, file, workspace_id=workspace_id)
        shown |= set(_shown(definition))
    for name in sorted(shown):
        await flow_credentials.create(
            made.web,
            workspace_id=workspace_id,
            raw={"name": name, "kind": "bearer", "token": "made-up"},
        )


async def _flow(made: World, number: int, file: str, *, workspace_id: int) -> Mapping[str, Any]:
    at = f"{_FLOWS}/{number}"
    try:
        read = documents.read_yaml((await _content(file, at=at)).decode())
    except UnicodeDecodeError:
        raise _wrong(at, f"{file} is not UTF-8") from None
    if not isinstance(read, dict):
        raise _wrong(at, f"{file} holds no flow: an object with a name and nodes")
    definition = cast("Mapping[str, Any]", read)
    try:
        stored = await flows.create(
            made.web, workspace_id=workspace_id, raw={"definition": definition}
        )
        await flows.publish(made.web, workspace_id=workspace_id, flow_id=stored.id)
    except InvalidParameter as error:
        raise _within(error, at) from None
    return definition


def _shown(definition: object) -> Iterable[str]:
    """The credentials that webhooks name, wherever in the flow they stand."""
    match definition:
        case dict():
            given = cast("Mapping[str, object]", definition)
            named = given.get("credential")
            if given.get("type") == "webhook" and isinstance(named, str):
                yield named
            for each in given.values():
                yield from _shown(each)
        case _:
            return


async def _table(made: World, name: str, file: str, *, workspace_id: int) -> None:
    at = f"{_TABLES}/{name}"
    content = await _content(file, at=at)
    try:
        raw = document_of(io.BytesIO(content))
        await reference_tables.put(made.web, workspace_id=workspace_id, name=name, raw=raw)
    except InvalidParameter as error:
        raise _within(error, at) from None


async def _content(file: str, *, at: str) -> bytes:
    try:
        return await asyncio.to_thread(Path(file).read_bytes)
    except OSError as error:
        raise _wrong(at, f"{file} cannot be read: {error.strerror}") from error


def _within(error: InvalidParameter, at: str) -> InvalidParameter:
    """The same problems, where the file stands."""
    return InvalidParameter(
        problems=[
            FieldProblem(pointer=f"{at}{each.pointer or ''}", message=each.message)
            for each in error.problems
        ]
    )


def _wrong(at: str, message: str) -> InvalidParameter:
    return InvalidParameter(problems=[FieldProblem(pointer=at, message=message)])
