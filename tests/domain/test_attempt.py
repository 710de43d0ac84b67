"""An attempt never goes back, whatever arrives twice, late or out of order."""

from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.attempt import TRANSITIONS, AttemptState, EventType, apply

S, E = AttemptState, EventType

# How far an attempt has come; `unknown` stands before `ended` because a late report corrects it.
ORDER = [S.INTENT, S.SENDING, S.ACCEPTED, S.IN_PROGRESS, S.UNKNOWN, S.ENDED]

# What the state machine knows by heart; the table below holds every pair, these are its sense.
MOVES = {
    S.INTENT: {E.SENDING: S.SENDING, E.ENDED: S.ENDED},
    S.SENDING: {
        E.RINGING: S.ACCEPTED,
        E.EARLY_MEDIA: S.ACCEPTED,
        E.ACCEPTED: S.ACCEPTED,
        E.ANSWERED: S.IN_PROGRESS,
        E.ENDED: S.ENDED,
        E.LOST: S.UNKNOWN,
    },
    S.ACCEPTED: {E.ANSWERED: S.IN_PROGRESS, E.ENDED: S.ENDED, E.LOST: S.UNKNOWN},
    S.IN_PROGRESS: {E.ENDED: S.ENDED, E.LOST: S.UNKNOWN},
    S.UNKNOWN: {E.ENDED: S.ENDED},
    S.ENDED: {},
}


def after(state: AttemptState, *events: EventType) -> AttemptState:
    for event in events:
        state = apply(state, event)
    return state


@pytest.mark.parametrize(("state", "event"), list(product(S, E)))
def test_every_pair_of_state_and_event(state: AttemptState, event: EventType) -> None:
    assert apply(state, event) is MOVES[state].get(event, state)


@pytest.mark.parametrize(("state", "event"), list(product(S, E)))
def test_no_event_takes_an_attempt_back(state: AttemptState, event: EventType) -> None:
    assert ORDER.index(apply(state, event)) >= ORDER.index(state)


def test_the_table_moves_whatever_it_names() -> None:
    assert all(state is not moved for (state, _), moved in TRANSITIONS.items())


def test_open_is_what_is_neither_ended_nor_unknown() -> None:
    assert [state for state in S if state.is_open] == ORDER[:4]


def test_an_intent_that_never_touched_the_network_cannot_be_lost() -> None:
    assert after(S.INTENT, E.LOST) is S.INTENT


@pytest.mark.parametrize(
    "events", list(permutations([E.RINGING, E.EARLY_MEDIA, E.ANSWERED, E.KEY, E.ENDED]))
)
def test_any_order_of_a_calls_events_ends_the_same(events: tuple[EventType, ...]) -> None:
    assert after(S.SENDING, *events) is S.ENDED


noise = st.lists(st.sampled_from(sorted(set(E) - {E.ENDED, E.LOST})), max_size=12)


@given(noise.flatmap(lambda events: st.permutations([*events, *events, E.ENDED, E.ENDED])))
def test_duplicates_and_disorder_around_an_end_change_nothing(told: list[EventType]) -> None:
    assert after(S.SENDING, *told) is S.ENDED


@given(before=noise, between=noise, behind=noise)
def test_a_report_after_the_loss_corrects_it_and_nothing_else_does(
    before: list[EventType], between: list[EventType], behind: list[EventType]
) -> None:
    assert after(S.SENDING, *before, E.LOST, *between, E.LOST) is S.UNKNOWN
    assert after(S.SENDING, *before, E.LOST, *between, E.ENDED, *behind, E.LOST) is S.ENDED
