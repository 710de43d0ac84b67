"""The schema keeps what the program promises: each row to its workspace, each word in its list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import CheckViolation, InsufficientPrivilege

from campana.domain.attempt import AttemptState, EventType
from campana.domain.campaign import CampaignState, CampaignType, ChannelType
from campana.domain.disposition import Disposition
from campana.domain.target import TargetState
from campana.services.context import Context
from campana.store.db import Database, Role, session_options
from campana.store.imports import Duplicates
from tests.support.campaign import ANA, Scene, launched, person

ROLES = ("campana_web", "campana_engine")
# The web role may look at and touch nothing here, whatever the workspace.
ENGINE_ONLY = {
    "named_reports",
    "carrier_refs",
    "callback_inbox",
    "grants",
    "import_changes",
    "inbound_inbox",
    "retention_marks",
    "sign_in_tries",
    "trial_keys",
    "trial_people",
}


@pytest.fixture
def conn(conninfo: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(conninfo, autocommit=True) as opened:
        yield opened


def tables(conn: psycopg.Connection) -> set[str]:
    found = conn.execute("select tablename from pg_tables where schemaname = 'campana'")
    return {str(row[0]) for row in found}


def test_every_table_is_bound_by_row_level_security(conn: psycopg.Connection) -> None:
    """A table made without protect() stands here by its name."""
    found = conn.execute(
        "select c.relname, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner),"
        " (select array_agg(p.policyname || ' to ' || array_to_string(p.roles, ',')"
        "   || ' ' || p.cmd order by p.policyname)"
        "  from pg_policies p where p.schemaname = 'campana' and p.tablename = c.relname)"
        " from pg_class c where c.relkind in ('r', 'p')"
        " and c.relnamespace = 'campana'::regnamespace"
    ).fetchall()
    policies = [
        "engine to campana_engine ALL",
        "owner to campana_owner ALL",
        "web to campana_web ALL",
    ]
    unprotected = [row for row in found if row[1:] != (True, True, "campana_owner", policies)]
    assert unprotected == []
    assert len(found) > 15


def test_the_web_policy_is_the_workspace_of_the_transaction(conn: psycopg.Connection) -> None:
    found = conn.execute(
        "select distinct qual, with_check from pg_policies"
        " where schemaname = 'campana' and policyname = 'web'"
    ).fetchall()
    rule = "(workspace_id = current_workspace())"
    assert [tuple(part.replace("campana.", "") for part in row) for row in found] == [(rule, rule)]


def test_every_row_belongs_to_a_workspace(conn: psycopg.Connection) -> None:
    without = conn.execute(
        "select tablename from pg_tables t where schemaname = 'campana' and not exists ("
        " select from pg_attribute a where a.attrelid = ('campana.' || t.tablename)::regclass"
        " and a.attname = 'workspace_id' and a.attnotnull)"
    ).fetchall()
    assert without == []


def test_functions_that_run_as_the_owner_are_few_and_pinned(conn: psycopg.Connection) -> None:
    found = conn.execute(
        "select proname, proconfig from pg_proc"
        " where pronamespace = 'campana'::regnamespace and prosecdef order by proname"
    ).fetchall()
    assert found == [
        ("activity", ["search_path=campana"]),
        ("authenticate", ["search_path=campana"]),
        ("callback_channel", ["search_path=campana"]),
        ("console_is_new", ["search_path=campana"]),
        ("console_session", ["search_path=campana"]),
        ("contacts_tagged", ["search_path=campana", "plan_cache_mode=force_custom_plan"]),
        ("count_contact_left", ["search_path=campana", "enable_seqscan=off"]),
        ("count_contacts_gone", ["search_path=campana", "enable_seqscan=off"]),
        ("count_contacts_made", ["search_path=campana", "enable_seqscan=off"]),
        ("count_sign_in", ["search_path=campana"]),
        ("empty_attempt_events", ["search_path=campana"]),
        ("empty_events", ["search_path=campana"]),
        ("forget_history", ["search_path=campana"]),
        ("forget_sign_in", ["search_path=campana"]),
        ("invitation_of", ["search_path=campana"]),
        ("keep_callbacks", ["search_path=campana"]),
        ("keep_inbound", ["search_path=campana"]),
        ("person_of_email", ["search_path=campana"]),
        ("remove_errors_of_import", ["search_path=campana", "enable_seqscan=off"]),
        ("revoke_grants", ["search_path=campana"]),
    ]


@pytest.mark.parametrize("role", ROLES)
def test_neither_role_owns_anything_or_may_skip_a_policy(
    role: str, conn: psycopg.Connection
) -> None:
    [row] = conn.execute(
        "select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,"
        " pg_has_role(rolname, 'campana_owner', 'member'),"
        " exists (select from pg_class where relowner = r.oid)"
        " from pg_roles r where rolname = %s",
        (role,),
    ).fetchall()
    assert row == (False,) * 7


@pytest.mark.parametrize("role", ROLES)
def test_neither_role_may_change_the_schema(role: str, conn: psycopg.Connection) -> None:
    statements: list[LiteralString] = [
        "alter table campaigns disable row level security",
        "drop policy web on campaigns",
        "create table campana.mine (x int)",
        "truncate campaigns cascade",
        "drop table due",
    ]
    conn.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    conn.execute("set search_path = campana")
    for statement in statements:
        with pytest.raises(InsufficientPrivilege):
            conn.execute(statement)


@pytest.mark.parametrize("role", ROLES)
def test_neither_role_may_change_what_happened(
    role: str, conn: psycopg.Connection, scene: Scene
) -> None:
    statements: list[LiteralString] = [
        "update attempt_events set type = 'ended'",
        "delete from attempt_events",
        "truncate attempt_events",
        "delete from attempts",
    ]
    conn.execute("set search_path = campana")
    conn.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    conn.execute("select set_config('campana.workspace_id', %s, false)", (str(scene.workspace_id),))
    for statement in statements:
        with pytest.raises(InsufficientPrivilege):
            conn.execute(statement)


# --- Words in lists ------------------------------------------------------------------------------

ENUMS: dict[tuple[str, str], type[StrEnum]] = {
    ("attempt_events", "type"): EventType,
    ("attempts", "disposition"): Disposition,
    ("attempts", "state"): AttemptState,
    ("campaigns", "channel_type"): ChannelType,
    ("campaigns", "state"): CampaignState,
    ("campaigns", "type"): CampaignType,
    ("channels", "channel_type"): ChannelType,
    ("imports", "duplicates"): Duplicates,
    ("suppressions", "channel_type"): ChannelType,
    ("targets", "disposition"): Disposition,
    ("targets", "state"): TargetState,
}


def test_checks_mirror_the_enums(conn: psycopg.Connection) -> None:
    found = conn.execute(
        "select c.relname, a.attname, pg_get_constraintdef(k.oid) from pg_constraint k"
        " join pg_class c on c.oid = k.conrelid"
        " join pg_attribute a on a.attrelid = c.oid and k.conkey = array[a.attnum]"
        " where k.contype = 'c' and c.relnamespace = 'campana'::regnamespace"
    )
    lists = {
        (table, column): set(re.findall(r"'([^']*)'::text", text))
        for table, column, text in found
        if "ANY (ARRAY" in text
    }
    for place, enum in ENUMS.items():
        assert lists.get(place) == {str(member) for member in enum}, place


def test_a_finished_target_has_a_disposition_and_no_other_has(
    conn: psycopg.Connection, scene: Scene
) -> None:
    wrong: list[LiteralString] = [
        "update targets set state = 'finished'",
        "update targets set disposition = 'busy'",
        "update targets set disposition = 'busy', finished_at = created_at",
        "update targets set state = 'finished', disposition = 'bored', finished_at = created_at",
        "update campaigns set state = 'running', launched_at = null",
        "update campaigns set end_date = '2020-01-01', start_date = '2020-01-02'",
        "update channels set rate = 0",
        "update due set priority = 4",
    ]
    conn.execute("set search_path = campana")
    for statement in wrong:
        with pytest.raises(CheckViolation):
            conn.execute(statement)
    assert scene.campaign_id


# --- Workspaces ----------------------------------------------------------------------------------


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """A workspace with a row in nearly every table."""
    neighbors = [person(ANA), person("+12125550104")]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=neighbors)
    await scene.claim(limit=1)
    return scene


async def test_no_row_is_seen_or_written_across_workspaces(
    conn: psycopg.Connection, scene: Scene, conninfo: str
) -> None:
    """For every table there is: without a workspace nothing, in another's nothing, no way in."""
    conn.execute("set search_path = campana")
    [[other]] = conn.execute(
        "insert into workspaces (name, created_at) values ('other', 'epoch') returning workspace_id"
    ).fetchall()
    filled = {
        table
        for table in tables(conn)
        if conn.execute(
            sql.SQL("select 1 from {} limit 1").format(sql.Identifier(table))
        ).fetchone()
    }
    assert {"campaigns", "targets", "attempts", "contacts", "due", "attempt_events"} <= filled
    with psycopg.connect(conninfo, autocommit=True, options=session_options(Role.WEB)) as web:
        for table in sorted(tables(conn)):
            _sees(web, table, None, 0)
            _sees(web, table, other, 1 if table == "workspaces" else 0)
            if table in filled - ENGINE_ONLY:
                assert _count(web, table, scene.workspace_id) > 0, table
            _cannot_move(web, table, scene.workspace_id, other)


