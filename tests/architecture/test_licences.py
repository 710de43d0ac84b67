"""Everything installed beside us has a licence that lets others use, change and sell Campana.

GPL, AGPL and unknown licences fail. Programs that tests merely run (sipp) are not installed here.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions

import pytest
from packaging.utils import canonicalize_name

from tests.architecture.locks import locked

ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-2.1-only",
    "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-2.0",
    "PSF-2.0", "Unlicense",
}  # fmt: skip
ALLOWED_CLASSIFIERS = {
    "Apache Software License",
    "BSD License",
    "GNU Lesser General Public License v2 or later (LGPLv2+)",
    "GNU Lesser General Public License v3 (LGPLv3)",
    "ISC License (ISCL)",
    "MIT License",
    "Mozilla Public License 2.0 (MPL 2.0)",
    "Python Software Foundation License",
    "The Unlicense (Unlicense)",
}
# Read by a person, because their metadata does not say it in a way that a program can trust.
REVIEWED = {
    "numpy": "BSD-3-Clause; parts under Zlib, CC0-1.0, MIT and 0BSD, all as free",
    "protobuf": "BSD-3-Clause, written as prose in the License field",
    "rich-click": "MIT; the License field holds its text",
}


def is_free(expression: str) -> bool:
    """Whether a flat SPDX expression leaves us a choice that is allowed; nested ones never do."""
    return all(
        any(choice.strip() in ALLOWED for choice in part.split(" OR "))
        for part in expression.split(" AND ")
    )


def problem(distribution: Distribution) -> str | None:
    """What is wrong with the licence of an installed package."""
    fields = distribution.metadata.json
    expression, prose = str(fields.get("license_expression", "")), str(fields.get("license", ""))
    classifiers = [
        line.rsplit(" :: ", 1)[-1]
        for line in fields.get("classifier", ())
        if re.match(r"License :: .* :: ", line)
    ]
    if expression:
        return None if is_free(expression) else expression
    if classifiers:
        return ", ".join(set(classifiers) - ALLOWED_CLASSIFIERS) or None
    return (
        None if is_free(prose) else prose.strip().partition("\n")[0] or "says nothing of a licence"
    )


def test_every_installed_package_is_free_for_others() -> None:
    problems = {
        name: found
        for distribution in distributions()
        if (name := canonicalize_name(distribution.metadata["Name"])) not in REVIEWED
        and (found := problem(distribution))
    }
    assert not problems, f"replace these, or read the licence and add it to REVIEWED: {problems}"


def test_every_reviewed_package_is_still_used() -> None:
    used = {canonicalize_name(requirement.name) for requirement in locked()}
    assert not REVIEWED.keys() - used


@pytest.mark.parametrize("expression", ["MIT", "GPL-2.0-only OR MIT", "MIT AND Apache-2.0"])
def test_a_free_licence_is_recognised(expression: str) -> None:
    assert is_free(expression)


@pytest.mark.parametrize("expression", ["", "GPL-3.0-only", "AGPL-3.0", "MIT AND GPL-2.0-only"])
def test_other_licences_are_refused(expression: str) -> None:
    assert not is_free(expression)
