"""Every unsafe route asks for its form's token, every route for its scope; generated for all."""

from __future__ import annotations

import re
from typing import Any

import pytest
from psycopg.errors import InsufficientPrivilege

from campana.domain.role import ADMIN_SCOPES, SCOPES_OF, Role
from campana.services.accounts import SCOPES
from campana.services.context import Context
from campana.web.console.app import SCREENS
from campana.web.console.cookies import Cookies
from campana.web.console.requests import ANYBODY, PUBLIC, SIGNED_IN, needs_of
from tests.web.console.conftest import BASE, Browser, Visit

ROUTES = [
    (method, re.sub(r"{\w+:\w+}", "x_1", path), needs_of(handler))
    for handler in SCREENS
    for path in handler.paths
    for method in handler.http_methods
    if method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
]
UNSAFE = [(method, path) for method, path, _ in ROUTES if method != "GET"]


def test_every_need_is_a_scope_of_the_table() -> None:
    known = {*SCOPES, *ADMIN_SCOPES, PUBLIC, ANYBODY, SIGNED_IN}
    assert {needs.scope for *_, needs in ROUTES} <= known
    for role, scopes in SCOPES_OF.items():
        assert scopes <= {*SCOPES, *ADMIN_SCOPES}, role
    assert SCOPES_OF[Role.OWNER] == {*SCOPES, *ADMIN_SCOPES}


def test_every_change_has_its_word_in_the_audit_log() -> None:
    silent = [
        path
        for method, path, needs in ROUTES
        if method != "GET" and needs.action is None and needs.scope != ANYBODY
    ]
    assert silent == []


async def test_no_unsafe_route_takes_a_form_without_its_token(owner: Browser) -> None:
    assert UNSAFE
    for method, path in UNSAFE:
        for sent in ({}, {"form_token": "A" * 43}):
            answer = await owner.client.request(method, path, data=sent, headers={"origin": BASE})
            assert answer.status_code == 403, (method, path)
            assert "open the page again" in answer.text.lower()


async def test_no_unsafe_route_takes_a_form_of_another_site(owner: Browser) -> None:
    foreign: list[dict[str, str]] = [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": BASE},
    ]
    for method, path in UNSAFE:
        for headers in foreign:
            answer = await owner.client.request(
                method, path, data={"form_token": owner.token}, headers=headers
            )
            assert answer.status_code == 403, (method, path, headers)
            assert "another site" in answer.text


async def test_every_route_asks_for_its_scope(visit: Visit) -> None:
    for role in Role:
        browser = await visit(role)
        for method, path, needs in ROUTES:
            if needs.scope in {PUBLIC, ANYBODY, SIGNED_IN} or needs.scope in SCOPES_OF[role]:
                continue
            answer = await browser.client.request(
                method, path, data={"form_token": browser.token}, headers={"origin": BASE}
            )
            assert answer.status_code == 403, (role, method, path)
            assert needs.scope.encode() in answer.content


async def test_nobody_sees_a_page_without_signing_in(visit: Visit) -> None:
    await visit(Role.OWNER)
    stranger = await visit()
    for method, path, needs in ROUTES:
        if needs.scope in {PUBLIC, ANYBODY}:
            continue
        answer = await stranger.client.request(method, path)
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].startswith("/sign-in")


async def test_no_page_is_asked_for_with_a_nul(owner: Browser) -> None:
    for method, path, _ in ROUTES:
        if method == "GET":
            for asked in {f"{path}?q=a%00b", path.replace("x_1", "a%00b")} - {path}:
                answer = await owner.get(asked)
                assert answer.status_code == 400, asked
                assert "NUL" in answer.text


async def test_what_is_typed_is_kept_without_its_nuls(owner: Browser) -> None:
    made = await owner.post("/lists", name="Fri\0ends", country="US", **{"more\0": "or\0less"})
    assert made.status_code == 303, made.text
    assert "Friends" in (await owner.get(made.headers["location"])).text
    assert "orless" in (await owner.get("/audit")).text
    people = {"file": ("peo\0ple.csv", b"phone\n+12025550142\n", "text/csv")}
    begun = await owner.post(f"{made.headers['location']}/imports", files=people)
    assert begun.status_code == 303, begun.text
    draft = await owner.post("/campaigns/new", name="Re\0minders", type="VoiceBot")
    assert draft.status_code < 500, draft.text


async def test_pages_allow_nothing_but_their_own(owner: Browser) -> None:
    first, second = await owner.get("/account"), await owner.get("/account")
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert policy != second.headers["content-security-policy"]
    assert first.headers["cache-control"] == "no-store"
    # With `no-referrer` browsers name no origin in a form, and every form is refused.
    assert first.headers.get_list("referrer-policy") == ["same-origin"]
    assert not re.search(r"<script(?![^>]*nonce=)|\son\w+=|\sstyle=|javascript:", first.text)


@pytest.mark.parametrize(
    ("is_secure", "written"),
    [(True, "__Host-campana=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure"),
     (False, "campana=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800")],
)  # fmt: skip
def test_the_cookie_is_bound_to_the_host_where_tls_is(is_secure: bool, written: str) -> None:
    assert Cookies(is_secure=is_secure).written("x") == written


async def test_the_log_cannot_be_changed_or_emptied(context: Context) -> None:
    statements: list[Any] = [
        "update audit_entries set actor = 'x'",
        "delete from audit_entries",
        "truncate audit_entries",
    ]
    for statement in statements:
        with pytest.raises(InsufficientPrivilege):
            async with context.db.transaction(workspace_id=1) as tx:
                await tx.execute(statement)


async def test_a_form_that_comes_back_is_refused_in_the_log_too(owner: Browser) -> None:
    refused = await owner.post("/people/invitations", email="nobody", role="king")
    assert refused.status_code == 400
    log = (await owner.get("/audit.csv")).text
    assert "person.invite,,refused" in log
    assert "role: Must be one of the roles" in log
    await owner.post("/suppressions", address="the number 12", reason="asked")
    log = (await owner.get("/audit.csv")).text
    assert "suppression.add,,refused" in log
    assert "number 12" not in log


async def test_what_is_asked_of_the_log_is_a_file_too(owner: Browser) -> None:
    await owner.post("/people/invitations", email="=cmd@example.com", role="analyst")
    file = await owner.get("/audit.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.startswith("number,at,actor")
    assert "person.invite" in file.text
