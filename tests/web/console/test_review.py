"""The dry run as it is read: whom it counts, when, who is first, and all of it as a file."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from campana.domain.contact import NewContact
from campana.services import campaigns, control, suppressions
from campana.services.context import Context
from tests.support.campaign import ANA, BOT, BRUNO, CARLA, add_channel, add_list, person
from tests.web.console.conftest import Browser

PEOPLE = [
    person(ANA),
    person(BRUNO),
    person(CARLA, first_name="=Carla"),
    person("+12125550110", first_name="Nadia", addresses=()),
]


async def drafted(
    context: Context, workspace_id: int, people: list[NewContact], **document: Any
) -> str:
    channel = await add_channel(context, workspace_id=workspace_id, rate=1.0, burst=1)
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    made = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={
            "name": "Reminder", "type": "VoiceBot", "channelType": "Voice", "voiceBot": dict(BOT),
            "contactList": list_id, "channel": channel.id, **document,
        },
    )  # fmt: skip
    return f"/campaigns/{made.id}"


@pytest.fixture
async def path(context: Context, workspace_id: int) -> str:
    """A draft of four, one of whom is suppressed and one of whom has no address."""
    await suppressions.add(context, workspace_id=workspace_id, address=BRUNO, reason="asked")
    return await drafted(context, workspace_id, PEOPLE)


async def test_each_reason_opens_its_people(owner: Browser, path: str) -> None:
    shown = (await owner.get(f"{path}/review")).text
    links = re.findall(rf'href="({path}/review/people[^"]*)"', shown)
    assert len(links) == 3
    found = {link: (await owner.get(link)).text for link in links}
    by_number = {
        number: [link.partition("?")[2] for link, text in found.items() if number in text]
        for number in (ANA, BRUNO, CARLA, "no address")
    }
    assert by_number == {
        ANA: [""],
        CARLA: [""],
        BRUNO: ["reason=suppressed_workspace"],
        "no address": ["reason=no_address"],
    }


async def test_people_of_a_reason_come_page_by_page(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    many = [person(f"+1212555{number:04}", country="GB") for number in range(100, 200)]
    path = await drafted(context, workspace_id, many)
    first = (await owner.get(f"{path}/review/people?reason=country_not_allowed")).text
    [link] = re.findall(r'href="(\?[^"]*after=[^"]*)"', first)
    second = (await owner.get(f"{path}/review/people{link.replace('&amp;', '&')}")).text
    numbers = [re.findall(r"\+1212555\d{4}", each) for each in (first, second)]
    assert [len(each) for each in numbers] == [50, 50]
    assert len({*numbers[0], *numbers[1]}) == 100
    assert "after=" not in second


async def test_who_is_first_is_told_with_the_time_there(owner: Browser, path: str) -> None:
    shown = (await owner.get(f"{path}/review")).text
    table = shown[shown.index('id="first"') :]
    rows = table[: table.index("</table>")].split("<tr>")[2:]
    carla, ana = rows
    assert "=Carla" in carla
    assert '10:00 <span class="quiet">America/Chicago' in carla
    assert "Ana" in ana
    assert '11:00 <span class="quiet">America/New_York' in ana
    assert BRUNO not in table


async def test_the_file_has_everybody_and_why(owner: Browser, path: str) -> None:
    answer = await owner.get(f"{path}/review.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [
        (row["first_name"], row["address"], row["would_be_contacted"], row["reason"])
        for row in rows
    ] == [
        ("Ana", ANA, "yes", ""),
        ("Bruno", BRUNO, "no", "suppressed_workspace"),
        ("'=Carla", CARLA, "yes", ""),
        ("Nadia", "", "no", "no_address"),
    ]
    assert rows[0]["time_zones"] == "America/New_York"


async def test_the_map_shows_what_every_hour_is(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    window = {day: [{"from": "10:00", "to": "12:00"}] for day in days}
    window["closedDates"] = ["2026-03-11"]  # pyright: ignore[reportArgumentType]
    path = await drafted(context, workspace_id, PEOPLE, window=window)
    shown = (await owner.get(f"{path}/review")).text
    heat = shown[shown.index('class="heat"') : shown.index("heat-key")]
    assert heat.count('class="shut-quiet"') > 20
    assert heat.count('class="shut-holiday"') > 10
    assert len(set(re.findall(r'class="day">(\d{4}-\d\d-\d\d)<', heat))) >= 2


async def test_what_was_launched_has_no_dry_run(
    owner: Browser, context: Context, workspace_id: int, path: str
) -> None:
    campaign_id = path.rpartition("/")[2]
    await control.launch(context, workspace_id=workspace_id, campaign_id=campaign_id)
    for rest in ("/review", "/review/people", "/review.csv"):
        assert (await owner.get(path + rest)).status_code == 409, rest


async def test_what_it_would_do_is_read_once_more(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    day = [{"from": "09:00", "to": "17:00"}]
    short = [{"from": "10:00", "to": "12:00"}]
    path = await drafted(
        context, workspace_id, PEOPLE, pacing={"rate": 0.5, "lines": 3}, callerId="+12025550100",
        window={"mon": day, "tue": day, "sat": short, "holidays": ["US"]},
    )  # fmt: skip
    shown = (await owner.get(f"{path}/review")).text
    told = shown[shown.index("What it would do") : shown.index("Who would not be contacted")]
    for words in (
        BOT["greeting"], "shows +12025550100", "Monday to Tuesday 09:00-17:00, on their clock",
        "Saturday 10:00-12:00", "Closed: US", "At most 0.5 a second", "At most 3 open at once",
        f'href="{path}/edit/content"',
    ):  # fmt: skip
        assert words in told, words


async def test_warnings_are_said_in_the_language_of_the_page(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    path = await drafted(
        context,
        workspace_id,
        [person(ANA)],
        pacing={"rate": 5},
        canary={"percent": 50, "maxFailureRate": None, "maxOptOutRate": None},
        cadence={"undelivered": {"attempts": 2, "delaySeconds": 600}, "maxAttempts": 2},
        voiceBot={**BOT, "greeting": "Hello {{ contact.town }}."},
    )
    owner.client.headers["accept-language"] = "es"
    shown = (await owner.get(f"{path}/review")).text
    notes = re.findall(r'role="note">([^<]*)<', shown)
    assert any(each.startswith("rate de 5 no cambia nada: el canal exchange") for each in notes)
    assert len(notes) == 4
    english = {"the", "of", "and", "changes", "contacts", "its"}
    assert not [each for each in notes if english & set(re.findall(r"\w+", each.lower()))], notes
