"""A bot that ignored a wish not to be called again calls nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana.domain.answers import YesNo
from campana.domain.errors import CampanaError, PreflightBlocked
from campana.domain.prompted import Model, Prompt
from campana.domain.script import Ask, End, Script
from campana.domain.sound_models import HearingModel, SpeechModel
from campana.domain.surveys import Survey
from campana.services import bot_trials, campaign_document, campaigns, control
from campana.services.context import Context
from campana.services.installed import SoundEndpoint
from campana.services.language_model import LanguageModel
from tests.services.test_control import ready
from tests.support.campaign import BOT

OTHER = {**BOT, "greeting": "Good morning {{ contact.first_name }}."}


async def script_of(context: Context, workspace_id: int, campaign_id: str) -> Script:
    made = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    script = campaign_document.plan_of(made.document).script
    assert script is not None
    return script


async def tried(context: Context, workspace_id: int, script: Script, *, obeys: bool) -> None:
    await bot_trials.keep(
        context,
        workspace_id=workspace_id,
        script=script,
        calls=7,
        right_calls=6,
        opt_out_ignored=not obeys,
    )


async def refused(context: Context, workspace_id: int, campaign_id: str) -> list[str]:
    with pytest.raises(PreflightBlocked) as caught:
        await control.launch(context, workspace_id=workspace_id, campaign_id=campaign_id)
    assert all("not to be called again" in each.message for each in caught.value.problems)
    return [each.pointer or "" for each in caught.value.problems]


async def launches(context: Context, workspace_id: int, campaign_id: str) -> None:
    await control.launch(context, workspace_id=workspace_id, campaign_id=campaign_id)


async def test_it_is_not_launched_until_it_is_another_or_obeys(
    context: Context, workspace_id: int
) -> None:
    first = await ready(context, workspace_id=workspace_id)
    script = await script_of(context, workspace_id, first)
    await tried(context, workspace_id, script, obeys=False)
    assert await refused(context, workspace_id, first) == ["/voiceBot"]
    mended = await ready(context, workspace_id=workspace_id, voiceBot=OTHER)
    await launches(context, workspace_id, mended)
    await tried(context, workspace_id, script, obeys=True)
    await launches(context, workspace_id, first)


async def test_it_is_not_taken_up_by_a_campaign_that_runs(
    context: Context, workspace_id: int
) -> None:
    other = await ready(context, workspace_id=workspace_id, voiceBot=OTHER)
    script = await script_of(context, workspace_id, other)
    await tried(context, workspace_id, script, obeys=False)
    running = await ready(context, workspace_id=workspace_id)
    await launches(context, workspace_id, running)
    with pytest.raises(CampanaError) as caught:
        await campaigns.change(
            context,
            workspace_id=workspace_id,
            campaign_id=running,
            patch={"voiceBot": OTHER},
            version=None,
        )
    assert [each.pointer for each in caught.value.problems] == ["/voiceBot"]


async def test_nor_by_one_of_several_ways(context: Context, workspace_id: int) -> None:
    other = await ready(context, workspace_id=workspace_id, voiceBot=OTHER)
    script = await script_of(context, workspace_id, other)
    await tried(context, workspace_id, script, obeys=False)
    variants = [
        {"name": "a", "share": 50},
        {"name": "b", "share": 50, "changes": {"voiceBot": OTHER}},
    ]
    compared = await ready(context, workspace_id=workspace_id, variants=variants)
    assert await refused(context, workspace_id, compared) == ["/variants/1/changes/voiceBot"]


async def test_what_one_workspace_found_out_holds_for_it_alone(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    made = await ready(context, workspace_id=workspace_id)
    script = await script_of(context, workspace_id, made)
    async with engine_context.db.transaction() as tx:
        cursor = await tx.execute(
            "insert into workspaces (name, created_at) values ('other', now())"
            " returning workspace_id"
        )
        row = await cursor.fetchone()
    assert row is not None
    await tried(engine_context, int(row[0]), script, obeys=False)
    await launches(context, workspace_id, made)


def test_with_another_model_to_think_or_hear_with_a_bot_is_another(context: Context) -> None:
    url = "http://127.0.0.1:9/v1"
    plain = Script(greeting="Hello.", steps=(End(id="end"),))
    listening = replace(plain, steps=(Ask(id="q", text="Yes?", answer=YesNo()),))
    own = Prompt(goal="Talk.", model=Model(url=url, name="own"))
    thinking = replace(plain, prompt=Prompt(goal="Talk."))
    houses = [
        context,
        replace(context, language_model=LanguageModel(url=url, model="m")),
        replace(context, language_model=LanguageModel(url=url, model="n")),
        replace(context, hearing_endpoint=SoundEndpoint(url=url, model="h")),
    ]

    def marks(script: Script) -> int:
        return len({bot_trials.fingerprint(house, script) for house in houses})

    assert marks(plain) == 1
    assert marks(listening) == 2
    assert marks(thinking) == 4
    hearing = HearingModel(url=url, name="h")
    assert marks(replace(plain, prompt=own, hearing=hearing)) == 1
    changed = [
        plain,
        replace(plain, hearing=hearing),
        replace(plain, speech=SpeechModel(voice="v")),
        thinking,
        replace(thinking, prompt=Prompt(goal="Talk.", history=3)),
    ]
    assert len({bot_trials.fingerprint(context, script) for script in changed}) == len(changed)


def test_a_bot_is_the_same_wherever_its_questions_are_written(context: Context) -> None:
    plain = Script(greeting="Hello.", steps=(Ask(id="q", text="?", answer=YesNo()), End(id="end")))
    grouped = replace(
        plain,
        places=("/steps/0/questions/0", "/steps/1"),
        surveys=(Survey(at="/steps/0", questions=("q",)),),
    )
    assert bot_trials.fingerprint(context, grouped) == bot_trials.fingerprint(context, plain)
