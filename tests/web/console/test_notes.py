"""What was done is told once, in this server's words only."""

from __future__ import annotations

from campana.domain.role import Role
from tests.web.console.conftest import Browser, Visit

SAID = "From now on only these countries are called."
KEPT = "</svg> Kept in this browser."


async def saved(browser: Browser) -> str:
    answer = await browser.post("/settings/countries", countries="US", default="US")
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/settings"
    return answer.cookies["campana_note"]


async def test_what_was_done_is_told_once(owner: Browser) -> None:
    await owner.get("/settings")
    await saved(owner)
    assert SAID in (await owner.get("/settings")).text
    assert SAID not in (await owner.get("/settings")).text


async def test_it_is_told_on_its_own_page_only(owner: Browser) -> None:
    await owner.get("/settings")
    await saved(owner)
    part = await owner.client.get("/settings", headers={"hx-request": "true"})
    assert SAID not in part.text
    assert SAID not in (await owner.get("/lists")).text
    assert SAID in (await owner.get("/settings")).text


async def test_an_address_puts_no_words_into_a_page(owner: Browser) -> None:
    found = await owner.get("/lists?done=Your+workspace+was+deleted")
    assert "Your workspace was deleted" not in found.text


async def test_a_note_is_for_whom_it_was_written(owner: Browser, visit: Visit) -> None:
    other = await visit(Role.OPERATOR)
    await owner.get("/account")
    answer = await owner.post("/account/language", language="en")
    note = answer.cookies["campana_note"]
    for forged in (note, "A" * 80, "x", "%%%"):
        other.client.cookies.set("campana_note", forged, domain="127.0.0.1")
        told = await other.get("/account")
        assert told.status_code == 200
        assert KEPT not in told.text
    assert KEPT in (await owner.get("/account")).text
