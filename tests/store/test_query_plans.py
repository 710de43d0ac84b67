"""The questions asked all day long use their index, on each PostgreSQL there is to run.

Not how fast: which way. A sequential scan of `due` is fast today and a standstill with two million
people waiting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from campana.store import migrations
from campana.store.db import Role, session_options
from campana.store.due import BEGINNING
from campana.store.embedded import attach
from campana.store.sql import load
from tests.support.database import NOW

pytestmark = pytest.mark.timeout(240)

# One workspace with many campaigns of which one runs, another with as many; people wait in the
# running one under two zones, and more of them in one that is paused, before it in every order.
FILL = """
insert into workspaces (name, created_at)
  select 'w' || n, %(now)s from generate_series(1, 2) n;
insert into contact_lists (id, workspace_id, name, created_at)
  values ('list_1', 1, 'people', %(now)s);
insert into channels (id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst,
    lines, created_at)
  values ('chan_1', 1, 'exchange', 'voice_sip', 'Voice', '{}', true, 1, 1, 1, %(now)s);
insert into campaigns (id, workspace_id, name, type, channel_type, state, created_at, updated_at,
    launched_at, start_date, channel_id, list_id)
  select 'camp_' || n, n %% 2 + 1, 'Reminder', 'VoiceBot', 'Voice',
    case when n = 3 then 'running' when n %% 3 = 0 then 'completed' else 'paused' end,
    %(now)s::timestamptz - make_interval(mins => n), %(now)s, %(now)s,
    %(now)s::timestamptz - make_interval(hours => n), 'chan_1', 'list_1'
  from generate_series(1, 6000) n;
insert into contacts (workspace_id, list_id, zones, created_at, updated_at)
  select 1, 'list_1', array['America/New_York'], %(now)s, %(now)s from generate_series(1, 8000);
insert into contact_addresses (contact_id, position, workspace_id, list_id, kind, value, country)
  select id, 0, 1, 'list_1', 'phone', '+1212555' || id, 'US' from contacts;
insert into targets (workspace_id, campaign_id, contact_id, address, state, created_at)
  select 1, c, id, '+1212555' || id, 'waiting', %(now)s
  from contacts, unnest(array['camp_1', 'camp_3']) c;
insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
  select id, 1, campaign_id,
    case when id %% 2 = 0 then 'America/Chicago' else 'America/New_York' end, 1,
    %(now)s::timestamptz - make_interval(secs => id %% 1000)
  from targets;
insert into open_windows (campaign_id, window_key, workspace_id, open_until)
  select c, k, 1, %(now)s::timestamptz + interval '1 hour'
  from unnest(array['camp_1', 'camp_3']) c,
    unnest(array['America/Chicago', 'America/New_York']) k;
insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address,
    state, disposition, owner_id, created_at, ended_at)
  select gen_random_uuid(), 1, campaign_id, id, 'chan_1', 1, address, 'ended', 'busy', 1, %(now)s,
    %(now)s
  from targets where id %% 2 = 0;
insert into suppressions (id, workspace_id, address, scope, reason, source, created_at)
  select 'sup_' || n, 1, '+1312555' || n, 'workspace', 'asked', 'test', %(now)s
  from generate_series(1, 3000) n
