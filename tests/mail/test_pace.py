"""Letters a minute, by domain."""

from __future__ import annotations

from campana.mail.pace import Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_domain_gets_so_many_a_minute_and_each_who_waits_another_time() -> None:
    clock = Clock()
    pace = Pace({"Example.com": 60}, others=None, monotonic=clock)
    assert pace.wait("example.com") == 0
    assert [pace.wait("example.com") for _ in range(3)] == [1, 2, 3]
    assert pace.wait("other.example") == 0
    clock.now += 1
    assert pace.wait("example.com") == 0
    assert 0 < pace.wait("example.com") <= 4
    clock.now += 100
    assert [pace.wait("example.com") == 0 for _ in range(3)] == [True, True, False]


def test_every_other_domain_has_the_same() -> None:
    pace = Pace({}, others=6, monotonic=Clock())
    assert [pace.wait("a.example"), pace.wait("b.example"), pace.wait("a.example")] == [0, 0, 10]
