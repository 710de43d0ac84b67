"""A form of a session that has ended: nothing is done, nothing typed is lost, nothing is shown."""

from __future__ import annotations

import re
from html import unescape
from importlib import resources

from httpx import Response

from campana.domain.role import Role
from campana.services.context import Context
from campana.store import lists
from campana.web.console.kept_forms import HIDDEN
from tests.support.visitors import PASSWORD
from tests.web.console.conftest import BASE, Browser, Visit

NAME = 'Spring "<b>&'
_HIDDEN_NAME = re.compile(r'<input type="hidden" name="(\w+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


async def ended(visit: Visit, context: Context) -> Browser:
    """An owner in the middle of a form whose session is over."""
    owner = await visit(Role.OWNER)
    await owner.get("/lists")
    async with context.db.transaction(workspace_id=1) as tx:
        await tx.execute("delete from console_sessions")
    return owner


async def signed_in_anew(browser: Browser, kept: Response) -> Response:
    """The sign-in page that came with what was kept, filled in and sent."""
    return await browser.post(
        "/sign-in", **{**hidden(kept.text), "email": "owner1@example.com", "password": PASSWORD}
    )


async def send_again(browser: Browser, again: Response) -> Response:
    """Press the button of the page that hands a form back."""
    path = re.findall(r'<form method="post" action="([^"]+)"', again.text)[-1]
    sent = hidden(again.text)
    browser.token = sent["form_token"]
    return await browser.post(unescape(path), **sent)


async def sign_out_and_in(browser: Browser) -> None:
    """As in another tab."""
    assert (await browser.post("/sign-out")).is_redirect
    await browser.get("/sign-in")
    assert (
        await browser.post("/sign-in", email="owner1@example.com", password=PASSWORD)
    ).is_redirect


async def names(context: Context) -> list[str]:
    async with context.db.read(workspace_id=1) as tx:
        found = await lists.page(tx, workspace_id=1, limit=10, offset=0)
    return [each.name for each in found.lists]


def hidden(text: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _HIDDEN.findall(text)}


async def test_what_was_typed_is_kept_through_signing_in(visit: Visit, context: Context) -> None:
    owner = await ended(visit, context)
    kept = await owner.post("/lists", name=NAME, country="US")
    assert kept.status_code == 401
    assert await names(context) == []
    brought = hidden(kept.text)
    assert (brought["kept.name"], brought["kept_path"]) == (NAME, "/lists")
    login = {**brought, "email": "owner1@example.com"}
    del login["form_token"]
    wrong = await owner.post("/sign-in", **login, password="wrong " * 4)
    assert hidden(wrong.text)["kept.name"] == NAME
    again = await owner.post("/sign-in", **login, password=PASSWORD)
    assert again.status_code == 200
    assert "Spring &#34;&lt;b&gt;&amp;" in again.text
    assert await names(context) == []
    owner.token = hidden(again.text)["form_token"]
    form = {name: value for name, value in hidden(again.text).items() if name != "form_token"}
    assert (await owner.post("/lists", **form)).status_code == 303
    assert await names(context) == [NAME]


async def test_a_form_is_kept_only_where_it_was_made_here(visit: Visit, context: Context) -> None:
    owner = await ended(visit, context)
    person = owner.token.partition(".")[2]
    assert person.startswith("usr_")
    made_up = {"form_token": f"{'A' * 43}.{person}", "name": NAME}
    here, foreign = {"origin": BASE}, {"origin": "https://evil.example"}
    for token, headers in (
        # Planted by another site's page, as browsers say it, or by one that says nothing at all.
        (made_up, foreign),
        ({**made_up, "form_token": owner.token}, foreign),
        (made_up, {"sec-fetch-site": "same-site", "origin": BASE}),
        (made_up, {"sec-fetch-site": "none"}),
        (made_up, {"origin": "https" + BASE.removeprefix("http")}),
        (made_up, {}),
        # Made for nobody, or by hand.
        ({"form_token": "A" * 43, "name": NAME}, here),
        ({"name": NAME}, here),
    ):
        refused = await owner.client.post("/lists", data=token, headers=headers)
        assert refused.status_code == 403, (token, headers)
        assert NAME not in unescape(refused.text)
    password = await owner.post("/account/password", old=PASSWORD, new=PASSWORD)
    assert password.status_code == 303


async def test_a_form_is_kept_after_signing_out_in_another_tab(
    visit: Visit, context: Context
) -> None:
    owner = await visit(Role.OWNER)
    await owner.get("/lists")
    typed_in = owner.token
    assert (await owner.post("/sign-out")).is_redirect
    owner.token = typed_in
    kept = await owner.post("/lists", name=NAME, country="US")
    assert kept.status_code == 401
    again = await signed_in_anew(owner, kept)
    assert (await send_again(owner, again)).status_code == 303
    assert await names(context) == [NAME]


async def test_a_form_is_kept_once_its_cookie_is_gone(visit: Visit, context: Context) -> None:
    owner = await visit(Role.OWNER)
    await owner.get("/lists")
    owner.client.cookies.clear()
    kept = await owner.post("/lists", name=NAME, country="US")
    assert kept.status_code == 401
    again = await signed_in_anew(owner, kept)
    assert (await send_again(owner, again)).status_code == 303
    assert await names(context) == [NAME]


async def test_a_form_of_before_signing_in_anew_is_sent_by_a_press(
    visit: Visit, context: Context
) -> None:
    owner = await visit(Role.OWNER)
    await owner.get("/lists")
    typed_in = owner.token
    await sign_out_and_in(owner)
    owner.token = typed_in
    again = await owner.post("/lists", name=NAME, country="US")
    assert again.status_code == 403
    assert await names(context) == []
    assert (await send_again(owner, again)).status_code == 303
    assert await names(context) == [NAME]


async def test_a_form_comes_back_to_nobody_else(visit: Visit) -> None:
    owner = await visit(Role.OWNER)
    other = await visit(Role.OPERATOR)
    await owner.get("/lists")
    refused = await other.client.post(
        "/lists", data={"form_token": owner.token, "name": NAME}, headers={"origin": BASE}
    )
    assert refused.status_code == 403
    assert "of somebody else" in unescape(refused.text).lower()
    owner.client.cookies.clear()
    kept = await owner.post("/lists", name=NAME)
    login = {**hidden(kept.text), "email": "operator1@example.com", "password": PASSWORD}
    gone = await owner.post("/sign-in", **login)
    assert gone.status_code == 303
    told = await owner.get(gone.headers["location"])
    assert "somebody else&#39;s" in told.text
    assert NAME not in unescape(told.text)


async def test_what_a_sign_in_page_brings_along_outlives_other_tabs(
    visit: Visit, context: Context
) -> None:
    owner = await ended(visit, context)
    kept = hidden((await owner.post("/lists", name=NAME)).text)
    await owner.get("/sign-in")
    await owner.post("/sign-in", email="owner1@example.com", password=PASSWORD)
    login = {**kept, "email": "owner1@example.com", "password": PASSWORD}
    again = await owner.post("/sign-in", **login)
    assert again.status_code == 403
    assert (await send_again(owner, again)).status_code == 303
    assert await names(context) == [NAME]
    await owner.get("/account")
    await owner.post("/sign-out")
    anew = await owner.post("/sign-in", **login)
    assert anew.status_code == 403
    assert hidden(anew.text)["kept.name"] == NAME


async def test_a_long_form_and_one_that_may_bring_a_file_are_kept(
    visit: Visit, context: Context
) -> None:
    owner = await ended(visit, context)
    long = "\n".join(["x" * 99] * 6000)
    kept = await owner.post("/bots/bot_1", text=long)
    assert kept.status_code == 401
    again = await signed_in_anew(owner, kept)
    assert hidden(again.text)["text"] == long
    await owner.get("/flows/tables")
    owner.client.cookies.clear()
    rows = "".join(f"{n},Street of the long names {n}\n" for n in range(9_000))
    pasted = await owner.post(
        "/flows/tables",
        files={"file": ("", b"", "application/octet-stream")},
        name="streets", rows=f"number,street\n{rows}", key="number",
    )  # fmt: skip
    assert pasted.status_code == 401
    again = await signed_in_anew(owner, pasted)
    made = await send_again(owner, again)
    assert made.status_code == 303, re.findall(r"alert-danger.*|feedback.*", made.text)
    assert (
        "Street of the long names 8999" in (await owner.get("/flows/tables/streets?key=8999")).text
    )


async def test_a_file_is_not_read_from_somebody_who_is_not_signed_in(
    visit: Visit, context: Context
) -> None:
    owner = await ended(visit, context)
    answer = await owner.client.post(
        "/lists/lst_1/imports",
        data={"form_token": owner.token},
        files={"file": ("a.csv", b"x" * 1_100_000, "text/csv")},
        headers={"origin": BASE, "referer": f"{BASE}/lists/lst_1?after=ctc_9"},
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Flists%2Flst_1%3Fafter%3Dctc_9&lost=1"
    assert "could not be kept" in (await owner.get(answer.headers["location"])).text


async def test_a_small_file_is_chosen_anew(visit: Visit) -> None:
    owner = await visit(Role.OWNER)
    made = (await owner.post("/lists", name="Friends", country="US")).headers["location"]
    typed_in = owner.token
    await sign_out_and_in(owner)
    owner.token = typed_in
    people = {"file": ("people.csv", b"phone\n+12025550142\n", "text/csv")}
    again = await owner.post(f"{made}/imports", files=people, duplicates="update", country="US")
    assert again.status_code == 403
    assert '<input class="form-control" type="file" id="f-file" name="file">' in again.text
    form = hidden(again.text)
    assert form["duplicates"] == "update"
    assert (await owner.post(f"{made}/imports", files=people, **form)).is_redirect


async def test_a_form_comes_back_to_the_page_it_was_on(visit: Visit, context: Context) -> None:
    owner = await ended(visit, context)
    for referer, page in (
        (f"{BASE}/lists?page=2", "/lists?page=2"),
        ("https://evil.example/lists", "/"),
        (f"{BASE}//evil.example", "/"),
    ):
        kept = await owner.client.post(
            "/lists", data={"form_token": owner.token, "name": NAME},
            headers={"origin": BASE, "referer": referer},
        )  # fmt: skip
        assert (hidden(kept.text)["next"], hidden(kept.text)["kept_page"]) == (page, page)


async def test_what_a_script_sends_leaves_its_page_as_it_is(visit: Visit) -> None:
    owner = await visit(Role.OWNER)
    await owner.get("/lists")
    typed_in = owner.token
    script = {
        "origin": BASE,
        "hx-request": "true",
        "hx-request-type": "partial",
        "hx-current-url": f"{BASE}/lists/lst_1?after=ctc_9",
    }
    form = {"form_token": typed_in, "country": "US"}
    await sign_out_and_in(owner)
    anew = await owner.client.post("/lists/lst_1/preview", data=form, headers=script)
    assert anew.headers["hx-retarget"] == "#notice"
    fresh = hidden(anew.text)["form_token"]
    assert "untouched" in anew.text
    taken = {**form, "form_token": fresh}
    assert (
        "Choose a file"
        in (await owner.client.post("/lists/lst_1/preview", data=taken, headers=script)).text
    )
    owner.client.cookies.clear()
    for answer in (
        await owner.client.post("/lists/lst_1/preview", data=form, headers=script),
        await owner.client.get("/imports/imp_1", headers=script),
    ):
        assert answer.status_code == 401
        assert answer.headers["hx-retarget"] == "#notice"
        assert "hx-redirect" not in answer.headers
        assert "/sign-in?next=/lists/lst_1%3Fafter%3Dctc_9" in answer.text


async def test_only_what_was_typed_is_shown_of_it(visit: Visit, context: Context) -> None:
    owner = await ended(visit, context)
    sent = {"seen": '{"start":"e3b0"}', "version": "7", "secret_config": "password: hunter2"}
    again = await signed_in_anew(owner, await owner.post("/channels/ch_1", name="East", **sent))
    shown = again.text.split("<dl")[1].split("</dl>")[0]
    assert "East" in shown
    assert "e3b0" not in shown
    assert "hunter2" not in shown
    assert {**hidden(again.text), **sent} == hidden(again.text)


def test_every_hidden_field_is_known_as_one() -> None:
    """Of the forms that are kept: not the way in, nor one's own password."""
    written = {
        name
        for each in resources.files("campana.web.console").joinpath("templates").iterdir()
        if each.name not in {"account.html", "invitation.html", "sign_in.html"}
        for name in _HIDDEN_NAME.findall(each.read_text())
    }
    # The notice of what was done names its own: what is taken back, and the page it was done on.
    assert written | {"undo"} == HIDDEN


async def test_no_page_promises_what_going_back_does_not_keep(owner: Browser) -> None:
    refused = await owner.client.post("/lists", data={}, headers={"origin": BASE})
    assert refused.headers["cache-control"] == "no-store"
    assert "go back" not in refused.text


async def test_a_kept_form_leads_nowhere_else(visit: Visit, context: Context) -> None:
    owner = await ended(visit, context)
    person = owner.token.partition(".")[2]
    await owner.get("/sign-in")
    login = {"email": "owner1@example.com", "password": PASSWORD, "kept_person": person}
    elsewhere = "https://evil.example/take"
    again = await owner.post("/sign-in", **login, kept_path=elsewhere, kept_page=elsewhere)
    assert again.status_code == 200
    assert "evil.example" not in again.text
