"""A launch is refused while what a bot's language model needs is not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from campana.services import campaigns, flow_credentials, outlook
from campana.services.context import Context
from campana.services.language_model import LanguageModel
from tests.support.campaign import ANA, add_channel, add_list, person

BOT: Any = {
    "greeting": "Hello.",
    "steps": [{"type": "end", "id": "end", "text": "Goodbye."}],
    "prompt": {
        "goal": "Talk.",
        "tools": [
            {"type": "end"},
            {
                "type": "http",
                "name": "book",
                "description": "Books.",
                "url": "https://example.com/book",
                "credential": "ours",
            },
        ],
    },
}


async def test_an_endpoint_and_the_credentials_it_names_must_be_there(
    context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    written = {"name": "Reminder", "type": "VoiceBot", "channelType": "Voice", "voiceBot": BOT}
    written |= {"contactList": people, "channel": channel.id}
    draft = (await campaigns.create(context, workspace_id=workspace_id, raw=written)).id

    async def told(with_model: Context) -> set[str | None]:
        found = await outlook.look_ahead(with_model, workspace_id=workspace_id, campaign_id=draft)
        return {each.pointer for each in found.problems if "prompt" in (each.pointer or "")}

    model = LanguageModel(url="http://127.0.0.1:9/v1", model="m")
    credential = "/voiceBot/prompt/tools/1/credential"
    assert await told(context) == {"/voiceBot/prompt/model/url", credential}
    assert await told(replace(context, language_model=model)) == {credential}
    secret = {"name": "ours", "kind": "bearer", "token": "t"}
    await flow_credentials.create(context, workspace_id=workspace_id, raw=secret)
    assert await told(replace(context, language_model=model)) == set()


async def test_the_credential_of_a_step_that_asks_a_program_must_be_there(
    context: Context, workspace_id: int
) -> None:
    tool = {"type": "tool", "id": "t", "url": "https://example.com/", "otherwise": "end"}
    bot = {"greeting": "Hello.", "steps": [{**tool, "credential": "ours"}, *BOT["steps"]]}
    channel = await add_channel(context, workspace_id=workspace_id)
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    written = {"name": "Reminder", "type": "VoiceBot", "channelType": "Voice", "voiceBot": bot}
    written |= {"contactList": people, "channel": channel.id}
    draft = (await campaigns.create(context, workspace_id=workspace_id, raw=written)).id

    async def told() -> list[str | None]:
        found = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=draft)
        return [each.pointer for each in found.problems if "credential" in each.message]

    assert await told() == ["/voiceBot/steps/0/credential"]
    secret = {"name": "ours", "kind": "bearer", "token": "t"}
    await flow_credentials.create(context, workspace_id=workspace_id, raw=secret)
    assert await told() == []