def _count(web: psycopg.Connection, table: str, workspace: int | None) -> int:
    """How many rows the web role sees in that workspace (or in none)."""
    with web.transaction():
        web.execute(
            "select set_config('campana.workspace_id', %s, true)",
            ("" if workspace is None else str(workspace),),
        )
        found = web.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table)))
        [[count]] = found.fetchall()
    return int(count)


def _sees(web: psycopg.Connection, table: str, workspace: int | None, rows: int) -> None:
    if table in ENGINE_ONLY:
        with pytest.raises(InsufficientPrivilege):
            _count(web, table, workspace)
    else:
        assert _count(web, table, workspace) == rows, (table, workspace)


def _cannot_move(web: psycopg.Connection, table: str, mine: int, other: int) -> None:
    """Changing or removing another's rows touches none; giving one's own away is refused."""
    name = sql.Identifier(table)
    statements = [
        (other, sql.SQL("update {} set workspace_id = workspace_id").format(name)),
        (other, sql.SQL("delete from {}").format(name)),
        (mine, sql.SQL("update {} set workspace_id = {}").format(name, sql.Literal(other))),
        (
            other,
            sql.SQL("insert into {} (workspace_id) values ({})").format(name, sql.Literal(mine)),
        ),
    ]
    for workspace, statement in statements:
        touched = 0
        try:
            with web.transaction():
                web.execute(
                    "select set_config('campana.workspace_id', %s, true)", (str(workspace),)
                )
                touched = web.execute(statement).rowcount
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.GeneratedAlways):
            continue
        except psycopg.errors.NotNullViolation:
            pytest.fail(f"{table}: a row of another workspace passed the policy")
        assert touched <= 0, (table, statement)


async def test_a_pooled_connection_forgets_the_workspace_it_served(
    conninfo: str, scene: Scene
) -> None:
    db = Database(conninfo, role=Role.WEB, max_connections=1)
    await db.open()

    async def seen(**workspace: Any) -> int:
        async with db.read(**workspace) as tx:
            [[count]] = await (await tx.execute("select count(*) from campaigns")).fetchall()
        return count

    try:
        assert await seen(workspace_id=scene.workspace_id) == 1
        assert await seen() == 0
        assert await seen(workspace_id=scene.workspace_id + 1) == 0
        with pytest.raises(ZeroDivisionError):
            async with db.transaction(workspace_id=scene.workspace_id):
                raise ZeroDivisionError
        assert await seen() == 0
        async with db.glance() as tx:
            [[count]] = await (await tx.execute("select count(*) from campaigns")).fetchall()
        assert count == 0
    finally:
        await db.close()
