"""What is kept of a provider's own words."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from campana.carriers.base import Accepted, CarrierError, Inbound, NamedReport, Report
from campana.carriers.own_words import LONGEST, own_words
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"status": "sent"}', '{"status": "sent"}'),
        ("stat:DELIVRD\xe9", "stat:DELIVRD\xe9"),
        (b"a\0b", "ab"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("a\udc80", "a?"),
        (b"x" * LONGEST, "x" * LONGEST),
        (b"", ""),
    ],
)
def test_it_is_text_that_the_database_takes(body: bytes | str, kept: str) -> None:
    assert own_words(body) == kept


def test_a_long_one_is_cut_and_says_so() -> None:
    kept = own_words("\u00e9" * 20_000)
    assert kept.startswith("\u00e9" * (LONGEST // 2))
    assert kept.endswith("\n[the first 16,384 of 40,000 bytes]")


def test_nothing_that_comes_out_of_an_adapter_has_what_the_database_refuses() -> None:
    event = AttemptEvent(
        type=EventType.ENDED,
        at=datetime.fromisoformat("2026-03-10T16:00:00+01:00"),
        detail={"disposition": "busy", "reason": "bu\0sy\udc80", "code": 17},
    )
    report = Report(attempt_id=UUID(int=1), key="2\0", event=event)
    named = NamedReport(ref="7\0", address="+1\0", key="2\0", event=event)
    assert (report.key, named.key, named.ref, named.address) == ("2", "2", "7", "+1")
    for each in (report.event, named.event):
        assert each.detail == {"disposition": "busy", "reason": "busy?", "code": 17}
        assert each.at.isoformat() == "2026-03-10T15:00:00+00:00"
    accepted = Accepted(ref="7\0", refs=("7\0", "8"))
    assert (accepted.ref, accepted.refs) == ("7", ("7", "8"))
    refused = CarrierError(Disposition.BUSY, retryable=False, detail="bu\0sy")
    assert refused.detail == "busy"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    event = AttemptEvent(type=EventType.RINGING, at=datetime.fromisoformat(at))
    with pytest.raises(ValueError, match="outside the years"):
        Report(attempt_id=UUID(int=1), key="2", event=event)
    with pytest.raises(ValueError, match="outside the years"):
        Inbound(key="1", sender="+12025550101", text="Yes", at=datetime.fromisoformat(at))
