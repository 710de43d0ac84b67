"""Whatever names a person is gone through when they are erased, or says why it need not be.

A failure names the table and where its line belongs.
"""

from __future__ import annotations

import psycopg

from campana.store.sql import load
from campana.store.traces import EVENTS, EXPLAINED, PLACES, WAITS

NAMING = (
    "address",
    "attempt_id",
    "before",
    "body",
    "cells",
    "contact",
    "contact_id",
    "contact_ids",
    "external_id",
    "first_name",
    "person_id",
    "recording_key",
    "reach_address",
    "session",
    "target_id",
    "text",
    "to_number",
    "transcript",
    "value",
)
"""Columns by which a table names a person, or holds what one said."""


def test_every_table_that_names_people_is_erased_or_explained(conninfo: str) -> None:
    with psycopg.connect(conninfo) as conn:
        found = conn.execute(
            "select distinct table_name from information_schema.columns"
            " where table_schema = 'campana' and column_name = any(%s)",
            (list(NAMING),),
        ).fetchall()
    missing = sorted({str(row[0]) for row in found} - {*PLACES, EVENTS, *EXPLAINED})
    assert not missing, (
        f"add {missing} to PLACES in src/campana/store/traces.py, each with a query of its name in"
        " queries/traces.sql, or to EXPLAINED with the reason why nothing is to do"
    )


def test_every_table_named_is_there(conninfo: str) -> None:
    with psycopg.connect(conninfo) as conn:
        found = conn.execute("select tablename from pg_tables where schemaname = 'campana'")
        tables = {str(row[0]) for row in found}
    assert {*PLACES, EVENTS, *EXPLAINED} <= tables
    assert not {*PLACES, EVENTS} & EXPLAINED.keys()


def test_every_place_has_its_query() -> None:
    assert {*PLACES, EVENTS, *WAITS} <= load("traces").keys()
