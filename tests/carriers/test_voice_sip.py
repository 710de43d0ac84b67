"""What a SIP code means, and what a voice channel's config may hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from campana.carriers.voice_sip import (
    KIND,
    VoiceSip,
    calls_in,
    is_loopback_only,
    masked,
    senders,
)
from campana.carriers.voice_sip.codes import disposition_of, disposition_of_status
from campana.carriers.voice_sip.config import Config
from campana.domain.answered_by import AnsweredBy
from campana.domain.disposition import Disposition
from campana.domain.transfer import TransferOutcome
from campana.voice.call_result import CallResult, End
from campana.voice.notes import Handover

TRUNK: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": 5070,
    "username": "acme",
    "password": "s3 cret",
}
CONFIG: dict[str, Any] = {"trunks": [TRUNK], "callerIds": ["+12025550100"], "ringSeconds": 20}


def config(**changes: object) -> Config:
    return msgspec.convert({**CONFIG, **changes}, type=Config)


@pytest.mark.parametrize(
    ("status", "disposition"),
    [
        (302, Disposition.CARRIER_ERROR),
        (401, Disposition.CARRIER_ERROR),
        (403, Disposition.BLOCKED),
        (404, Disposition.INVALID_NUMBER),
        (407, Disposition.CARRIER_ERROR),
        (408, Disposition.NO_ANSWER),
        (410, Disposition.INVALID_NUMBER),
        (480, Disposition.NO_ANSWER),
        (484, Disposition.INVALID_NUMBER),
        (486, Disposition.BUSY),
        (487, Disposition.NO_ANSWER),
        (488, Disposition.CARRIER_ERROR),
        (500, Disposition.CONGESTION),
        (503, Disposition.CONGESTION),
        (599, Disposition.CONGESTION),
        (600, Disposition.BUSY),
        (603, Disposition.DECLINED),
        (604, Disposition.INVALID_NUMBER),
        (606, Disposition.CARRIER_ERROR),
        (607, Disposition.OPT_OUT),
        (608, Disposition.BLOCKED),
    ],
)
def test_a_final_code_has_one_meaning(status: int, disposition: Disposition) -> None:
    assert disposition_of_status(status) is disposition


def handed_over(outcome: str) -> Handover:
    return Handover(
        step="desk", to="+12025550160", at_ms=900, outcome=TransferOutcome(outcome), status=None
    )


@pytest.mark.parametrize(
    ("end", "detail", "disposition"),
    [
        ("answered", {"finished": True, "reason": "script"}, Disposition.COMPLETED),
        ("answered", {"reason": "callee"}, Disposition.HUNG_UP),
        ("answered", {"reason": "callee", "result": "confirmed"}, Disposition.COMPLETED),
        (
            "answered",
            {"reason": "transferred", "handovers": (handed_over("answered"),)},
            Disposition.TRANSFERRED,
        ),
        (
            "answered",
            {"reason": "callee", "handovers": (handed_over("unknown"),)},
            Disposition.HUNG_UP,
        ),
        ("answered", {"answered_by": AnsweredBy.MACHINE}, Disposition.VOICEMAIL),
        ("answered", {"answered_by": AnsweredBy.SCREENER}, Disposition.VOICEMAIL),
        ("answered", {"answered_by": AnsweredBy.FAX}, Disposition.INVALID_NUMBER),
        ("too_late", {}, Disposition.NOT_SENT),
        ("answered", {"reason": "network"}, Disposition.HUNG_UP),
        ("answered", {"reason": "time_limit"}, Disposition.HUNG_UP),
        ("answered", {"reason": "cancelled"}, Disposition.CANCELLED),
        ("refused", {"status": 486}, Disposition.BUSY),
        ("refused", {"status": 503}, Disposition.CONGESTION),
        ("no_answer", {}, Disposition.NO_ANSWER),
        ("failed", {}, Disposition.CARRIER_ERROR),
        ("cancelled", {}, Disposition.NO_ANSWER),
    ],
)
def test_a_call_has_one_disposition(
    end: End, detail: dict[str, Any], disposition: Disposition
) -> None:
    result = CallResult(end=end, ended_at=datetime(2026, 3, 2, 15, tzinfo=UTC), saved={}, **detail)
    assert disposition_of(result) is disposition


def test_a_call_is_handed_to_names_at_its_trunks_alone() -> None:
    assert KIND.hosts is not None
    assert KIND.hosts(config()) == (config().trunks[0].host,)


def test_reads_a_config() -> None:
    read = config()
    assert read.trunks[0].trunk().port == 5070
    assert read.ring_seconds == 20
    assert senders(read) == ("+12025550100",)
    assert KIND.config is Config


def test_never_shows_a_password() -> None:
    shown = masked(config())
    assert "s3 cret" not in repr(shown)
    assert shown["trunks"][0]["username"] == "acme"
    assert shown["callerIds"] == ["+12025550100"]
    assert "s3 cret" not in repr(config())
    assert "s3 cret" not in repr(config().trunks[0].trunk())


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (["127.0.0.1"], True),
        (["127.3.2.1", "::1"], True),
        (["localhost"], False),
        (["127.0.0.1", "192.0.2.1"], False),
        (["127.0.0.1.example.com"], False),
    ],
)
def test_only_literal_loopback_cannot_leave_the_machine(hosts: list[str], expected: bool) -> None:
    assert is_loopback_only(config(trunks=[{"host": host} for host in hosts])) is expected


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"trunks": []}, r"\$.trunks"),
        ({"trunks": [{**TRUNK, "host": "a b"}]}, r"host"),
        ({"trunks": [{**TRUNK, "host": "a;lr"}]}, r"host"),
        ({"trunks": [{**TRUNK, "port": 0}]}, r"port"),
        ({"trunks": [{**TRUNK, "transport": "sctp"}]}, r"transport"),
        ({"trunks": [{**TRUNK, "username": "a;b"}]}, r"username"),
        ({"trunks": [{**TRUNK, "username": 'a"b'}]}, r"username"),
        ({"trunks": [{**TRUNK, "password": 'a"b'}]}, r"password"),
        ({"trunks": [{**TRUNK, "pasword": "x"}]}, r"pasword"),
        ({"callerIds": []}, r"callerIds"),
        ({"callerIds": ["2025550100"]}, r"callerIds"),
        ({"ringSeconds": 1}, r"ringSeconds"),
        ({"nonsense": 1}, r"nonsense"),
    ],
)
def test_refuses_what_the_stack_would_misread(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=where):
        config(**changes)


def test_keys_of_encrypted_sound_travel_over_tls_alone() -> None:
    secure = {**TRUNK, "transport": "tls", "srtp": True}
    assert config(trunks=[secure]).trunks[0].trunk().srtp
    with pytest.raises(msgspec.ValidationError, match=r"srtp needs the transport tls.*trunks"):
        config(trunks=[{**TRUNK, "srtp": True}])


def test_calls_come_in_from_the_trunks_that_say_so() -> None:
    trunks = [
        {"host": "sip.example.com", "inbound": {"addresses": ["203.0.113.0/28"]}},
        {"host": "sip.example.com", "port": 5070},
    ]
    [way] = calls_in(config(trunks=trunks))
    assert (way.host, way.sources, way.country, way.authority) == (
        "sip.example.com",
        ("203.0.113.0/28",),
        "US",
        "sip.example.com:5060",
    )


@pytest.mark.parametrize(
    ("trunk", "said"),
    [
        ({"transport": "tcp", "inbound": {}}, "inbound needs the transport udp"),
        ({"inbound": {"addresses": ["203.0.113"]}}, r"203.0.113.*inbound"),
        ({"inbound": {"addresses": ["999.0.113.7"]}}, "999.0.113.7"),
        ({"inbound": {"country": "us"}}, "country"),
        ({"inbound": {"country": "ZZ"}}, r"'ZZ' is none.*trunks\[0\].inbound"),
    ],
)
def test_what_cannot_come_in_is_said(trunk: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        config(trunks=[{"host": "sip.example.com", **trunk}])


def test_a_trunk_is_registered_at_as_its_username_or_its_account() -> None:
    known = {"host": "sip.example.com", "username": "trunk1", "password": "secret"}
    plain, other = (
        VoiceSip().registrations(msgspec.to_builtins(config(trunks=[{**known, **more}])))
        for more in (
            {"register": {}},
            {"register": {"account": "2025550100", "seconds": 600}, "inbound": {}},
        )
    )
    assert [(each.user, each.seconds, each.takes_calls) for each in (*plain, *other)] == [
        ("trunk1", 300, False),
        ("2025550100", 600, True),
    ]
    assert VoiceSip().registrations(msgspec.to_builtins(config(trunks=[known]))) == ()


@pytest.mark.parametrize(
    ("trunk", "said"),
    [
        ({"register": {}}, "register needs a username"),
        ({"username": "a@b", "register": {}}, "register needs an account"),
        ({"username": "a", "register": {"seconds": 5}}, "seconds"),
        ({"username": "a", "register": {"account": "a@b"}}, "account"),
        ({"username": "a", "register": True}, "register"),
    ],
)
def test_what_cannot_be_registered_is_said(trunk: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        config(trunks=[{"host": "sip.example.com", **trunk}])
