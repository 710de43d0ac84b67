"""A week of a campaign in seconds: the same for the same seed, within its rules, told in full."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campana.domain.errors import InvalidParameter
from campana.simulation import document, report
from tests.simulation.ground import campaign, played

pytestmark = pytest.mark.timeout(180)


@pytest.mark.slow
def test_the_same_seed_is_the_same_week_and_another_is_not(server: str, template: str) -> None:
    one, same, other = (
        report.as_json(played(server, template, campaign(), seed=seed), zone="UTC")
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one["attemptsByHour"] != other["attemptsByHour"]


def test_everybody_is_contacted_within_hours_and_everything_adds_up(
    server: str, template: str
) -> None:
    found = played(server, template, campaign())
    told = report.as_json(found, zone="America/New_York")
    assert told["status"] == "Completed"
    assert told["finishedAt"] is not None
    assert sum(told["people"]["byDisposition"].values()) == told["people"]["total"] == 12
    by_hour = [hours for day in told["attemptsByHour"] for hours in day["hours"]]
    assert sum(by_hour) == told["attempts"]["total"] == sum(told["attempts"]["byOutcome"].values())
    # From nine in New York until noon in Los Angeles, on the clock of New York.
    assert {hour for day in told["attemptsByHour"] for hour in range(24) if day["hours"][hour]} <= {
        *range(9, 15)
    }
    assert {
        moment.astimezone(ZoneInfo("America/New_York")).weekday() for moment in found.sends
    } <= {
        0,
        1,
    }


def test_a_campaign_that_has_no_time_left_is_told_as_it_stands(server: str, template: str) -> None:
    found = played(server, template, campaign(simulation={"days": 0.6}))
    told = report.as_json(found, zone="UTC")
    assert told["status"] == "Running"
    assert told["finishedAt"] is None
    assert told["people"]["waiting"] > 0
    assert max(found.sends) < found.starts + timedelta(days=0.6)


def test_people_with_two_numbers_are_tried_at_the_second(server: str, template: str) -> None:
    nobody = {"completed": None, "busy": None, "no_answer": None, "invalid_number": 1}
    raw = campaign(
        contacts={"count": 4, "numbers": 2},
        cadence={"invalidNumber": {"then": "next_address"}},
        simulation={"carrier": {"mix": {"Voice": nobody}}},
    )
    found = played(server, template, raw)
    assert found.counts.dispositions == {"invalid_number": 4}
    assert found.counts.attempts == {"invalid_number": 8}


def test_people_of_a_file_are_imported_and_the_skipped_are_counted(
    server: str, template: str, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text(
        "name,phone\nAna,+12125550101\nBruno,+442079460123\nCarla,not a number\n", "utf-8"
    )
    raw = {**campaign(), "contacts": {"file": str(people)}}
    told = report.as_json(played(server, template, raw), zone="UTC")
    assert told["people"]["rejectedRows"] == 1
    assert {"kind": "skipped", "reason": "country_not_allowed", "people": 1} in told["reasons"]


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"contacts": {"count": 0}}, ["/contacts/count"]),
        ({"contacts": {"zones": {"Mars": 1}}}, ["/contacts/zones/Mars"]),
        ({"contacts": {"file": "people.csv"}}, ["/contacts"]),
        ({"contacts": None}, ["/contacts"]),
        ({"contacts": {"count": 1_000_000}}, ["/contacts/count"]),
        ({"contacts": {"count": 10_000, "numbers": 2}}, ["/contacts/count"]),
        (
            {"simulation": {"days": 0, "carrier": {"mixx": {}}, "channel": {"rate": 0}}},
            ["/simulation/carrier/mixx", "/simulation/channel/rate", "/simulation/days"],
        ),
    ],
)
def test_what_is_wrong_is_named_all_at_once(changes: dict[str, Any], pointers: list[str]) -> None:
    with pytest.raises(InvalidParameter) as refused:
        document.read(campaign(**changes), seed=1)
    assert sorted(problem.pointer or "" for problem in refused.value.problems) == pointers


def test_the_campaign_itself_is_refused_as_ever(server: str, template: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        played(server, template, campaign(cadence={"maxAttempts": 0}))
    assert [problem.pointer for problem in refused.value.problems] == ["/cadence/maxAttempts"]
