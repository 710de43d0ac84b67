"""Every event has a sentence, and developers are shown it."""

from __future__ import annotations

from campana.domain.event import EventName
from campana.web.console.event_meanings import MEANINGS
from tests.web.console.conftest import Browser


def test_every_event_has_a_sentence() -> None:
    assert set(MEANINGS) == set(EventName)
    assert len(set(MEANINGS.values())) == len(EventName)


async def test_they_are_shown_beside_a_choice_and_alone(owner: Browser) -> None:
    shown = (await owner.get("/developers")).text
    told = MEANINGS[EventName.CAMPAIGN_TRIPPED]
    assert shown.count(told) == 2
    assert f"<code>{EventName.WEBHOOK_TEST}</code>" in shown
