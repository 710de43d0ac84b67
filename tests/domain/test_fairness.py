"""Whose turn it is: urgent first, then whoever has had least for its weight."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from campana.domain.fairness import Turns


@dataclass(frozen=True)
class Group:
    campaign_id: str
    window_key: str = "America/New_York"
    priority: int = 1
    urgency: int = 2
    weight: float = 1.0


ONE, OTHER, THIRD = Group("one"), Group("other"), Group("third")


def test_nobody_ready_is_nobodys_turn() -> None:
    assert Turns().choose([]) is None


def test_campaigns_take_turns() -> None:
    turns = Turns()
    chosen = [turns.choose([ONE, OTHER, THIRD]) for _ in range(6)]
    assert chosen == [ONE, OTHER, THIRD] * 2


def test_a_campaign_with_many_groups_has_no_more_turns_than_another() -> None:
    turns = Turns()
    crowd = [Group("crowd", f"zone {n}") for n in range(5)]
    chosen = [turns.choose([*crowd, ONE]) for _ in range(10)]
    assert sum(group is ONE for group in chosen) == 5
    assert {group.window_key for group in chosen if group and group is not ONE} == {
        f"zone {n}" for n in range(5)
    }


@pytest.mark.parametrize("urgent", [Group("one", priority=0), Group("one", urgency=0, priority=3)])
def test_the_most_urgent_goes_first_however_often_it_went(urgent: Group) -> None:
    turns = Turns()
    assert [turns.choose([OTHER, urgent]) for _ in range(3)] == [urgent] * 3


def test_who_was_away_is_next_but_gains_nothing_more() -> None:
    turns = Turns()
    for _ in range(5):
        turns.choose([ONE])
    chosen = [turns.choose([ONE, OTHER]) for _ in range(4)]
    assert chosen == [OTHER, ONE, OTHER, ONE]


@pytest.mark.parametrize("urgency", [0, 1, 3])
def test_who_is_made_more_or_less_urgent_takes_turns_with_its_new_equals(urgency: int) -> None:
    turns, resident = Turns(), Group("resident", urgency=urgency)
    for _ in range(1000):
        turns.choose([ONE])
    for _ in range(10):
        turns.choose([resident])
    moved = Group("one", urgency=urgency)
    seen = Counter(turns.choose([moved, resident]) for _ in range(10))
    assert seen == {moved: 5, resident: 5}
    # And back, where somebody came meanwhile.
    turns.choose([OTHER])
    seen = Counter(turns.choose([ONE, OTHER]) for _ in range(10))
    assert seen == {ONE: 5, OTHER: 5}


def test_a_newcomer_of_a_priority_that_was_not_awaited_owes_and_is_owed_nothing() -> None:
    turns = Turns()
    for _ in range(1000):
        turns.choose([ONE])
    first, other = Group("one", priority=0), Group("other", priority=0)
    turns.choose([other])
    seen = Counter(turns.choose([first, other]) for _ in range(10))
    assert seen == {first: 5, other: 5}


def test_a_newcomer_is_owed_what_its_equals_are_and_not_more() -> None:
    turns, waits = Turns(), Group("other", priority=2)
    turns.choose([waits])
    for _ in range(1000):
        turns.choose([ONE, waits])
    new = Group("new", priority=2)
    seen = Counter(turns.choose([waits, new]) for _ in range(10))
    assert seen == {waits: 5, new: 5}


def test_a_weight_is_a_share() -> None:
    turns = Turns()
    heavy, light = Group("heavy", weight=3.0), Group("light")
    counted = Counter(turns.choose([heavy, light]) for _ in range(400))
    assert counted == {heavy: 300, light: 100}


def test_whoever_took_a_batch_waits_until_the_others_had_as_much() -> None:
    turns = Turns()
    assert turns.choose([ONE, OTHER]) is ONE
    turns.charge(ONE, 9)
    assert [turns.choose([ONE, OTHER]) for _ in range(11)] == [OTHER] * 10 + [ONE]


def test_a_turn_that_was_none_is_had_again() -> None:
    """Else a pace that refuses every second turn would starve every second campaign."""
    turns = Turns()
    had: list[Group] = []
    for n in range(8):
        chosen = turns.choose([ONE, OTHER])
        assert chosen is not None
        if n % 2:
            had.append(chosen)
        else:
            turns.give_back(chosen)
    assert Counter(had) == {ONE: 2, OTHER: 2}


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_thousand_campaigns_are_never_a_whole_turn_from_their_share() -> None:
    """So none starves, and whoever has had twenty turns is within 5 % of its weight's share."""
    groups = [Group(f"camp_{n}", weight=[1.0, 2.0, 5.0, 10.0][n % 4]) for n in range(1000)]
    everything = sum(group.weight for group in groups)
    turns = Turns(salt=1)
    served = Counter(_chosen(turns, groups) for _ in range(3000))
    for group in groups:
        assert abs(served[group.campaign_id] - 3000 * group.weight / everything) < 1


def test_sixteen_workers_that_know_nothing_of_each_other_share_within_five_percent() -> None:
    groups = [Group(f"camp_{n}", weight=[1.0, 2.0, 5.0][n % 3]) for n in range(60)]
    everything = sum(group.weight for group in groups)
    made = 16 * 1000
    served: Counter[str] = Counter()
    for worker in range(16):
        turns = Turns(salt=worker)
        served.update(_chosen(turns, groups) for _ in range(made // 16))
    for group in groups:
        fair = made * group.weight / everything
        assert abs(served[group.campaign_id] - fair) <= 0.05 * fair


def _chosen(turns: Turns, groups: list[Group]) -> str:
    chosen = turns.choose(groups)
    assert chosen is not None
    return chosen.campaign_id


def test_meters_of_campaigns_that_are_gone_are_forgotten() -> None:
    turns = Turns()
    for n in range(12_000):
        turns.choose([Group(f"camp_{n}")])
    assert len(turns._meters) <= 10_001  # pyright: ignore[reportPrivateUsage]
