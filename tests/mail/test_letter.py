"""Cleaned HTML, and the text that stands for it."""

from __future__ import annotations

import pytest

from campana.mail.letter import cleaned, text_of

CAT = '<img src="https://example.com/a.png" onerror="x()">'


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p>Hi <script>alert(1)</script>Ana</p>", "<p>Hi Ana</p>"),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="https://example.com">x</a>', '<a href="https://example.com">x</a>'),
        (CAT, '<img src="https://example.com/a.png">'),
        ('<p style="color:red;position:fixed">x</p>', '<p style="color:red">x</p>'),
        ("<form action=/x><input name=a></form>", ""),
        ("<iframe src=https://example.com></iframe>", ""),
    ],
)
def test_what_runs_or_asks_is_taken_out(html: str, clean: str) -> None:
    assert cleaned(html) == clean


def test_a_text_is_made_from_html() -> None:
    html = (
        "<style>p{color:red}</style><h1>Hello&nbsp;Ana</h1><p>Your <b>order</b>\n is here:"
        ' <a href="https://example.com/o">look</a>.</p><ul><li>one</li><li>two</li></ul>'
        '<p><a href="https://example.com">https://example.com</a></p><img alt="a cat" src="x">'
    )
    lines = [line for line in text_of(html).splitlines() if line]
    assert lines == [
        "Hello Ana",
        "Your order is here: look (https://example.com/o).",
        "- one",
        "- two",
        "https://example.com",
        "a cat",
    ]
