"""A browser that leaves in the middle of an upload is written down as that, not as a failure."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

import pytest

from campana.domain.role import Role
from campana.services.accounts import SCOPES, create_key
from campana.services.context import Context
from campana.web.app import create_app
from tests.support.sandbox import answering
from tests.support.visitors import signed_in
from tests.support.waiting import eventually


@pytest.mark.parametrize("path", ["/lists/lst_1/imports", "/v1/contact-lists/lst_1/imports"])
async def test_an_upload_that_breaks_off_is_no_failure_of_ours(
    context: Context,
    workspace_id: int,
    caplog: pytest.LogCaptureFixture,
    path: str,
) -> None:
    caplog.set_level(logging.INFO, logger="campana")
    session = await signed_in(
        context, workspace_id=workspace_id, role=Role.OWNER, email="o@example.com"
    )
    key = await create_key(context, workspace_id=workspace_id, name="test", scopes=list(SCOPES))
    async with answering(create_app(context)) as url:
        host = urlsplit(url).netloc
        name, _, port = host.partition(":")
        _, upload = await asyncio.open_connection(name, int(port))
        upload.write(
            f"POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {url}\r\n"
            f"cookie: campana={session}\r\nauthorization: Bearer {key.text}\r\n"
            "content-type: multipart/form-data; boundary=x\r\ncontent-length: 900000\r\n\r\n"
            '--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
            "phone\r\n+12025550142\r\n".encode()
        )
        await upload.drain()
        upload.close()
        await upload.wait_closed()
        told = await eventually(
            lambda: [each for each in caplog.records if path in each.getMessage()]
        )
    assert [(each.levelno, each.exc_info) for each in told] == [(logging.INFO, None)]
    assert "its sender left" in told[0].getMessage()
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
