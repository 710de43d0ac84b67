"""The keys that a page's script knows are those that a person is told."""

from __future__ import annotations

import re

from campana.domain.role import Role
from campana.web.console.menu import KEYS
from tests.web.console.conftest import Browser, Visit
from tools.messages import CONSOLE


def test_the_script_goes_where_the_page_says() -> None:
    script = (CONSOLE / "static/campana.js").read_text()
    [places] = re.findall(r"const places = \{(.*)\};", script)
    assert dict(re.findall(r"(\w): '([^']+)'", places)) == KEYS


async def test_keys_lead_only_where_a_person_may_go(owner: Browser, visit: Visit) -> None:
    assert "<kbd>d</kbd>" in (await owner.get("/account")).text
    analyst = await visit(Role.ANALYST)
    shown = (await analyst.get("/account")).text
    assert "<kbd>c</kbd>" in shown
    assert "<kbd>d</kbd>" not in shown
