"""The programs that a model may have asked: guarded, signed, and told which call it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from standardwebhooks import Webhook

from campana.domain.errors import InvalidParameter
from campana.domain.model_talk import Errand
from campana.domain.prompted import EndTool, HttpTool, Model, Prompt
from campana.domain.script import End, Script
from campana.domain.speaking import Call
from campana.services import flow_credentials, minds
from campana.services.chat_model import ChatModel, completions
from campana.services.context import Context
from campana.services.minds import CallMind
from campana.services.model_endpoints import directly
from campana.services.outbound import Outbound
from campana.services.programs import CallPrograms
from campana.voice.mind import Lost
from tests.support.campaign import ANA, launched, person
from tests.support.chat_endpoint import base, chat_endpoint, says
from tests.support.receiver import answers, receiver

SECRET = "whsec_" + "A" * 43 + "="
CALL = {"call": "att_1", "campaign": "camp_1", "contact": "ctc_1"}


def mind(context: Context, workspace_id: int) -> CallMind:
    model = ChatModel(
        prompt=Prompt(goal="-"), name="m", open=directly(completions("http://127.0.0.1:9"), None)
    )
    programs = CallPrograms(context=context, workspace_id=workspace_id, call=CALL)
    return CallMind(model=model, programs=programs)


def errand(tool: HttpTool, **arguments: Any) -> Errand:
    return Errand(call=Call(id="a", name=tool.name, arguments="{}"), tool=tool, arguments=arguments)


def http(url: str, **changes: Any) -> HttpTool:
    return replace(HttpTool(name="book", description="Books.", url=url), **changes)


async def keep(context: Context, workspace_id: int, **document: Any) -> None:
    await flow_credentials.create(context, workspace_id=workspace_id, raw=document)


async def test_a_program_is_told_the_call_and_the_arguments_signed_and_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await keep(context, workspace_id, name="ours", kind="signature", secret=SECRET)
    async with receiver(answers(200, b'{"booked": true}')) as program:
        tool = http(program.url, credential="ours")
        asked = mind(engine_context, workspace_id)
        for day in ("Tuesday", "Tuesday", "Thursday"):
            found = await asked.run(errand(tool, day=day))
            assert found == (True, '{"booked": true}')
    first, again, other = program.came
    assert json.loads(first.body) == {**CALL, "tool": "book", "arguments": {"day": "Tuesday"}}
    keys = [each.headers["idempotency-key"] for each in program.came]
    assert keys[0] == keys[1] != keys[2]
    assert (first.body, again.id) == (again.body, first.id)
    signer = Webhook(SECRET)
    for message in program.came:
        signature = signer.sign(message.id, engine_context.clock.now(), message.body.decode())
        assert message.headers["webhook-signature"] == signature
    assert other.headers["webhook-signature"] != first.headers["webhook-signature"]


async def test_what_is_got_is_asked_for_in_the_query(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await keep(context, workspace_id, name="key", kind="api_key", header="X-Key", key="k")
    async with receiver(answers(200, b"free")) as program:
        tool = http(program.url, method="GET", credential="key")
        found = await mind(engine_context, workspace_id).run(
            errand(tool, day="Tuesday & co", sure=True, list=[1])
        )
    assert found == (True, "free")
    assert program.came[0].target == "/hook?a=b&day=Tuesday+%26+co&sure=true"
    assert program.came[0].headers["x-key"] == "k"


@pytest.mark.parametrize(
    ("url", "credential", "why"),
    [
        ("https://169.254.169.254/latest", None, "public address"),
        ("http://localhost:1/", None, "public address"),
        ("https://somewhere.example.com/", None, "public address"),
        ("http://127.0.0.1:9/", "nobody", "could not be asked"),
    ],
)
async def test_where_we_do_not_go_nothing_is_asked(
    url: str, credential: str | None, why: str, engine_context: Context, workspace_id: int
) -> None:
    is_done, answer = await mind(engine_context, workspace_id).run(
        errand(http(url, credential=credential))
    )
    assert (is_done, why in answer) == (False, True), answer


@pytest.mark.parametrize(("status", "done"), [(200, True), (302, False), (404, False)])
async def test_only_a_good_answer_is_one(
    status: int, done: bool, engine_context: Context, workspace_id: int
) -> None:
    async with receiver(answers(status, b"said")) as program:
        found = await mind(engine_context, workspace_id).run(errand(http(program.url)))
    assert found == (done, "said" if done else f"it answered {status}: said")


async def test_an_endpoint_of_the_workspace_is_guarded_and_shown_its_credential(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [claimed] = await scene.claim(owner_id=1, limit=1)
    await keep(context, workspace_id, name="llm", kind="bearer", token="t")
    script = Script(greeting="Hello.", steps=(End(id="end"),))

    async def first_words(url: str, engine: Context, credential: str | None = "llm") -> object:
        prompt = Prompt(
            goal="-", tools=(EndTool(),), model=Model(url=url, name="m", credential=credential)
        )
        found = await minds.mind_of(engine, claimed, replace(script, prompt=prompt))
        assert found is not None
        talked = minds.Talked(messages=(), fields={})
        return [part async for part in found.reply(talked)]

    async with chat_endpoint(says("Hello.")) as listening:
        assert await first_words(base(listening), engine_context)
        assert listening.came[0].headers["authorization"] == "Bearer t"
        with pytest.raises(Lost, match="credential nobody"):
            await first_words(base(listening), engine_context, "nobody")
        guarded = replace(engine_context, outbound=Outbound(allow_loopback=False))
        with pytest.raises(Lost, match="public address"):
            await first_words(base(listening), guarded)
    assert len(listening.came) == 1
    assert await minds.mind_of(engine_context, claimed, script) is None
    without = replace(script, prompt=Prompt(goal="-"))
    assert await minds.mind_of(engine_context, claimed, without) is None


@pytest.mark.parametrize("secret", ["hello", "whsec_" + "A" * 33, "whsec_" + "A" * 88])
async def test_a_secret_that_signs_is_one_of_the_standard(
    secret: str, context: Context, workspace_id: int
) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await keep(context, workspace_id, name="ours", kind="signature", secret=secret)
    assert [each.pointer for each in refused.value.problems] == ["/secret"]
