"""Ten thousand campaigns and a million people: no page asks by looking at all of them.

Every statement that a page sends is caught and explained, so a page that is new is judged too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx
import psycopg
import pytest

from campana.domain.role import Role as Part
from campana.store.db import Role, session_options
from tests.browser.routes import pages
from tests.web.console.conftest import Visit

BIG = {"campaigns", "contacts", "contact_addresses", "targets", "attempts", "due"}
CAMPAIGNS, PEOPLE = 10_000, 1_000_000

FILL = """
insert into contact_lists (id, workspace_id, name, default_country, created_at)
  select 'list_' || n, %(workspace)s, 'people ' || n, 'US', now() from generate_series(1, 20) n;
insert into channels (id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst,
    lines, created_at)
  values ('chan_1', %(workspace)s, 'exchange', 'voice_sip', 'Voice', '{"trunks": [{"host":
    "127.0.0.1", "port": 5060}], "callerIds": ["+12025550100"]}', true, 1, 1, 1, now());
insert into campaigns (id, workspace_id, name, type, channel_type, state, created_at, updated_at,
    launched_at, channel_id, list_id)
  select 'camp_' || n, %(workspace)s, 'Reminder ' || n, 'VoiceBot', 'Voice',
    case when n %% 50 = 0 then 'running' when n %% 3 = 0 then 'paused' else 'completed' end,
    now() - make_interval(mins => n), now(), now(), 'chan_1', 'list_' || (n %% 20 + 1)
  from generate_series(1, %(campaigns)s) n;
insert into contacts (workspace_id, list_id, first_name, zones, created_at, updated_at)
  select %(workspace)s, 'list_' || (n %% 20 + 1), 'Ana', array['America/New_York'], now(), now()
  from generate_series(1, %(people)s) n;
insert into contact_addresses (contact_id, position, workspace_id, list_id, kind, value, country)
  select id, 0, %(workspace)s, list_id, 'phone', '+1202' || lpad(id::text, 7, '0'), 'US'
  from contacts;
insert into targets (workspace_id, campaign_id, contact_id, address, state, disposition,
    created_at, finished_at)
  select %(workspace)s, 'camp_' || (id %% 200 + 1), id, '+1202' || lpad(id::text, 7, '0'),
    case when id %% 2 = 0 then 'finished' else 'waiting' end,
    case when id %% 2 = 0 then 'completed' end, now(),
    case when id %% 2 = 0 then now() end
  from contacts where id %% 3 = 0;
insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address,
    state, disposition, owner_id, created_at, ended_at)
  select gen_random_uuid(), %(workspace)s, campaign_id, id, 'chan_1', 1, address, 'ended',
    'completed', 1, now() - make_interval(secs => id %% 900000), now()
  from targets where state = 'finished';
insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
  select id, %(workspace)s, campaign_id, 'America/New_York', 1, now()
  from targets where state = 'waiting'
"""


class Asked:
    """What the pages ask of the database, and by which page."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: dict[tuple[str, str], Any] = {}
        self.page = ""
        execute = psycopg.AsyncConnection.execute

        async def noted(
            connection: psycopg.AsyncConnection[Any], query: Any, params: Any = None, **more: Any
        ) -> Any:
            text = query if isinstance(query, str) else query.as_string(connection)
            if re.match(r"\s*(--[^\n]*\n\s*)*(select|with)\b", text, re.IGNORECASE):
                self.statements.setdefault((self.page, text), params)
            return await execute(connection, query, params, **more)  # pyright: ignore[reportArgumentType]

        monkeypatch.setattr(psycopg.AsyncConnection, "execute", noted)

    async def note_page(self, request: httpx.Request) -> None:
        self.page = request.url.raw_path.decode()


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_no_page_looks_at_all_rows_of_a_big_table(
    visit: Visit, conninfo: str, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"workspace": workspace_id, "campaigns": CAMPAIGNS, "people": PEOPLE}
    with psycopg.connect(conninfo, autocommit=True) as db:
        db.execute("set search_path = campana")
        for statement in FILL.split(";\n"):
            db.execute(statement, given)  # pyright: ignore[reportArgumentType, reportCallIssue]
        db.execute("vacuum analyze")
    owner = await visit(Part.OWNER)
    asked = Asked(monkeypatch)
    owner.client.event_hooks["request"].append(asked.note_page)
    owner.client.timeout = httpx.Timeout(120)
    found = await pages(owner.client)
    for path in (
        "/campaigns?page=400", "/campaigns?q=Reminder+77", "/campaigns?status=Running&sort=name",
        "/contacts?q=%2B12020500000", "/contacts?q=Ana", "/lists/list_3?after=ctc_900000",
        "/campaigns/camp_3?state=waiting", "/campaigns/camp_3?outcome=completed&after=tgt_300000",
    ):  # fmt: skip
        answer = await owner.client.get(path)
        assert answer.status_code == 200, (path, answer.text)
    assert {"/", "/campaigns", "/contacts", "/lists/{list_id:str}"} <= found.keys()
    assert len(asked.statements) > 10
    assert _whole_reads(conninfo, workspace_id, asked.statements) == []


def _whole_reads(
    conninfo: str, workspace_id: int, statements: Mapping[tuple[str, str], Any]
) -> list[str]:
    """Pages whose statements would read all of a big table, and which."""
    found: list[str] = []
    with psycopg.connect(conninfo, options=session_options(Role.WEB)) as db:
        for (page, text), params in statements.items():
            db.execute("select set_config('campana.workspace_id', %s, true)", (str(workspace_id),))
            query = f"explain (format json) {text}"
            [[[plan]]] = db.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
            db.rollback()
            found += [
                f"{page}: all of {node['Relation Name']}: {text[:300]}"
                for node in _flat(plan["Plan"])
                if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG
            ]
    return found


def _flat(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [node, *(below for plan in node.get("Plans", ()) for below in _flat(plan))]
