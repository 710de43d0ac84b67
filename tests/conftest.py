"""What every test gets: its needs are checked, and long tests come last, one after another.

It knows nothing of databases, carriers or the web: those have fixtures of their own.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from functools import wraps
from importlib.util import find_spec
from inspect import iscoroutinefunction
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# An example takes as long as a machine that stands still in the middle of it, and each run has the
# same ones: what fails fails again. Others, by chance: --hypothesis-profile=default
settings.register_profile(
    "campana",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("campana")

pytest_plugins = ["tests.support.folders", "tests.support.database", "tests.support.stage"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One group for the long tests: they share no core with each other, whatever -n says."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.xdist_group("long"))
        if isinstance(item, pytest.Function) and iscoroutinefunction(item.obj):
            item.obj = limited(item.obj, seconds=seconds_of(item))
    items.sort(key=lambda item: item.get_closest_marker("long") is not None)


def seconds_of(item: pytest.Item) -> float:
    """What pytest-timeout gives this test."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0] if marker else item.config.getini("timeout"))


def limited(test: Callable[..., Awaitable[None]], *, seconds: float) -> Callable[..., Any]:
    """A coroutine test that its own loop ends too.

    The alarm of pytest-timeout is raised in whatever task is at work. Where that is one which the
    test has begun, the test only waits on, without it, and nobody ends it.
    """

    @wraps(test)
    async def ended(*args: Any, **kwargs: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(*args, **kwargs)

    return ended


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose peer cannot be had on this machine is skipped by name, never passed."""
    if item.get_closest_marker("sipp") and not shutil.which("sipp"):
        pytest.skip("the program sipp is not installed")
    if item.get_closest_marker("browser") and not shutil.which("chromium"):
        pytest.skip("the program chromium is not installed")
    if item.get_closest_marker("voice") and not find_spec("baresip"):
        pytest.skip("the voice packages are not installed")
