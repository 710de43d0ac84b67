"""The same seed and attempt meet the same fate, and many attempts the mix that was asked for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from campana.domain.campaign import ChannelType
from campana.domain.errors import SetupError
from campana.sandbox.fate import Fate, Post, draw, fate, post
from campana.sandbox.plan import Behavior, Plan, read_plan

ANA = "+12125550101"


def met(plan: Plan, attempt: str = "a", **changes: Any) -> Fate:
    given = {"to": ANA, "channel_type": ChannelType.VOICE, "call": 0, **changes}
    return fate(plan, attempt=attempt, **given)


def story(found: Fate) -> list[str]:
    return [each.status for each in found.happenings]


def test_the_same_attempt_meets_the_same_fate_and_another_seed_another() -> None:
    plan = Plan(seed=1, faults={"error": 0.3})
    fates = [met(plan, f"a{n}") for n in range(50)]
    assert fates == [met(plan, f"a{n}") for n in range(50)]
    assert fates != [met(msgspec.structs.replace(plan, seed=2), f"a{n}") for n in range(50)]


def test_outcomes_come_as_often_as_their_weights_say() -> None:
    plan = Plan(mix={ChannelType.VOICE: {"completed": 3, "busy": 1, "declined": 0}})
    ends = Counter(met(plan, f"a{n}").happenings[-1].outcome for n in range(4000))
    assert ends.keys() == {"completed", "busy"}
    assert ends["busy"] == pytest.approx(1000, abs=120)


def test_faults_come_as_often_as_their_shares_say() -> None:
    plan = Plan(faults={"error": 0.25, "silent": 0.25})
    faults = Counter(met(plan, f"a{n}").fault for n in range(4000))
    assert faults == {
        None: pytest.approx(2000, abs=150),
        "error": pytest.approx(1000, abs=120),
        "silent": pytest.approx(1000, abs=120),
    }


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("completed", ["queued", "ringing", "answered", "finished"]),
        ("hung_up", ["queued", "ringing", "answered", "finished"]),
        ("transferred", ["queued", "ringing", "answered", "finished"]),
        ("callback_request", ["queued", "ringing", "answered", "finished"]),
        ("abandoned", ["queued", "ringing", "answered", "finished"]),
        ("no_answer", ["queued", "ringing", "finished"]),
        ("declined", ["queued", "ringing", "finished"]),
        ("busy", ["queued", "finished"]),
        ("invalid_number", ["queued", "finished"]),
    ],
)
def test_a_call_is_told_as_it_goes(outcome: Any, told: list[str]) -> None:
    found = met(Plan(people={ANA: (Behavior(outcome=outcome),)}))
    assert story(found) == told
    afters = [each.after for each in found.happenings]
    assert afters == sorted(afters)


@pytest.mark.parametrize("channel_type", [t for t in ChannelType if t is not ChannelType.VOICE])
def test_a_message_is_told_twice(channel_type: ChannelType) -> None:
    found = met(Plan(), channel_type=channel_type)
    assert story(found) == ["queued", "finished"]
    assert found.happenings[-1].outcome in {"delivered", "undelivered"}


def test_of_messages_that_arrive_a_share_is_complained_about() -> None:
    arrive: Any = {"delivered": 1, "undelivered": 1}
    plan = Plan(mix={ChannelType.SMS: arrive}, complaints={ChannelType.SMS: 0.25})
    fates = [met(plan, f"a{n}", channel_type=ChannelType.SMS) for n in range(4000)]
    complained = [each for each in fates if story(each)[-1] == "complained"]
    assert len(complained) == pytest.approx(500, abs=80)
    for each in complained:
        end, complaint = each.happenings[-2:]
        assert each.end == end
        assert end.outcome == "delivered"
        assert 0.5 <= complaint.after - end.after <= 2.0
    email = met(plan, channel_type=ChannelType.EMAIL)
    assert story(email) == ["queued", "finished"]


@pytest.mark.parametrize(
    ("outcome", "complains", "told"),
    [
        ("delivered", True, ["queued", "finished", "complained"]),
        ("delivered", False, ["queued", "finished"]),
        ("undelivered", True, ["queued", "finished"]),
    ],
)
def test_who_complains_can_be_said(outcome: Any, complains: bool, told: list[str]) -> None:
    people = {ANA: (Behavior(outcome=outcome, complains=complains),)}
    found = met(
        Plan(people=people, complaints={ChannelType.SMS: 1.0}), channel_type=ChannelType.SMS
    )
    assert story(found) == told


def test_who_asks_to_be_called_again_says_when() -> None:
    asks = Plan(people={ANA: (Behavior(outcome="callback_request"),)})
    found = met(asks)
    assert found.end is not None
    assert found.callback_after is not None
    assert 60 <= found.callback_after - found.end.after <= 3600
    assert met(Plan(people={ANA: (Behavior(outcome="completed"),)})).callback_after is None


def test_people_may_have_a_row_of_fates_and_the_last_one_stays() -> None:
    row = (Behavior(fault="error"), Behavior(outcome="busy", fault="none"))
    plan = Plan(people={ANA: row}, faults={"lost": 1})
    assert [met(plan, call=call).fault for call in range(3)] == ["error", None, None]
    assert met(plan, call=7).happenings[-1].outcome == "busy"
    assert met(plan, to="+12125550102").fault == "lost"


@pytest.mark.parametrize(
    ("fault", "is_taken"),
    [
        *(("slow", True), ("silent", True), ("garbage", True)),
        *(("lost", False), ("error", False), ("refuse", False)),
    ],
)
def test_what_is_not_taken_has_no_story(fault: Any, is_taken: bool) -> None:
    assert bool(met(Plan(faults={fault: 1})).happenings) is is_taken


def test_callbacks_go_well_unless_told_otherwise() -> None:
    well = Post(late_seconds=0, copies=1, is_shuffled=False, is_forged_first=False)
    assert {post(Plan(), attempt=f"a{n}", number=0) for n in range(50)} == {well}


def test_each_mischief_is_drawn_for_itself() -> None:
    plan = Plan(callbacks={"late": 1, "double": 1, "shuffle": 1, "forge": 1}, copies=5)
    bad = Post(late_seconds=5, copies=5, is_shuffled=True, is_forged_first=True)
    assert post(plan, attempt="a", number=0) == bad
    dropped = Plan(callbacks={"drop": 0.1})
    gone = sum(post(dropped, attempt=f"a{n}", number=0).copies == 0 for n in range(4000))
    assert gone == pytest.approx(400, abs=80)


def test_draws_lie_between_nought_and_one() -> None:
    drawn = [draw(7, "a", str(n)) for n in range(1000)]
    assert min(drawn) >= 0
    assert max(drawn) < 1
    assert sum(drawn) / 1000 == pytest.approx(0.5, abs=0.05)


def test_what_callees_answer_to_a_flow_is_drawn_for_each_question() -> None:
    plan = Plan(mix={ChannelType.VOICE: {"completed": 1}}, answers={"Yes.": 3, "2": 1})
    answers = Counter(
        each for n in range(200) for each in met(plan, f"a{n}", is_conducted=True).does or ()
    )
    assert answers.keys() == {"Yes.", "2"}
    assert answers["2"] / sum(answers.values()) == pytest.approx(0.25, abs=0.05)
    assert met(plan, is_conducted=True).does == met(plan, is_conducted=True).does
    assert met(plan).does is None


@pytest.mark.parametrize(
    ("plan", "does"),
    [
        (Plan(people={ANA: (Behavior(outcome="completed", does=("1", "")),)}), ("1", "")),
        (Plan(people={ANA: (Behavior(outcome="hung_up"),)}), ()),
        (Plan(people={ANA: (Behavior(outcome="hung_up", does=("1",)),)}), ("1",)),
        (Plan(people={ANA: (Behavior(outcome="completed"),)}, answers={}), ()),
        (Plan(people={ANA: (Behavior(fault="lost"),)}), None),
    ],
)
def test_what_a_callee_does_in_a_call_can_be_said(plan: Plan, does: tuple[str, ...] | None) -> None:
    assert met(plan, is_conducted=True).does == does


@pytest.mark.parametrize(
    ("plan", "calls"),
    [
        (Plan(people={ANA: (Behavior(calls=("1",)),)}), ("1",)),
        (Plan(calls={ChannelType.VOICE: 1.0}, answers={"2": 1}), ("2",) * 12),
        (Plan(calls={ChannelType.VOICE: 1.0}, answers={}), ()),
        (Plan(calls={ChannelType.SMS: 1.0}), None),
        (Plan(), None),
        (Plan(people={ANA: (Behavior(fault="lost", calls=("1",)),)}), None),
    ],
)
def test_who_calls_afterwards_and_what_they_answer(
    plan: Plan, calls: tuple[str, ...] | None
) -> None:
    assert met(plan).calls == calls


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"moods": {}}',
        '{"faults": {"error": 2}}',
        '{"faults": {"explode": 1}}',
        '{"mix": {"Fax": {"completed": 1}}}',
        '{"mix": {"Voice": {"completed": -1}}}',
        '{"people": {"+12125550101": []}}',
        '{"copies": 1}',
        '{"seconds": {"talk": [1]}}',
        '{"seconds": {"talk": [5, 1]}}',
        '{"faults": {"error": 0.6, "slow": 0.6}}',
        '{"mix": {"Voice": {"busy": 0, "declined": 0}}}',
        '{"replies": {"SMS": {"yes": 0}}}',
        '{"answers": {"1": 0}}',
        '{"complaints": {"SMS": 1.5}}',
        '{"complaints": {"Voice": 0.1}}',
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(SetupError, match="cannot be used"):
        read_plan(path)
