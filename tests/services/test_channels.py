"""Making and showing channels: what is refused, what is hidden, what may leave the machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from campana.domain.errors import Conflict, InvalidParameter, NotFound
from campana.services import accounts, channel_secrets, channels
from campana.services.context import Context
from tests.support.campaign import add_channel

SIP: dict[str, Any] = {"trunks": [{"host": "127.0.0.1"}], "callerIds": ["+12025550100"]}


def written(name: str = "exchange", **config: Any) -> dict[str, Any]:
    return {"name": name, "kind": "voice_sip", "config": SIP | config}


async def test_a_channel_is_made_with_defaults_and_found_by_id_or_name(
    context: Context, workspace_id: int
) -> None:
    made = await channels.create(context, workspace_id=workspace_id, raw=written())
    assert (made.channel_type, made.rate, made.burst, made.lines) == ("Voice", 5.0, 1, 10)
    assert made.config["ringSeconds"] == 30
    for wanted in (made.id, "exchange"):
        found = await channels.get(context, workspace_id=workspace_id, wanted=wanted)
        assert replace(found, config={}) == replace(made, config={})
        assert channels.shown_config(context, found) == channels.shown_config(context, made)


async def test_every_problem_is_named_those_of_the_config_below_it(
    context: Context, workspace_id: int
) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await channels.create(
            context, workspace_id=workspace_id, raw={"kind": "voice_sip", "rate": 0, "lines": 1.5}
        )
    assert {p.pointer for p in refused.value.problems} == {"/name", "/config", "/rate", "/lines"}
    config = {
        "trunks": [{"host": "127.0.0.1", "port": 0}, {"host": "a b", "password": 'x"y'}],
        "callerIds": [],
        "ringSeconds": 1000,
        "codec": "opus",
    }
    with pytest.raises(InvalidParameter) as refused:
        await channels.create(
            context,
            workspace_id=workspace_id,
            raw={"name": "exchange", "kind": "voice_sip", "config": config},
        )
    assert sorted(str(p.pointer) for p in refused.value.problems) == [
        "/config/callerIds",
        "/config/codec",
        "/config/ringSeconds",
        "/config/trunks/0/port",
        "/config/trunks/1/host",
        "/config/trunks/1/password",
    ]


async def test_a_kind_nobody_knows_is_refused_with_those_that_are(
    context: Context, workspace_id: int
) -> None:
    with pytest.raises(InvalidParameter, match=r"/kind: must be one of .*voice_sip"):
        await channels.create(
            context, workspace_id=workspace_id, raw={"name": "x", "kind": "pigeon", "config": {}}
        )


@pytest.mark.parametrize(
    ("hosts", "is_loopback"),
    [
        (["127.0.0.1"], True),
        (["::1"], True),
        (["127.8.8.8"], True),
        (["127.0.0.1", "127.0.0.2"], True),
        (["127.0.0.1", "sip.example.com"], False),
        (["localhost"], False),
        (["127.1"], False),
        (["10.0.0.1"], False),
        (["0.0.0.0"], False),  # noqa: S104 - a host to call, not to bind
        (["127.0.0.1.example.com"], False),
    ],
)
async def test_a_channel_is_loopback_when_no_trunk_can_leave_this_machine(
    hosts: list[str], is_loopback: bool, context: Context, workspace_id: int
) -> None:
    raw = written(trunks=[{"host": host} for host in hosts])
    made = await channels.create(context, workspace_id=workspace_id, raw=raw)
    assert made.is_loopback is is_loopback


async def test_no_one_can_say_that_a_channel_is_loopback(
    context: Context, workspace_id: int
) -> None:
    with pytest.raises(InvalidParameter, match="/isLoopback: is not a known field"):
        await channels.create(
            context, workspace_id=workspace_id, raw={**written(), "isLoopback": True}
        )


async def test_secrets_are_kept_and_never_shown(context: Context, workspace_id: int) -> None:
    trunk = {"host": "127.0.0.1", "username": "ana", "password": "s3cret"}
    made = await channels.create(context, workspace_id=workspace_id, raw=written(trunks=[trunk]))
    kind = context.carriers["voice_sip"]
    opened = channel_secrets.config_of(context, kind=kind, stored=made.config)
    assert opened.trunks[0].password == "s3cret"
    shown = channels.shown_config(context, made)
    assert b"s3cret" not in msgspec.json.encode(shown)
    assert shown["trunks"][0]["username"] == "ana"
    assert shown["callerIds"] == ["+12025550100"]


async def test_a_name_is_taken_once_in_a_workspace(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    made = await channels.create(context, workspace_id=workspace_id, raw=written())
    with pytest.raises(Conflict, match="'exchange'"):
        await channels.create(context, workspace_id=workspace_id, raw=written())
    other = (await accounts.ensure_workspace(engine_context, "other")).workspace_id
    with pytest.raises(NotFound):
        await channels.get(context, workspace_id=other, wanted=made.id)
    theirs = await channels.create(context, workspace_id=other, raw=written())
    assert theirs.id != made.id


async def test_a_change_leaves_alone_what_it_does_not_name(
    context: Context, workspace_id: int
) -> None:
    hours = {"mon": [{"from": "09:00", "to": "17:00"}]}
    made = await add_channel(
        context, workspace_id=workspace_id, window=hours, portfolio="main", portfolio_limit=250,
        pair_seconds=6.0,
    )  # fmt: skip
    answered = await channels.change(
        context, workspace_id=workspace_id, wanted=made.id, patch={"rate": 2}
    )
    found = await channels.get(context, workspace_id=workspace_id, wanted=made.id)
    assert found == answered
    assert (found.rate, found.portfolio, found.portfolio_limit, found.pair_seconds) == (
        2, "main", 250, 6.0,
    )  # fmt: skip
    assert found.window is not None
    assert found.window["mon"] == hours["mon"]


async def test_the_hours_of_a_channel_are_changed_and_taken_away(
    context: Context, workspace_id: int
) -> None:
    made = await add_channel(context, workspace_id=workspace_id)
    with pytest.raises(InvalidParameter) as refused:
        await channels.change(
            context, workspace_id=workspace_id, wanted=made.id,
            patch={"window": {"mon": [{"from": "17:00", "to": "09:00"}], "holidays": ["XX"]}},
        )  # fmt: skip
    assert {each.pointer for each in refused.value.problems} == {
        "/window/mon/0", "/window/holidays/0",
    }  # fmt: skip
    hours = [{"from": "09:00", "to": "17:00"}]
    for patch, expected in (
        ({"mon": hours, "tue": hours}, hours),
        ({"mon": None}, []),
        (None, None),
    ):
        await channels.change(
            context, workspace_id=workspace_id, wanted=made.id, patch={"window": patch}
        )
        found = await channels.get(context, workspace_id=workspace_id, wanted=made.id)
        assert (found.window and found.window["mon"]) == expected
