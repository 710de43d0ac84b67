"""Coming in: the first owner by the printed token, sign-in that tells nothing, sessions' ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campana.domain.role import Role
from tests.support.database import FixedClock
from tests.support.visitors import PASSWORD
from tests.web.console.conftest import Browser, Visit

ANA = {"name": "Ana", "email": "Ana@Example.com", "password": PASSWORD}


async def test_the_printed_token_makes_the_owner_once(visit: Visit, first_token: str) -> None:
    browser, late = await visit(), await visit()
    assert (await browser.get("/")).headers["location"] == "/welcome"
    shown = await browser.get(f"/welcome?token={first_token}")
    assert first_token in shown.text
    await late.get("/welcome")
    cookie = browser.client.cookies["campana"]
    made = await browser.post("/welcome", token=first_token, **ANA)
    assert (made.status_code, made.headers["location"]) == (303, "/")
    assert browser.client.cookies["campana"] != cookie
    assert "Wallboard" in (await browser.get("/")).text
    again = await late.post("/welcome", token=first_token, **ANA)
    assert again.headers["location"] == "/sign-in"


async def test_a_wrong_first_token_and_a_weak_password_are_named(
    visit: Visit, first_token: str
) -> None:
    browser = await visit()
    await browser.get("/welcome")
    wrong = await browser.post("/welcome", token="x" * 43, **ANA)
    assert wrong.status_code == 404
    assert "This link was used" in wrong.text or "this link was used" in wrong.text
    weak = await browser.post("/welcome", token=first_token, **{**ANA, "password": "short"})
    assert weak.status_code == 400
    assert "at least 12 characters" in weak.text
    assert "Ana@Example.com" in weak.text
    assert "short" not in weak.text


@pytest.mark.usefixtures("owner")
async def test_signing_in_tells_an_unknown_address_from_a_wrong_password_by_nothing(
    visit: Visit,
) -> None:
    browser = await visit()
    await browser.get("/sign-in")
    unknown = await browser.post("/sign-in", email="nobody@example.com", password=PASSWORD)
    wrong = await browser.post("/sign-in", email="owner1@example.com", password="x" * 20)
    assert unknown.status_code == wrong.status_code == 401
    said = "The e-mail address or the password is wrong."
    assert said in unknown.text
    assert said in wrong.text


@pytest.mark.usefixtures("owner")
async def test_signing_in_changes_the_cookie_and_signing_out_ends_it_on_the_server(
    visit: Visit, workspace_id: int
) -> None:
    browser = await visit()
    await browser.get("/sign-in")
    before = browser.client.cookies["campana"]
    email = f"owner{workspace_id}@example.com"
    done = await browser.post("/sign-in", email=email, password=PASSWORD, next="/people")
    assert done.headers["location"] == "/people"
    assert "HttpOnly" in done.headers["set-cookie"]
    assert "SameSite=Lax" in done.headers["set-cookie"]
    signed_in = browser.client.cookies["campana"]
    assert signed_in != before
    assert (await browser.get("/people")).status_code == 200
    await browser.post("/sign-out")
    browser.client.cookies.set("campana", signed_in, domain="127.0.0.1")
    assert (await browser.get("/people")).headers["location"] == "/sign-in?next=%2Fpeople"


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_signing_in_leads_nowhere_else(path: str, visit: Visit, workspace_id: int) -> None:
    browser = await visit()
    await browser.get("/sign-in")
    done = await browser.post(
        "/sign-in", email=f"owner{workspace_id}@example.com", password=PASSWORD, next=path
    )
    assert done.headers["location"] == "/"


@pytest.mark.usefixtures("owner")
async def test_guesses_run_out_also_for_who_knows_the_password_then(
    visit: Visit, workspace_id: int, clock: FixedClock
) -> None:
    browser = await visit()
    await browser.get("/sign-in")
    email = f"owner{workspace_id}@example.com"
    tried = [
        (await browser.post("/sign-in", email=email, password="wrong " * 4)).status_code
        for _ in range(11)
    ]
    assert tried == [401] * 10 + [429]
    assert (await browser.post("/sign-in", email=email, password=PASSWORD)).status_code == 429
    clock.moment += timedelta(minutes=16)
    assert (await browser.post("/sign-in", email=email, password=PASSWORD)).status_code == 303


async def test_a_session_nobody_uses_ends(owner: Browser, clock: FixedClock) -> None:
    clock.moment += timedelta(hours=11)
    assert (await owner.get("/account")).status_code == 200
    clock.moment += timedelta(hours=11)
    assert (await owner.get("/account")).status_code == 200
    clock.moment += timedelta(hours=13)
    assert (await owner.get("/account")).status_code == 303


async def test_a_changed_password_signs_out_the_other_browsers(
    visit: Visit, owner: Browser, workspace_id: int
) -> None:
    other = await visit()
    await other.get("/sign-in")
    await other.post("/sign-in", email=f"owner{workspace_id}@example.com", password=PASSWORD)
    await owner.get("/account")
    wrong = await owner.post("/account/password", old="not it at all", new="another sentence")
    assert wrong.status_code == 400
    assert "Is not your password" in wrong.text
    done = await owner.post("/account/password", old=PASSWORD, new="another sentence")
    assert done.status_code == 303
    assert (await owner.get("/account")).status_code == 200
    assert (await other.get("/account")).status_code == 303


async def test_without_tls_passwords_are_taken_from_this_machine_alone(
    visit: Visit, first_token: str
) -> None:
    browser = await visit()
    browser.client.base_url = "http://campana.example"
    browser.client.headers["host"] = "campana.example"
    shown = await browser.get("/welcome")
    assert "not encrypted" in shown.text
    sent = await browser.client.post(
        "/welcome", data={"form_token": browser.token, "token": first_token, **ANA}
    )
    assert sent.status_code == 401
    assert "CAMPANA_PUBLIC_URL" in sent.text


async def test_an_invitation_makes_one_person_of_its_role(visit: Visit, owner: Browser) -> None:
    await owner.get("/people")
    sent = await owner.post("/people/invitations", email="bruno@example.com", role="analyst")
    link = sent.text.split('class="secret">')[1].split("<")[0]
    path = link.removeprefix("http://127.0.0.1:8080")
    browser, late = await visit(), await visit()
    assert "analyst" in (await browser.get(path)).text
    await late.get(path)
    token = path.rpartition("/")[2]
    done = await browser.post("/invitations", token=token, name="Bruno", password=PASSWORD)
    assert done.status_code == 303
    assert "Bruno" in (await browser.get("/account")).text
    assert (await browser.get("/people")).status_code == 403
    again = await late.post("/invitations", token=token, name="Eve", password=PASSWORD)
    assert again.status_code == 404
    log = await owner.get("/audit")
    assert "person.invite" in log.text
    assert token not in log.text


async def test_the_last_owner_stays(owner: Browser) -> None:
    listed = (await owner.get("/people")).text
    person_id = listed.split("/people/usr_")[1].split("/")[0]
    path = f"/people/usr_{person_id}"
    for action, fields in (("role", {"role": "analyst", "seen": "owner"}), ("disable", {})):
        refused = await owner.post(f"{path}/{action}", **fields)
        assert refused.status_code == 409
        assert "last owner" in refused.text.lower()
    assert "Refused: person.disable" in (await owner.get("/audit")).text


async def test_a_closed_account_is_out_at_once(visit: Visit, owner: Browser) -> None:
    analyst = await visit(Role.ANALYST)
    listed = (await owner.get("/people")).text
    ids = {part.split("/")[0] for part in listed.split("/people/")[1:] if part.startswith("usr_")}
    for person_id in ids:
        await owner.post(f"/people/{person_id}/disable")
    assert (await analyst.get("/account")).status_code == 303
    assert (await owner.get("/account")).status_code == 200
