"""The campaign to start from, on the trunk of the manual, made as the README says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import yaml

from campana.cli.files import read_document
from campana.services.accounts import allow_countries
from campana.services.context import Context
from tests.support.campaign import ANA

ROOT = Path(__file__).parents[2]


def trunk() -> dict[str, Any]:
    """The channel that docs/operating.md calls `trunk.yaml`."""
    manual = (ROOT / "docs/operating.md").read_text("utf-8")
    found = re.search(r"```yaml\n(# trunk\.yaml\n.*?)```", manual, re.DOTALL)
    assert found is not None
    return yaml.safe_load(found[1])


async def test_it_is_ready_as_it_stands(
    api: httpx.AsyncClient, engine_context: Context, workspace_id: int
) -> None:
    document = read_document(ROOT / "docs/campaigns/reminders.yaml")
    assert isinstance(document, dict)
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f'lists import "{document["contactList"]}" people.csv' in readme
    assert "cp docs/campaigns/reminders.yaml campaign.yaml" in readme
    await allow_countries(engine_context, workspace_id=workspace_id, countries=["US"], default="US")
    for path, body in (
        ("channels", trunk()),
        ("contact-lists", {"name": document["contactList"]}),
        ("campaigns", document),
    ):
        made = await api.post(f"/v1/{path}", json=body)
        assert made.status_code == 201, made.text
        if path == "contact-lists":
            people = {"contacts": [{"firstName": "Ana", "phones": [ANA]}]}
            await api.post(f"{made.headers['location']}/contacts", json=people)
        if path == "campaigns":
            ahead = (await api.post(f"{made.headers['location']}/preflight")).json()
            assert (ahead["isReady"], ahead["problems"], ahead["eligible"]) == (True, [], 1)
            assert ahead["latestAt"]
