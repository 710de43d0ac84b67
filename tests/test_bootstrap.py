"""How what was started is reached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana import bootstrap
from campana.settings import Settings


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("calls.example", "http://calls.example:8080"),
        ("fd00::5", "http://[fd00::5]:8080"),
        # No browser finds what means every address.
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104 - bound by nobody here
        ("::", "http://[::1]:8080"),
    ],
)
def test_without_a_public_url_it_is_reached_where_it_is_bound(host: str, url: str) -> None:
    settings = Settings(host=host, port=8080)
    assert bootstrap.public_url(settings) == url
    told = replace(settings, public_url="https://campana.example/")
    assert bootstrap.public_url(told) == "https://campana.example"
