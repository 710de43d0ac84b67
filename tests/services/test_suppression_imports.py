"""Files of numbers nobody may contact: every row accounted for, once, whatever happens between."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.errors import InvalidParameter, NotFound
from campana.services import (
    accounts,
    campaigns,
    suppression_imports,
    suppression_rows,
    suppressions,
)
from campana.services.context import Context
from campana.services.suppression_imports import SuppressionImportHeld
from campana.store import suppression_imports as store
from campana.store.imports import ImportState
from campana.store.suppression_imports import SuppressionImport
from campana.store.suppressions import Scope, Suppression
from tests.support.database import NOW
from tests.support.people import ANA, BRUNO, CARLA, reserved_numbers


async def start(
    context: Context, workspace_id: int, content: str | bytes, **given: object
) -> SuppressionImport:
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    return await suppression_imports.start(
        context,
        workspace_id=workspace_id,
        file_name="never.csv",
        content=file,
        **{"reason": "registry", **given},  # pyright: ignore[reportArgumentType]
    )


async def imported(
    context: Context, workspace_id: int, content: str | bytes, **given: object
) -> SuppressionImport:
    started = await start(context, workspace_id, content, **given)
    await suppression_imports.run(context, import_id=started.id)
    return await suppression_imports.get(context, workspace_id=workspace_id, import_id=started.id)


async def held(context: Context, workspace_id: int, address: str) -> list[Suppression]:
    [checked] = await suppressions.check(context, workspace_id=workspace_id, addresses=[address])
    return checked.suppressions


def files(context: Context) -> list[Path]:
    return [path for path in context.blobs.root.rglob("*") if path.is_file()]


def counts(found: SuppressionImport) -> tuple[int, int, int, int]:
    return found.rows_accepted, found.rows_updated, found.rows_duplicate, found.rows_rejected


async def test_a_file_with_a_header_is_taken_with_its_reasons_and_dates(
    engine_context: Context, workspace_id: int
) -> None:
    content = (
        "Name,Phone Number,Reason,Expires\n"
        "Ana,(201) 555-0101,moved,\n"
        f"Bruno,{BRUNO},,2026-04-01\n"
        "Nobody,12,,\n"
        f"Carla,{CARLA},,someday\n"
    )
    done = await imported(engine_context, workspace_id, content, source="registry 7")
    assert (done.state, done.problem, counts(done)) == (ImportState.DONE, None, (2, 0, 0, 2))
    assert done.rows_done == sum(counts(done))
    [ana] = await held(engine_context, workspace_id, ANA)
    assert (ana.reason, ana.source, ana.scope, ana.expires_at) == (
        "moved",
        "registry 7",
        Scope.WORKSPACE,
        None,
    )
    [bruno] = await held(engine_context, workspace_id, BRUNO)
    assert (bruno.reason, bruno.expires_at) == (
        "registry",
        datetime(2026, 4, 1, 23, 59, 59, 999999, tzinfo=UTC),
    )
    refused = await suppression_imports.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=done.id
    )
    assert [(row.row_number, row.column_name, row.value) for row in refused] == [
        (3, "Phone Number", "12"),
        (4, "Expires", "someday"),
    ]


async def test_email_addresses_go_in_beside_numbers(
    engine_context: Context, workspace_id: int
) -> None:
    content = (
        "phone,e-mail\n"
        f"{ANA},\n"
        ",Bruno@Example.com\n"
        ",bruno@example.com\n"
        f"{CARLA},carla@example.com\n"
        ",carla@\n"
    )
    done = await imported(engine_context, workspace_id, content)
    assert (done.rows_done, done.rows_accepted, done.rows_duplicate, done.rows_rejected) == (
        5,
        2,
        1,
        2,
    )
    assert await held(engine_context, workspace_id, "BRUNO@example.com") != []
    assert await held(engine_context, workspace_id, CARLA) == []
    refused = await suppression_imports.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=done.id
    )
    assert [(each.row_number, each.column_name) for each in refused] == [
        (4, "e-mail"),
        (5, "e-mail"),
    ]
    assert refused[0].reason == (
        "the row has a number and an e-mail address: give each a row of its own"
    )


async def test_a_file_of_email_addresses_needs_no_header(
    engine_context: Context, workspace_id: int
) -> None:
    done = await imported(engine_context, workspace_id, "ana@example.com\nbruno@example.com\n")
    assert (done.rows_done, done.rows_accepted) == (2, 2)


@pytest.mark.parametrize("first", [ANA, "(201) 555-0101", "9999999999"])
async def test_a_file_without_a_header_loses_no_first_row(
    engine_context: Context, workspace_id: int, first: str
) -> None:
    done = await imported(engine_context, workspace_id, f"{first}\n{BRUNO}\n")
    assert done.rows_done == 2
    assert await held(engine_context, workspace_id, BRUNO)


async def test_numbers_said_twice_are_stored_once_and_longest(
    engine_context: Context, workspace_id: int
) -> None:
    await imported(engine_context, workspace_id, f"phone,until\n{ANA},2026-04-01\n{BRUNO},\n")
    content = f"phone,until\n{ANA},2026-05-01\n{ANA},2026-06-01\n{BRUNO},2026-05-01\n{CARLA},\n"
    again = await imported(engine_context, workspace_id, content)
    assert counts(again) == (1, 1, 2, 0)
    [ana] = await held(engine_context, workspace_id, ANA)
    assert ana.expires_at is not None
    assert ana.expires_at.month == 6
    [bruno] = await held(engine_context, workspace_id, BRUNO)
    assert bruno.expires_at is None
    assert counts(await imported(engine_context, workspace_id, content)) == (0, 0, 4, 0)


async def test_the_country_is_the_files_or_else_the_workspaces(
    engine_context: Context, workspace_id: int
) -> None:
    await imported(engine_context, workspace_id, "020 7946 0000\n", default_country="GB")
    assert await held(engine_context, workspace_id, "+442079460000")
    await imported(engine_context, workspace_id, "201 555 0101\n")
    assert await held(engine_context, workspace_id, ANA)


async def test_scope_and_expiry_hold_for_every_row(
    engine_context: Context, workspace_id: int
) -> None:
    campaign = await campaigns.create(
        engine_context,
        workspace_id=workspace_id,
        raw={"name": "Spring", "type": "VoiceBot", "channelType": "Voice"},
    )
    until = NOW + timedelta(days=30)
    for given in (
        {"scope": Scope.CAMPAIGN, "campaign_id": campaign.id, "expires_at": until},
        {"scope": Scope.CHANNEL, "channel_type": ChannelType.SMS},
    ):
        done = await imported(engine_context, workspace_id, ANA, **given)
        assert done.rows_accepted == 1
    found = await held(engine_context, workspace_id, ANA)
    assert [
        (each.scope, each.campaign_id, each.channel_type, each.expires_at) for each in found
    ] == [
        (Scope.CAMPAIGN, campaign.id, None, until),
        (Scope.CHANNEL, None, ChannelType.SMS, None),
    ]


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({"reason": ""}, {"/reason"}),
        ({"source": " "}, {"/source"}),
        ({"expires_at": NOW}, {"/expiresAt"}),
        ({"default_country": "usa"}, {"/defaultCountry"}),
        ({"scope": Scope.CAMPAIGN}, {"/campaignId"}),
        ({"scope": Scope.CAMPAIGN, "campaign_id": "camp_nowhere"}, {"/campaignId"}),
        ({"content": b""}, {"/file"}),
        ({"content": b"\x89PNG\r\n\x1a\n00000"}, {"/file"}),
        ({"content": b"name,city\nAna,Newark\n"}, {"/file"}),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_kept(
    context: Context, workspace_id: int, given: dict[str, object], pointers: set[str]
) -> None:
    content = given.pop("content", ANA)
    with pytest.raises(InvalidParameter) as raised:
        await start(context, workspace_id, content, **given)  # pyright: ignore[reportArgumentType]
    assert {problem.pointer for problem in raised.value.problems} == pointers
    assert files(context) == []


async def test_a_file_goes_on_where_it_stopped_and_counts_nobody_twice(
    engine_context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppression_rows, "_CHUNK_ROWS", 100)
    numbers = reserved_numbers()[:350]
    started = await start(engine_context, workspace_id, "\n".join(["phone", *numbers, "nobody"]))
    stored = suppression_imports.store.store
    calls = 0

    async def breaks_at_the_third(*given: object, **named: object) -> list[bool]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise asyncio.CancelledError
        return await stored(*given, **named)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(suppression_imports.store, "store", breaks_at_the_third)
    with pytest.raises(asyncio.CancelledError):
        await suppression_imports.run(engine_context, import_id=started.id)
    monkeypatch.undo()
    halfway = await suppression_imports.get(
        engine_context, workspace_id=workspace_id, import_id=started.id
    )
    assert (halfway.state, counts(halfway)) == (ImportState.RUNNING, (200, 0, 0, 0))
    await suppression_imports.run(engine_context, import_id=started.id)
    done = await suppression_imports.get(
        engine_context, workspace_id=workspace_id, import_id=started.id
    )
    assert (done.state, counts(done)) == (ImportState.DONE, (350, 0, 0, 1))
    [refused] = await suppression_imports.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=started.id
    )
    assert refused.row_number == 351
    await suppression_imports.run(engine_context, import_id=started.id)
    assert files(engine_context) == []


async def test_one_process_at_a_time_works_on_a_file(
    engine_context: Context, workspace_id: int
) -> None:
    started = await start(engine_context, workspace_id, ANA)
    async with engine_context.db.session() as other:
        await store.hold(other, import_id=started.id)
        with pytest.raises(SuppressionImportHeld):
            await suppression_imports.run(engine_context, import_id=started.id)
    assert await held(engine_context, workspace_id, ANA) == []


async def test_a_file_that_is_gone_is_a_sentence(
    engine_context: Context, workspace_id: int
) -> None:
    started = await start(engine_context, workspace_id, ANA)
    engine_context.blobs.remove(f"suppressions/{started.id}.csv")
    await suppression_imports.run(engine_context, import_id=started.id)
    failed = await suppression_imports.get(
        engine_context, workspace_id=workspace_id, import_id=started.id
    )
    assert (failed.state, failed.problem) == (
        ImportState.FAILED,
        "the uploaded file is no longer there",
    )


async def test_another_workspace_sees_nothing_of_it(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    started = await start(context, workspace_id, ANA)
    other = (await accounts.ensure_workspace(engine_context, "other")).workspace_id
    for seen in (context, engine_context):
        for ask in (suppression_imports.get, suppression_imports.rejected_rows):
            with pytest.raises(NotFound):
                await ask(seen, workspace_id=other, import_id=started.id)
