"""A campaign by e-mail, from the list to what comes back, with a real mail server.

One person presses the button of the mail program, one address does not exist, one letter arrives.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from campana.domain.address import AddressKind
from campana.domain.campaign import ChannelType
from campana.domain.contact import ContactAddress, NewContact
from campana.services.context import Context
from campana.store.channels import Channel
from campana.web.app import create_app
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.letters import dsn
from tests.support.mailserver import Taken, mail_server
from tests.support.people import ANA
from tests.support.sandbox import WallClock, answering
from tests.support.stage import over, working
from tests.support.waiting import eventually

PAGE = Path(__file__).parents[2] / "docs" / "carriers" / "email.md"
SECRET = "a-secret-of-the-mailbox"
NAMES = ("ana", "bruno", "carla")
TOOLS = ("sh", "openssl", "curl")


def somebody(name: str) -> NewContact:
    address = ContactAddress(kind=AddressKind.EMAIL, value=f"{name}@example.com", country=None)
    return person(ANA, first_name=name.title(), addresses=(address,))


async def mailbox(
    web: Context, workspace_id: int, *, port: int, sender: str, patience: float
) -> Channel:
    """An e-mail channel; what nothing came back about in `patience` seconds is delivered."""
    return await add_channel(
        web,
        workspace_id=workspace_id,
        kind="email_smtp",
        channel_type=ChannelType.EMAIL,
        config={
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "senders": [sender],
            "returnAddress": "bounce@shop.example",
            "secret": SECRET,
            "deliveredAfterSeconds": patience,
        },
    )


async def campaign(engine: Context, web: Context, workspace_id: int, channel: Channel) -> Scene:
    return await launched(
        engine,
        web,
        workspace_id=workspace_id,
        channel=channel,
        channelType="Email",
        people=[somebody(name) for name in NAMES],
        window={"always": True},
        cadence={"maxAttempts": 1},
    )


def script(folder: Path, url: str) -> Path:
    """The one that the page on e-mail gives to mail servers, for this channel."""
    found = re.search(r"```sh\n(#!/bin/sh\n.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    secret = folder / "mail.secret"
    secret.write_text(SECRET, "utf-8")
    text = found[1].replace("/etc/campana-mail.secret", str(secret))
    assert "https://campana.example.com/callbacks/chan_…" in text
    made = folder / "to-campana"
    made.write_text(text.replace("https://campana.example.com/callbacks/chan_…", url), "utf-8")
    return made


async def passed_on(made: Path, letter: bytes) -> tuple[int, str]:
    """What the script says to a letter."""
    process = await asyncio.create_subprocess_exec(
        "sh",
        str(made),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(letter)
    return process.returncode or 0, said.decode()


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"a mail server's script needs {', '.join(TOOLS)}"
)
async def test_one_unsubscribes_one_bounces_and_one_is_delivered(
    engine_context: Context, context: Context, workspace_id: int, tmp_path: Path
) -> None:
    engine = replace(engine_context, clock=WallClock())
    web = replace(context, clock=WallClock())
    async with mail_server() as server, answering(create_app(web)) as url:
        channel = await mailbox(
            web, workspace_id, port=server.port, sender="The Shop <news@shop.example>", patience=600
        )
        scene = await campaign(engine, web, workspace_id, channel)
        async with working(engine, url):
            await eventually(lambda: len(server.taken) == len(NAMES))
            letters = {each.to.partition("@")[0]: each for each in server.taken}
            assert set(letters) == set(NAMES)
            await pressed(letters["ana"])
            made = script(tmp_path, f"{url}/callbacks/{channel.id}")
            token = letters["bruno"].sender.partition("+")[2].partition("@")[0]
            assert await passed_on(made, dsn(token, "failed", "5.1.1")) == (0, "")
            (tmp_path / "mail.secret").write_text("another-secret-of-others", "utf-8")
            code, said = await passed_on(made, dsn(token, "failed", "5.1.1"))
            assert (code != 0, "403" in said) == (True, True), said
            await eventually(
                lambda: scene.rows("select 1 from targets where disposition = 'invalid_number'")
            )
        [(suppressed, scope)] = await scene.rows("select address, scope from suppressions")
        assert (suppressed, scope) == ("ana@example.com", "channel")
        # Whoever pressed gets no more letters of this workspace; Carla's first is still under way.
        again = await campaign(engine, web, workspace_id, channel)
        async with working(engine, url):
            await eventually(lambda: len(server.taken) == len(NAMES) + 1)
            await eventually(
                lambda: again.rows(
                    "select 1 from targets where campaign_id = %s and address = %s"
                    " and disposition = 'suppressed'",
                    again.campaign_id,
                    "ana@example.com",
                )
            )
        assert {each.to for each in server.taken[len(NAMES) :]} == {"bruno@example.com"}


async def pressed(letter: Taken) -> None:
    """What a mail program does with its button (RFC 8058)."""
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.search(r"<(https?://[^>]+)>", letter.message["List-Unsubscribe"])
    assert found is not None
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(found[1], data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200, answer.text


@pytest.mark.timeout(180)
async def test_what_nothing_comes_back_about_is_delivered(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    engine = replace(engine_context, clock=WallClock())
    web = replace(context, clock=WallClock())
    async with mail_server() as server:
        channel = await mailbox(
            web, workspace_id, port=server.port, sender="news@shop.example", patience=0.5
        )
        scene = await campaign(engine, web, workspace_id, channel)
        async with working(engine, "http://127.0.0.1:9"):
            assert await over(scene) == {"delivered": 3}
