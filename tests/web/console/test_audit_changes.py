"""What a change changed: field by field in the log, without secrets, and nothing of people."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from html import unescape
from typing import Any

import pytest

from campana.domain.role import Role
from campana.services import accounts, auditing, channels, lists
from campana.services.auditing import Asked
from campana.services.context import Context
from campana.store.audit import Entry
from tests.web.console.conftest import EVIL, Browser, Visit
from tests.web.console.test_settings_screen import send


async def changes(context: Context, workspace_id: int) -> list[Entry]:
    """The changes, oldest first."""
    found = await auditing.page(context, workspace_id=workspace_id)
    return [each for each in reversed(found) if each.result == "changed"]


def fields(entry: Entry) -> dict[str, tuple[Any, Any]]:
    given: Sequence[tuple[str, Any, Any]] = entry.detail["fields"]
    return {name: (before, after) for name, before, after in given}


async def test_a_change_says_what_became_of_what(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    await owner.get("/settings")
    answer = await send(owner, "retention", recordingDays="7", eventDays="30")
    assert answer.is_redirect, answer.text
    *_, last = await changes(context, workspace_id)
    assert (last.action, last.detail["of"], last.detail["how"]) == (
        "settings.retention",
        "workspaces",
        "changed",
    )
    assert fields(last)["retention.recordingDays"] == (None, 7)
    await send(owner, "retention", recordingDays="9", eventDays="30")
    *_, last = await changes(context, workspace_id)
    assert fields(last) == {"retention.recordingDays": (7, 9)}
    page = (await owner.get("/audit")).text
    assert "eventDays: 30" in page
    assert "seen:" not in page
    assert "<code>retention.recordingDays</code>" in page
    assert '<del class="was">7</del>' in page
    assert '<ins class="becomes">9</ins>' in page
    file = (await owner.get("/audit.csv")).text
    assert '[""retention.recordingDays"",7,9]' in file


async def test_what_is_made_and_removed_is_told_and_nothing_that_was_refused(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    made = await owner.post("/lists", name=EVIL, country="US")
    assert (await owner.post("/lists", name=EVIL, country="US")).status_code == 409
    await owner.post(f"{made.headers['location']}/delete")
    new, gone = await changes(context, workspace_id)
    assert (new.action, new.detail["how"], gone.action, gone.detail["how"]) == (
        "list.create",
        "made",
        "list.delete",
        "removed",
    )
    assert fields(new)["name"] == (None, EVIL)
    assert fields(gone)["name"] == (EVIL, None)
    assert new.subject == gone.subject == made.headers["location"].removeprefix("/lists/")
    assert EVIL not in (await owner.get("/audit")).text


async def test_secrets_are_told_as_changed_and_no_more(
    context: Context, workspace_id: int, asked: Asked
) -> None:
    config = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-16-letters"}
    raw = {"name": "S", "kind": "sandbox", "channelType": "SMS", "config": config}
    with auditing.changes_by(context, asked):
        made = await channels.create(context, workspace_id=workspace_id, raw=raw)
        await channels.change(
            context,
            workspace_id=workspace_id,
            wanted=made.id,
            patch={"config": {**config, "secret": "another-of-16-letters", "timeoutSeconds": 5}},
        )
    new, change = await changes(context, workspace_id)
    assert fields(new)["config.secret"] == (None, "***")
    assert fields(change)["config.secret"] == ("***", "***")
    assert fields(change)["config.timeoutSeconds"][1] == 5
    assert "sealed" not in str([new.detail, change.detail])
    assert "letters" not in str([new.detail, change.detail])


async def test_a_step_between_others_is_one_change_and_a_long_text_is_cut(
    context: Context,
) -> None:
    async def told(was: str, becomes: str) -> list[tuple[Any, ...]]:
        async with context.db.read() as tx:
            cursor = await tx.execute(
                "select * from differences('', %s::jsonb, %s::jsonb)", (was, becomes)
            )
            return await cursor.fetchall()

    was = '{"steps": [{"id": "a", "text": "x"}, {"id": "c", "keys": {"1": "yes"}}]}'
    becomes = (
        '{"steps": [{"id": "a", "text": "x"}, {"id": "b", "text": "new"}, {"id": "c", "keys": {}}]}'
    )
    assert await told(was, becomes) == [
        ("steps.b.id", None, "b"),
        ("steps.b.text", None, "new"),
        ("steps.c.keys.1", "yes", None),
    ]
    assert await told('{"a": [1, 2]}', '{"a": [2]}') == [("a", [1, 2], [2])]
    assert await told('{"a": [{"x": 1}]}', '{"a": []}') == [("a.1.x", 1, None)]
    assert await told('{"a": null}', "{}") == []
    assert await told('{"a": {"b": 1}}', '{"a": 1}') == [("a", {"b": 1}, 1)]
    [(_, before, after)] = await told('{"t": "%s"}' % ("x" * 500), '{"t": "%s"}' % ("y" * 200))
    assert (before, after) == ("x" * 200 + "…", "y" * 200)
    [(name, before, after)] = await told("{}", json.dumps({"a": {str(n): n for n in range(999)}}))
    assert (name, before, len(after)) == ("a", None, 201)
    assert await told('{"a": "gAAAAABx"}', '{"a": "sealed:gAAAAy"}') == [("a", "***", "***")]
    within = json.dumps({"a": [1, {"headers": {"X-Api-Key": "1"}}]})
    assert await told("{}", within) == [("a", None, "***")]
    for name in ("apiKey", "X-Api-Key", "Authorization", "authToken", "password_hash"):
        was, becomes = (json.dumps({"x": {name: each}}) for each in ("1", "2"))
        assert await told(was, becomes) == [(f"x.{name}", "***", "***")]


async def test_what_goes_on_behind_a_request_is_not_that_requests(
    context: Context, workspace_id: int, asked: Asked
) -> None:
    may_go_on = asyncio.Event()

    async def later() -> None:
        await may_go_on.wait()
        await lists.create(context, workspace_id=workspace_id, name="Patients")

    with auditing.changes_by(context, asked):
        task = asyncio.create_task(later())
    may_go_on.set()
    await task
    assert await changes(context, workspace_id) == []


async def test_the_log_is_narrowed_to_people_or_to_one_of_whom_it_names(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    await owner.get("/lists")
    await owner.post("/lists", name="Of a person", country="US")
    key = await accounts.create_key(
        context, workspace_id=workspace_id, name=EVIL, scopes=["lists:write"]
    )
    headers = {"authorization": f"Bearer {key.text}", "x-request-id": "of-the-program"}
    answer = await owner.client.post("/v1/contact-lists", json={"name": "New"}, headers=headers)
    assert answer.status_code == 201
    last = (await changes(context, workspace_id))[-1]
    assert last.actor == f"API key {EVIL} ({key.id})"
    page = (await owner.get("/audit")).text
    assert EVIL not in page
    links = {unescape(each) for each in re.findall(r'href="(/audit\?who=[^"]*)"', page)}
    [of_program] = [each for each in links if key.id in each]
    for path, is_of_people, is_of_program in (
        ("/audit", True, True),
        ("/audit?who=people", True, False),
        (of_program, False, True),
        ("/audit?who=nobody%00", False, False),
    ):
        for each in (path, path.replace("/audit", "/audit.csv")):
            text = (await owner.get(each)).text
            assert ("Of a person" in text, "contactLists.create" in text) == (
                is_of_people,
                is_of_program,
            ), each


async def test_whoever_may_not_see_the_log_sees_no_change(visit: Visit) -> None:
    analyst = await visit(Role.ANALYST)
    assert (await analyst.get("/audit")).status_code == 403


@pytest.fixture
def asked(workspace_id: int) -> Asked:
    return Asked(
        workspace_id=workspace_id,
        person_id=None,
        actor="Ana <ana@example.com>",
        action="channel.change",
        subject="",
        fields={},
        client=None,
        request_id="r1",
    )
