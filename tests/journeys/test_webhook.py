"""From a request to a verified message at a receiver, through `campana serve` and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook as Verifier

from tests.journeys.served import served, until

pytestmark = pytest.mark.slow


@contextmanager
def taking() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An address that takes everything, and what came."""
    came: list[tuple[dict[str, str], bytes]] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's word
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.timeout(600)
def test_a_change_reaches_a_receiver_that_verifies_it(folder: Path) -> None:
    with (
        taking() as (address, came),
        served(folder, voice_processes=0, webhooks_to_loopback="true") as campana,
    ):
        words = ["--scope", "webhooks:manage", "--scope", "campaigns:write"]
        key = campana.run("keys", "create", "--name", "journey", *words).strip()
        [line] = [
            line for line in (folder / "serve.log").read_text().splitlines() if "answers at" in line
        ]
        base = line.partition("answers at ")[2].strip().removesuffix("/v1")
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=base, headers=headers, timeout=60) as api:
            made = api.post("/v1/webhooks", json={"url": address})
            assert made.status_code == 201, made.text
            draft = {"name": "Draft", "type": "VoiceBot", "channelType": "Voice"}
            campaign = api.post("/v1/campaigns", json=draft).json()
            until(lambda: came)
            headers, body = came[0]
            event = Verifier(made.json()["secret"]).verify(body, headers)
            assert (event["type"], event["subject"]) == ("campaign.created", campaign["id"])
            assert json.loads(body)["data"]["name"] == "Draft"
        # The key that opens the secrets lies beside the database, for its owner alone.
        assert (folder / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