"""

CLAIM = {
    "channel_id": "chan_1",
    "campaign_id": "camp_3",
    "window_key": "America/New_York",
    "priority": 1,
    "channel_type": "Voice",
    "requires_consent": False,
    "limit": 20,
    "pads": None,
    "after_due_at": BEGINNING.due_at,
    "after_target": BEGINNING.target_id,
    "now": NOW,
}
READY = {
    "channel_ids": ["chan_1"],
    "mark_campaigns": ["camp_3"],
    "mark_keys": ["America/New_York"],
    "mark_priorities": [1],
    "mark_due_ats": [BEGINNING.due_at],
    "mark_targets": [BEGINNING.target_id],
    "now": NOW,
    "owner_id": 1,
    "beside": ["chan_1"],
}
PAGE = {
    "workspace_id": 1,
    "states": None,
    "channel_type": None,
    "date_from": None,
    "date_to": None,
    "limit": 25,
    "offset": 50,
    "now": NOW,
}
FILTERED = PAGE | {"channel_type": "Voice", "date_from": NOW - timedelta(days=30)}


@dataclass(frozen=True)
class Filled:
    """A database with many rows, asked as a role of Campana's."""

    conninfo: str

    def plan(
        self, role: Role, noun: str, name: str, values: Mapping[str, Any], *, options: str = ""
    ) -> list[Mapping[str, Any]]:
        """Every node of the plan, flat; nothing it does is kept."""
        with psycopg.connect(self.conninfo, options=session_options(role)) as conn:
            conn.execute("select set_config('campana.workspace_id', '1', true)")
            text = f"explain ({options} format json) {load(noun)[name]}"
            found = conn.execute(text, values).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
            conn.rollback()
        return _flat(found[0][0][0]["Plan"])

    def settled_plan(
        self, role: Role, noun: str, name: str, values: Mapping[str, Any]
    ) -> list[Mapping[str, Any]]:
        """The plan of a prepared statement once the server has chosen how to keep it."""
        names: list[str] = []

        def numbered(match: re.Match[str]) -> str:
            if match[1] not in names:
                names.append(match[1])
            return f"${names.index(match[1]) + 1}"

        query = re.sub(r"%\((\w+)\)s", numbered, load(noun)[name])
        given = ", ".join(f"%({name})s" for name in names)
        with psycopg.connect(self.conninfo, options=session_options(role)) as conn:
            conn.execute("select set_config('campana.workspace_id', '1', true)")
            cursor = psycopg.ClientCursor(conn)
            cursor.execute(f"prepare asked as {query}")  # pyright: ignore[reportArgumentType, reportCallIssue]
            for _ in range(7):
                cursor.execute(f"execute asked({given})", values)  # pyright: ignore[reportArgumentType, reportCallIssue]
            cursor.execute(f"explain (format json) execute asked({given})", values)  # pyright: ignore[reportArgumentType, reportCallIssue]
            [[[found]]] = cursor.fetchall()
            conn.rollback()
        return _flat(found["Plan"])


