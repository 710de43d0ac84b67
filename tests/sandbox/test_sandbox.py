"""The sandbox as a process: its log comes first, and survives it; it stays on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from campana.sandbox.plan import Behavior, Plan, Seconds
from tests.journeys.served import until
from tests.support.sandbox import SECRET, Sandboxed, sandbox

pytestmark = pytest.mark.timeout(120)

SEND = {
    "attempt": "att_1",
    "channelType": "SMS",
    "to": "+12125550101",
    "text": "Hello",
    "callbackUrl": "http://127.0.0.1:9/callbacks/chan_1",
}
KEY = {"authorization": f"Bearer {SECRET}"}


def ask(running: Sandboxed, method: str, path: str, **changes: Any) -> httpx.Response:
    given = {"headers": KEY, "trust_env": False, "timeout": 60, **changes}
    return httpx.request(method, running.url + path, **given)


def test_it_starts_again_with_what_its_log_knows(tmp_path: Path) -> None:
    with sandbox(tmp_path) as running:
        assert ask(running, "POST", "/sends", json=SEND).status_code == 202
        before = ask(running, "GET", "/sends/att_1").json()
        running.process.kill()
    with running.log.open("ab") as log:
        log.write(b'{"at":1,"event":"send","attempt":"att_half')
    with sandbox(tmp_path) as running:
        after = ask(running, "GET", "/sends/att_1").json()
        assert after["statuses"][: len(before["statuses"])] == before["statuses"]
        assert ask(running, "POST", "/sends", json=SEND).status_code == 202
        assert ask(running, "GET", "/sends/att_half").status_code == 404
    lines = running.log.read_bytes().splitlines()
    assert sum(b'"is_repeat":true' in line for line in lines) == 1


def test_a_line_that_was_cut_off_takes_no_other_with_it(tmp_path: Path) -> None:
    (tmp_path / "sandbox.jsonl").write_bytes(b'{"at":1,"event":"send","attempt":"att_half')
    with sandbox(tmp_path) as running:
        assert ask(running, "POST", "/sends", json=SEND).status_code == 202
        running.process.kill()
    with sandbox(tmp_path) as running:
        # Asked about it the sandbox must not say that it never had it: it would be sent again.
        assert ask(running, "GET", "/sends/att_1").status_code == 200


def test_what_a_callee_does_is_told_with_the_end_and_survives_it(tmp_path: Path) -> None:
    call = {**SEND, "channelType": "Voice", "conducted": True}
    plan = Plan(
        people={SEND["to"]: (Behavior(outcome="completed", does=("1", "Yes.")),)},
        seconds=Seconds(ring=(0, 0), answer=(0, 0), talk=(0, 0)),
    )
    with sandbox(tmp_path, plan) as running:
        assert ask(running, "POST", "/sends", json=call).status_code == 202
        assert ask(running, "POST", "/sends", json={**call, "attempt": "att_2", "conducted": False})
        [line, plain] = running.lines("send")
        assert (line["text"], line["does"]) == ("Hello", ["1", "Yes."])
        assert "text" not in plain
        running.process.kill()
    with sandbox(tmp_path) as running:
        ends = [
            ask(running, "GET", f"/sends/{attempt}").json()["statuses"][-1]
            for attempt in ("att_1", "att_2")
        ]
    assert [(end["status"], end["does"]) for end in ends] == [
        ("finished", ["1", "Yes."]),
        ("finished", None),
    ]


def test_a_send_is_in_the_log_before_it_is_answered(tmp_path: Path) -> None:
    with sandbox(tmp_path, Plan(faults={"silent": 1})) as running:
        with pytest.raises(httpx.ReadTimeout):
            ask(running, "POST", "/sends", json=SEND, timeout=0.5)
        # It never answers this one, however late it has come to write it down.
        [line] = until(lambda: running.lines("send"))
        assert (line["attempt"], line["to"], line["accepted"]) == ("att_1", SEND["to"], True)


def test_bad_requests_are_told_what_is_wrong(tmp_path: Path) -> None:
    with sandbox(tmp_path) as running:
        refused = {
            "no account": ask(running, "POST", "/sends", json=SEND, headers={}),
            "short secret": ask(
                running, "POST", "/sends", json=SEND, headers={"authorization": "Bearer short"}
            ),
            "no JSON": ask(running, "POST", "/sends", content=b"{"),
            "unknown field": ask(running, "POST", "/sends", json={**SEND, "cc": "x"}),
            "off the machine": ask(
                running, "POST", "/sends", json={**SEND, "callbackUrl": "http://192.0.2.1/"}
            ),
            "by name": ask(
                running, "POST", "/sends", json={**SEND, "callbackUrl": "http://localhost/"}
            ),
            "no port": ask(
                running, "POST", "/sends", json={**SEND, "callbackUrl": "http://127.0.0.1:99999/"}
            ),
            "too large": ask(running, "POST", "/sends", content=b" " * 1_000_001),
            "nowhere": ask(running, "GET", "/"),
            "bad plan": ask(running, "PATCH", "/plan", json={"copies": 0}),
            "no plan": ask(running, "DELETE", "/plan"),
        }
        assert {name: answer.status_code for name, answer in refused.items()} == {
            "no account": 401,
            "short secret": 401,
            "no JSON": 400,
            "unknown field": 400,
            "off the machine": 400,
            "by name": 400,
            "no port": 400,
            "too large": 413,
            "nowhere": 404,
            "bad plan": 400,
            "no plan": 405,
        }
        assert all(answer.json()["refused"] for answer in refused.values())
        assert running.lines("send") == []


def test_its_plan_can_be_read_and_changed_while_it_runs(tmp_path: Path) -> None:
    with sandbox(tmp_path) as running:
        assert ask(running, "PATCH", "/plan", json={"faults": {"error": 1}}).status_code == 200
        assert ask(running, "POST", "/sends", json=SEND).status_code == 500
        assert ask(running, "GET", "/plan").json()["faults"] == {"error": 1.0}
        assert ask(running, "PUT", "/plan", json={"seed": 5}).json()["faults"] == {}
        assert ask(running, "POST", "/sends", json=SEND).status_code == 202


@pytest.mark.slow
def test_what_it_cannot_use_it_says_in_a_sentence(tmp_path: Path) -> None:
    with sandbox(tmp_path) as running:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "campana", "sandbox", "--port", str(running.port)),
                *("--log", str(tmp_path / "other.jsonl")),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert f"cannot listen on 127.0.0.1:{running.port}" in " ".join(done.stderr.split())
