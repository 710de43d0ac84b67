"""What is written as a segment is read whole or refused whole, each fault with its place."""

from __future__ import annotations

import pytest

from campana.domain import segment
from campana.domain.segment import Texts
from campana.flow.segments import MAX_SOURCE, BadSegment, read


def wrong(source: str) -> list[str]:
    with pytest.raises(BadSegment) as refused:
        read(source)
    return [str(each) for each in refused.value.problems]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", "line 1, column 1: must not be empty"),
        ("contact.x >", "line 1, column 12: Syntax error: mismatched input '<EOF>'"),
        ("foo", "line 1, column 1: undeclared reference to 'foo'"),
        ('"a"', "line 1, column 1: must be true or false, not string"),
        ("now", "line 1, column 1: must be true or false, not timestamp"),
        ("attempts()", "line 1, column 1: must be true or false, not int"),
        ('contact.a.b == "c"', "line 1, column 10: only contact has fields"),
        ('contact[contact.a] == "c"', "line 1, column 8: the name must be a text as it stands"),
        ('contact.a.matches("x")', "line 1, column 18: regular expressions cannot be asked"),
        ("contact.a + 1 > 2", "line 1, column 11: only days(…) and hours(…) can be added"),
        ("now - addedAt > days(3)", "line 1, column 5: only days(…) and hours(…) can be added"),
        ("contact.d > now", "line 1, column 8: a moment is compared with moments"),
        ('tags.exists(t, t == "x")', "line 1, column 12: loops, maps and messages"),
        ('tags == ["a"]', "line 1, column 1: tags cannot stand here by itself"),
        ("contact.a in contact.b", "line 1, column 21: must be tags, kinds or a list"),
        ("contact.a in [contact.b]", "line 1, column 22: a list holds texts, numbers"),
        ('reached("Fax")', "line 1, column 9: must be one of Voice, WhatsApp, SMS, Email"),
        ('reached(contact.a)', "line 1, column 16: must be a channel type or days(…) as it stands"),
        ('reached(days(0))', "line 1, column 13: must be more than nothing"),
        ('reached(days(contact.a))', "line 1, column 21: must be a whole number as it stands"),
        ("now > addedAt + days(9999999)", "line 1, column 22: must be at most 3,660 days"),
        ("now > addedAt + hours(-9999999)", "line 1, column 23: must be at most 3,660 days"),
        ('now > timestamp("yesterday")', "line 1, column 17: must look like 2026-03-31T09:00:00Z"),
        ("now > timestamp(contact.a)", "line 1, column 24: must be a time as it stands"),
        ('now > addedAt + duration("3s")', "line 1, column 25: must be days(…) or hours(…)"),
        ("inList(contact.a)", "line 1, column 15: the list must be named as it stands"),
        ('contact.a == b"x"', "line 1, column 14: bytes cannot be compared"),
        ("contact.a < 1e999", "line 1, column 13: is too large"),
        (r'contact.a == "\x00"', "line 1, column 14: no contact has a text with NUL"),
        ("days(1) == days(2)", "line 1, column 5: a span may be added to a moment"),
        ("contact.a % 2 == 0", "line 1, column 11: % cannot be asked of a list"),
        ("date(contact.a) == \"x\"", "line 1, column 13: must be a moment"),
        ("contact.a in [[1]]", "line 1, column 15: a list holds texts, numbers"),
        ("[1] == [2]", "line 1, column 1: a list may only stand behind in"),
        ("true ? now == now : (true ? now : addedAt) == now", "is a moment: write date(…)"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_its_place(source: str, told: str) -> None:
    assert any(told in each for each in wrong(source)), wrong(source)


def test_everything_wrong_is_told_at_once() -> None:
    found = wrong('reached("Fax") &&\n  contact.x.matches("a") ||\n  contact.d > now')
    assert [each.split(": ")[0] for each in found] == [
        "line 1, column 9", "line 2, column 20", "line 3, column 10",
    ]  # fmt: skip


def test_size_depth_and_questions_have_limits() -> None:
    assert "at most 4,000 characters" in wrong("a" * (MAX_SOURCE + 1))[0]
    many = " || ".join(f"contact.x == {n}" for n in range(150))
    assert "parts; 300 are the most" in wrong(many)[-1]
    asking = " && ".join(["attempts() < 3"] * 11)
    assert "asks about attempts 11 times" in wrong(asking)[0]
    deep = "contact.x"
    for _ in range(45):
        deep = f"({deep}) == true"
    assert any("deep" in each or "recursion" in each for each in wrong(deep))
    assert read(" || ".join(f"contact.x == {n}" for n in range(70)))


def test_what_it_needs_of_everybody_and_the_lists_it_names_can_be_asked() -> None:
    tree = read(
        '"vip" in tags && inList("A") && (inList("B") || !inList("C") ? true : inList("D"))'
    )
    assert segment.lists_named(tree) == {"A", "B", "C", "D"}
    first, second, _ = segment.needed(tree)
    tag = segment.Literal(value="vip")
    assert first == segment.Within(value=tag, texts=Texts.TAGS)
    assert second == segment.InList(wanted="A")
    assert segment.lists_named(read('(inList("A") == true) && contact.x == 1')) == {"A"}


def test_values_are_read_as_written() -> None:
    values = [1, -5, 2, 1.5, 'é"', True, False, None, 0, ""]
    source = r'contact.x in [1, -5, 2u, 1.5, "é\"", true, false, null, 0, ""]'
    found = read(source)
    assert isinstance(found, segment.OneOf)
    assert [each.value for each in found.options if isinstance(each, segment.Literal)] == values
