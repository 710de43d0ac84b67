"""A test message from the page of a channel: sent once, shown with what became of it."""

from __future__ import annotations

import re

from campana.domain.role import Role
from tests.support.campaign import ANA
from tests.web.console.conftest import EVIL, Browser, Visit
from tests.web.console.test_channels_screen import path

__all__ = ["path"]

SAID = f"Can you read this? {EVIL}"


def form_of(text: str) -> str:
    found = re.search(r'name="form" value="(\w+)"', text)
    assert found
    return found[1]


async def test_it_is_sent_once_and_shown_with_its_outcome(owner: Browser, path: str) -> None:
    shown = (await owner.get(f"{path}/tests")).text
    assert "Nothing was sent for a test yet." in shown
    typed = {"address": ANA, "said": SAID, "form": form_of(shown)}
    assert (await owner.post(f"{path}/tests", **typed)).status_code == 303
    again = await owner.post(f"{path}/tests", **typed)
    assert again.status_code == 409
    assert "sent already" in again.text
    for page in (await owner.get(f"{path}/tests"), await owner.get(path)):
        assert page.text.count(f">{ANA}</a>") == 1
        assert "Waiting" in page.text
    audit = (await owner.get("/audit")).text
    assert "channel.send_test" in audit
    assert "Can you read" not in audit
    assert ANA not in audit


async def test_what_is_wrong_stands_at_its_field_with_what_was_typed(
    owner: Browser, path: str
) -> None:
    wrong = await owner.post(f"{path}/tests", address="12", said=SAID)
    assert wrong.status_code == 400
    assert 'id="p-address"' in wrong.text
    assert "Can you read this? &lt;script&gt;" in wrong.text
    assert EVIL not in wrong.text
    silent = await owner.post(f"{path}/tests", address=ANA)
    assert 'id="p-said"' in silent.text


async def test_who_changes_no_channels_sends_no_tests(visit: Visit, path: str) -> None:
    operator = await visit(Role.OPERATOR)
    assert "Test message" not in (await operator.get(path)).text
    assert (await operator.get(f"{path}/tests")).status_code == 403
    assert (await operator.post(f"{path}/tests", address=ANA, said="x")).status_code == 403
