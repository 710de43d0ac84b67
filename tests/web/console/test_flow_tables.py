"""Reference tables over HTTP: brought in, looked up, replaced, deleted by name."""

from __future__ import annotations

from campana.domain.role import Role
from campana.services import reference_tables
from campana.services.context import Context
from tests.web.console.conftest import EVIL, Browser, Visit, fields_of

ROWS = f"city,phone,fee\nAustin,+12025550101,9.5\nReno,{EVIL},12\n"


async def test_a_table_is_pasted_looked_up_replaced_and_deleted(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    assert "No table yet" in (await owner.get("/flows/tables")).text
    made = await owner.post("/flows/tables", name="branches", rows=ROWS)
    assert made.status_code == 303, made.text
    row = await reference_tables.row(
        context, workspace_id=workspace_id, name="branches", key="austin"
    )
    assert row == {"city": "Austin", "phone": "+12025550101", "fee": 9.5}
    listed, shown = (
        (await owner.get("/flows/tables")).text,
        await owner.get("/flows/tables/branches"),
    )
    assert "branches" in listed
    assert EVIL not in shown.text
    assert "+12025550101" in shown.text
    assert "<dd>9.5</dd>" in (await owner.get("/flows/tables/branches?key=AUSTIN")).text
    assert "Nothing is found under" in (await owner.get("/flows/tables/branches?key=Ohio")).text
    path = "/flows/tables/branches"
    seen = fields_of(await owner.get(path), path)["seen"]
    replaced = await owner.post(path, rows="plan,city\ngold,Utica\n", key="city", seen=seen)
    assert replaced.status_code == 303, replaced.text
    found = await reference_tables.get(context, workspace_id=workspace_id, name="branches")
    assert (found.key_column, found.row_count) == ("city", 1)
    kept = await owner.post("/flows/tables/branches/delete", typed="branch")
    assert kept.status_code == 400
    gone = await owner.post("/flows/tables/branches/delete", typed="branches")
    assert gone.status_code == 303
    assert "No table yet" in (await owner.get("/flows/tables")).text
    audit = (await owner.get("/audit")).text
    for action in ("table.create", "table.replace", "table.delete"):
        assert action in audit


async def test_a_table_comes_from_a_file_of_whatever_making(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    file = ("branches.csv", "\ufeffcity;fee\r\nMálaga;7\r\n".encode(), "text/csv")
    made = await owner.post("/flows/tables", files={"file": file}, name="branches")
    assert made.status_code == 303, made.text
    row = await reference_tables.row(
        context, workspace_id=workspace_id, name="branches", key="málaga"
    )
    assert row == {"city": "Málaga", "fee": 7}
    sheet = ("branches.xlsx", b"PK\x03\x04 and more", "text/csv")
    refused = await owner.post("/flows/tables", files={"file": sheet}, name="more")
    assert "ZIP archive" in refused.text
    assert refused.status_code == 400


async def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(owner: Browser) -> None:
    await owner.post("/flows/tables", name="branches", rows=ROWS)
    taken = await owner.post("/flows/tables", name="branches", rows="a\n1\n")
    assert taken.status_code == 409
    assert "there is a table named branches already" in taken.text.lower()
    nothing = await owner.post("/flows/tables", name="more")
    assert 'id="p-file"' in nothing.text
    twice = await owner.post("/flows/tables", name="more", rows="city\nReno\nreno\n")
    assert "row 2, city: " in twice.text.lower()
    assert ">city\nReno\nreno</textarea>" in twice.text
    named = await owner.post("/flows/tables", name="a/b", rows="city\nReno\n")
    assert 'id="p-name"' in named.text
    assert "Reno" in (await owner.get("/flows/tables/branches")).text


async def test_who_may_not_write_flows_reads_tables_only(owner: Browser, visit: Visit) -> None:
    await owner.post("/flows/tables", name="branches", rows=ROWS)
    analyst = await visit(Role.ANALYST)
    shown = await analyst.get("/flows/tables/branches")
    assert shown.status_code == 200
    assert "Replace all rows" not in shown.text
    assert (await analyst.post("/flows/tables/branches", rows="a\n1\n")).status_code == 403
    assert (await analyst.post("/flows/tables", name="x", rows="a\n1\n")).status_code == 403
    assert (await analyst.get("/flows/tables/none")).status_code == 404
