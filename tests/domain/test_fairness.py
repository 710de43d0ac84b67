"""Whose turn it is: urgent first, then whoever has waited longest for one."""

from __future__ import annotations

from dataclasses import dataclass

from campana.domain.fairness import Turns


@dataclass(frozen=True)
class Group:
    campaign_id: str
    window_key: str = "America/New_York"
    priority: int = 1


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


def test_the_most_urgent_goes_first_however_often_it_went() -> None:
    turns = Turns()
    urgent = Group("one", priority=0)
    assert [turns.choose([OTHER, urgent]) for _ in range(3)] == [urgent] * 3


def test_who_was_away_is_next_but_gains_nothing_more() -> None:
    turns = Turns()
    for _ in range(5):
        turns.choose([ONE])
    chosen = [turns.choose([ONE, OTHER]) for _ in range(4)]
    assert chosen == [OTHER, ONE, OTHER, ONE]
