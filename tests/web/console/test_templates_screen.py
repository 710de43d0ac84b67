"""Templates: written, previewed on a person, counted against a list, published, asked about."""

from __future__ import annotations

from campana.domain.role import Role
from campana.services.context import Context
from tests.support.campaign import ANA, add_list, person
from tests.web.console.conftest import EVIL, Browser, Visit


async def test_a_template_is_written_published_and_kept_from_being_lost(owner: Browser) -> None:
    assert "No template yet" in (await owner.get("/templates")).text
    made = await owner.post("/templates", name=f"Hello {EVIL}", channel="SMS")
    path = made.headers["location"]
    shown = await owner.get(path)
    assert EVIL not in shown.text
    assert (await owner.post("/templates", name=f"Hello {EVIL}", channel="SMS")).status_code == 409
    wrong = await owner.post(path, name="Hello", content="text: '{{ nobody.name }}'\nx: 1")
    assert wrong.status_code == 400
    assert "nobody.name" in wrong.text
    unreadable = await owner.post(path, name="Hello", content="text: [")
    assert "Line 1" in unreadable.text or "line 2" in unreadable.text.lower()
    assert (await owner.post(path, name="Hello", content="only words")).status_code == 400
    body = f'text: "Hi {{{{ contact.first_name }}}} {EVIL}"'
    done = await owner.post(path, name="Hello", content=body, version="1", then="publish")
    assert done.status_code == 303, done.text
    again = (await owner.get(path)).text
    assert "version 1 is published" in again
    assert "Hi" in again
    assert EVIL not in again
    late = await owner.post(path, name="Hello", content='text: "late"', version="1")
    assert late.status_code == 412
    assert (await owner.post(f"{path}/delete")).status_code == 409
    assert "version 1" in (await owner.get("/templates?channel=SMS")).text
    assert "No template yet" in (await owner.get("/templates?channel=Email")).text


async def test_it_is_previewed_on_a_person_and_counted_against_a_list(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    list_id = await add_list(
        context, workspace_id=workspace_id, people=[person(ANA, first_name=f"Ana {EVIL}")]
    )
    path = (await owner.post("/templates", name="Code", channel="SMS")).headers["location"]
    body = 'text: "{{ contact.first_name }}, {{ contact.plan }}: {{ values.code }} \N{EURO SIGN}Ж"'
    assert (await owner.post(path, name="Code", content=body)).status_code == 303
    people = (await owner.get("/contacts")).text
    contact = people.split("/contacts/ctc_")[1].split('"')[0]
    shown = (await owner.get(f"{path}?contact=ctc_{contact}&values.code=4711")).text
    assert "Ana &lt;script&gt;" in shown
    assert EVIL not in shown
    assert ": 4711" in shown
    assert "lacks plan" in shown
    assert "UCS-2" in shown
    assert "null" not in shown
    assert "no such contact" in (await owner.get(f"{path}?contact=ctc_999")).text
    counted = (await owner.get(f"{path}?list={list_id}")).text
    assert "1 of 1 people lack" in counted
    assert (await owner.get(f"{path}?list=list_x")).status_code == 400


async def test_only_who_may_write_is_shown_the_form(owner: Browser, visit: Visit) -> None:
    await owner.get("/templates")
    path = (await owner.post("/templates", name="Hello", channel="Email")).headers["location"]
    browser = await visit(Role.ANALYST)
    shown = (await browser.get(path)).text
    assert "For {{ contact.first_name }}" in shown
    assert 'name="content"' not in shown
    assert (await browser.post(path, name="x", content="text: x")).status_code == 403
    refused = await owner.post("/templates/sync/chan_x")
    assert refused.status_code == 404


async def test_what_is_missing_is_told_once_somebody_asked_how_it_reads(owner: Browser) -> None:
    await owner.get("/templates")
    path = (await owner.post("/templates", name="Visit", channel="WhatsApp")).headers["location"]
    body = (
        "text: Hello\nprovider: {name: visit, language: en,"
        ' variables: {"1": "{{ contact.first_name }}"}}'
    )
    saved = await owner.post(path, name="Visit", content=body)
    assert saved.status_code == 303, saved.text
    assert "there is a hole" not in (await owner.get(path)).text
    assert "there is a hole" in (await owner.get(f"{path}?contact=")).text
