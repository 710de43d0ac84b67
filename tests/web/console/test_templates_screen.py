"""Templates: written, previewed on a person, counted against a list, published, asked about."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from campana.domain.role import Role
from campana.services import templates
from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, add_list, person
from tests.web.console.conftest import EVIL, Browser, Visit
from tests.web.console.test_channels_screen import path

__all__ = ["path"]


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


async def test_what_contacts_have_is_offered_and_what_nobody_has_is_told(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    people = [person(ANA, attributes={"balance": 12, "2nd": "x"})]
    await add_list(context, workspace_id=workspace_id, people=people)
    path = (await owner.post("/templates", name="Debt", channel="SMS")).headers["location"]
    said = 'text: "{{ contact.ballance }} {{ contact.balance }}"'
    await owner.post(path, name="Debt", content=said)
    shown = (await owner.get(path)).text
    picks = shown.split('data-picks="f-content"')[1].split("</ul>")[0]
    assert "{{ contact.first_name }}" in picks
    assert "{{ contact.balance }}" in picks
    # No text can read it by that name.
    assert "2nd" not in picks
    assert "has ballance: a name" in shown


async def test_it_reads_to_whoever_is_named_by_number_id_or_choice(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    people = [person(ANA, first_name="Ana"), person(BRUNO, first_name="Bruno")]
    await add_list(context, workspace_id=workspace_id, people=people)
    path = (await owner.post("/templates", name="Hello", channel="SMS")).headers["location"]
    assert ">Bruno</a>" in (await owner.get(path)).text
    shown = (await owner.get(f"{path}?contact={quote(BRUNO)}")).text
    assert "Hello Bruno." in shown
    assert "no such contact" in (await owner.get(f"{path}?contact=nobody")).text
    assert "How it reads" in (await owner.get(f"{path}?contact=12345")).text


async def test_the_draft_is_sent_to_me_as_it_reads_to_them(
    owner: Browser, context: Context, workspace_id: int, path: str
) -> None:
    channel = path.rpartition("/")[2]
    people = [person(BRUNO, first_name=f"Bruno {EVIL}")]
    await add_list(context, workspace_id=workspace_id, people=people)
    kept = await owner.post("/account/number", number="(212) 555-0101")
    assert kept.status_code == 303
    template = (await owner.post("/templates", name="Hello", channel="SMS")).headers["location"]
    shown = (await owner.get(f"{template}?contact={quote(BRUNO)}")).text
    assert f'value="{ANA}"' in shown
    reader = hidden(shown, "reader")
    typed = {"address": ANA, "channel": channel, "reader": reader, "form": hidden(shown, "form")}
    sent = await owner.post(f"{template}/test", **typed)
    assert sent.status_code == 303, sent.text
    where = sent.headers["location"].partition("#")[0]
    after = (await owner.get(where)).text
    assert "The test is on its way." in after
    assert "Waiting" in after
    talk = after.split('href="/conversations/')[1].split('"')[0]
    thread = (await owner.get(f"/conversations/{talk}")).text
    assert "Hello Bruno &lt;script&gt;" in thread
    assert (await owner.post(f"{template}/test", **typed)).status_code == 409
    audit = (await owner.get("/audit")).text
    assert "template.test" in audit
    assert ANA not in audit


async def test_a_test_that_is_refused_says_so_at_its_field(
    owner: Browser, visit: Visit, path: str
) -> None:
    channel = path.rpartition("/")[2]
    template = (await owner.post("/templates", name="Hello", channel="SMS")).headers["location"]
    await owner.post("/suppressions", address=ANA, reason="asked")
    for address in (ANA, "12"):
        refused = await owner.post(f"{template}/test", address=address, channel=channel)
        assert refused.status_code == 400
        assert 'id="p-address"' in refused.text
        assert "Hello {{ contact.first_name }}" in refused.text
    assert (await owner.post(f"{template}/test", address=ANA, channel="chan_x")).status_code == 404
    operator = await visit(Role.OPERATOR)
    assert "Send it to me" not in (await operator.get(template)).text
    assert (await operator.post(f"{template}/test", address=ANA)).status_code == 403


async def test_a_long_list_is_looked_at_here_and_there(
    owner: Browser, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(templates, "EXACT_TO", 50)
    people = [person(f"+1202555{n:04}", first_name="x" if n % 2 else None) for n in range(100, 200)]
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    path = (await owner.post("/templates", name="Hello", channel="SMS")).headers["location"]
    shown = (await owner.get(f"{path}?list={list_id}")).text
    assert "About" in shown
    assert "of 100 people lack something it reads" in shown
    assert "of 50 that were looked at" in shown


async def test_ones_own_number_is_kept_and_forgotten(owner: Browser) -> None:
    wrong = await owner.post("/account/number", number="12")
    assert wrong.status_code == 400
    assert 'id="p-number"' in wrong.text
    assert (await owner.post("/account/number", number=ANA)).status_code == 303
    assert f'value="{ANA}"' in (await owner.get("/account")).text
    assert (await owner.post("/account/number", number=" ")).status_code == 303
    assert ANA not in (await owner.get("/account")).text


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="(\w+)"', text)
    assert found
    return found[1]
