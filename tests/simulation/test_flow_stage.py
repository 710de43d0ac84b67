"""A campaign with a flow in virtual time: messages, replies, waits, programs and calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.errors import InvalidParameter, PreflightBlocked
from campana.services import documents
from campana.simulation import document, report
from campana.simulation.play import Played
from tests.simulation.ground import played

pytestmark = pytest.mark.timeout(180)

ASKING = """
name: Asking
contact: {city: text}
nodes:
  begin: {type: start, params: [orderId], next: order}
  order:
    type: webhook
    method: GET
    url: "https://shop.example/orders/{{ trigger.orderId }}"
    credential: shop
    timeoutSeconds: 10
    saveAs: order
    next: branch
    onFailure: no_order
  branch:
    type: lookup
    table: branches
    key: "{{ contact.city }}"
    saveAs: branch
    next: ask
    onMissing: no_branch
  ask:
    type: send_message
    text: "{{ vars.order.body.name }}: come to {{ vars.branch.street }}?"
    next: answer
  answer: {type: wait_for_response, timeoutSeconds: 86400, next: which, onTimeout: call}
  which: {type: response_branch, cases: [{regex: "^yes", next: coming}], otherwise: call}
  call:
    type: voice_call
    bot: asking
    cases: {completed: called}
    otherwise: unreached
    timeoutSeconds: 172800
    onTimeout: unreached
  coming: {type: end, status: coming}
  called: {type: end, status: called}
  unreached: {type: end, status: unreached}
  no_order: {type: end, status: no_order}
  no_branch: {type: end, status: no_branch}
"""

CALLING_IN = """
name: Calling in
nodes:
  begin: {type: start, next: ask}
  ask: {type: send_message, text: Call us., next: ring}
  ring: {type: wait_inbound_call, timeoutSeconds: 3600, onTimeout: silent, next: menu}
  menu:
    type: gather
    text: Press 1.
    cases: {"1": confirmed}
    timeoutSeconds: 6
    onTimeout: silent
  confirmed: {type: end, status: confirmed}
  silent: {type: end, status: silent}
"""

CAMPAIGN = """
name: Asking
type: Flow
channelType: SMS
flow: {id: Asking, params: {orderId: A7}}
channels: {Voice: a trunk}
voiceBots:
  asking:
    greeting: "Hello {{ contact.first_name }}."
    steps: [{type: end, id: bye, text: Goodbye.}]
window: {mon: [{from: "09:00", to: "12:00"}], tue: [{from: "09:00", to: "12:00"}]}
contacts:
  count: 12
  zones: {America/New_York: 1}
  fields: {city: [Lima, Cusco]}
simulation:
  webhooks:
    "https://shop.example/": {status: 404}
    "https://shop.example/orders/": {body: {name: a table}}
  channel: {rate: 1, lines: 5}
  channels: {Voice: {rate: 1, lines: 1}}
  carrier:
    mix: {SMS: {delivered: 1}, Voice: {completed: 1, busy: 1}}
    replies: {SMS: {"yes, I will": 1, "no": 1, "": 1}}
