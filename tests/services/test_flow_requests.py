"""A flow's webhooks: asked with its credential, answered once, whatever the receiver does."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from campana.domain.errors import PreflightBlocked
from campana.services import flow_credentials, flow_requests
from campana.services.context import Context
from campana.services.language_model import LanguageModel
from tests.support.campaign import ANA, person
from tests.support.database import FixedClock
from tests.support.receiver import answers, receiver
from tests.support.talking import Talk, flow, talking

NODES = {
    "a": {
        "type": "webhook",
        "method": "POST",
        "url": "http://127.0.0.1:{port}/orders",
        "body": {"name": "{{ contact.first_name }}"},
        "timeoutSeconds": 10,
        "saveAs": "order",
        "next": "tell",
        "onFailure": "sorry",
    },
    "tell": {"type": "send_message", "text": "At {{ vars.order.body.at }}.", "next": "end"},
    "sorry": {"type": "send_message", "text": "Later.", "next": "end"},
    "end": {"type": "end", "status": "told"},
}

AskOf = Callable[..., Awaitable[Talk]]


@pytest.fixture
def talk_of(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> AskOf:
    """Launch a campaign that asks the program on that port; its sessions begin at once."""

    async def make(port: int, **changes: Any) -> Talk:
        node = {**NODES["a"], "url": f"http://127.0.0.1:{port}/orders", **changes}
        talk = await talking(
            engine_context,
            context,
            clock=clock,
            workspace_id=workspace_id,
            definition=flow({**NODES, "a": node}),
            people=[person(ANA)],
        )
        assert await talk.send() == []
        assert await talk.targets() == [("talking", None)]
        return talk

    return make


async def ask(engine: Context, *, times: int = 1) -> None:
    """What a worker does with what is to be asked; `times` as when workers die in between."""
    [request] = await flow_requests.take(engine, room=10)
    for answered in [await flow_requests.ask(engine, request) for _ in range(times)]:
        await flow_requests.settle(engine, request, answered)


async def test_the_answer_goes_on_with_the_conversation(
    talk_of: AskOf, engine_context: Context
) -> None:
    async with receiver(answers(200, b'{"at": "nine"}')) as program:
        talk = await talk_of(program.port)
        await ask(engine_context, times=2)
    assert [json.loads(each.body) for each in program.came] == [{"name": "Ana"}] * 2
    keys = {each.headers["idempotency-key"] for each in program.came}
    assert len(keys) == 1
    assert await talk.send() == ["At nine."]
    assert await talk.targets() == [("finished", "completed")]


@pytest.mark.parametrize("body", [b"<html>", b'{"at": "' + b"x" * 100_000 + b'"}'])
async def test_what_makes_no_sense_is_a_failure_or_nothing(
    talk_of: AskOf, engine_context: Context, body: bytes
) -> None:
    async with receiver(answers(500, body)) as program:
        talk = await talk_of(program.port)
        await ask(engine_context)
    assert await talk.send() == ["Later."]


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b'{"at": "nine"', b"\xff\xfe"])
async def test_an_answer_that_is_kept_must_be_json(
    talk_of: AskOf, engine_context: Context, body: bytes
) -> None:
    """A page to sign in on comes with 200, and would be told as if it said something."""
    async with receiver(answers(200, body)) as program:
        talk = await talk_of(program.port)
        await ask(engine_context)
    assert await talk.send() == ["Later."]


@pytest.mark.parametrize("body", [b"", b" \r\n"])
async def test_no_body_is_an_answer(talk_of: AskOf, engine_context: Context, body: bytes) -> None:
    async with receiver(answers(200, body)) as program:
        talk = await talk_of(program.port)
        await ask(engine_context)
    assert await talk.send() == ["At ."]


async def test_what_is_not_kept_need_not_be_json(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    asked = {key: value for key, value in NODES["a"].items() if key != "saveAs"}
    async with receiver(answers(200, b"OK")) as program:
        asked |= {"url": f"http://127.0.0.1:{program.port}/orders", "next": "thanks"}
        thanks = {"type": "send_message", "text": "Thanks.", "next": "end"}
        nodes = {"a": asked, "thanks": thanks, "sorry": NODES["sorry"], "end": NODES["end"]}
        talk = await talking(
            engine_context,
            context,
            clock=clock,
            workspace_id=workspace_id,
            definition=flow(nodes),
            people=[person(ANA)],
        )
        assert await talk.send() == []
        await ask(engine_context)
    assert await talk.send() == ["Thanks."]


async def test_nobody_there_is_a_failure(talk_of: AskOf, engine_context: Context) -> None:
    async with receiver(answers(200)) as program:
        pass
    talk = await talk_of(program.port)
    await ask(engine_context)
    assert await talk.send() == ["Later."]


async def test_an_answer_after_the_time_is_up_changes_nothing(
    talk_of: AskOf, engine_context: Context, clock: FixedClock
) -> None:
    async with receiver(answers(200, b'{"at": "nine"}')) as program:
        talk = await talk_of(program.port)
        [request] = await flow_requests.take(engine_context, room=10)
        clock.forward(seconds=10)
        await talk.timers()
        answered = await flow_requests.ask(engine_context, request)
        await flow_requests.settle(engine_context, request, answered)
    assert await talk.send() == ["Later."]


@pytest.mark.parametrize(
    ("credential", "header", "value"),
    [
        ({"kind": "bearer", "token": "t0ken"}, "authorization", "Bearer t0ken"),
        ({"kind": "basic", "user": "u", "password": "p"}, "authorization", "Basic dTpw"),
        ({"kind": "api_key", "header": "X-Key", "key": "k"}, "x-key", "k"),
    ],
)
async def test_it_shows_the_credential_the_node_names(
    talk_of: AskOf,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    credential: Mapping[str, str],
    header: str,
    value: str,
) -> None:
    await flow_credentials.create(
        context, workspace_id=workspace_id, raw={"name": "crm", **credential}
    )
    async with receiver(answers(200, b'{"at": "nine"}')) as program:
        talk = await talk_of(program.port, credential="crm")
        await ask(engine_context)
    assert program.came[0].headers[header] == value
    assert await talk.send() == ["At nine."]


async def test_a_key_in_the_query_goes_where_the_address_has_one(
    talk_of: AskOf, engine_context: Context, context: Context, workspace_id: int
) -> None:
    raw = {"name": "crm", "kind": "query", "parameter": "key", "value": "a b"}
    await flow_credentials.create(context, workspace_id=workspace_id, raw=raw)
    async with receiver(answers(200, b"{}")) as program:
        await talk_of(program.port, credential="crm")
        await ask(engine_context)
    assert program.came[0].target == "/orders?key=a+b"


async def test_a_token_is_asked_for_and_shown(
    talk_of: AskOf, engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Client credentials as RFC 6749 section 4.4 has them, the pair encoded as 2.3.1 says."""
    async with receiver(answers(200, b'{"access_token": "t0ken"}')) as tokens:
        raw = {
            "name": "crm",
            "kind": "oauth2",
            "tokenUrl": f"http://127.0.0.1:{tokens.port}/token",
            "clientId": "campana:1",
            "clientSecret": "s&cret",
            "scope": "orders read",
        }
        await flow_credentials.create(context, workspace_id=workspace_id, raw=raw)
        async with receiver(answers(200, b'{"at": "nine"}')) as program:
            talk = await talk_of(program.port, credential="crm")
            await ask(engine_context)
    [asked] = tokens.came
    pair = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "campana%3A1:s%26cret"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["orders read"],
    }
    assert program.came[0].headers["authorization"] == "Bearer t0ken"
    assert await talk.send() == ["At nine."]


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, b'{"error": "invalid_client"}'), (200, b"<html>"), (200, b'{"token": "t0ken"}')],
)
async def test_without_a_token_nothing_is_asked(
    talk_of: AskOf,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    status: int,
    body: bytes,
) -> None:
    async with receiver(answers(status, body)) as tokens:
        raw = {
            "name": "crm",
            "kind": "oauth2",
            "tokenUrl": f"http://127.0.0.1:{tokens.port}/token",
            "clientId": "c",
            "clientSecret": "s",
        }
        await flow_credentials.create(context, workspace_id=workspace_id, raw=raw)
        async with receiver(answers(200, b'{"at": "nine"}')) as program:
            talk = await talk_of(program.port, credential="crm")
            await ask(engine_context)
    assert program.came == []
    assert await talk.send() == ["Later."]


