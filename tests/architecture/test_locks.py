"""The locks install, from wheels alone, wherever we say that Campana runs.

Told offline from the wheels' names; that they really install is for whoever changes the locks.
"""

from __future__ import annotations

import pytest
from packaging import tags
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from tests.architecture.locks import locked, ranges, wheels

PYTHONS = [(3, 11), (3, 12), (3, 13), (3, 14)]
# The oldest systems we look at: glibc 2.28 (Debian 10, RHEL 8) and macOS 14.
GLIBC_MINORS = range(28, 4, -1)
PLATFORMS = {
    "Linux x86_64": ("linux", "x86_64"),
    "Linux aarch64": ("linux", "aarch64"),
    "macOS arm64": ("darwin", "arm64"),
}
# Package and platform without a wheel, and why we live with it.
EXCEPTIONS = {
    ("baresip-python", "macOS arm64"): "needs macOS 15; on 14 calls are off and doctor says so",
}


def supported(python: tuple[int, int], platform: str) -> set[tags.Tag]:
    """The tags that pip would accept there."""
    system, machine = PLATFORMS[platform]
    if system == "linux":
        names = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS]
        names += [f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}"]
    else:
        names = list(tags.mac_platforms((14, 0), machine))
    interpreter = "cp{}{}".format(*python)
    return {
        *tags.cpython_tags(python, [interpreter], names),
        *tags.compatible_tags(python, interpreter, names),
    }


def applies(requirement: Requirement, python: tuple[int, int], platform: str) -> bool:
    """Whether pip would install the requirement there."""
    system, machine = PLATFORMS[platform]
    version = "{}.{}".format(*python)
    environment = {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "implementation_version": f"{version}.0",
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "platform_machine": machine,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
    }
    return requirement.marker is None or requirement.marker.evaluate(environment)


def key(requirement: Requirement) -> str:
    """The pin as requirements-wheels.json names it."""
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS, ids="{0[0]}.{0[1]}".format)
def test_every_locked_package_has_a_wheel(python: tuple[int, int], platform: str) -> None:
    accepted = supported(python, platform)
    missing = [
        key(requirement)
        for requirement in locked()
        if applies(requirement, python, platform)
        and (canonicalize_name(requirement.name), platform) not in EXCEPTIONS
        and not any(
            parse_wheel_filename(wheel)[3] & accepted for wheel in wheels()[key(requirement)]
        )
    ]
    assert not missing, f"no wheel for Python {python} on {platform}: {missing}"


def test_the_wheels_on_file_are_those_of_the_locks() -> None:
    of_locks = {key(requirement): hashes for requirement, hashes in locked().items()}
    on_file = {pin: len(names) for pin, names in wheels().items()}
    assert on_file == of_locks, "run tools/lock.py"


def test_the_locks_are_within_the_ranges_of_the_project() -> None:
    pins = {
        canonicalize_name(pin.name): Version(str(pin.specifier).removeprefix("=="))
        for pin in locked()
    }
    outside = [
        str(wanted)
        for wanted in ranges()
        if (pin := pins.get(canonicalize_name(wanted.name))) is None
        or not wanted.specifier.contains(pin, prereleases=True)
    ]
    assert not outside, f"run tools/lock.py: the locks do not give {outside}"


def test_every_exception_is_still_needed() -> None:
    for package, platform in EXCEPTIONS:
        (names,) = (v for pin, v in wheels().items() if pin.startswith(f"{package}=="))
        tagged = [parse_wheel_filename(name)[3] for name in names]
        whole = all(any(t & supported(python, platform) for t in tagged) for python in PYTHONS)
        assert not whole, f"{package} has wheels for {platform} now: drop the exception"
