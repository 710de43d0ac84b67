"""What every test gets: its needs are checked, and long tests come last, one after another.

It knows nothing of databases, carriers or the web: those have fixtures of their own.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import pytest

pytest_plugins = ["tests.support.folders", "tests.support.database", "tests.support.stage"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One group for the long tests: they share no core with each other, whatever -n says."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.xdist_group("long"))
    items.sort(key=lambda item: item.get_closest_marker("long") is not None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose peer cannot be had on this machine is skipped by name, never passed."""
    if item.get_closest_marker("sipp") and not shutil.which("sipp"):
        pytest.skip("the program sipp is not installed")
    if item.get_closest_marker("browser") and not shutil.which("chromium"):
        pytest.skip("the program chromium is not installed")
    if item.get_closest_marker("voice") and not find_spec("baresip"):
        pytest.skip("the voice packages are not installed")