"""


@pytest.fixture
def raw(tmp_path: Path) -> Mapping[str, Any]:
    """The campaign with the files it names."""
    (tmp_path / "asking.yaml").write_text(ASKING, "utf-8")
    (tmp_path / "branches.csv").write_text("city,street\nLima,Calle 1\nCusco,Calle 2\n", "utf-8")
    files = {"flows": ["asking.yaml"], "tables": {"branches": "branches.csv"}}
    return _changed(simulation=files)


def _changed(**changes: Any) -> Mapping[str, Any]:
    found = documents.read_yaml(CAMPAIGN)
    assert isinstance(found, dict)
    return documents.merge(found, changes)


def _played(server: str, template: str, raw: Mapping[str, Any], folder: Path) -> Played:
    return played(server, template, raw, folder=folder)


def test_a_flow_asks_waits_and_calls_as_it_says(
    server: str, template: str, raw: Mapping[str, Any], tmp_path: Path
) -> None:
    found = _played(server, template, raw, tmp_path)
    told = report.as_json(found, zone="America/New_York")
    ended = told["conversations"]
    assert told["status"] == "Completed"
    assert set(ended) == {"coming", "called", "unreached"}
    assert sum(ended.values()) == told["people"]["total"] == 12
    assert told["attempts"]["byChannelType"] == {
        "SMS": 12,
        "Voice": ended["called"] + ended["unreached"],
    }
    # Whoever answered nothing is called a day later, when the hours of Tuesday have begun.
    silent = 12 - told["replies"]
    assert 0 < silent < 12
    days = {each["date"]: sum(each["hours"]) for each in told["attemptsByHour"]}
    assert days["2026-03-10"] == silent
    assert days["2026-03-09"] == 24 - ended["coming"] - silent
    assert {n for each in told["attemptsByHour"] for n in range(24) if each["hours"][n]} <= {
        9,
        10,
        11,
    }


@pytest.mark.slow
def test_the_same_seed_has_the_same_conversations(
    server: str, template: str, raw: Mapping[str, Any], tmp_path: Path
) -> None:
    one, same = (_played(server, template, raw, tmp_path) for _ in range(2))
    assert report.as_json(one, zone="UTC") == report.as_json(same, zone="UTC")


@pytest.mark.parametrize(
    ("webhooks", "city", "word"),
    [({}, "Lima", "no_order"), ({"https://shop.example/": {}}, "Quito", "no_branch")],
)
def test_programs_and_tables_that_know_nothing_are_met_as_ever(
    server: str,
    template: str,
    raw: Mapping[str, Any],
    tmp_path: Path,
    webhooks: Mapping[str, Any],
    city: str,
    word: str,
) -> None:
    world = {**raw["simulation"], "webhooks": webhooks}
    people = {**raw["contacts"], "count": 2, "fields": {"city": [city]}}
    found = _played(server, template, {**raw, "simulation": world, "contacts": people}, tmp_path)
    assert found.endings == {word: 2}
    assert not found.sends


def test_a_contact_calls_and_presses_a_key(server: str, template: str, tmp_path: Path) -> None:
    (tmp_path / "calling.yaml").write_text(CALLING_IN, "utf-8")
    raw = _changed(
        flow={"id": "Calling in", "params": None},
        voiceBots=None,
        contacts={"count": 6, "fields": None},
        simulation={
            "flows": ["calling.yaml"],
            "carrier": {"calls": {"SMS": 0.6}, "answers": {"1": 1}, "replies": None},
        },
    )
    found = _played(server, template, raw, tmp_path)
    assert set(found.endings) == {"confirmed", "silent"}
    assert found.by_channel == {ChannelType.SMS: 6}
    assert found.counts.attempts["completed"] == found.endings["confirmed"]


@pytest.mark.slow
def test_a_letter_reaches_made_up_people(server: str, template: str, tmp_path: Path) -> None:
    flow = """
name: Letter
nodes:
  begin: {type: start, next: write}
  write: {type: send_message, text: Hello., channel: Email, next: done}
  done: {type: end, status: written}
"""
    (tmp_path / "letter.yaml").write_text(flow, "utf-8")
    raw = _changed(
        flow={"id": "Letter", "params": None},
        channels={"Voice": None, "Email": "our mailbox"},
        voiceBots=None,
        contacts={"count": 3},
        simulation={"flows": ["letter.yaml"]},
    )
    found = _played(server, template, raw, tmp_path)
    assert found.by_channel == {ChannelType.EMAIL: 3}
    assert found.endings == {"written": 3}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"flows": ["gone.yaml"]}, "/simulation/flows/0"),
        ({"flows": ["asking.yaml", "branches.csv"]}, "/simulation/flows/1"),
        ({"flows": ["broken.yaml"]}, "/simulation/flows/0/nodes/begin/next"),
        ({"tables": {"branches": "gone.csv"}}, "/simulation/tables/branches"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_by_its_place(
    server: str,
    template: str,
    raw: Mapping[str, Any],
    tmp_path: Path,
    changes: Mapping[str, Any],
    pointer: str,
) -> None:
    broken = "name: Asking\nnodes: {begin: {type: start, next: nowhere}}\n"
    (tmp_path / "broken.yaml").write_text(broken, "utf-8")
    world = {**raw["simulation"], **changes}
    with pytest.raises(InvalidParameter) as refused:
        _played(server, template, {**raw, "simulation": world}, tmp_path)
    assert pointer in [problem.pointer for problem in refused.value.problems]


@pytest.mark.slow
def test_what_the_flow_needs_and_has_not_is_said_before_it_begins(
    server: str, template: str, raw: Mapping[str, Any], tmp_path: Path
) -> None:
    world = {**raw["simulation"], "tables": {}}
    with pytest.raises(PreflightBlocked) as refused:
        _played(server, template, {**raw, "simulation": world}, tmp_path)
    assert ["branches" in problem.message for problem in refused.value.problems] == [True]


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"simulation": {"flows": None}}, ["/simulation/flows"]),
        (
            {
                "simulation": {
                    "flows": ["a.yaml"],
                    "webhooks": {"https://a.example": {"status": 20}},
                }
            },
            ["/simulation/webhooks/https:~1~1a.example/status"],
        ),
        (
            {"simulation": {"flows": ["a.yaml"]}, "contacts": {"fields": {"phone": ["1"]}}},
            ["/contacts/fields/phone"],
        ),
        (
            {"simulation": {"flows": ["a.yaml"]}, "contacts": {"count": None, "file": "a.csv"}},
            ["/contacts/fields"],
        ),
    ],
)
def test_what_the_file_says_wrongly_is_named(
    changes: Mapping[str, Any], pointers: list[str]
) -> None:
    with pytest.raises(InvalidParameter) as refused:
        document.read(_changed(**changes), seed=1)
    assert sorted(problem.pointer or "" for problem in refused.value.problems) == pointers
