"""What a carrier said, laid out."""

from __future__ import annotations

import pytest

from campana.web.console.carrier_words import laid_out


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"a":[1,2],"b":"<b>"}', '{\n  "a": [\n    1,\n    2\n  ],\n  "b": "<b>"\n}'),
        (
            '{"a": 1\n[the first 16,384 of 40,000 bytes]',
            '{"a": 1\n[the first 16,384 of 40,000 bytes]',
        ),
        ("To=%2B12125550101&Status=&Text=a+b%0Ac", "To: +12125550101\nStatus: \nText: a b\n    c"),
        ("id:7 stat:DELIVRD err:000 text:a=b", "id:7 stat:DELIVRD err:000 text:a=b"),
        ("&".join(["a=1"] * 501), "&".join(["a=1"] * 501)),
        ("", ""),
    ],
)
def test_it_is_easier_to_read_and_says_the_same(body: str, shown: str) -> None:
    assert laid_out(body) == shown
