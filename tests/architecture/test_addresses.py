"""No file of ours says where packages come from, or where somebody's machine keeps things.

Which registry answers is a setting of the machine that installs; a path of one machine is
meaningless on the next.
"""

from __future__ import annotations

import re

import pytest

from tests.architecture.tree import committed, relative

FORBIDDEN = re.compile(
    r"""
      \b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|deb\.debian\.org)\b   # registries
    | (index-url|find-links)\b | (INDEX_URL|FIND_LINKS)\b | "resolved":      # how to choose one
    | https?://[^\s)"']*/(simple|packages|debian)/
    | (?<![\w.$}/-])/(work|root|home/\w+|Users/\w+)/               # one machine's folders
    """,
    re.VERBOSE,
)
ITSELF = "tests/architecture/test_addresses.py"


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found: list[str] = []
    for path in committed():
        if relative(path) == ITSELF:
            continue
        text = path.read_bytes().decode(errors="replace")
        found += [f"{relative(path)}: {match[0]}" for match in FORBIDDEN.finditer(text)]
    assert not found, found


@pytest.mark.parametrize(
    "text",
    [
        "--extra-index-url x",
        "PIP_FIND_LINKS=wheels",
        "https://registry.npmjs.org/left-pad",
        "https://mirror.example/simple/psycopg/",
        "open('/home/ana/contacts.csv')",
    ],
)
def test_an_address_is_recognised(text: str) -> None:
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize("text", ["src/work/loop.py", "https://example.com/docs", "$data/root/x"])
def test_other_paths_are_left_alone(text: str) -> None:
    assert not FORBIDDEN.search(text)
