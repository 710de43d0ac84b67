"""Refresh the locks: requirements.lock, requirements-voice.lock and requirements-wheels.json.

One resolution, for every Python and platform at once, is made from pyproject.toml by `uv` in a
temporary directory. Both locks are cut from it, so a package that the core and the voice extra
share has one version. Only wheels are locked, without any address: where they come from is the
business of the machine that installs them. The wheels' names go into requirements-wheels.json,
from which a test tells, offline, on which Pythons and platforms the locks can be installed.

It does not install anything. Needs `uv` on the PATH; run `.venv/bin/python tools/lock.py`.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
# The wheels worth a line in the locks: CPython with its GIL on Linux and macOS.
ABIS = re.compile(r"none|abi3|cp31[1-4]")
PLATFORMS = re.compile(
    r"any|(manylinux|musllinux)\w+_(x86_64|aarch64)|macosx_\w+_(arm64|universal2)"
)
HEADER = """\
# {title}
# Written by tools/lock.py from pyproject.toml: do not edit.
"""


def main() -> None:
    """Resolve once and write the three files."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("tools/lock.py: uv is not on the PATH; install it with `pip install uv`.")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "pyproject.toml", folder)
        subprocess.run([uv, "lock", "--quiet", "--no-build"], cwd=folder, check=True)
        resolution = tomllib.loads(Path(folder, "uv.lock").read_text(encoding="utf-8"))
        core = _export(uv, folder)
        everything = _export(uv, folder, "--extra", "voice")
    wheels = _wheels(resolution)
    voice = [line for line in everything if line not in core]
    _write("requirements.lock", "What Campana and its development tools install.", core, wheels)
    _write("requirements-voice.lock", "What real phone calls and speech add.", voice, wheels)
    names = {
        key: sorted(wheels[key]) for line in (*core, *voice) if (key := _key(Requirement(line)))
    }
    text = json.dumps(names, indent=1, sort_keys=True)
    (ROOT / "requirements-wheels.json").write_text(text + "\n", encoding="utf-8")


def _export(uv: str, folder: str, *options: str) -> list[str]:
    """The resolution as requirement lines, without hashes."""
    command = [uv, "export", "--quiet", "--frozen", "--no-emit-project", "--no-header"]
    command += ["--no-annotate", "--no-hashes", "--format", "requirements-txt", *options]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def _wheels(resolution: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Of each `name==version`, the wheels that we may install: file name to hash."""
    wheels: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for package in resolution["package"]:
        key = f"{canonicalize_name(package['name'])}=={package.get('version')}"
        for wheel in package.get("wheels", ()):
            name = wheel["url"].rsplit("/", 1)[-1].replace("%2B", "+")
            if _fits(name):
                wheels[key][name] = wheel["hash"]
    return wheels


def _fits(wheel: str) -> bool:
    _, _, _, tags = parse_wheel_filename(wheel)
    return any(ABIS.fullmatch(tag.abi) and PLATFORMS.fullmatch(tag.platform) for tag in tags)


def _key(requirement: Requirement) -> str:
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def _write(file: str, title: str, lines: list[str], wheels: dict[str, dict[str, str]]) -> None:
    parts = [HEADER.format(title=title)]
    for line in lines:
        hashes = sorted(wheels[_key(Requirement(line))].values())
        parts.append(" \\\n    --hash=".join([line, *hashes]) + "\n")
    (ROOT / file).write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
