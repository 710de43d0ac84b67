"""Which language a page speaks, and that what is said in it is still safe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from campana.domain.role import Role
from campana.domain.waiting import Cause, Standing
from campana.web.console import language, words
from campana.web.console.language import ENGLISH, languages, say, say_many, speaking
from campana.web.console.pages import environment
from campana.web.console.standing_words import why
from tests.support.campaign import Scene
from tests.web.console.conftest import EVIL, Browser, Visit

SPANISH = languages()["es"]
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        (None, None, "en"),
        (None, "", "en"),
        (None, "es", "es"),
        (None, "es-MX,es;q=0.9,en;q=0.8", "es"),
        (None, "fr, es;q=0.3, en;q=0.7", "en"),
        (None, "en;q=0.1, es;q=0.2", "es"),
        (None, "es;q=0, en", "en"),
        (None, "es;q=much, *", "en"),
        (None, "e" * 5000, "en"),
        ("campana_language=es", "en", "es"),
        ("campana=x; campana_language=en", "es", "en"),
        ("campana_language=xx", "es", "es"),
        ("campana_language=../../etc; other", "es", "es"),
    ],
)
def test_ones_own_choice_then_what_the_browser_asks_for_then_english(
    cookie: str | None, accepted: str | None, code: str
) -> None:
    assert language.chosen(cookie=cookie, accepted=accepted).code == code


async def test_a_page_says_which_language_it_is_in(visit: Visit) -> None:
    browser = await visit()
    await visit(Role.OWNER)
    spanish = await browser.client.get("/sign-in", headers={"accept-language": "es-PE"})
    assert '<html lang="es">' in spanish.text
    assert "Iniciar sesión" in spanish.text
    english = await browser.client.get("/sign-in")
    assert '<html lang="en">' in english.text
    assert "Sign in" in english.text


async def test_a_person_chooses_their_language_and_takes_it_back(owner: Browser) -> None:
    sent = await owner.post("/account/language", language="es")
    assert "HttpOnly; SameSite=Lax" in sent.headers["set-cookie"]
    assert "</svg> Guardado en este navegador." in (await owner.get(sent.headers["location"])).text
    shown = await owner.get("/campaigns")
    assert "<h1>Campañas</h1>" in shown.text
    assert '<option value="es" selected>Español</option>' in (await owner.get("/account")).text
    await owner.post("/account/language", language="")
    assert "<h1>Campaigns</h1>" in (await owner.get("/campaigns")).text


async def test_a_language_that_there_is_not_is_no_choice(owner: Browser) -> None:
    sent = await owner.post("/account/language", language="es; Domain=example.com")
    assert "example.com" not in sent.headers["set-cookie"]
    assert "<h1>Campaigns</h1>" in (await owner.get("/campaigns")).text


async def test_notices_and_problems_are_in_it_too(owner: Browser, scene: Scene) -> None:
    owner.client.headers["accept-language"] = "es"
    paused = await owner.post(f"/campaigns/{scene.campaign_id}/pause")
    told = (await owner.get(paused.headers["location"])).text
    assert "En pausa: no se contacta con nadie más." in told
    missing = await owner.get("/campaigns/camp_none")
    assert "Aquí no existe eso." in missing.text
    nowhere = await owner.get("/campaigns/a/b/c/d/e")
    assert '<html lang="es">' in nowhere.text


async def test_what_a_stranger_wrote_is_escaped_in_every_language(owner: Browser) -> None:
    owner.client.headers["accept-language"] = "es"
    shown = await owner.get(f"/campaigns?q={EVIL}")
    assert EVIL not in shown.text
    made = environment()
    for spoken in languages().values():
        with speaking(spoken):
            text = made.from_string("{% trans name=x %}Pause {{ name }}{% endtrans %}").render(
                x=EVIL
            )
            assert text.endswith("&lt;script&gt;alert(1)&lt;/script&gt;")
            assert made.from_string("{{ _('Type %(id)s', id=x) }}").render(x=EVIL) != EVIL
            assert made.from_string("{{ x | said }}").render(x=EVIL).startswith("&lt;")
            kept = made.from_string("{% trans x=x %}<b>{{ x }}</b> 5 %{% endtrans %}")
            assert kept.render(x=Markup("<i>1</i>")) == "<b><i>1</i></b> 5 %"


def test_numbers_and_times_are_written_as_the_language_does() -> None:
    earlier = datetime(2025, 3, 9, 15, 4, tzinfo=UTC)
    assert words.number(12345.5) == "12,345.5"
    assert words.percent(1, 8) == "12.5 %"
    assert "9 Mar 2025 15:04<" in words.short_time(earlier, NOW)
    assert ">3 min ago<" in words.ago(NOW - timedelta(minutes=3), NOW)
    with speaking(SPANISH):
        assert words.number(12345.5) == "12.345,5"
        assert words.percent(1, 8) == "12,5 %"
        assert "9 mar 2025 15:04<" in words.short_time(earlier, NOW)
        assert ">hace 3 min<" in words.ago(NOW - timedelta(minutes=3), NOW)
        assert ">en 2 h<" in words.ago(NOW + timedelta(hours=2), NOW)
    assert language.spoken() is ENGLISH


def test_a_template_is_compiled_for_every_language() -> None:
    text = (
        "{{ 'draft' | badge }} {{ 1234 | number }} {{ 'no_answer' | words }} {{ 'Voice' | said }}"
    )
    made = environment().from_string(text)
    english = made.render()
    with speaking(SPANISH):
        for word in ("Borrador", "1.234", "No contesta", "Voz"):
            assert word in made.render()
    assert made.render() == english


def test_counted_things_have_their_forms() -> None:
    forms = ("%(count)s problem", "%(count)s problems")
    with speaking(SPANISH):
        assert [say_many(*forms, count) for count in (1, 2, 1000)] == [
            "1 problema", "2 problemas", "1.000 problemas",
        ]  # fmt: skip
        assert say("") == ""


def test_how_a_campaign_stands_is_said_by_its_cause() -> None:
    told = Standing(cause=Cause.PAUSED, sentence="It was paused by Ana at 09:00 UTC.")
    assert why(told) == told.sentence
    with speaking(SPANISH):
        assert why(told) == "Se puso en pausa: reanúdela para seguir."
