"""Who finds a channel behind sends there too, for as long as that goes on happening."""

from __future__ import annotations

from campana.engine.helping import HELPING_SECONDS, Helping


def test_a_channel_that_was_behind_is_helped_on_for_a_while() -> None:
    helping = Helping()
    assert helping.on(now=5.0) == set()
    helping.granted("chan", at=5.0, was_behind=True)
    helping.granted("other", at=5.0, was_behind=False)
    assert helping.on(now=5.0 + HELPING_SECONDS - 0.01) == {"chan"}
    assert helping.on(now=5.0 + HELPING_SECONDS) == set()


def test_each_time_it_is_behind_begins_the_while_anew() -> None:
    helping = Helping()
    for second in range(10):
        helping.granted("chan", at=float(second), was_behind=True)
    helping.granted("chan", at=10.0, was_behind=False)
    assert helping.on(now=9.0 + HELPING_SECONDS - 0.01) == {"chan"}
