"""Credentials of flows over HTTP: kept, replaced, deleted, and never shown again."""

from __future__ import annotations

from typing import Any

from campana.domain.role import Role
from campana.services import flow_credentials
from campana.services.context import Context
from campana.store import flows
from tests.web.console.conftest import EVIL, Browser, Visit

SECRET, OTHER = "a-token-nobody-guesses", "another-token-of-theirs"
BEARER = {"name": f"crm {EVIL}", "kind": "bearer", "secret_token": SECRET}


async def kept(context: Context, workspace_id: int) -> Any:
    [found] = await flow_credentials.every(context, workspace_id=workspace_id)
    async with context.db.read(workspace_id=workspace_id) as tx:
        sealed = await flows.credential(tx, workspace_id=workspace_id, name=found.name)
    assert sealed is not None
    return found, sealed[0], context.secrets.open(sealed[1])


async def test_it_is_kept_replaced_and_deleted_and_never_shown(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    assert "No credential yet" in (await owner.get("/flows/credentials")).text
    made = await owner.post("/flows/credentials/new", **BEARER)
    assert made.status_code == 303, made.text
    first, kind, secret = await kept(context, workspace_id)
    assert (kind, SECRET in secret) == ("bearer", True)
    place = f"/flows/credentials/{first.id}"
    replaced = await owner.post(
        place, name="crm", kind="api_key", secret_header="X-Key", secret_key=OTHER
    )
    assert replaced.status_code == 303, replaced.text
    second, kind, secret = await kept(context, workspace_id)
    assert (second.id, second.name, kind) == (first.id, "crm", "api_key")
    assert OTHER in secret
    pages = [await owner.get(each) for each in ("/flows/credentials", place, "/audit")]
    assert not any(text in page.text for page in pages for text in (SECRET, OTHER, EVIL))
    assert "credential.replace" in pages[2].text
    assert (await owner.post(f"{place}/delete")).status_code == 303
    assert "No credential yet" in (await owner.get("/flows/credentials")).text
    assert (await owner.get(place)).status_code == 404


async def test_what_is_wrong_stands_at_its_field_and_no_secret_comes_back(owner: Browser) -> None:
    wrong = await owner.post(
        "/flows/credentials/new", name="", kind="basic", secret_password=SECRET
    )
    assert wrong.status_code == 400
    assert 'id="p-name"' in wrong.text
    assert SECRET not in wrong.text
    wrong = await owner.post(
        "/flows/credentials/new", name="crm", kind="basic", secret_password=SECRET
    )
    assert 'id="p-secret_user"' in wrong.text
    await owner.post("/flows/credentials/new", **BEARER)
    taken = await owner.post("/flows/credentials/new", **BEARER)
    assert taken.status_code == 409
    assert "There is a credential named" in taken.text


async def test_who_may_not_write_flows_sees_names_only(owner: Browser, visit: Visit) -> None:
    await owner.post("/flows/credentials/new", **BEARER | {"name": "crm"})
    analyst = await visit(Role.ANALYST)
    shown = (await analyst.get("/flows/credentials")).text
    assert "crm" in shown
    assert "New credential" not in shown
    assert (await analyst.get("/flows/credentials/new")).status_code == 403
    assert (await analyst.post("/flows/credentials/new", **BEARER)).status_code == 403
