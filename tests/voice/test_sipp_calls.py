"""Real calls against sipp: what a carrier may answer, and that every answer is answered rightly.

A scenario ends with success only when all of it happened as written, acknowledgements included.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campana.voice.media import PHONE_RATE, level, tone_share
from tests.voice.peers import Call, LineProcess, Sipp, sides

pytestmark = [
    pytest.mark.voice,
    pytest.mark.sipp,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("sipp"),
]

RING_SECONDS = 3.0
"""Nobody answers; for a sipp on a busy machine it is long enough to say that it rings."""


@pytest.fixture(scope="module")
def line() -> Iterator[LineProcess]:
    made = LineProcess()
    yield made
    made.kill()


class Carrier:
    """One sipp and the call to it."""

    def __init__(self, line: LineProcess, directory: Path) -> None:
        self.line = line
        self.recording = directory / "call.wav"
        self._directory = directory
        self._name = directory.name
        self._sipp: Sipp | None = None

    def call(self, scenario: str, *, words: dict[str, str] | None = None, **order: object) -> Call:
        """Place a call to a sipp that plays this scenario; what came of it."""
        self._sipp = Sipp(scenario, directory=self._directory, **(words or {}))
        wanted: dict[str, Any] = {"script": "brief", **order}
        self.line.place(self._name, port=self._sipp.port, **wanted)
        return self.line.result(self._name)

    def events(self) -> list[str]:
        return self.line.events(self._name)

    def assert_matched(self) -> None:
        assert self._sipp is not None
        self._sipp.assert_matched()

    def close(self) -> None:
        if self._sipp is not None:
            self._sipp.kill()


@pytest.fixture
def carrier(line: LineProcess, tmp_path: Path) -> Iterator[Carrier]:
    made = Carrier(line, tmp_path)
    yield made
    made.close()


def test_hears_its_own_voice_come_back_from_the_callee(carrier: Carrier) -> None:
    result = carrier.call("answer", recording=str(carrier.recording))
    assert (result["end"], result["result"], result["reason"]) == ("answered", "told", "script")
    carrier.assert_matched()
    callee, bot = sides(carrier.recording)
    for side in (callee, bot):
        size = 2 * PHONE_RATE // 20
        loud = [
            piece
            for start in range(0, len(side) - size, size)
            if level(piece := side[start : start + size]) > 300
        ]
        assert 0.3 < len(loud) / 20 < 0.6
        # Most of it: a busy machine sends a packet late now and then, and the tone has a hole.
        shares = sorted(tone_share(piece, hertz=440, rate=PHONE_RATE) for piece in loud[1:-1])
        assert shares[len(shares) // 2] > 0.8


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "Forbidden"),
        (404, "Not Found"),
        (480, "Temporarily Unavailable"),
        (486, "Busy Here"),
        (488, "Not Acceptable Here"),
        (503, "Service Unavailable"),
        (603, "Decline"),
    ],
)
def test_a_refusal_is_told_and_acknowledged(carrier: Carrier, status: int, reason: str) -> None:
    result = carrier.call("refuse", words={"status": f"{status} {reason}"})
    assert (result["end"], result["status"], result["reason"]) == ("refused", status, reason)
    carrier.assert_matched()


def test_a_redirect_is_not_followed(carrier: Carrier) -> None:
    result = carrier.call("redirect")
    assert (result["end"], result["status"]) == ("refused", 302)
    carrier.assert_matched()


def test_a_call_that_nobody_answers_is_cancelled(carrier: Carrier) -> None:
    result = carrier.call("no_answer", ring_seconds=RING_SECONDS)
    assert (result["end"], result["reason"]) == ("no_answer", "nobody answered")
    assert carrier.events() == ["ringing", "ended"]
    carrier.assert_matched()


def test_an_answer_that_crosses_the_cancel_is_hung_up(carrier: Carrier) -> None:
    result = carrier.call("crossing", ring_seconds=RING_SECONDS)
    assert result["end"] == "no_answer"
    carrier.assert_matched()


@pytest.mark.parametrize(
    ("status", "challenge", "answer"),
    [
        ("401 Unauthorized", "WWW-Authenticate", "Authorization"),
        ("407 Proxy Authentication Required", "Proxy-Authenticate", "Proxy-Authorization"),
    ],
)
def test_a_challenge_is_answered_with_the_credentials_of_the_trunk(
    carrier: Carrier, status: str, challenge: str, answer: str
) -> None:
    words = {"status": status, "challenge": challenge, "answer": answer}
    trunk = {"host": "127.0.0.1", "username": "acme", "password": "s3cret"}
    result = carrier.call("challenge", words=words, trunk=trunk)
    assert (result["end"], result["result"], result["reason"]) == ("answered", "told", "script")
    carrier.assert_matched()


def test_credentials_that_the_carrier_does_not_accept_are_a_refusal(carrier: Carrier) -> None:
    trunk = {"host": "127.0.0.1", "username": "acme", "password": "wrong"}
    result = carrier.call("unconvinced", trunk=trunk)
    assert (result["end"], result["status"]) == ("refused", 401)
    carrier.assert_matched()


def test_the_callee_hangs_up(carrier: Carrier) -> None:
    result = carrier.call("callee_bye", script="long")
    assert (result["end"], result["reason"], result["finished"]) == ("answered", "callee", False)
    assert 0 < result["talk_seconds"] < 10, "it is a script of half a minute"
    carrier.assert_matched()


@pytest.mark.parametrize("status", ["405 Method Not Allowed", "603 Decline"])
def test_a_carrier_that_hands_nobody_over_leaves_the_call_with_the_bot(
    carrier: Carrier, status: str
) -> None:
    result = carrier.call("transfer_refused", words={"status": status}, script="desk")
    assert result["transfers"] == [["+12025550161", "refused", int(status[:3])]]
    assert (result["reason"], result["result"]) == ("script", "later")
    carrier.assert_matched()


def test_a_carrier_that_asks_who_wants_the_transfer_is_told(carrier: Carrier) -> None:
    trunk = {"host": "127.0.0.1", "username": "acme", "password": "s3cret"}
    result = carrier.call("transfer_challenged", script="desk", trunk=trunk)
    assert result["transfers"] == [["+12025550161", "answered", 200]]
    assert result["reason"] == "transferred"
    carrier.assert_matched()


def test_what_nobody_told_of_a_transfer_stays_unknown(carrier: Carrier) -> None:
    result = carrier.call("transfer_untold", script="desk")
    assert result["transfers"] == [["+12025550161", "unknown", None]]
    assert result["reason"] == "callee"
    carrier.assert_matched()


def test_early_media_is_noted_and_is_not_an_answer(carrier: Carrier) -> None:
    result = carrier.call("early_media")
    assert carrier.events() == ["early_media", "answered", "said", "ended"]
    assert result["talk_seconds"] < 5
    carrier.assert_matched()