def _flat(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [node, *(below for plan in node.get("Plans", ()) for below in _flat(plan))]


@pytest.fixture(scope="module", params=[18, pytest.param(16, marks=pytest.mark.slow)])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """The wheel's own servers: both versions that Campana runs on."""
    with closing(
        attach(tmp_path_factory.mktemp(f"postgres-{request.param}"), major=request.param)
    ) as server:
        conninfo = server.conninfo
        migrations.migrate(conninfo)
        with psycopg.connect(conninfo, autocommit=True) as conn:
            conn.execute("set search_path = campana")
            for statement in FILL.split(";\n"):
                conn.execute(statement, {"now": NOW})  # pyright: ignore[reportArgumentType, reportCallIssue]
            conn.execute("vacuum analyze")
            [[version]] = conn.execute("show server_version_num").fetchall()
        assert int(version) // 10000 == request.param
        yield Filled(conninfo)


def scans(plan: Sequence[Mapping[str, Any]], table: str) -> set[tuple[str, str | None]]:
    """How a table is read: kind of scan and index."""
    return {
        (node["Node Type"], node.get("Index Name"))
        for node in plan
        if node.get("Relation Name") == table and node["Node Type"] != "ModifyTable"
    }


def check_claim(plan: Sequence[Mapping[str, Any]]) -> None:
    assert scans(plan, "due") <= {
        ("Index Scan", "due_in_order"),
        ("Index Only Scan", "due_in_order"),
    }
    assert scans(plan, "due")
    for table in ("targets", "contacts", "contact_addresses", "attempts", "suppressions"):
        assert all("Seq" not in kind for kind, _ in scans(plan, table)), table
    assert {index for _, index in scans(plan, "suppressions")} == {"suppressions_by_address"}
    # What is sorted is what was taken, at the very end; to find it nothing is.
    assert ["Sort" in node["Node Type"] for node in plan].index(True) == 0
    assert sum("Sort" in node["Node Type"] for node in plan) == 1


def check_ready(plan: Sequence[Mapping[str, Any]]) -> None:
    assert {index for _, index in scans(plan, "due")} == {"due_in_order"}
    assert all("Seq" not in kind for kind, _ in scans(plan, "due") | scans(plan, "campaigns"))
    assert all(node["Node Type"] != "Hash Join" for node in plan)


def check_page(plan: Sequence[Mapping[str, Any]]) -> None:
    assert scans(plan, "campaigns") == {("Index Scan", "campaigns_newest")}
    assert not [node for node in plan if "Sort" in node["Node Type"]]


def test_a_claim_goes_down_one_index_and_reads_what_it_takes(filled: Filled) -> None:
    plan = filled.plan(Role.ENGINE, "due", "claim", CLAIM, options="analyze,")
    check_claim(plan)
    [taken] = [node for node in plan if node.get("Relation Name") == "due"]
    assert taken["Actual Rows"] == CLAIM["limit"]
    assert taken.get("Rows Removed by Filter", 0) == 0


def test_what_is_ready_is_looked_up_never_searched_for(filled: Filled) -> None:
    check_ready(filled.plan(Role.ENGINE, "due", "ready", READY))


@pytest.mark.parametrize("asked", [PAGE, FILTERED])
def test_a_page_of_campaigns_is_read_in_its_order(filled: Filled, asked: dict[str, Any]) -> None:
    check_page(filled.plan(Role.WEB, "campaigns", "page", asked))


def test_prepared_statements_go_the_same_way(filled: Filled) -> None:
    check_claim(filled.settled_plan(Role.ENGINE, "due", "claim", CLAIM))
    check_ready(filled.settled_plan(Role.ENGINE, "due", "ready", READY))
    check_page(filled.settled_plan(Role.WEB, "campaigns", "page", PAGE))


def test_numbers_asked_about_are_looked_up_among_the_suppressed(filled: Filled) -> None:
    asked = {"workspace_id": 1, "addresses": ["+13125551", "+13125552"], "now": NOW}
    plan = filled.plan(Role.WEB, "suppressions", "of_addresses", asked)
    assert {index for _, index in scans(plan, "suppressions")} <= {"suppressions_by_address", None}
    assert all("Seq" not in kind for kind, _ in scans(plan, "suppressions"))
    assert "suppressions_by_address" in {node.get("Index Name") for node in plan}


def test_window_keys_are_skipped_through(filled: Filled) -> None:
    plan = filled.plan(
        Role.ENGINE, "due", "window_keys", {"campaign_id": "camp_3"}, options="analyze,"
    )
    read = [node for node in plan if node.get("Relation Name") == "due"]
    assert {node["Index Name"] for node in read} == {"due_in_order"}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) <= 3


def test_whoever_is_asked_again_is_looked_at_a_few_at_a_time(filled: Filled) -> None:
    earlier = NOW - timedelta(hours=1)
    asked = {"campaign_id": "camp_3", "reasons": ["caps"], "limit": 20, "now": earlier}
    after = {"window_key": "America/New_York", "priority": 1, "due_at": earlier, "target_id": 1}
    plan = filled.plan(Role.ENGINE, "due", "bring_forward", asked | after, options="analyze,")
    looked = [node for node in plan if node.get("Index Name") == "due_in_order"]
    assert [node["Actual Rows"] for node in looked] == [20]
    assert scans(plan, "due") <= {("Index Scan", "due_pkey"), *scans(looked, "due")}
    assert scans(plan, "targets") == {("Index Scan", "targets_pkey")}
    settled = filled.settled_plan(Role.ENGINE, "due", "bring_forward", asked | after)
    for table in ("due", "targets"):
        assert all("Seq" not in kind for kind, _ in scans(settled, table)), table