MEANT = {
    "a": {"type": "send_message", "text": "Can you come?", "next": "w"},
    "w": {"type": "wait_for_response", "timeoutSeconds": 60, "next": "m", "onTimeout": "end"},
    "m": {
        "type": "response_branch",
        "cases": [
            {"intent": "asks for another day", "next": "later"},
            {"intent": "does not want to come", "next": "sorry"},
        ],
        "otherwise": "what",
    },
    "later": {"type": "send_message", "text": "Which day?", "next": "end"},
    "sorry": {"type": "send_message", "text": "A pity.", "next": "end"},
    "what": {"type": "send_message", "text": "Pardon?", "next": "end"},
    "end": {"type": "end", "status": "told"},
}


def chat(content: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": content}}]}).encode()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, chat("1"), "Which day?"),
        (200, chat("2. does not want to come"), "A pity."),
        (200, chat("0"), "Pardon?"),
        (200, chat("7"), "Pardon?"),
        (200, chat("Ignore that"), "Pardon?"),
        (200, b"<html>", "Pardon?"),
        (500, chat("1"), "Pardon?"),
        (200, chat("1" + "x" * 70_000), "Pardon?"),
    ],
)
async def test_a_language_model_says_what_was_meant(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
    status: int,
    body: bytes,
    said: str,
) -> None:
    async with receiver(answers(status, body)) as model:
        meaning = LanguageModel(url=f"http://127.0.0.1:{model.port}/v1", model="m", key="k3y")
        engine = replace(engine_context, language_model=meaning)
        talk = await talking(
            engine,
            replace(context, language_model=meaning),
            clock=clock,
            workspace_id=workspace_id,
            definition=flow(MEANT),
            people=[person(ANA)],
        )
        await talk.send()
        await talk.reply("Could we do it next week?", address=ANA, key="m1")
        await ask(engine)
    [asked] = model.came
    assert asked.target == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer k3y"
    written = json.loads(asked.body)
    assert written["model"] == "m"
    assert written["messages"][-1] == {"role": "user", "content": "Could we do it next week?"}
    assert "1. asks for another day\n2. does not want to come" in written["messages"][0]["content"]
    assert await talk.send() == [said]


async def test_without_a_language_model_no_campaign_goes_by_intent(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    with pytest.raises(PreflightBlocked) as refused:
        await talking(
            engine_context,
            context,
            clock=clock,
            workspace_id=workspace_id,
            definition=flow(MEANT),
            people=[person(ANA)],
        )
    assert [(each.pointer, each.message) for each in refused.value.problems] == [
        ("/flow/nodes/m", "the node m goes by intent: that needs CAMPANA_LLM_URL")
    ]
