"""What a contact would get, how long it is, and who of a list would get a hole."""

from __future__ import annotations

import httpx

from campana.services import lists
from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, CARLA, add_list, person
from tests.web.rows import codes

TEXT = "Hi {{ contact.first_name }}, {{ contact.debt | default: 'nothing' }} due {{ contact.due }}."


async def test_a_preview_is_what_the_contact_would_get(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    list_id = await add_list(
        context, workspace_id=workspace_id, people=[person(ANA, attributes={"due": "€5"})]
    )
    [ana] = (await api.get(f"/v1/contact-lists/{list_id}/contacts")).json()["data"]
    body = {"name": "n", "channelType": "SMS", "content": {"text": TEXT}}
    path = (await api.post("/v1/templates", json=body)).headers["location"] + "/preview"
    shown = (await api.post(path, json={"contactId": ana["id"]})).json()
    assert (shown["text"], shown["lacking"]) == ("Hi Ana, nothing due €5.", [])
    assert (shown["sms"]["alphabet"], shown["sms"]["segments"]) == ("gsm7", 1)
    other = (
        await api.post(path, json={"fields": {"first_name": "\u0410\u043d\u043d\u0430"}})
    ).json()
    assert (other["sms"]["alphabet"], other["sms"]["unusual"][:1]) == ("ucs2", ["\u0410"])
    assert other["lacking"] == ["due"]
    for contact in ("ctc_999999", "nobody"):
        wrong = await api.post(path, json={"contactId": contact})
        assert (wrong.status_code, set(codes(wrong))) == (400, {"/contactId"})


async def test_html_shows_values_and_never_obeys_them(api: httpx.AsyncClient) -> None:
    what = {
        "text": "a",
        "subject": "Hi {{ contact.first_name }}",
        "html": "<b>{{ contact.first_name }}</b>",
    }
    body = {"name": "n", "channelType": "Email", "content": what}
    path = (await api.post("/v1/templates", json=body)).headers["location"] + "/preview"
    name = "<script>x</script>\r\nBcc: b@example.com"
    shown = (await api.post(path, json={"fields": {"first_name": name}})).json()
    assert shown["html"].startswith("<b>&lt;script&gt;x&lt;/script&gt;")
    assert shown["subject"] == "Hi <script>x</script> Bcc: b@example.com"


async def test_who_of_a_list_lacks_a_field_is_counted(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    people = [
        person(ANA, attributes={"due": "1"}),
        person(BRUNO, attributes={"due": " "}),
        person(CARLA, first_name=None),
    ]
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    body = {"name": "n", "channelType": "SMS", "content": {"text": TEXT}}
    path = (await api.post("/v1/templates", json=body)).headers["location"] + "/lacking"
    found = (await api.get(f"{path}?contactList={list_id}")).json()
    assert (found["total"], found["contacts"]) == (3, 2)
    assert found["byField"] == {"due": 2, "first_name": 1}
    assert len(found["first"]) == 2
    segment = await lists.create(
        context, workspace_id=workspace_id, name="Due", where='contact.due == "1"'
    )
    of_segment = (await api.get(f"{path}?contactList={segment.id}")).json()
    assert (of_segment["total"], of_segment["contacts"], of_segment["first"]) == (1, 0, [])
    wrong = await api.get(f"{path}?contactList=list_none")
    assert (wrong.status_code, set(codes(wrong))) == (400, {"contactList"})
