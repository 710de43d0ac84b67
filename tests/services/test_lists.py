"""Lists and the start of imports: what is refused at once, and who sees what."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from campana.domain.errors import Conflict, InvalidParameter, NotFound
from campana.services import accounts, lists
from campana.services.context import Context
from campana.store.imports import ImportState
from tests.support.database import FixedClock
from tests.support.people import ANA, BRUNO, CARLA, csv_of, imported, start


async def test_a_list_is_made_found_changed_and_deleted(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    made = await lists.create(
        context, workspace_id=workspace_id, name="  People ", default_country="US"
    )
    assert (made.name, made.default_country, made.contact_count) == ("People", "US", 0)
    assert made.created_at == clock.now()
    for wanted in (made.id, "People"):
        assert await lists.find(context, workspace_id=workspace_id, wanted=wanted) == made
    changed = await lists.change(
        context, workspace_id=workspace_id, list_id=made.id, name="Others", default_country=None
    )
    assert (changed.name, changed.default_country) == ("Others", None)
    await lists.delete(context, workspace_id=workspace_id, list_id=made.id)
    with pytest.raises(NotFound):
        await lists.get(context, workspace_id=workspace_id, list_id=made.id)
    with pytest.raises(NotFound):
        await lists.delete(context, workspace_id=workspace_id, list_id=made.id)


async def test_a_name_is_taken_once(context: Context, workspace_id: int) -> None:
    await lists.create(context, workspace_id=workspace_id, name="A")
    other = await lists.create(context, workspace_id=workspace_id, name="B")
    with pytest.raises(Conflict, match="named 'A' already"):
        await lists.create(context, workspace_id=workspace_id, name="A")
    with pytest.raises(Conflict, match="named 'A' already"):
        await lists.change(
            context, workspace_id=workspace_id, list_id=other.id, name="A", default_country=None
        )


@pytest.mark.parametrize(
    ("name", "country", "pointers"),
    [
        ("", None, ["/name"]),
        ("x" * 201, None, ["/name"]),
        ("a\0b", None, ["/name"]),
        ("fine", "us", ["/defaultCountry"]),
        (" ", "USA", ["/name", "/defaultCountry"]),
    ],
)
async def test_says_all_that_is_wrong_with_a_list(
    context: Context, workspace_id: int, name: str, country: str | None, pointers: list[str]
) -> None:
    with pytest.raises(InvalidParameter) as raised:
        await lists.create(context, workspace_id=workspace_id, name=name, default_country=country)
    assert [problem.pointer for problem in raised.value.problems] == pointers


async def test_pages_newest_first_with_true_counts(
    context: Context, engine_context: Context, workspace_id: int, clock: FixedClock
) -> None:
    made = []
    for name in "ABC":
        made.append(await lists.create(context, workspace_id=workspace_id, name=name))
        clock.forward(seconds=1)
    await imported(
        engine_context,
        workspace_id=workspace_id,
        list_id=made[1].id,
        content=csv_of(["phone"], [[ANA], [BRUNO]]),
    )
    first = await lists.page(context, workspace_id=workspace_id, page=1, page_size=2)
    assert [(each.name, each.contact_count) for each in first.lists] == [("C", 0), ("B", 2)]
    assert first.total == 3
    last = await lists.page(context, workspace_id=workspace_id, page=2, page_size=2)
    assert [each.name for each in last.lists] == ["A"]
    beyond = await lists.page(context, workspace_id=workspace_id, page=9, page_size=2)
    assert (beyond.lists, beyond.total) == ([], 3)


async def test_contacts_page_by_cursor(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    made = await lists.create(context, workspace_id=workspace_id, name="A")
    place = {"workspace_id": workspace_id, "list_id": made.id}
    await imported(engine_context, **place, content=csv_of(["phone"], [[ANA], [BRUNO], [CARLA]]))
    first = await lists.contact_page(context, **place, limit=2)
    assert [contact.phone for contact in first.contacts] == [ANA, BRUNO]
    assert first.next_after is not None
    last = await lists.contact_page(context, **place, after=first.next_after, limit=2)
    assert [contact.phone for contact in last.contacts] == [CARLA]
    assert last.next_after is None


async def test_another_workspace_sees_nothing(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    made = await lists.create(context, workspace_id=workspace_id, name="A")
    begun = await start(
        context, workspace_id=workspace_id, list_id=made.id, content=b"phone\n" + ANA.encode()
    )
    other = (await accounts.ensure_workspace(engine_context, "other")).workspace_id
    for seen in (context, engine_context):
        for refused in (
            lists.get(seen, workspace_id=other, list_id=made.id),
            lists.delete(seen, workspace_id=other, list_id=made.id),
            lists.contact_page(seen, workspace_id=other, list_id=made.id),
            lists.get_import(seen, workspace_id=other, import_id=begun.id),
            lists.list_imports(seen, workspace_id=other, list_id=made.id),
            lists.rejected_rows(seen, workspace_id=other, import_id=begun.id),
            start(seen, workspace_id=other, list_id=made.id, content=b"phone\n1\n"),
        ):
            with pytest.raises(NotFound):
                await refused
        assert await lists.find(seen, workspace_id=other, wanted="A") is None
        assert (await lists.page(seen, workspace_id=other)).total == 0


async def test_an_import_is_queued_with_its_file_and_its_job(
    context: Context, workspace_id: int
) -> None:
    made = await lists.create(context, workspace_id=workspace_id, name="A")
    content = csv_of(["phone"], [[ANA]])

    async def stream() -> AsyncIterator[bytes]:
        for byte in content:
            yield bytes([byte])

    begun = await lists.start_import(
        context,
        workspace_id=workspace_id,
        list_id=made.id,
        file_name="people.csv",
        content=stream(),
    )
    assert (begun.state, begun.rows_done, begun.bytes_total) == (
        ImportState.QUEUED,
        0,
        len(content),
    )
    assert context.blobs.path(f"imports/{begun.id}").read_bytes() == content
    assert await lists.list_imports(context, workspace_id=workspace_id, list_id=made.id) == [begun]


@pytest.mark.parametrize(
    ("content", "mapping", "pointer", "message"),
    [
        (b"", {}, "/file", "the file is empty"),
        (b"phone,name\n", {}, "/file", "the file has a header and no rows below it"),
        (b"\x89PNG\r\n\x1a\n", {}, "/file", "this is not a CSV file but a PNG picture"),
        (
            b"name,city\nAna,Porto\n",
            {},
            "/mapping/phone",
            "no column is named like a phone number or e-mail address; the columns are: name, city",
        ),
        (
            b"phone,name\n1,Ana\n",
            {"phone": "Mobile"},
            "/mapping/phone",
            "the file has no column 'Mobile'; its columns are: phone, name",
        ),
    ],
)
async def test_what_the_first_rows_show_is_refused_at_once(
    context: Context,
    workspace_id: int,
    content: bytes,
    mapping: dict[str, str],
    pointer: str,
    message: str,
) -> None:
    made = await lists.create(context, workspace_id=workspace_id, name="A")
    place = {"workspace_id": workspace_id, "list_id": made.id}
    with pytest.raises(InvalidParameter) as raised:
        await start(context, **place, content=content, mapping=mapping)
    assert [(p.pointer, p.message) for p in raised.value.problems] == [(pointer, message)]
    assert await lists.list_imports(context, **place) == []
    assert not list(context.blobs.path("imports").iterdir())


async def test_a_stream_that_breaks_leaves_nothing(context: Context, workspace_id: int) -> None:
    made = await lists.create(context, workspace_id=workspace_id, name="A")

    async def breaks() -> AsyncIterator[bytes]:
        yield b"phone\n"
        raise ConnectionResetError

    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever; what matters is what is left
        await lists.start_import(
            context,
            workspace_id=workspace_id,
            list_id=made.id,
            file_name="people.csv",
            content=breaks(),
        )
    assert not list(context.blobs.path("imports").iterdir())


async def test_a_file_goes_with_its_list(context: Context, workspace_id: int) -> None:
    made = await lists.create(context, workspace_id=workspace_id, name="A")
    begun = await lists.start_import(
        context,
        workspace_id=workspace_id,
        list_id=made.id,
        file_name="people.csv",
        content=io.BytesIO(b"phone\n1\n"),
    )
    await lists.delete(context, workspace_id=workspace_id, list_id=made.id)
    assert not context.blobs.path(f"imports/{begun.id}").exists()
