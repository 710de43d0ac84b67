"""What is wrong with a form is said in the language of its page, whatever stands in its places."""

from __future__ import annotations

import pytest

from campana.web.console.language import ENGLISH, in_words, languages, speaking
from campana.web.console.problem_sentences import sentences
from tests.support.campaign import ANA
from tests.web.console.conftest import EVIL, Browser
from tools import problem_sentences

KNOWN = sentences(
    [
        ("is needed", "hace falta"),
        ("must be at most %(value)s", "a lo sumo %(value)s"),
        ("must be at most %(value)s on this account", "a lo sumo %(value)s en esta cuenta"),
        ("%(key)s: 5 %% of %(total)s", "de %(total)s el 5 %% es %(key)s"),
        ("line %(line)s: %(message)s", "línea %(line)s: %(message)s"),
    ]
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("is needed", "hace falta"),
        ("is needed here", None),
        ("must be at most 5", "a lo sumo 5"),
        # The one that says most is meant, and what stands in a place is never read as one.
        ("must be at most 5 on this account", "a lo sumo 5 en esta cuenta"),
        ("must be at most %(value)s %s", "a lo sumo %(value)s %s"),
        ("must be at most ", None),
        ("a: 5 % of b", "de b el 5 % es a"),
        ("line 3: is needed", "línea 3: hace falta"),
        (f"must be at most {'9' * 2000}", None),
    ],
)
def test_a_sentence_is_found_by_what_it_was_made_of(text: str, said: str | None) -> None:
    assert KNOWN.said(text) == said


def test_those_of_the_code_are_known() -> None:
    found = problem_sentences.sentences()
    assert "there is a template named %(name)s already" in found
    assert "must have at most %(value)s characters" in found
    assert "there is no such contact" in found
    assert "this is not a phone number" in found


def test_what_no_catalog_has_stays_as_it_came() -> None:
    for each in languages().values():
        with speaking(each):
            assert in_words("nobody ever says this 5") == "nobody ever says this 5"
    with speaking(ENGLISH):
        assert in_words("is needed") == "is needed"


async def test_a_refused_form_speaks_as_its_page_does(owner: Browser) -> None:
    owner.client.headers["accept-language"] = "es"
    await owner.post("/templates", name=f"Hola {EVIL}", channel="SMS")
    again = await owner.post("/templates", name=f"Hola {EVIL}", channel="SMS")
    assert "Ya hay una plantilla llamada &#39;Hola" in again.text
    assert EVIL not in again.text
    wrong = await owner.post("/account/number", number="12")
    assert "No existe tal número en US" in wrong.text
    assert "Esto no es una dirección de correo" in (await owner.get("/contacts?q=a@")).text
    assert ANA not in wrong.text
