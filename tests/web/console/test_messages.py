"""The catalogs on file hold what the console says, and every language says all of it."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from campana.domain.waiting import Cause
from campana.web.console.language import ENGLISH, languages
from campana.web.console.problem_sentences import CONTEXT
from campana.web.console.standing_words import CAUSES
from tools import messages

_TAG = re.compile(r"</?\w+[^>]*>")


@cache
def _extracted() -> Catalog:
    return messages.extracted()


def _said(message: Message) -> list[tuple[str, str]]:
    """Each form with the English one that it says: of several, more than one thing."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    _, many = message.id
    return [(many, text) for text in message.string or ()]


def test_the_template_is_what_the_console_says() -> None:
    if os.environ.get("CAMPANA_REFRESH_MESSAGES"):
        messages.refresh()
    fresh = messages.written(_extracted())
    assert messages.TEMPLATE.read_bytes() == fresh, (
        "run `CAMPANA_REFRESH_MESSAGES=1 pytest -n0 tests/web/console/test_messages.py`,"
        " then translate what is new in the .po files"
    )


@pytest.mark.parametrize("path", messages.languages(), ids=lambda path: path.stem)
class TestLanguage:
    def test_says_everything(self, path: Path) -> None:
        found = messages.read(path)
        known = {(each.id, each.context) for each in _extracted() if each.id}
        said = {(each.id, each.context) for each in found if all(text for _, text in _said(each))}
        lacking = {each for each in known - said if each[1] != CONTEXT}
        assert not lacking, f"{path.name} does not say {lacking}"
        assert not any(each.fuzzy for each in found if each.id)

    def test_says_what_may_be_wrong(self, path: Path) -> None:
        """Nearly all: what is not translated yet is said in English, and whoever writes a new one
        below the console need not know every language."""
        below = [each for each in messages.read(path) if each.id and each.context == CONTEXT]
        known = [each for each in _extracted() if each.context == CONTEXT]
        assert sum(bool(each.string) for each in below) >= 0.9 * len(known)

    def test_says_nothing_else(self, path: Path) -> None:
        known = {(each.id, each.context) for each in _extracted()}
        assert {(each.id, each.context) for each in messages.read(path) if each.id} <= known

    def test_keeps_places_and_tags(self, path: Path) -> None:
        for message in messages.read(path):
            is_late = message.context == CONTEXT and not message.string
            for english, said in _said(message) if message.id and not is_late else ():
                assert messages.places(said) == messages.places(english), said
                assert sorted(_TAG.findall(said)) == sorted(_TAG.findall(english)), said
                assert said.count("%") - said.count("%%") * 2 == len(
                    re.findall(r"%\(\w+\)s", said)
                ), f"a bare % in {said}"

    def test_is_there_to_be_chosen(self, path: Path) -> None:
        assert path.stem.replace("_", "-") in languages()


def test_english_comes_first() -> None:
    assert next(iter(languages().values())) is ENGLISH


def test_every_cause_has_its_sentence() -> None:
    assert set(CAUSES) == set(Cause)
